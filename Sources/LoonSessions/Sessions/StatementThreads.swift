import LoonCore
import MySQLProtocol
import QueryEngine
import Synchronization

/// Where statements are read and answered: they block on the metadata and the disk. What may take as long as its author
/// likes is apart from the rest: the engine computes constants while it plans, and some of its functions listen to
/// nobody; changes of tables wait for their writers. Of both kinds of threads an account has a part at most; and
/// administrators have threads of their own, so that they can put an end to it.
final class StatementThreads: Sendable {
    private let common = FairThreads(name: "loon.statement", threadsMax: 8, perAccountMax: 6)
    private let planners = FairThreads(
        name: "loon.planning", threadsMax: Limits.planningThreads, perAccountMax: Limits.planningThreadsPerAccount)
    private let administrators = WorkerThreads(name: "loon.admin", threadsMax: 4, queueMax: Limits.statementQueueMax)

    /// Runs `job` for an account. False where too many wait already.
    func run(for user: String, isAdministrator: Bool, _ job: @escaping @Sendable () -> Void) -> Bool {
        isAdministrator ? administrators.run(job) : common.run(for: user, job)
    }

    /// The same for a job that may take any time.
    func plan(for user: String, isAdministrator: Bool, _ job: @escaping @Sendable () -> Void) -> Bool {
        isAdministrator ? administrators.run(job) : planners.run(for: user, job)
    }
}

/// Threads of which one account has some at most. Jobs of an account run in their order.
private final class FairThreads: Sendable {
    private struct State {
        var running: [String: Int] = [:]
        var runningCount = 0
        var waiting: [(account: String, job: @Sendable () -> Void)] = []

        mutating func begin(_ account: String) {
            running[account, default: 0] += 1
            runningCount += 1
        }

        mutating func end(_ account: String) {
            let left = running[account, default: 1] - 1
            running[account] = left > 0 ? left : nil
            runningCount -= 1
        }
    }
    private let threads: WorkerThreads
    private let threadsMax: Int
    private let perAccountMax: Int
    private let state = Mutex(State())

    init(name: String, threadsMax: Int, perAccountMax: Int) {
        threads = WorkerThreads(name: name, threadsMax: threadsMax, queueMax: threadsMax)
        self.threadsMax = threadsMax
        self.perAccountMax = perAccountMax
    }

    func run(for account: String, _ job: @escaping @Sendable () -> Void) -> Bool {
        let (accepted, mayStart) = state.withLock { state in
            if state.waiting.isEmpty, state.runningCount < threadsMax,
                state.running[account, default: 0] < perAccountMax
            {
                state.begin(account)
                return (true, true)
            }
            guard state.waiting.count < Limits.statementQueueMax else { return (false, false) }
            state.waiting.append((account, job))
            return (true, false)
        }
        if mayStart { start(account, job) } else { startWaiting() }
        return accepted
    }

    private func start(_ account: String, _ job: @escaping @Sendable () -> Void) {
        _ = threads.run {
            job()
            self.state.withLock { $0.end(account) }
            self.startWaiting()
        }
    }

    private func startWaiting() {
        while let (account, job) = takeNext() { start(account, job) }
    }

    private func takeNext() -> (account: String, job: @Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty, state.runningCount < threadsMax,
                let index = state.waiting.firstIndex(where: { state.running[$0.account, default: 0] < perAccountMax })
            else { return nil }
            let next = state.waiting.remove(at: index)
            state.begin(next.account)
            return next
        }
    }
}
