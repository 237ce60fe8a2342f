import Dispatch
import Logging
import LoonCore
import MetaStore
import Notifier
import ObjectStore
import QueryEngine
import SQLFrontend

/// Runs one task from its stored row: computes the result, publishes it, records the end with its message.
final class TaskRunner: Sendable {
    private let context: ServiceContext
    private let notifier: Notifier
    private let messages: TaskMessage
    private let later = DispatchQueue(label: "loon.task.retry")

    init(context: ServiceContext, notifier: Notifier, messages: TaskMessage) {
        self.context = context
        self.notifier = notifier
        self.messages = messages
    }

    /// Blocks the thread while the engine works; `completion` is called when the end is durable, or when the daemon stops before it.
    func run(_ task: TaskRecord, cancellation: Cancellation, completion: @escaping @Sendable () -> Void) {
        let started = context.clock.now()
        var metadata: Logger.Metadata = [
            "task": "\(task.id)", "connection": "\(task.submission.connectionID)", "account": "\(task.submission.account)",
        ]
        context.log.info("task.started", metadata: metadata.merging(["attempt": "\(task.attempts)"]) { $1 })
        let outcome: TaskOutcome
        do {
            outcome = try produce(task, started: started, cancellation: cancellation)
        } catch {
            // An earlier run may have published before it was killed; this end does not speak of it.
            try? context.removeResult(of: task.id)
            let error = error as? QueryError ?? QueryError(.internalFault, "The task failed", detail: "\(error)")
            // Left RUNNING: the daemon puts it back before it ends.
            if error.code == .shuttingDown { return completion() }
            metadata["error"] = "\(error.message)"
            // The engine's own words quote the statement.
            context.log.debug("task.failed", metadata: metadata.merging(["detail": "\(error.detail ?? "")"]) { $1 })
            let measures = TaskMeasures(elapsedMilliseconds: context.clock.now() - started)
            outcome = TaskOutcome(
                state: .failure, message: String(decoding: error.message.utf8.prefix(Limits.errorMessageBytesMax), as: UTF8.self), measures: measures)
        }
        metadata["status"] = "\(outcome.state.rawValue)"
        metadata["ms"] = "\(outcome.measures.elapsedMilliseconds ?? 0)"
        metadata["rows"] = "\(outcome.measures.rowCount ?? 0)"
        metadata["bytes"] = "\(outcome.measures.scannedBytes ?? 0)"
        record(task.id, outcome, metadata: metadata, completion: completion)
    }

    private func record(_ id: TaskID, _ outcome: TaskOutcome, metadata: Logger.Metadata, completion: @escaping @Sendable () -> Void) {
        let messages = messages
        context.store.finish(id, outcome, now: context.clock.now(), message: { messages.encode($0) }) { result in
            switch result {
            case .success:
                self.context.log.info("task.ended", metadata: metadata)
                self.notifier.wake()
                completion()
            case .failure(let error):
                // The disk may be full. Tried until it is stored; if the daemon stops before, the task runs again at the next start.
                self.context.log.error("task.record", metadata: metadata.merging(["error": "\(error)"]) { $1 })
                self.later.asyncAfter(deadline: .now() + .milliseconds(Limits.storeRetryMilliseconds)) {
                    self.record(id, outcome, metadata: metadata, completion: completion)
                }
            }
        }
    }

    private func produce(_ task: TaskRecord, started: Int64, cancellation: Cancellation) throws -> TaskOutcome {
        let submission = task.submission
        if submission.kind != "SELECT" { return try write(task, started: started, cancellation: cancellation) }
        let planned = try context.planner.plan(
            submission.engineText, schema: submission.sessionSchema, dialect: Self.dialect(submission, context), isProfiled: true)
        let folder = try context.resultFolder(of: task.id)
        let staged = try context.objects.makeStagingFolder()
        do {
            let result = try ResultFile(folder: staged)
            let profile = try planned.held { try context.engine.run($0, cancellation: cancellation, sink: result) }
            let warnings = profile.malformedCount > 0 ? [MalformedWarning.text(profile.malformedCount)] : []
            let bytes = try result.finish(statement: submission.command, warnings: warnings)
            if !context.objects.bucketExists(folder.bucket) { try context.objects.makeBucket(folder.bucket) }
            try context.objects.publish(staged: staged, at: folder)
            return TaskOutcome(
                state: .success,
                measures: TaskMeasures(
                    rowCount: profile.rowCount, scannedRowCount: profile.scannedRowCount, scannedBytes: planned.scannedBytes,
                    elapsedMilliseconds: context.clock.now() - started, resultBytes: bytes, malformedCount: profile.malformedCount),
                resultFile: folder.description + ResultFile.name)
        } catch {
            context.objects.discard(staged: staged)
            throw error
        }
    }

    /// What views in the query depend on: the moment and the zone are the submission's.
    private static func dialect(_ submission: Submission, _ context: ServiceContext) -> DialectContext {
        DialectContext(
            now: submission.now, timeZoneOffsetMinutes: submission.timeZoneOffsetMinutes,
            systemTimeZoneOffsetMinutes: context.configuration.timeZoneOffsetMinutes, variable: { _, _ in .null }, function: { _ in .null })
    }

    private func write(_ task: TaskRecord, started: Int64, cancellation: Cancellation) throws -> TaskOutcome {
        let submission = task.submission
        let parsed = try ParsedStatement(Array(submission.command.utf8), mode: LexicalMode(sqlMode: submission.sqlMode))
        let hints = Hints(values: submission.hints)
        let write = TableWrite(
            statement: parsed.statement, engineText: submission.engineText, schema: submission.sessionSchema,
            dialect: Self.dialect(submission, context), account: submission.account, task: task.id,
            ignoresConflict: try hints.flag("insert_overwrite_ignore_conflict") == true)
        let outcome = try TableWriter(context: context).run(write, cancellation: cancellation)
        return TaskOutcome(
            state: .success,
            measures: TaskMeasures(
                rowCount: outcome.rowCount, scannedRowCount: outcome.profile.scannedRowCount, scannedBytes: outcome.scannedBytes,
                elapsedMilliseconds: context.clock.now() - started, malformedCount: outcome.profile.malformedCount),
            resultFile: nil)
    }
}
