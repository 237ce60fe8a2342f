import Logging
import LoonCore

/// Carries the requests: libcurl, or a test.
protocol Transport: Sendable {
    func start(
        url: String, headers: [(name: String, value: String)], body: [UInt8], number: Int64,
        addresses: Set<AddressClass>
    ) throws(QueryError)
    /// Waits at most `milliseconds` for something to happen, and returns the requests that have ended.
    func perform(waiting milliseconds: Int32) -> [(number: Int64, ending: TransferEnding)]
    /// Ends a wait. From any thread.
    func wake()
}

/// How one request ended.
enum TransferEnding: Sendable {
    /// `retryAfter`: milliseconds that the answer asks to wait.
    case answered(status: Int, body: [UInt8], retryAfter: Int64?)
    /// No answer came: why.
    case broken(String)
    /// The host's address is none that the rules allow.
    case refusedAddress(AddressClass)
}

/// One turn after the other: fetches what is due, posts it, and stores what became of it. Confined to one thread; told
/// the time.
struct Pump {
    /// The outcome of a message, until it is stored.
    private enum StoredOutcome {
        case delivered(messageID: String, at: Int64)
        case failed(String, retryAt: Int64?)
    }

    private let outbox: any Outbox
    private let sender: SenderIdentity
    private let retry: RetryPolicy
    private let transport: any Transport
    private let log: Logger
    private let random: () -> Double
    /// Tells the pump from any thread that an outcome was stored, or could not be.
    private let recorded: @Sendable (_ number: Int64, _ isDurable: Bool, _ mayRelease: Bool) -> Void

    private var machine = PumpStateMachine()
    private var keys = LentKeys()
    private var messages: [Int64: (message: OutboxMessage, reader: AnswerReader)] = [:]
    private var outcomes: [Int64: (message: OutboxMessage, outcome: StoredOutcome)] = [:]
    /// Requests to STS, by numbers below 0.
    private var roleRequests: [Int64: String] = [:]
    private var lastRoleRequest: Int64 = 0
    /// Where the look at the lanes goes on.
    private var place: String?
    /// There was news that was not looked at, or not to its end.
    private var missedNews = false
    /// The lanes of a look that takes several turns.
    private var seen: Set<String> = []
    /// Of the last turn.
    private var lastTurn: Int64 = 0
    /// When the next message is too old, in the daemon's up-time.
    private var nextExpiry: Int64 = 0

    init(
        outbox: any Outbox, sender: SenderIdentity, retry: RetryPolicy, transport: any Transport, log: Logger,
        random: @escaping () -> Double = { .random(in: 0..<1) },
        recorded: @escaping @Sendable (Int64, Bool, Bool) -> Void
    ) {
        self.outbox = outbox
        self.sender = sender
        self.retry = retry
        self.transport = transport
        self.log = log
        self.random = random
        self.recorded = recorded
    }

    var isIdle: Bool { machine.isIdle }

    /// An outcome was stored, or could not be.
    mutating func wasRecorded(_ number: Int64, isDurable: Bool, mayRelease: Bool, now: Int64) {
        machine.recorded(number, isDurable: isDurable, mayRelease: mayRelease, now: now)
        if isDurable { outcomes[number] = nil }
    }

    /// Does what there is to do, and says for how many milliseconds there is nothing more. `hasNews`: there may be new
    /// messages.
    mutating func turn(hasNews: Bool, now: Int64) -> Int64 {
        if now < lastTurn - Limits.clockStepMilliseconds {
            let limit = now + max(retry.capMilliseconds, Limits.retryAfterMillisecondsMax)
            do { try outbox.clockWentBack(now: now, dueAtMost: limit) } catch {
                log.error("notifier.outbox", metadata: ["error": "\(error)"])
                return 1_000
            }
            machine.clockWentBack(now: now)
        }
        lastTurn = now
        for number in machine.release(now: now) {
            if let (message, outcome) = outcomes[number] { record(message, outcome, now: now) }
        }
        do {
            let hasNews = hasNews || missedNews
            missedNews = hasNews
            // A message that waited behind one that was given up is due now.
            let hasGivenUp = try outbox.upTime >= nextExpiry && giveUpOld(now)
            if hasNews { try look(now) }
            try fetch(now)
            missedNews = place != nil || hasGivenUp
        } catch {
            log.error("notifier.outbox", metadata: ["error": "\(error)"])
            return 1_000
        }
        while let message = machine.next(now: now) { post(message, now) }
        let slow = machine.slow(now: now)
        if !slow.isEmpty { outbox.markSending(slow) }
        return missedNews ? 0 : min(machine.sleep(now: now), max(0, nextExpiry - outbox.upTime))
    }

