import LoonCore
import LoonTasks
import MySQLProtocol
import SQLFrontend
import Synchronization

/// The rows of SHOW PROCESSLIST: the sessions, the tasks that run, and statements that were killed and linger.
struct ProcessList {
    let caller: StatementContext
    private var context: SessionContext { caller.services }

    /// The columns of MySQL; behind them MariaDB's Progress, the memory of the engine's process, and its number, which
    /// administrators see. An account sees its own, an administrator all.
    func rows(full: Bool) -> [[SQLValue]] {
        let now = context.clock.now()
        func isSeen(_ account: AccountIdentity) -> Bool { caller.isAdministrator || account == caller.account }
        func shown(_ text: String) -> SQLValue {
            text.isEmpty ? .null : .text(full ? text : String(text.unicodeScalars.prefix(100).map(Character.init)))
        }
        func row(_ statement: RunningStatement, command: String) -> [SQLValue] {
            let progress = statement.cancellation.progress
            return [
                .integer(Int64(statement.connectionID)), .text(statement.account), .text(statement.host),
                .optional(statement.schema), .text(command),
                .integer((now - statement.started) / 1_000), .text(statement.stage.rawValue), shown(statement.text),
                .real((progress ?? 0) * 100),
            ] + process(of: statement.cancellation)
        }
        var rows: [[SQLValue]] = context.sessions.all.filter { isSeen($0.account) }.map { other in
            let (running, schema, since) = other.state.withLock { ($0.running, $0.schema, $0.idleSince) }
            if let running { return row(running, command: running.command) }
            // The session that asks is answered without becoming a running statement.
            if other.login.connectionID == caller.login.connectionID {
                return [
                    .integer(Int64(other.login.connectionID)), .text(other.login.user), .text(other.login.host),
                    .optional(schema), .text("Query"),
                    .integer(0), .text(RunningStatement.Stage.executing.rawValue), .text("show processlist"), .real(0),
                    .null, .null,
                ]
            }
            return [
                .integer(Int64(other.login.connectionID)), .text(other.login.user), .text(other.login.host),
                .optional(schema), .text("Sleep"),
                .integer((now - since) / 1_000), .text(""), .null, .real(0),
                .null, .null,
            ]
        }
        rows += context.scheduler.running.filter { isSeen($0.record.submission.owner) }.map { task in
            let submission = task.record.submission
            return [
                .integer(submission.connectionID), .text(submission.account), .text(""),
                .optional(submission.sessionSchema),
                .text(task.isRecorded ? "Killed" : "Task"), .integer((now - task.started) / 1_000), .text("\(task.id)"),
                shown(submission.command),
                .real((task.cancellation.progress ?? 0) * 100),
            ] + process(of: task.cancellation)
        }
        rows += context.sessions.zombies.filter { isSeen($0.owner) }.map { row($0, command: "Killed") }
        return rows
    }

    private func process(of cancellation: Cancellation) -> [SQLValue] {
        let process = cancellation.process
        return [
            .optional(process?.memoryBytes), .optional(caller.isAdministrator ? process.map { Int64($0.id) } : nil),
        ]
    }
}
