import LoonCore
import MetaStore
import QueryEngine
import Synchronization

/// A named pool at work: its engine, its threads, and who has its places.
final class Cluster: Sendable {
    private struct State {
        var machine: ClusterStateMachine
        var waiting: [@Sendable () -> Void] = []
        /// When accounts were served last.
        var turns: [String: Int] = [:]
        var lastTurn = 0
    }

    let name: String
    let settings: ClusterSettings
    let engine: any QueryEngine
    private let state: Mutex<State>
    private let threads: WorkerThreads

    init(name: String, settings: ClusterSettings, engine: any QueryEngine) {
        self.name = name
        self.settings = settings
        self.engine = engine
        state = Mutex(
            State(
                machine: ClusterStateMachine(
                    placesMax: settings.runningMax, queriesMax: settings.runningQueriesMax, tasksMax: settings.runningTasksMax,
                    waitingMax: settings.queuedQueriesMax)))
        threads = WorkerThreads(name: "loon.engine", threadsMax: settings.runningMax, queueMax: settings.runningMax)
    }

    var isIdle: Bool { state.withLock { $0.machine.isIdle } }

    /// Whose task is to be claimed next.
    var claimPolicy: ClaimPolicy {
        ClaimPolicy(
            cluster: name, runningPerAccountMax: settings.runningTasksPerAccountMax == 0 ? nil : settings.runningTasksPerAccountMax,
            turns: state.withLock(\.turns))
    }

    /// Tells the machine of an event and starts the queries that it lets run. Returns whether the next task is to be claimed.
    private func tell(_ event: (inout State) -> Void) -> Bool {
        var queries: [@Sendable () -> Void] = []
        let mustClaim = state.withLock { state in
            event(&state)
            var mustClaim = false
            while let action = state.machine.next() {
                switch action {
                case .startQuery: queries.append(state.waiting.removeFirst())
                case .claimTask: mustClaim = true
                }
            }
            return mustClaim
        }
        for query in queries { _ = threads.run(query) }
        return mustClaim
    }

    // MARK: Queries. Where they return true, the next task is to be claimed.

    /// Runs a synchronous query when it has a place; `ended` is called behind it. Throws where too many wait.
    func submit(_ query: @escaping @Sendable () -> Void) throws(QueryError) -> Bool {
        var admission = ClusterStateMachine.Admission.refuse
        let mustClaim = tell { state in
            admission = state.machine.querySubmitted()
            if admission == .accepted { state.waiting.append(query) }
        }
        switch admission {
        case .accepted: return mustClaim
        case .stopping: throw QueryError(.shuttingDown, "Server shutdown in progress")
        case .refuse:
            throw QueryError(
                .queueFull,
                "Too many queries are waiting for a place in the cluster '\(name)' (queued-queries = \(settings.queuedQueriesMax)); try again, or run it with run_async=true"
            )
        }
    }

    func queryEnded() -> Bool { tell { $0.machine.queryEnded() } }

    // MARK: Tasks

    func taskMayWait() -> Bool { tell { $0.machine.taskMayWait() } }

    func claimed(_ account: String?) -> Bool {
        tell { state in
            state.machine.claimed(account != nil)
            guard let account else { return }
            state.lastTurn += 1
            // Who was not served for long is as one who never was.
            if state.turns.count > Limits.fairAccountsMax { state.turns = [:] }
            state.turns[account] = state.lastTurn
        }
    }

    func claimFailed() { state.withLock { $0.machine.claimFailed() } }

    /// Runs a claimed task on a thread of the engine's.
    func start(_ task: @escaping @Sendable () -> Void) { _ = threads.run(task) }

    func taskEnded() -> Bool { tell { $0.machine.taskEnded() } }

    func stop() { state.withLock { $0.machine.stop() } }
}