    // MARK: The outbox

    private mutating func look(_ now: Int64) throws(QueryError) {
        let lanes = try outbox.lanes(after: place, limit: Limits.messageLanesMax)
        machine.sees(lanes, now: now)
        seen.formUnion(lanes)
        place = lanes.count == Limits.messageLanesMax ? lanes.last : nil
        if place == nil {
            machine.hasOnly(seen, now: now)
            seen = []
        }
        // A message may have come that is older than the oldest that was seen: none is younger than this.
        nextExpiry = min(nextExpiry, outbox.upTime + retry.giveUpMilliseconds)
    }

    private mutating func fetch(_ now: Int64) throws(QueryError) {
        for lane in machine.low(now: now) {
            guard let (limit, excluded) = machine.wants(lane) else { continue }
            let (due, nextDue) = try outbox.dueMessages(lane: lane, now: now, excluding: excluded, limit: limit)
            machine.fetched(due, lane: lane, nextDue: nextDue)
        }
    }

    /// True where there were some. One that was never tried is too old only when it has been.
    private mutating func giveUpOld(_ now: Int64) throws(QueryError) -> Bool {
        let upTime = outbox.upTime
        let limit = upTime - retry.giveUpMilliseconds + 1
        let count = try outbox.giveUpMessages(
            before: limit, reason: "given up after \(retry.giveUpMilliseconds / 1_000) s", excluding: machine.inHand,
            now: now)
        if count > 0 { log.warning("message.expired", metadata: ["messages": "\(count)"]) }
        let oldest = try outbox.oldestMessage()
        // Messages in hand are given up when their try fails.
        nextExpiry = count > 0 ? upTime : max(upTime + 1_000, (oldest ?? upTime) + retry.giveUpMilliseconds)
        machine.overdue =
            try oldest.map { $0 < limit } ?? false
            ? outbox.overdueLanes(before: limit, limit: Limits.messageLanesMax) : []
        return count > 0
    }

    // MARK: Posting

    /// `lent`: the keys that the message has waited for.
    private mutating func post(_ message: OutboxMessage, _ now: Int64, lent: Credentials? = nil) {
        do {
            // Checked at submission, and again: the rules may have changed since.
            let (endpoint, addresses) = try sender.endpoint(of: message.target)
            var credentials = lent
            if let role = message.target.role, lent == nil {
                if let service = sender.tokenService {
                    credentials = keys.credentials(role: role, now: now)
                    guard credentials != nil else {
                        messages[message.number] = (message, .webhook(eventID: ""))
                        if keys.wait(message, for: role) { try assume(role, service, now) }
                        return
                    }
                } else {
                    try sender.authorize(message.target)
                }
            }
            let request = try sender.request(for: message, endpoint: endpoint, credentials: credentials, now: now)
            messages[message.number] = (message, request.reader)
            try transport.start(
                url: request.url, headers: request.headers, body: request.body, number: message.number,
                addresses: addresses)
        } catch {
            messages[message.number] = (message, .webhook(eventID: ""))
            settle(message, .refused((error as? QueryError)?.message ?? "the message cannot be encoded"), .unknown, now)
        }
    }

    private mutating func assume(_ role: String, _ service: SecurityTokenService, _ now: Int64) throws(QueryError) {
        guard let key = sender.key else { return hold(role, .refused("the daemon has no access key"), now) }
        lastRoleRequest -= 1
        roleRequests[lastRoleRequest] = role
        let nonce =
            String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
        let request = service.request(role: role, session: "loon", key: key, nonce: nonce, now: now)
        do throws(QueryError) {
            try transport.start(
                url: request.url, headers: request.headers, body: request.body, number: lastRoleRequest,
                addresses: service.addresses)
        } catch {
            hold(role, .refused("STS: " + error.message), now)
        }
    }

