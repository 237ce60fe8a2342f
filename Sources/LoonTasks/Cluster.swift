import LoonCore
import MetaStore
package import QueryEngine
import Synchronization

/// A named pool at work: its engine, its threads, and who has its places.
package final class Cluster: Sendable {
    private struct State {
        var machine: ClusterStateMachine
        var waiting: [Waiting] = []
        var runningQueries: [String: Int] = [:]
        /// When accounts were served last.
        var turns: [String: Int] = [:]
        var lastTurn = 0
        var lastTicket = 0

        /// Places for queries that one account may have: one is left for the others, however its queries hold on to
        /// theirs.
        let perAccountMax: Int

        init(machine: ClusterStateMachine) {
            self.machine = machine
            perAccountMax = max(1, machine.queryPlacesMax - 1)
        }

        /// How many of those that wait may run if there is a place.
        var startable: Int {
            guard runningQueries.values.contains(where: { $0 >= perAccountMax }) else { return waiting.count }
            return waiting.count { runningQueries[$0.account, default: 0] < perAccountMax }
        }

        /// The query whose turn it is: the oldest of the account that has the fewest running.
        mutating func takeNext() -> Waiting {
            let counts = waiting.map { runningQueries[$0.account, default: 0] }
            let next = waiting.remove(at: counts.indices.min { counts[$0] < counts[$1] } ?? 0)
            runningQueries[next.account, default: 0] += 1
            return next
        }
    }

    /// A query that waits for a place.
    private struct Waiting {
        let ticket: Int
        let account: String
        let run: @Sendable () -> Void
    }

    package let name: String
    package let settings: ClusterSettings
    package let engine: any QueryEngine
    private let state: Mutex<State>
    private let threads: WorkerThreads

    package init(name: String, settings: ClusterSettings, engine: any QueryEngine) {
        self.name = name
        self.settings = settings
        self.engine = engine
        state = Mutex(
            State(
                machine: ClusterStateMachine(
                    placesMax: settings.runningMax, queriesMax: settings.runningQueriesMax,
                    tasksMax: settings.runningTasksMax,
                    waitingMax: settings.queuedQueriesMax)))
        threads = WorkerThreads(name: "loon.engine", threadsMax: settings.runningMax, queueMax: settings.runningMax)
    }

    var isIdle: Bool { state.withLock { $0.machine.isIdle } }

    /// The policy by which the next task is claimed; `runningMax` has the accounts that have a limit of their own.
    func claimPolicy(runningMax: [String: Int]) -> ClaimPolicy {
        ClaimPolicy(
            cluster: name,
            runningPerAccountMax: settings.runningTasksPerAccountMax == 0 ? nil : settings.runningTasksPerAccountMax,
            runningMax: runningMax, turns: state.withLock(\.turns))
    }

    /// Tells the machine of an event and starts the queries that it lets run. Returns whether the next task is to be
    /// claimed.
    private func applyEvent(_ event: (inout State) -> Void) -> Bool {
        var started: [@Sendable () -> Void] = []
        let mustClaim = state.withLock { state in
            event(&state)
            var mustClaim = false
            while let action = state.machine.next(startable: state.startable) {
                switch action {
                case .startQuery: started.append(state.takeNext().run)
                case .claimTask: mustClaim = true
                }
            }
            return mustClaim
        }
        for query in started { _ = threads.run(query) }
        return mustClaim
    }

    // MARK: Queries. Where they return true, the next task is to be claimed.

    /// Runs a synchronous query when it has a place; it says itself when it has ended. Throws where too many wait.
    func submit(account: String, _ query: @escaping @Sendable () -> Void) throws(QueryError) -> (
        ticket: Int, mustClaim: Bool
    ) {
        var admission = ClusterStateMachine.Admission.refuse
        var ticket = 0
        let mustClaim = applyEvent { state in
            admission = state.machine.querySubmitted()
            guard admission == .accepted else { return }
            state.lastTicket += 1
            ticket = state.lastTicket
            state.waiting.append(Waiting(ticket: ticket, account: account, run: query))
        }
        switch admission {
        case .accepted: return (ticket, mustClaim)
        case .stopping: throw QueryError(.shuttingDown, "Server shutdown in progress")
        case .refuse:
            throw QueryError(
                .queueFull,
                "Too many queries are waiting for a place in the cluster '\(name)' (queued-queries = "
                    + "\(settings.queuedQueriesMax)); try again, or run it with run_async=true"
            )
        }
    }

    /// The query waits no more, if it still does.
    func leave(_ ticket: Int) -> Bool {
        applyEvent { state in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
            state.waiting.remove(at: index)
            state.machine.queryLeft()
        }
    }

    func queryEnded(account: String) -> Bool {
        return applyEvent { state in
            let left = state.runningQueries[account, default: 1] - 1
            state.runningQueries[account] = left > 0 ? left : nil
            state.machine.queryEnded()
        }
    }

    // MARK: Tasks

    func taskMayWait() -> Bool { applyEvent { $0.machine.taskMayWait() } }

    func claimed(_ account: String?) -> Bool {
        applyEvent { state in
            state.machine.claimed(account != nil)
            guard let account else { return }
            state.lastTurn += 1
            // An account that was not served for long is as one that never was.
            if state.turns.count > Limits.fairAccountsMax { state.turns = [:] }
            state.turns[account] = state.lastTurn
        }
    }

    func claimFailed() { state.withLock { $0.machine.claimFailed() } }

    /// Runs a claimed task on a thread of the engine's.
    func start(_ task: @escaping @Sendable () -> Void) { _ = threads.run(task) }

    func taskEnded() -> Bool { applyEvent { $0.machine.taskEnded() } }

    func stop() { state.withLock { $0.machine.stop() } }
}
