import AccessControl
import Dispatch
import Foundation
import Logging
import LoonCore
import LoonLake
import MetaStore
package import Notifier
import ObjectStore
import QueryEngine
import SQLDialect
import SQLFrontend

/// Runs one task from its stored row: computes the result, publishes it, records the end with its message.
package final class TaskRunner: Sendable {
    private let context: TaskContext
    private let notifier: Notifier
    private let messages: TaskMessage
    private let later = DispatchQueue(label: "loon.task.retry")

    package init(context: TaskContext, notifier: Notifier, messages: TaskMessage) {
        self.context = context
        self.notifier = notifier
        self.messages = messages
    }

    /// Encodes the message of a task's end.
    var message: @Sendable (TaskRecord) -> [UInt8] {
        let messages = messages
        return { messages.encode($0) }
    }

    /// Blocks the thread while the engine works; `recorded` is called when the end is durable, and `completion` when
    /// the task has let go of its place, which it also does when the daemon stops before the end.
    func run(
        _ task: RunningTask, in cluster: Cluster, recorded: @escaping @Sendable () -> Void,
        completion: @escaping @Sendable () -> Void
    ) {
        let metadata = metadata(of: task)
        context.log.info(
            "task.started",
            metadata: metadata.merging(["attempt": "\(task.record.attempts)", "cluster": "\(cluster.name)"]) { $1 })
        let outcome: TaskOutcome
        do {
            outcome = try cluster.explaining { try produceAgain(task, in: cluster) }
        } catch let waits as PublicationWaits {
            return end(task, when: waits, recorded: recorded, completion: completion)
        } catch {
            // An earlier run may have published before it was killed, or this one may have failed while it synced what
            // it had moved.
            try? context.removeResult(of: task.id)
            let error =
                task.cancellation.reason ?? error as? QueryError
                ?? QueryError(.internalFault, "The task failed", detail: "\(error)")
            // Left RUNNING: the daemon puts it back before it ends.
            if error.code == .shuttingDown { return completion() }
            // At debug level only: the engine's own words quote the statement.
            context.log.debug("task.failed", metadata: metadata.merging(["detail": "\(error.detail ?? "")"]) { $1 })
            outcome = self.outcome(of: error, in: task)
        }
        record(task, outcome) {
            recorded()
            completion()
        }
    }

    /// Records the end of a task whose engine has not let go of it; what comes out of the run is thrown away.
    func recordEnd(of task: RunningTask, _ reason: QueryError, recorded: @escaping @Sendable () -> Void) {
        record(task, outcome(of: reason, in: task), completion: recorded)
    }

    /// A message may wait.
    func wakeNotifier() { notifier.wake() }

    /// Logs the end of a task that never ran, and lets its message go out.
    func announce(_ task: TaskRecord) {
        context.log.info(
            "task.ended",
            metadata: [
                "task": "\(task.id)", "connection": "\(task.submission.connectionID)",
                "account": "\(task.submission.account)",
                "status": "\(task.state.rawValue)",
            ])
        context.audit.taskEnded(task.id, account: task.submission.account, state: task.state, scannedBytes: nil)
        if task.submission.notification != nil { notifier.wake() }
    }

    // MARK: Ends

    private func metadata(of task: RunningTask) -> Logger.Metadata {
        let submission = task.record.submission
        return ["task": "\(task.id)", "connection": "\(submission.connectionID)", "account": "\(submission.account)"]
    }

    /// The outcome of a task that an error has ended.
    private func outcome(of error: QueryError, in task: RunningTask) -> TaskOutcome {
        let error = context.redacted(error)
        return TaskOutcome(
            state: error.code == .cancelled ? .cancelled : .failure,
            message: String(decoding: error.message.utf8.prefix(Limits.errorMessageBytesMax), as: UTF8.self),
            measures: TaskMeasures(elapsedMilliseconds: max(0, context.clock.now() - task.started)))
    }

    private func record(_ task: RunningTask, _ outcome: TaskOutcome, completion: @escaping @Sendable () -> Void) {
        context.store.finish(task.id, outcome, now: context.clock.now(), message: message) { result in
            var metadata = self.metadata(of: task)
            switch result {
            case .success(let isFirst):
                if isFirst {
                    metadata["status"] = "\(outcome.state.rawValue)"
                    metadata["ms"] = "\(outcome.measures.elapsedMilliseconds ?? 0)"
                    metadata["rows"] = "\(outcome.measures.rowCount ?? 0)"
                    metadata["bytes"] = "\(outcome.measures.scannedBytes ?? 0)"
                    if !outcome.message.isEmpty { metadata["error"] = "\(outcome.message)" }
                    self.context.log.info("task.ended", metadata: metadata)
                    self.context.audit.taskEnded(
                        task.id, account: task.record.submission.account, state: outcome.state,
                        scannedBytes: outcome.measures.scannedBytes)
                    if task.record.submission.notification != nil { self.notifier.wake() }
                }
                completion()
            case .failure(let error):
                // The disk may be full. Tried until it is stored; if the daemon stops before, the task runs again at
                // the next start.
                self.context.log.error("task.record", metadata: metadata.merging(["error": "\(error)"]) { $1 })
                self.later.asyncAfter(deadline: .now() + .milliseconds(Limits.storeRetryMilliseconds)) {
                    self.record(task, outcome, completion: completion)
                }
            }
        }
    }

    // MARK: Work

    /// Runs the task, and again where the engine's process ended beneath it: once more after a fault of its own, which
    /// may have been the file's or the machine's, and as often as it takes after a kill from outside.
    private func produceAgain(_ task: RunningTask, in cluster: Cluster) throws -> TaskOutcome {
        var (faults, kills) = (0, 0)
        while true {
            // The kernel may have killed it for memory, which it may have lacked beside others.
            let engine = kills < Limits.engineKillsBesideOthersMax ? cluster.engine : cluster.engine.withWholeMemory
            do { return try produce(task, in: cluster, by: engine) } catch let error as QueryError {
                switch error.code {
                case .engineDied where faults < Limits.engineFaultsMax: faults += 1
                case .engineKilled:
                    kills += 1
                    try wait(
                        min(Limits.engineRetryMilliseconds << min(kills - 1, 16), Limits.engineRetryMillisecondsMax),
                        task.cancellation)
                default: throw error
                }
                context.log.warning(
                    "task.again", metadata: metadata(of: task).merging(["error": "\(error.message)"]) { $1 })
            }
        }
    }

    /// Waits, unless the task is to stop.
    private func wait(_ milliseconds: Int, _ cancellation: Cancellation) throws {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while .now < end {
            if let reason = cancellation.reason { throw reason }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    private func produce(_ task: RunningTask, in cluster: Cluster, by engine: any QueryEngine) throws -> TaskOutcome {
        let submission = task.record.submission
        if submission.kind.isWrite { try requireUndecided(task) }
        if let reason = task.cancellation.reason { throw reason }
        try context.accounts.requireAlive(submission.owner)
        return submission.kind.isWrite
            ? try write(task, in: cluster, by: engine) : try select(task, in: cluster, by: engine)
    }

    private func select(_ task: RunningTask, in cluster: Cluster, by engine: any QueryEngine) throws -> TaskOutcome {
        let submission = task.record.submission
        let hints = try StatementHints(Hints(values: submission.hints))
        let missing = SessionRecorder()
        let planned = try context.lake.planner.plan(
            TaskText(submission).engineText, schema: submission.sessionSchema,
            dialect: Self.dialect(submission, context, missing),
            for: .profiledRun,
            viewer: .init(
                account: submission.owner, systemTables: NoSystemTables(), cancellation: task.cancellation))
        if let name = missing.names.first {
            throw QueryError(
                .notSupported, "A view of the query asks the session for '\(name)' by now, and a task has no session")
        }
        try cluster.checkScan(planned.scannedBytes, hints)
        try context.accounts.charge(planned.scannedBytes, to: submission.owner, now: context.clock.now())
        let folder = try context.resultFolder(of: task.id)
        let staged = try context.objects.makeStagingFolder()
        do {
            let format = hints.resultFormat ?? .csv
            let fingerprint = try ResultReuse(context: context).fingerprint(planned, submission, format: format)
            let limits = ResultLimits(
                rowsMax: cluster.settings.resultRowsMax, bytesMax: cluster.settings.resultBytesMax)
            let result = TaskResult(
                engine: engine, objects: context.objects, limits: limits, folder: staged,
                cancellation: task.cancellation)
            let outcome: TaskResult.Outcome
            if submission.kind == .explain {
                let text = try planned.withFilesHeld {
                    try engine.explain($0, isAnalyze: true, cancellation: task.cancellation)
                }
                outcome = try result.write(
                    text: text, column: ResultColumn(name: "EXPLAIN", type: .text), statement: submission.command)
            } else {
                outcome = try result.compute(planned, as: format, statement: submission.command)
            }
            if !context.objects.bucketExists(folder.bucket) { try context.objects.makeBucket(folder.bucket) }
            // A cancel from here on is answered that it is too late.
            try task.cancellation.decideRun()
            try context.objects.publish(staged: staged, at: folder)
            var measures = measures(outcome.profile, planned.scannedBytes, task)
            measures.resultBytes = outcome.bytes
            return TaskOutcome(
                state: .success, measures: measures, resultFile: folder.description + outcome.file,
                fingerprint: fingerprint)
        } catch {
            context.objects.discard(staged: staged)
            throw error
        }
    }

    private func measures(_ profile: QueryProfile, _ scannedBytes: Int64, _ task: RunningTask) -> TaskMeasures {
        TaskMeasures(
            rowCount: profile.rowCount, scannedRowCount: profile.scannedRowCount, scannedBytes: scannedBytes,
            elapsedMilliseconds: max(0, context.clock.now() - task.started), malformedCount: profile.malformedCount,
            peakMemoryBytes: profile.peakMemoryBytes)
    }

    /// The context of views in the query: the moment and the zone are the submission's.
    private static func dialect(
        _ submission: Submission, _ context: TaskContext, _ missing: SessionRecorder = SessionRecorder()
    ) -> DialectContext {
        DialectContext(
            now: submission.now, timeZoneOffsetMinutes: submission.timeZoneOffsetMinutes,
            values: SessionValues(systemTimeZoneOffsetMinutes: context.timeZoneOffsetMinutes), missing: missing)
    }

    /// Ends a task whose write is decided when its files have their places. It stays RUNNING until then and is never a
    /// failure; its place is another's meanwhile.
    private func end(
        _ task: RunningTask, when waits: PublicationWaits, recorded: @escaping @Sendable () -> Void,
        completion: @escaping @Sendable () -> Void
    ) {
        let outcome = TaskOutcome(
            state: .success, measures: measures(QueryProfile(rowCount: waits.rowCount), 0, task))
        context.lake.openPublications.whenMoved(waits.number) {
            self.record(task, outcome, completion: recorded)
        }
        completion()
    }

    /// Throws `PublicationWaits` where an earlier run of the task has decided its write: it must not run again.
    private func requireUndecided(_ task: RunningTask) throws {
        while true {
            do {
                guard let decided = try context.store.publication(of: task.id) else { return }
                try? task.cancellation.decideRun()
                return try throwWaits(decided)
            } catch let error as QueryError {
                // Asked again until the metadata answers: to end as a failure what is decided would be a lie.
                context.log.error("task.record", metadata: ["task": "\(task.id)", "error": "\(error)"])
                Thread.sleep(forTimeInterval: Double(Limits.storeRetryMilliseconds) / 1_000)
            }
        }
    }

    private func throwWaits(_ decided: (number: Int64, publication: Publication)) throws {
        throw PublicationWaits(
            number: decided.number, rowCount: decided.publication.rowCount, cause: "decided before")
    }

    private func write(_ task: RunningTask, in cluster: Cluster, by engine: any QueryEngine) throws -> TaskOutcome {
        let submission = task.record.submission
        let text = try TaskText(submission)
        let hints = try StatementHints(Hints(values: submission.hints))
        let write = TableWrite(
            statement: text.statement, engineText: text.engineText, schema: submission.sessionSchema,
            dialect: Self.dialect(submission, context), account: submission.owner, task: task.id,
            ignoresConflict: hints.ignoresConflict)
        let outcome = try TableWriter(
            context: context.lake, engine: engine, checkScan: { try cluster.checkScan($0, hints) }
        ).run(
            write, cancellation: task.cancellation)
        return TaskOutcome(state: .success, measures: measures(outcome.profile, outcome.scannedBytes, task))
    }
}
