import Dispatch
import Logging
import LoonCore
import MetaStore
import QueryEngine
import Synchronization

/// Gives synchronous queries and tasks their places, and runs them on the engine's threads.
final class Scheduler: Sendable {
    private struct State {
        var machine: SchedulerStateMachine
        var waiting: [@Sendable () -> Void] = []
        var running: [TaskID: Cancellation] = [:]
        var onIdle: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>
    private let threads: WorkerThreads
    private let runner: TaskRunner
    private let context: ServiceContext
    private let queryIDs: EngineQueryIDs
    private let later = DispatchQueue(label: "loon.scheduler.retry")

    init(context: ServiceContext, runner: TaskRunner) {
        let configuration = context.configuration
        self.context = context
        self.runner = runner
        queryIDs = EngineQueryIDs()
        state = Mutex(
            State(
                machine: SchedulerStateMachine(
                    queriesMax: configuration.runningQueriesMax, waitingMax: configuration.queuedQueriesMax,
                    tasksMax: configuration.runningTasksMax)))
        let places = configuration.runningQueriesMax + configuration.runningTasksMax
        threads = WorkerThreads(name: "loon.engine", threadsMax: places, queueMax: places)
    }

    // MARK: Queries

    /// Runs a synchronous query when it has a place. Throws where too many wait.
    func run(_ query: @escaping @Sendable () -> Void) throws(QueryError) {
        let admission = state.withLock { state in
            let admission = state.machine.querySubmitted()
            if admission == .wait { state.waiting.append(query) }
            return admission
        }
        switch admission {
        case .start: start(query)
        case .wait: break
        case .stopping: throw QueryError(.shuttingDown, "Server shutdown in progress")
        case .refuse: throw QueryError(.queueFull, "Too many queries are waiting for a place; try again, or run it with run_async=true")
        }
    }

    private func start(_ query: @escaping @Sendable () -> Void) {
        _ = threads.run {
            var next: (@Sendable () -> Void)? = query
            while let query = next {
                query()
                next = self.state.withLock { state in state.machine.queryEnded() ? state.waiting.removeFirst() : nil }
            }
            self.checkIdle()
        }
    }

    // MARK: Tasks

    /// There may be a task to run.
    func wake() {
        if state.withLock({ $0.machine.taskMayWait() }) { claim() }
    }

    private func claim() {
        let now = context.clock.now()
        context.store.claimNext(now: now, engineQueryID: queryIDs.next(now: now)) { result in
            switch result {
            case .success(let task):
                if let task { self.start(task) }
                if self.state.withLock({ $0.machine.claimed(task != nil) }) { self.claim() }
            case .failure(let error):
                self.context.log.error("scheduler.claim", metadata: ["error": "\(error)"])
                self.state.withLock { $0.machine.claimFailed() }
                // The disk may be full; what waits there is not forgotten.
                self.later.asyncAfter(deadline: .now() + .milliseconds(Limits.storeRetryMilliseconds)) { self.wake() }
            }
            self.checkIdle()
        }
    }

    private func start(_ task: TaskRecord) {
        let cancellation = Cancellation()
        state.withLock { $0.running[task.id] = cancellation }
        _ = threads.run {
            self.runner.run(task, cancellation: cancellation) {
                let more = self.state.withLock { state in
                    state.running[task.id] = nil
                    return state.machine.taskEnded()
                }
                if more { self.claim() }
                self.checkIdle()
            }
        }
    }

    // MARK: Stop

    /// Starts nothing more; `completion` is called when nothing runs any more.
    func stop(completion: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.machine.stop()
            state.onIdle = completion
        }
        checkIdle()
    }

    /// Interrupts the tasks that still run; they are put back and run again at the next start. Queries end with their connections.
    func interrupt() {
        let running = state.withLock { Array($0.running.values) }
        for cancellation in running { cancellation.cancel(QueryError(.shuttingDown, "Server shutdown in progress")) }
    }

    private func checkIdle() {
        let completion = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.machine.isIdle, let completion = state.onIdle else { return nil }
            state.onIdle = nil
            return completion
        }
        completion?()
    }
}

/// `mpp_query_id`: yyyyMMdd_HHmmss_nnnnn_xxxxx in UTC, a counter of this run of the daemon and five letters or digits that tell runs apart.
final class EngineQueryIDs: Sendable {
    private let counter = Atomic<Int>(0)
    private let suffix: String

    init() { suffix = String((0..<5).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() ?? "a" }) }

    func next(now: Int64) -> String {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue % 100_000
        let digits = String(number)
        return "\(CivilTime(milliseconds: now).compactSecond)_\(String(repeating: "0", count: 5 - digits.count))\(digits)_\(suffix)"
    }
}
