import LoonCore
import Synchronization

/// How many tasks wait, by cluster and account: the rows are in the metadata file, where counting them takes too long.
final class QueueAdmission: Sendable {
    private struct Key: Hashable {
        let cluster: String
        let account: String
    }
    private struct State {
        var byAccount: [Key: Int] = [:]
        var byCluster: [String: Int] = [:]
    }
    private let state = Mutex(State())

    func start(with counts: [(cluster: String, account: String, count: Int)]) {
        state.withLock { state in
            for (cluster, account, count) in counts {
                state.byAccount[Key(cluster: cluster, account: account), default: 0] += count
                state.byCluster[cluster, default: 0] += count
            }
        }
    }

    /// Takes a place in the queue, or throws where there is none. `ownMax` is the account's own limit, in all clusters;
    /// 0 for none.
    func enter(_ cluster: String, _ account: String, _ settings: ClusterSettings, ownMax: Int64 = 0) throws(QueryError)
    {
        let refusal = state.withLock { state -> QueryError? in
            let key = Key(cluster: cluster, account: account)
            guard state.byCluster[cluster, default: 0] < settings.queuedTasksMax else {
                return QueryError(
                    .queueFull,
                    "The queue of the cluster '\(cluster)' is full: queued-tasks = \(settings.queuedTasksMax); "
                        + "try again when some have run"
                )
            }
            let accountMax = settings.queuedTasksPerAccountMax
            guard accountMax == 0 || state.byAccount[key, default: 0] < accountMax else {
                return QueryError(
                    .queueFull,
                    "The account '\(account)' has as many tasks waiting as it may in the cluster '\(cluster)': "
                        + "queued-tasks-per-account = \(accountMax)"
                )
            }
            if ownMax > 0, state.byAccount.reduce(0, { $1.key.account == account ? $0 + $1.value : $0 }) >= ownMax {
                return QueryError(
                    .accountLimit,
                    "User '\(account)' has exceeded the 'max_queued_tasks' resource (current value: \(ownMax))")
            }
            state.byCluster[cluster, default: 0] += 1
            state.byAccount[key, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Takes one however full the queue is, for a task that is in it already.
    func enterRegardless(_ cluster: String, _ account: String) { start(with: [(cluster, account, 1)]) }

    /// A task waits no more.
    func leave(_ cluster: String, _ account: String) {
        state.withLock { state in
            let key = Key(cluster: cluster, account: account)
            state.byCluster[cluster, default: 1] -= 1
            let left = state.byAccount[key, default: 1] - 1
            state.byAccount[key] = left > 0 ? left : nil
        }
    }
}
