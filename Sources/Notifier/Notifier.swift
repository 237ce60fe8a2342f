import Foundation
package import Logging
package import LoonCore
import Synchronization

/// Posts completion messages from the outbox, from one thread of its own, until each broker has its messages.
///
/// `@unchecked`: `thread`'s state is touched on the pump's thread alone; what others hand over goes through `inbox`.
package final class Notifier: @unchecked Sendable {
    package struct Options: Sendable {
        package let key: AccessKey
        package let rules: EndpointRules
        package let retry: RetryPolicy
        package let connectMilliseconds: Int
        package let totalMilliseconds: Int

        package init(key: AccessKey, rules: EndpointRules, retry: RetryPolicy, connectMilliseconds: Int, totalMilliseconds: Int) {
            self.key = key
            self.rules = rules
            self.retry = retry
            self.connectMilliseconds = connectMilliseconds
            self.totalMilliseconds = totalMilliseconds
        }
    }

    /// What other threads tell the pump.
    private struct Inbox {
        var recorded: [(number: Int64, isDurable: Bool)] = []
        var isStopping = false
        var onStopped: (@Sendable () -> Void)?
    }

    private let outbox: any Outbox
    private let options: Options
    private let clock: WallClock
    private let log: Logger
    private let transfers: CurlTransfers
    private let inbox = Mutex(Inbox())
    private var machine = PumpStateMachine()
    private var messages: [Int64: (message: OutboxMessage, bodyMD5: String)] = [:]
    /// What became of messages, until it is stored.
    private var outcomes: [Int64: (message: OutboxMessage, outcome: StoredOutcome)] = [:]

    private enum StoredOutcome {
        case delivered(messageID: String, at: Int64)
        case failed(String, retryAt: Int64?)
    }

    package init(outbox: any Outbox, options: Options, clock: WallClock, log: Logger) throws(QueryError) {
        self.outbox = outbox
        self.options = options
        self.clock = clock
        self.log = log
        transfers = try CurlTransfers(connectMilliseconds: options.connectMilliseconds, totalMilliseconds: options.totalMilliseconds)
    }

    /// Starts the pump's thread.
    package func start() {
        let thread = Thread { self.pump() }
        thread.name = "loon.notifier"
        thread.start()
    }

    /// There may be a new message.
    package func wake() { transfers.wake() }

    /// Posts no more; `completion` is called when what was being posted has ended and is recorded.
    package func stop(completion: @escaping @Sendable () -> Void) {
        inbox.withLock {
            $0.isStopping = true
            $0.onStopped = completion
        }
        transfers.wake()
    }

    // MARK: On the pump's thread

    private func pump() {
        while true {
            let (recorded, isStopping) = inbox.withLock { inbox in
                defer { inbox.recorded = [] }
                return (inbox.recorded, inbox.isStopping)
            }
            for item in recorded {
                machine.recorded(item.number, isDurable: item.isDurable, now: clock.now())
                if item.isDurable { outcomes[item.number] = nil }
            }
            if isStopping, machine.isIdle { break }
            for number in machine.release(now: clock.now()) { if let (message, outcome) = outcomes[number] { record(message, outcome) } }
            var sleep: Int64 = 1_000
            if !isStopping { sleep = fetch() }
            for (number, ending) in transfers.perform(waiting: Int32(sleep)) { settle(number, ending) }
        }
        inbox.withLock { $0.onStopped }?()
    }

    /// Starts what is due, and says how long there is nothing to start.
    private func fetch() -> Int64 {
        // What was asked for with a key waits until there is one again.
        guard !options.key.id.isEmpty else { return 60_000 }
        do {
            let capacity = machine.capacity()
            if capacity > 0 {
                let due = try outbox.dueMessages(now: clock.now(), excluding: machine.inHand, limit: capacity)
                if !due.isEmpty { outbox.markSending(due.map(\.number)) }
                for message in due { post(message) }
            }
            return machine.sleep(now: clock.now(), nextDue: try outbox.nextDue(excluding: machine.inHand))
        } catch {
            log.error("notifier.outbox", metadata: ["error": "\(error)"])
            return 1_000
        }
    }

    private func post(_ message: OutboxMessage) {
        machine.started(message.number)
        do {
            let endpoint = try Endpoint(message.target.endpoint)
            // Checked at submission, and again: the rules may have changed since.
            let addresses = try options.rules.addresses(for: endpoint)
            let request = try BrokerRequest(message, endpoint: endpoint, key: options.key, now: clock.now())
            messages[message.number] = (message, request.bodyMD5)
            try transfers.start(request, number: message.number, addresses: addresses)
        } catch {
            messages[message.number] = (message, "")
            settle(message, .refused((error as? QueryError)?.message ?? "the message cannot be encoded"))
        }
    }

    private func settle(_ number: Int64, _ ending: CurlTransfers.Ending) {
        guard let (message, bodyMD5) = messages[number] else { return }
        switch ending {
        case .answered(let status, let body): settle(message, BrokerAnswer.outcome(status: status, body: body, bodyMD5: bodyMD5))
        case .broken(let reason): settle(message, .failed("\(message.target.endpoint): \(reason)"))
        case .refusedAddress(let address):
            settle(message, .refused("\(message.target.endpoint) leads to a \(address.rawValue) address, which no rule of notify.allow allows"))
        }
    }

    private func settle(_ message: OutboxMessage, _ outcome: DeliveryOutcome) {
        let now = clock.now()
        let metadata: Logger.Metadata = [
            "task": "\(message.taskID)", "connection": "\(message.connectionID)", "product": "\(message.target.product.rawValue)",
            "attempt": "\(message.attempts + 1)",
        ]
        messages[message.number] = nil
        machine.posted(message.number)
        let stored: StoredOutcome
        switch outcome {
        case .delivered(let messageID):
            log.info("message.sent", metadata: metadata.merging(["message_id": "\(messageID)", "ms": "\(now - message.created)"]) { $1 })
            stored = .delivered(messageID: messageID, at: now)
        case .failed(let reason):
            let retryAt = options.retry.retryAt(
                now: now, created: message.created, attempts: message.attempts + 1, random: .random(in: 0..<1))
            let event: Logger.Message = retryAt == nil ? "message.failed" : "message.retry"
            log.warning(event, metadata: metadata.merging(["error": "\(reason)"]) { $1 })
            stored = .failed(reason, retryAt: retryAt)
        case .refused(let reason):
            log.warning("message.failed", metadata: metadata.merging(["error": "\(reason)"]) { $1 })
            stored = .failed(reason, retryAt: nil)
        }
        outcomes[message.number] = (message, stored)
        record(message, stored)
    }

    private func record(_ message: OutboxMessage, _ outcome: StoredOutcome) {
        let recorded: @Sendable (Result<Void, QueryError>) -> Void = { result in
            if case .failure(let error) = result { self.log.error("message.record", metadata: ["task": "\(message.taskID)", "error": "\(error)"]) }
            self.inbox.withLock { $0.recorded.append((message.number, (try? result.get()) != nil)) }
            self.transfers.wake()
        }
        switch outcome {
        case .delivered(let messageID, let time): outbox.recordDelivery(message, messageID: messageID, now: time, completion: recorded)
        case .failed(let reason, let retryAt): outbox.recordFailure(message, reason: reason, retryAt: retryAt, completion: recorded)
        }
    }
}
