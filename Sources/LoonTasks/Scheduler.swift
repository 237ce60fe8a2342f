import AccessControl
import Dispatch
import Logging
package import LoonCore
import MetaStore
import QueryEngine
import SQLFrontend
import Synchronization

/// Gives synchronous queries and tasks their places in the clusters, and stops tasks.
package final class Scheduler: Sendable {
    private struct State {
        var running: [TaskID: RunningTask] = [:]
        var onIdle: (@Sendable () -> Void)?
    }

    let queue = QueueAdmission()
    package let waits = TaskWaits()
    private let state = Mutex(State())
    private let runner: TaskRunner
    package let context: TaskContext
    private let queryIDs = EngineQueryIDs()
    private let later = DispatchQueue(label: "loon.scheduler.retry")

    package init(context: TaskContext, runner: TaskRunner) {
        self.context = context
        self.runner = runner
    }

    /// Begins with what waits in the metadata file.
    package func start() throws(QueryError) {
        queue.start(with: try context.store.queuedCounts())
        wakeAll()
    }

    /// Encodes the message of a task's end.
    package var message: @Sendable (TaskRecord) -> [UInt8] { runner.message }
    package func wakeNotifier() { runner.wakeNotifier() }

    // MARK: Queries

    /// Runs an account's query when it has a place. Throws where too many wait. `whenAnswered` gets what is to be done
    /// at the statement's end: one that was answered while it waited, because somebody killed it, waits no more.
    package func run(
        in cluster: Cluster, account: String, whenAnswered: (@escaping @Sendable () -> Void) -> Void,
        _ query: @escaping @Sendable () -> Void
    ) throws(QueryError) {
        let (ticket, mustClaim) = try cluster.submit(account: account) {
            query()
            if cluster.queryEnded(account: account) { self.claim(cluster) }
            self.checkIdle()
        }
        whenAnswered { if cluster.leave(ticket) { self.claim(cluster) } }
        if mustClaim { claim(cluster) }
    }

    // MARK: Tasks

    /// There may be a task to run in the cluster.
    package func wake(_ cluster: Cluster) {
        if cluster.taskMayWait() { claim(cluster) }
    }

    private func wakeAll() { for cluster in context.clusters.all { wake(cluster) } }

    private func claim(_ cluster: Cluster) {
        let now = context.clock.now()
        context.store.claimNext(
            cluster.claimPolicy(runningMax: context.accounts.runningMax), now: now,
            engineQueryID: queryIDs.next(now: now), message: message
        ) { result in
            switch result {
            case .success(let task):
                if let task {
                    self.start(task, in: cluster)
                    if task.submission.notification?.events != nil { self.wakeNotifier() }
                }
                if cluster.claimed(task?.submission.account) { self.claim(cluster) }
            case .failure(let error):
                self.context.log.error("scheduler.claim", metadata: ["error": "\(error)"])
                cluster.claimFailed()
                // The disk may be full; what waits there is not forgotten.
                self.later.asyncAfter(deadline: .now() + .milliseconds(Limits.storeRetryMilliseconds)) {
                    self.wake(cluster)
                }
            }
            self.checkIdle()
        }
    }

    private func start(_ record: TaskRecord, in cluster: Cluster) {
        queue.leave(record.submission.placement.cluster, record.submission.account)
        let task = RunningTask(record, started: context.clock.now())
        state.withLock { state in
            state.running[task.id] = task
        }
        let seconds = cluster.runningSecondsMax(try? StatementHints(Hints(values: record.submission.hints)))
        task.setLimit(seconds: seconds, on: context.timers) { [weak task] in
            guard let task else { return }
            self.stop(task, QueryError(.limitExceeded, "The limit max-running-time-sec = \(seconds) is exceeded"))
        }
        cluster.start {
            self.runner.run(task, in: cluster, recorded: { self.recorded(task) }) {
                self.state.withLock { $0.running[task.id] = nil }
                task.released()
                if cluster.taskEnded() { self.claim(cluster) }
                // Of an account's tasks, one may wait for this end in another cluster.
                let hasOwnLimit = self.context.accounts.runningMax[task.record.submission.account] != nil
                if hasOwnLimit { self.wakeAll() }
                self.checkIdle()
            }
        }
    }

    private func recorded(_ task: RunningTask) {
        task.recorded()
        waits.ended(task.id)
    }

    /// How much of each task that runs is done, from 0 to 100.
    package var progress: [TaskID: Int] {
        state.withLock(\.running).mapValues { Int((($0.cancellation.progress ?? 0) * 100).rounded(.down)) }
    }

    /// How much of a task is done, from 0 to 1, where it runs and the engine knows.
    package func progress(of id: String) -> Double? { cancellation(of: id)?.progress }

    private func cancellation(of id: String) -> Cancellation? {
        TaskID(id).flatMap { id in state.withLock { $0.running[id] } }?.cancellation
    }

    /// A row of `show full query_task` with how far a task is that runs, and what its process holds; the process
    /// itself is named to administrators.
    package func withProgress(_ row: [SQLValue], isAdministrator: Bool) -> [SQLValue] {
        guard case .text(let id) = row[0], row[2] == .text(TaskState.running.rawValue) else { return row }
        let cancellation = cancellation(of: id)
        let process = cancellation?.process
        let columns = context.store.runningColumns
        var row = row
        row[columns.progress] = .integer(Int64(((cancellation?.progress ?? 0) * 100).rounded(.down)))
        row[columns.memory] = .optional(process?.memoryBytes)
        row[columns.process] = .optional(isAdministrator ? process.map { Int64($0.id) } : nil)
        return row
    }

    /// The tasks that run now, the oldest first.
    package var running: [RunningTask] { state.withLock { $0.running.values.sorted { $0.started < $1.started } } }

    // MARK: Stopping a task

    /// Asks the task to stop. Where the engine does not, its end is recorded all the same (docs/invariants.md, 10).
    /// False where it was to stop already, or what it does is decided.
    @discardableResult
    private func stop(_ task: RunningTask, _ reason: QueryError) -> Bool {
        let isFirst = task.cancellation.reason == nil
        guard task.cancellation.cancel(reason), isFirst else { return false }
        let (context, runner) = (context, runner)
        context.timers.asyncAfter(deadline: .now() + .milliseconds(Limits.killPatienceMilliseconds)) {
            if !task.isRecorded { runner.recordEnd(of: task, reason) { self.recorded(task) } }
            context.timers.asyncAfter(
                deadline: .now() + .milliseconds(Limits.lingerMilliseconds - Limits.killPatienceMilliseconds)
            ) {
                guard !task.isReleased else { return }
                context.log.warning(
                    "task.lingers", metadata: ["task": "\(task.id)", "ms": "\(context.clock.now() - task.started)"])
            }
        }
        return true
    }

    private static let cancelled = QueryError(.cancelled, "")

    /// Cancels one task of those in `scope`; `completion` gets how many that were, when their ends are durable.
    package func cancel(
        _ id: String, in scope: TaskScope, completion: @escaping @Sendable (Result<Int, QueryError>) -> Void
    ) {
        do throws(QueryError) {
            end([try context.store.number(of: id, in: scope)], for: Self.cancelled, completion: completion)
        } catch {
            completion(.failure(error))
        }
    }

    /// Cancels some of the tasks that the condition chooses, from `start` on; `completion` also gets where to go on,
    /// `nil` at the end. Blocks while they are looked for.
    package func cancel(
        _ predicate: RowPredicate, in scope: TaskScope, from start: Int64,
        completion: @escaping @Sendable (Result<(count: Int, next: Int64?), QueryError>) -> Void
    ) throws(QueryError) {
        let numbers = try context.store.unfinished(predicate, in: scope, from: start)
        let next = numbers.count == Limits.taskStepMax ? numbers.last.map { $0 + 1 } : nil
        end(numbers, for: Self.cancelled) { result in completion(result.map { ($0, next) }) }
    }

    /// Ends the tasks of an account that is not there any more, those that have decided a write aside.
    package func endTasks(of account: AccountIdentity) throws(QueryError) {
        var start: Int64? = 0
        while let from = start {
            let numbers = try context.store.unfinished(.all([]), in: .owned(account), from: from)
            start = numbers.count == Limits.taskStepMax ? numbers.last.map { $0 + 1 } : nil
            let log = context.log
            end(numbers, for: .gone(account)) { result in
                if case .failure(let error) = result {
                    log.error("task.record", metadata: ["account": "\(account.name)", "error": "\(error)"])
                }
            }
        }
    }

    /// `reason` is why they end: a cancelling, or a failure.
    private func end(
        _ numbers: [Int64], for reason: QueryError, completion: @escaping @Sendable (Result<Int, QueryError>) -> Void
    ) {
        let outcome = TaskOutcome(
            state: reason.code == .cancelled ? .cancelled : .failure, message: reason.message, measures: TaskMeasures())
        context.store.cancel(numbers, as: outcome, now: context.clock.now(), message: runner.message) { result in
            switch result {
            case .success(let step): self.finish(step, for: reason, completion: completion)
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    private func finish(
        _ step: MetaStore.Cancelled, for reason: QueryError,
        completion: @escaping @Sendable (Result<Int, QueryError>) -> Void
    ) {
        for task in step.ended {
            queue.leave(task.submission.placement.cluster, task.submission.account)
            waits.ended(task.id)
            runner.announce(task)
        }
        let group = DispatchGroup()
        var count = step.ended.count
        for id in step.running {
            guard let task = state.withLock({ $0.running[id] }), stop(task, reason) else { continue }
            count += 1
            group.enter()
            task.whenRecorded { group.leave() }
        }
        let total = count
        let isAnswered = Mutex(false)
        @Sendable func answer(_ result: Result<Int, QueryError>) {
            let isFirst = isAnswered.withLock { answered in
                defer { answered = true }
                return !answered
            }
            if isFirst { completion(result) }
        }
        group.notify(queue: context.timers) { answer(.success(total)) }
        guard total > step.ended.count else { return }
        context.timers.asyncAfter(deadline: .now() + .milliseconds(Limits.cancelPatienceMilliseconds)) {
            answer(
                .failure(
                    QueryError(
                        .storage,
                        "The tasks were stopped, and that cannot be recorded yet: the metadata file takes nothing")))
        }
    }

    // MARK: Stop

    /// Starts nothing more; `completion` is called when nothing runs any more.
    package func stop(completion: @escaping @Sendable () -> Void) {
        for cluster in context.clusters.all { cluster.stop() }
        state.withLock { $0.onIdle = completion }
        checkIdle()
    }

    /// Interrupts the tasks that still run; they are put back and run again at the next start. Queries end with their
    /// connections.
    package func interrupt() {
        let running = state.withLock { Array($0.running.values) }
        for task in running { task.cancellation.cancel(QueryError(.shuttingDown, "Server shutdown in progress")) }
    }

    private func checkIdle() {
        guard context.clusters.all.allSatisfy(\.isIdle) else { return }
        let completion = state.withLock { state -> (@Sendable () -> Void)? in
            defer { state.onIdle = nil }
            return state.onIdle
        }
        completion?()
    }
}
