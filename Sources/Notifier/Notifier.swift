import Foundation
package import Logging
package import LoonCore
import Synchronization

/// Posts the messages of the outbox, from one thread of its own, until each broker has its messages.
///
/// `@unchecked`: `machinery` is touched on the pump's thread alone; what others hand over goes through `inbox`.
package final class Notifier: @unchecked Sendable {
    package struct Options: Sendable {
        package let retry: RetryPolicy
        package let connectMilliseconds: Int
        package let totalMilliseconds: Int
        /// PEM certificates of authorities that are trusted in place of the system's.
        package let authoritiesFile: String?

        package init(
            retry: RetryPolicy, connectMilliseconds: Int, totalMilliseconds: Int, authoritiesFile: String? = nil
        ) {
            self.retry = retry
            self.connectMilliseconds = connectMilliseconds
            self.totalMilliseconds = totalMilliseconds
            self.authoritiesFile = authoritiesFile
        }
    }

    /// News from other threads for the pump.
    private final class Inbox: Sendable {
        struct State {
            var recorded: [(number: Int64, isDurable: Bool, mayRelease: Bool)] = []
            var hasNews = true
            var isStopping = false
            var onStopped: (@Sendable () -> Void)?
        }
        let state = Mutex(State())
        private let transport: any Transport

        init(_ transport: any Transport) { self.transport = transport }

        /// Wakes the pump, but only once for all that it has not yet seen.
        func addNews(_ change: (inout State) -> Void) {
            let mustWake = state.withLock { state in
                let wasQuiet = state.recorded.isEmpty && !state.hasNews
                change(&state)
                return wasQuiet || state.isStopping
            }
            if mustWake { transport.wake() }
        }
    }

    private let clock: WallClock
    private let transfers: CurlTransfers
    private let inbox: Inbox
    private var machinery: Pump

    package init(outbox: any Outbox, sender: SenderIdentity, options: Options, clock: WallClock, log: Logger)
        throws(QueryError)
    {
        self.clock = clock
        transfers = try CurlTransfers(options)
        let inbox = Inbox(transfers)
        self.inbox = inbox
        machinery = Pump(outbox: outbox, sender: sender, retry: options.retry, transport: transfers, log: log) {
            number, isDurable, mayRelease in
            inbox.addNews { $0.recorded.append((number, isDurable, mayRelease)) }
        }
    }

    /// Starts the pump's thread.
    package func start() {
        let thread = Thread { self.pump() }
        thread.name = "loon.notifier"
        thread.start()
    }

    /// There may be a new message.
    package func wake() { inbox.addNews { $0.hasNews = true } }

    /// Posts no more; `completion` is called when what was being posted has ended and is recorded.
    package func stop(completion: @escaping @Sendable () -> Void) {
        inbox.addNews {
            $0.isStopping = true
            $0.onStopped = completion
        }
    }

    // MARK: On the pump's thread

    private func pump() {
        while true {
            let (recorded, hasNews, isStopping) = inbox.state.withLock { state in
                defer { (state.recorded, state.hasNews) = ([], false) }
                return (state.recorded, state.hasNews, state.isStopping)
            }
            let now = clock.now()
            for item in recorded {
                machinery.wasRecorded(item.number, isDurable: item.isDurable, mayRelease: item.mayRelease, now: now)
            }
            if isStopping, machinery.isIdle { break }
            let sleep = isStopping ? 1_000 : machinery.turn(hasNews: hasNews, now: now)
            let ended = transfers.perform(waiting: Int32(clamping: sleep))
            let then = clock.now()
            for (number, ending) in ended { machinery.ended(number, ending, now: then) }
        }
        inbox.state.withLock { $0.onStopped }?()
    }
}
