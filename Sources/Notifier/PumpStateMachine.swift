import LoonCore

/// Which messages the pump has in hand, and how long it may sleep. Synchronous, without a clock.
///
/// A message's way: fetched → posting → recording → gone; or recording → held, where its outcome could not be stored, → recording.
struct PumpStateMachine {
    private var posting: Set<Int64> = []
    /// Posted, the outcome not yet durable: to fetch it again now would post it twice.
    private var recording: Set<Int64> = []
    /// Outcomes that could not be stored, and when to try that again. To fetch the message instead would post it again and again.
    private var heldUntil: [Int64: Int64] = [:]

    private static let holdMilliseconds: Int64 = 5_000
    private static let sleepMillisecondsMax: Int64 = 60_000

    /// What is not to be fetched.
    var inHand: Set<Int64> { posting.union(recording).union(heldUntil.keys) }
    var isIdle: Bool { posting.isEmpty && recording.isEmpty }

    /// How many messages may be fetched now.
    func capacity() -> Int {
        guard inHand.count < Limits.messagesInMemoryMax else { return 0 }
        return max(0, Limits.messagesInFlight - posting.count)
    }

    mutating func started(_ number: Int64) { posting.insert(number) }

    mutating func posted(_ number: Int64) {
        posting.remove(number)
        recording.insert(number)
    }

    mutating func recorded(_ number: Int64, isDurable: Bool, now: Int64) {
        recording.remove(number)
        if !isDurable { heldUntil[number] = now + Self.holdMilliseconds }
    }

    /// The messages whose outcome is to be stored now.
    mutating func release(now: Int64) -> [Int64] {
        let due = heldUntil.filter { $0.value <= now }.map(\.key)
        for number in due {
            heldUntil[number] = nil
            recording.insert(number)
        }
        return due
    }

    /// Milliseconds until there may be something to do, if nothing happens before.
    func sleep(now: Int64, nextDue: Int64?) -> Int64 {
        // With every place taken, only a transfer's end is worth waking for.
        guard posting.count < Limits.messagesInFlight else { return Self.sleepMillisecondsMax }
        // With all of them in hand, none can be fetched before one is let go.
        guard inHand.count < Limits.messagesInMemoryMax else { return 100 }
        let times = heldUntil.values.map { $0 - now } + [nextDue.map { $0 - now } ?? Self.sleepMillisecondsMax]
        return min(max(times.min() ?? 0, 0), Self.sleepMillisecondsMax)
    }
}
