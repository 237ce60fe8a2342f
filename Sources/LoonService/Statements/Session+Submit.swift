import Logging
import LoonCore
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLFrontend
import Synchronization

extension Session {
    /// The only column of the answer to a submission.
    static let taskIDColumn = ResultColumn(name: "ASYNC_TASK_ID", type: .text)

    /// Makes the statement a task: checks all that can be checked now, stores it, and answers with its id once it is durable.
    func submit(_ parsed: ParsedStatement, hints: Hints, _ response: ResponseWriter) throws {
        let isWrite =
            switch parsed.statement {
            case .query: false
            case .insert, .createTableAs: true
            default:
                throw QueryError(
                    .notSupported, "\(parsed.statement.kind) cannot run asynchronously; SELECT, WITH, VALUES, INSERT and CREATE TABLE … AS can")
            }
        let (target, warning) = try NotificationHints(configuration: context.configuration).target(hints)
        let dialect = dialectContext()
        let (schema, variables) = state.withLock { ($0.schema, $0.variables) }
        // A statement that cannot be understood, or names what is not there, is refused now and not as a task that fails.
        let engineText = try (isWrite ? parsed.innerQuery() : parsed).engineText(dialect)
        let planned = try context.planner.plan(engineText, schema: schema, dialect: dialect, isProfiled: false, session: self)
        if isWrite {
            let write = TableWrite(
                statement: parsed.statement, engineText: engineText, schema: schema, dialect: dialect, account: login.user, task: nil,
                ignoresConflict: false)
            try TableWriter(context: context).check(write)
        }
        guard planned.query.valueTables.isEmpty else {
            throw QueryError(.notSupported, "A task cannot read information_schema and its like: what they say belongs to the session")
        }
        let submission = Submission(
            kind: parsed.statement.kind, command: parsed.text.trimmingSuffix { $0.isWhitespace || $0 == ";" || $0 == "\0" },
            schema: schema ?? planned.firstSchema ?? "", sessionSchema: schema, engineText: engineText,
            sqlMode: variables.value("sql_mode")?.textValue ?? "", timeZoneOffsetMinutes: dialect.timeZoneOffsetMinutes, now: dialect.now,
            account: login.user, connectionID: Int64(login.connectionID), hints: hints.values, notification: target)
        if let warning { state.withLock { $0.warnings = [Diagnostic(error: warning, isWarning: true)] } }
        context.store.submit(submission, now: dialect.now) { result in
            switch result {
            case .success(let id):
                self.context.log.info("task.queued", metadata: self.metadata.merging(["task": "\(id)"]) { $1 })
                self.scheduler.wake()
                response.rows(
                    [Self.taskIDColumn], [[.text(id.description)]], warnings: warning == nil ? 0 : 1)
            case .failure(let error): self.fail(error, response)
            }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        guard let last = lastIndex(where: { !predicate($0) }) else { return "" }
        return String(self[...last])
    }
}
