import LoonCore

/// Which messages the pump has in hand, what may be posted next, and which endpoints are left alone for a while.
/// Synchronous, without a clock.
///
/// A message's way: ready → posting → recording → gone; or recording → held, where its outcome could not be stored, →
/// recording.
///
/// Messages of one endpoint share a lane. A lane has a bulkhead, so that a slow endpoint takes no places from the
/// others, and a circuit breaker: after `breakerFailures` failures in a row it is closed for a while, and opened again
/// by one message that goes through.
struct PumpStateMachine {
    private struct Lane {
        /// Fetched, oldest first.
        var ready: [OutboxMessage] = []
        var posting = 0
        /// In a row.
        var failures = 0
        /// The last try went through. Others have one place, and little memory.
        var isProven = false
        /// How many may wait in memory.
        var readyMax: Int { isProven ? Limits.messagesInFlight * 4 : 2 }
        /// Nothing is posted before.
        var pausedUntil: Int64 = 0
        /// When it is worth looking into the outbox again; `nil` for when something new is there.
        var nextFetch: Int64?
    }

    private var lanes: [String: Lane] = [:]
    /// Lanes with messages that are too old and were never tried.
    var overdue: Set<String> = []
    /// In the order in which lanes take their turns.
    private var turns: [String] = []
    private var posting: [Int64: (lane: String, since: Int64, isMarked: Bool)] = [:]
    private var readyCount = 0
    /// Posted, the outcome not yet durable: to fetch it again now would post it twice. By their lanes.
    private var recording: [Int64: String] = [:]
    /// Outcomes that could not be stored, and when to try that again. To fetch the message instead would post it again
    /// and again.
    private var held: [Int64: (lane: String, until: Int64)] = [:]

    private static let holdMilliseconds: Int64 = 5_000
    static let breakerFailures = 5
    static let sleepMillisecondsMax: Int64 = 60_000

    private var inHandCount: Int { readyCount + posting.count + recording.count + held.count }
    /// Nothing is being posted or recorded.
    var isIdle: Bool { posting.isEmpty && recording.isEmpty }
    /// Messages that are not to be given up now.
    var inHand: Set<Int64> {
        Set(posting.keys).union(recording.keys).union(held.keys).union(lanes.values.lazy.flatMap(\.ready).map(\.number))
    }

    // MARK: Fetching

    /// Lanes that there are in the outbox. They may have something new.
    mutating func sees(_ names: [String], now: Int64) {
        for name in names where lanes[name] == nil {
            lanes[name] = Lane()
            turns.append(name)
        }
        // Wherever the news is: a lane that is full now is looked at again when it runs low.
        for name in names { lanes[name]?.nextFetch = now }
    }

    /// The outbox has no other lanes than these. The others are forgotten, but for what is known of them: that they
    /// failed lately, or, of some, that they are well.
    mutating func hasOnly(_ known: Set<String>, now: Int64) {
        var provenMax = Limits.messageLanesMax
        for (name, lane) in lanes
        where !known.contains(name) && lane.posting == 0 && lane.ready.isEmpty && lane.pausedUntil <= now {
            if lane.isProven, provenMax > 0 { provenMax -= 1 } else { lanes[name] = nil }
        }
        turns = turns.filter { lanes[$0] != nil }
    }

    /// The lanes that messages are to be fetched for now.
    func low(now: Int64) -> [String] { turns.filter { name in lanes[name].map { isLow($0, now: now) } ?? false } }

    /// How many messages of a lane are to be fetched, and which are in hand already; `nil` where there is no room.
    func wants(_ name: String) -> (limit: Int, excluding: Set<Int64>)? {
        guard let lane = lanes[name] else { return nil }
        let limit = room(for: lane)
        return limit > 0 ? (limit, numbers(of: name)) : nil
    }

    /// How many messages more may wait in memory for the lane. The last quarter of all is for lanes that are well.
    private func room(for lane: Lane) -> Int {
        let most = lane.isProven ? Limits.messagesInMemoryMax : Limits.messagesInMemoryMax / 4 * 3
        return min(lane.readyMax - lane.ready.count, most - inHandCount)
    }

    /// Runs low, and the outbox may have more that is due.
    private func isLow(_ lane: Lane, now: Int64) -> Bool {
        guard let next = lane.nextFetch, next <= now, lane.pausedUntil <= now else { return false }
        return lane.ready.count <= lane.readyMax / 4
    }

    private func numbers(of name: String) -> Set<Int64> {
        var numbers = Set(lanes[name]?.ready.map(\.number) ?? [])
        for (number, place) in posting where place.lane == name { numbers.insert(number) }
        for (number, lane) in recording where lane == name { numbers.insert(number) }
        for (number, place) in held where place.lane == name { numbers.insert(number) }
        return numbers
    }

    /// `nextDue`: of what was not fetched.
    mutating func fetched(_ messages: [OutboxMessage], lane name: String, nextDue: Int64?) {
        lanes[name]?.ready += messages
        lanes[name]?.nextFetch = nextDue
        readyCount += messages.count
    }