    private mutating func hold(_ role: String, _ outcome: SecurityTokenService.Outcome, _ now: Int64) {
        switch outcome {
        case .lent(let credentials, let until):
            log.info(
                "role.assumed", metadata: ["role": "\(role)", "until": "\(CivilTime(milliseconds: until).rfc3339UTC)"])
            for message in keys.lend(credentials, until: until, now: now, to: role) {
                post(message, now, lent: credentials)
            }
        case .failed(let reason):
            for message in keys.lend(nil, until: 0, now: now, to: role) {
                settle(message, .failed("role \(role): \(reason)"), .failed(retryAfter: nil), now)
            }
        case .refused(let reason):
            for message in keys.lend(nil, until: 0, now: now, to: role) {
                settle(message, .refused("role \(role): \(reason)"), .unknown, now)
            }
        }
    }

    // MARK: Outcomes

    /// A request has ended.
    mutating func ended(_ number: Int64, _ ending: TransferEnding, now: Int64) {
        if let role = roleRequests.removeValue(forKey: number) {
            switch ending {
            case .answered(let status, let body, _):
                hold(role, SecurityTokenService.outcome(status: status, body: body), now)
            case .broken(let reason): hold(role, .failed("STS: " + reason), now)
            case .refusedAddress(let address):
                hold(role, .refused("STS has a \(address.rawValue) address, which no rule of notify.allow allows"), now)
            }
            return
        }
        guard let (message, reader) = messages[number] else { return }
        switch ending {
        case .answered(let status, let body, let retryAfter):
            // Lent keys may have been taken back.
            if status == 403, let role = message.target.role, keys.drop(role, now: now) {
                return settle(
                    message, .postponed("HTTP 403 with the keys that STS lent; they are asked for anew"), .well, now)
            }
            let outcome = reader.outcome(status: status, body: body)
            var health = EndpointHealth.well
            if case .failed = outcome { health = .failed(retryAfter: retryAfter) }
            settle(message, outcome, health, now)
        case .broken(let reason):
            settle(message, .failed("\(message.target.lane): \(reason)"), .failed(retryAfter: nil), now)
        case .refusedAddress(let address):
            settle(
                message,
                .refused(
                    "\(message.target.lane) leads to a \(address.rawValue) address, which no rule of "
                        + "notify.allow allows"
                ), .unknown,
                now)
        }
    }

    private mutating func settle(
        _ message: OutboxMessage, _ outcome: DeliveryOutcome, _ health: EndpointHealth, _ now: Int64
    ) {
        let metadata: Logger.Metadata = [
            "task": "\(message.taskID)", "connection": "\(message.connectionID)",
            "product": "\(message.target.product.rawValue)",
            "sequence": "\(message.sequence)", "attempt": "\(message.attempts + 1)",
        ]
        messages[message.number] = nil
        machine.posted(message.number, endpoint: health, retry: retry, now: now, random: random())
        let stored: StoredOutcome
        switch outcome {
        case .delivered(let messageID):
            log.info(
                "message.sent",
                metadata: metadata.merging(["message_id": "\(messageID)", "ms": "\(now - message.created)"]) { $1 })
            stored = .delivered(messageID: messageID, at: now)
        case .failed(let reason), .postponed(let reason):
            var retryAfter: Int64?
            if case .failed(let asked) = health { retryAfter = asked }
            let retryAt = retry.retryAt(
                now: now, age: outbox.upTime - message.upCreated, attempts: message.attempts + 1,
                retryAfter: retryAfter, random: random())
            log.warning(
                retryAt == nil ? "message.failed" : "message.retry",
                metadata: metadata.merging(["error": "\(reason)"]) { $1 })
            stored = .failed(reason, retryAt: retryAt)
        case .refused(let reason):
            log.warning("message.failed", metadata: metadata.merging(["error": "\(reason)"]) { $1 })
            stored = .failed(reason, retryAt: nil)
        }
        outcomes[message.number] = (message, stored)
        record(message, stored, now: now)
    }

    private func record(_ message: OutboxMessage, _ outcome: StoredOutcome, now: Int64) {
        var mayRelease = message.target.events != nil
        if case .failed = outcome { mayRelease = true }
        let (recorded, log, release) = (recorded, log, mayRelease)
        let completion: @Sendable (Result<Void, QueryError>) -> Void = { result in
            if case .failure(let error) = result {
                log.error("message.record", metadata: ["task": "\(message.taskID)", "error": "\(error)"])
            }
            recorded(message.number, (try? result.get()) != nil, release)
        }
        switch outcome {
        case .delivered(let messageID, let time):
            outbox.recordDelivery(message, messageID: messageID, now: time, completion: completion)
        case .failed(let reason, let retryAt):
            outbox.recordFailure(message, reason: reason, retryAt: retryAt, now: now, completion: completion)
        }
    }
}
