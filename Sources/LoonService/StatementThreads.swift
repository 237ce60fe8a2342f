import LoonCore
import MySQLProtocol
import QueryEngine
import Synchronization

/// Where statements are read and answered: they block on the metadata and the disk. What makes the engine plan is apart from the rest, because a plan may take
/// as long as its author likes (the engine computes constants while it plans, and some of its functions listen to nobody); and administrators have threads
/// of their own, so that they can put an end to it.
final class StatementThreads: Sendable {
    private struct Planning {
        var running: [String: Int] = [:]
        var waiting: [(account: String, job: @Sendable () -> Void)] = []
    }
    private let common = WorkerThreads(name: "loon.statement", threadsMax: 8, queueMax: Limits.statementQueueMax)
    private let administrators = WorkerThreads(name: "loon.admin", threadsMax: 4, queueMax: Limits.statementQueueMax)
    private let planners = WorkerThreads(name: "loon.planning", threadsMax: Limits.planningThreads, queueMax: Limits.planningThreads)
    private let planning = Mutex(Planning())

    /// Runs `job` for a session. False where too many wait already.
    func run(for session: Session, _ job: @escaping @Sendable () -> Void) -> Bool {
        session.isAdministrator ? administrators.run(job) : common.run(job)
    }

    /// The same for a job that makes the engine plan: an account has some of the threads at most, whoever else waits.
    func plan(for session: Session, _ job: @escaping @Sendable () -> Void) -> Bool {
        if session.isAdministrator { return administrators.run(job) }
        let accepted = planning.withLock { planning in
            guard planning.waiting.count < Limits.statementQueueMax else { return false }
            planning.waiting.append((session.login.user, job))
            return true
        }
        startNext()
        return accepted
    }

    private func startNext() {
        while let (account, job) = takeNext() {
            _ = planners.run {
                job()
                self.planning.withLock { planning in
                    let left = planning.running[account, default: 1] - 1
                    planning.running[account] = left > 0 ? left : nil
                }
                self.startNext()
            }
        }
    }

    private func takeNext() -> (account: String, job: @Sendable () -> Void)? {
        planning.withLock { planning in
            guard planning.running.values.reduce(0, +) < Limits.planningThreads,
                let index = planning.waiting.firstIndex(where: { planning.running[$0.account, default: 0] < Limits.planningThreadsPerAccount })
            else { return nil }
            let next = planning.waiting.remove(at: index)
            planning.running[next.account, default: 0] += 1
            return next
        }
    }
}