    /// The clock was set back: what was to happen at a moment is not to wait until that comes again.
    mutating func clockWentBack(now: Int64) {
        for name in turns {
            guard var lane = lanes[name] else { continue }
            lane.pausedUntil = min(lane.pausedUntil, now)
            lane.nextFetch = now
            lanes[name] = lane
        }
        for number in held.keys { held[number]?.until = now }
        for number in posting.keys { posting[number]?.since = now }
    }

    // MARK: Posting

    /// The next message to post: of the lane whose turn it is, if it may have another place.
    mutating func next(now: Int64) -> OutboxMessage? {
        let free = Limits.messagesInFlightMax - posting.count
        guard free > 0, readyCount > 0 else { return nil }
        for (place, name) in turns.enumerated() {
            guard let lane = lanes[name], !lane.ready.isEmpty, lane.pausedUntil <= now,
                lane.posting < quota(lane, free: free)
            else { continue }
            let message = lanes[name]?.ready.removeFirst()
            readyCount -= 1
            lanes[name]?.posting += 1
            turns.append(turns.remove(at: place))
            if let message { posting[message.number] = (name, now, false) }
            return message
        }
        return nil
    }

    /// Places that one lane may take: fewer as they become scarce, so that some are left for lanes that are well
    /// (dynamic thresholds: Choudhury and Hahne, 1998). One, where the endpoint has yet to show that it is well.
    private func quota(_ lane: Lane, free: Int) -> Int {
        // The last quarter is for those that are well.
        lane.isProven ? min(Limits.messagesInFlight, max(1, free / 4)) : free > Limits.messagesInFlightMax / 4 ? 1 : 0
    }

    /// The messages that have been on their way for so long that their rows are to say so.
    mutating func slow(now: Int64) -> [Int64] {
        let slow = posting.filter { !$0.value.isMarked && now - $0.value.since >= Limits.messageSlowMilliseconds }.map(
            \.key)
        for number in slow { posting[number]?.isMarked = true }
        return slow
    }

    // MARK: Outcomes

    /// A message's posting has ended; `endpoint` says what that tells about its endpoint.
    mutating func posted(_ number: Int64, endpoint: EndpointHealth, retry: RetryPolicy, now: Int64, random: Double) {
        guard let place = posting.removeValue(forKey: number) else { return }
        recording[number] = place.lane
        guard var lane = lanes[place.lane] else { return }
        lane.posting -= 1
        switch endpoint {
        case .well: (lane.failures, lane.isProven) = (0, true)
        case .unknown: break
        case .failed(let retryAfter):
            lane.failures += 1
            lane.isProven = false
            let beyond = lane.failures - Self.breakerFailures
            let most = overdue.contains(place.lane) ? Limits.overdueBreakerMilliseconds : Limits.breakerMillisecondsMax
            let pause = beyond < 0 ? 0 : retry.backOff(failures: beyond + 1, capMilliseconds: most, random: random)
            // An endpoint that asks for peace may mean one message, or one of several services behind one host: all of
            // them wait a while, that one as long as it says.
            lane.pausedUntil = max(
                lane.pausedUntil, now + max(pause, min(retryAfter ?? 0, Limits.breakerMillisecondsMax)))
            // The messages stay in the outbox, where others find room to wait.
            if lane.pausedUntil > now {
                readyCount -= lane.ready.count
                lane.ready = []
                lane.nextFetch = now
            }
        }
        lanes[place.lane] = lane
    }

    /// `mayRelease`: the outbox may have a message that was waiting for this one, or this one again.
    mutating func recorded(_ number: Int64, isDurable: Bool, mayRelease: Bool, now: Int64) {
        guard let lane = recording.removeValue(forKey: number) else { return }
        if !isDurable {
            held[number] = (lane, now + Self.holdMilliseconds)
        } else if mayRelease {
            lanes[lane]?.nextFetch = now
        }
    }

    /// The messages whose outcome is to be stored now.
    mutating func release(now: Int64) -> [Int64] {
        guard !held.isEmpty else { return [] }
        let due = held.filter { $0.value.until <= now }
        for (number, place) in due {
            held[number] = nil
            recording[number] = place.lane
        }
        return due.keys.sorted()
    }

    /// Milliseconds until there may be something to do, if nothing happens before.
    func sleep(now: Int64) -> Int64 {
        var wake = now + Self.sleepMillisecondsMax
        for lane in lanes.values {
            if let next = lane.nextFetch, lane.ready.count <= lane.readyMax / 4, room(for: lane) > 0 {
                wake = min(wake, max(next, lane.pausedUntil))
            }
        }
        for place in held.values { wake = min(wake, place.until) }
        for place in posting.values where !place.isMarked {
            wake = min(wake, place.since + Int64(Limits.messageSlowMilliseconds))
        }
        return max(0, wake - now)
    }
}

/// The health of an endpoint, as a try found it.
enum EndpointHealth: Sendable, Equatable {
    case well
    /// `retryAfter`: milliseconds of peace that it asked for.
    case failed(retryAfter: Int64?)
    /// The try did not get there.
    case unknown
}
