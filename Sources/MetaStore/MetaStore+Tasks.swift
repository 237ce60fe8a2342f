import Foundation
import GRDB
package import LoonCore

/// The life of tasks. Each change of state is one transaction with the outbox row that announces it.
extension MetaStore {
    /// Accepts a task: `completion` gets its id when the row is durable, and not before.
    package func submit(_ submission: Submission, now: Int64, completion: @escaping @Sendable (Result<TaskID, QueryError>) -> Void) {
        writer.submit(
            { context in
                let id = context.sequence.next(now: now)
                try Self.insert(TaskRecord(id: id, submission: submission, created: now), context.database)
                return id
            }, completion: completion)
    }

    /// Takes the oldest queued task and makes it RUNNING; `nil` where none is to run now.
    ///
    /// A task that was running when a daemon died is suspected of it: it runs before the others, and alone.
    package func claimNext(
        now: Int64, engineQueryID: String, completion: @escaping @Sendable (Result<TaskRecord?, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let database = context.database
                let running = try Row.fetchOne(
                    database.cachedStatement(sql: "SELECT count(*) AS tasks, max(suspect) AS suspect FROM task WHERE status = 'RUNNING'"))
                guard (running?["suspect"] as Int?) != 1 else { return nil }
                let next = try database.cachedStatement(
                    sql: "SELECT n, suspect FROM task WHERE status = 'QUEUED' ORDER BY suspect DESC, n LIMIT 1")
                guard let row = try Row.fetchOne(next), row["suspect"] == 0 || running?["tasks"] == 0 else { return nil }
                let number: Int64 = row["n"]
                let update = try database.cachedStatement(
                    sql: """
                        UPDATE task SET status = 'RUNNING', started = ?, updated = ?, engine_query_id = ?, attempts = attempts + 1 WHERE n = ?
                        """)
                try update.execute(arguments: [now, now, engineQueryID, number])
                return try Self.task(number: number, database)
            }, completion: completion)
    }

    /// Ends a task that runs, and puts its message into the outbox in the same transaction. False where the task had ended before: the
    /// outcome is then dropped.
    package func finish(
        _ id: TaskID, _ outcome: TaskOutcome, now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8],
        completion: @escaping @Sendable (Result<Bool, QueryError>) -> Void
    ) {
        writer.submit({ try Self.finish(id.description, outcome, now: now, message: message, $0.database) }, completion: completion)
    }

    private static func finish(
        _ id: String, _ outcome: TaskOutcome, now: Int64, message: (TaskRecord) -> [UInt8], _ database: Database
    ) throws -> Bool {
        let update = try database.cachedStatement(
            sql: """
                UPDATE task SET status = ?, message = ?, updated = ?, row_count = ?, scanned_row_count = ?, scanned_data_bytes = ?,
                    elapse_time = ?, result_bytes = ?, malformed_count = ?, result_file = ?, mq_status = iif(target IS NULL, NULL, 'WAITING')
                WHERE id = ? AND status = 'RUNNING'
                """)
        let measures = outcome.measures
        try update.execute(arguments: [
            outcome.state.rawValue, outcome.message, now, measures.rowCount, measures.scannedRowCount, measures.scannedBytes,
            measures.elapsedMilliseconds, measures.resultBytes, measures.malformedCount, outcome.resultFile, id,
        ])
        guard database.changesCount == 1 else { return false }
        try database.cachedStatement(sql: "DELETE FROM publication WHERE task = ? AND is_done = 1").execute(arguments: [id])
        let number = try Int64.fetchOne(database, sql: "SELECT n FROM task WHERE id = ?", arguments: [id])
        guard let number, let task = try self.task(number: number, database), let target = task.submission.notification else { return true }
        try database.execute(
            sql: "INSERT INTO outbox (task, target, body, tag, created, due) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [number, try json(target), Data(message(task)), task.state.rawValue, now, now])
        return true
    }

    /// At a start: puts back what was running when the daemon died, and what it was posting. A task that ran alone when a daemon died, and did so
    /// `Limits.loneDeathsMax` times, ends in FAILURE, announced by `message`. Returns how many tasks are to run again, and those that are not.
    package func recover(
        now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8]
    ) throws(QueryError) -> (queued: Int, ended: [TaskID]) {
        try writer.perform { context in
            let database = context.database
            try database.execute(
                sql: "UPDATE task SET mq_status = 'WAITING' WHERE n IN (SELECT task FROM outbox) AND mq_status = 'SENDING'")
            try database.execute(sql: "UPDATE task SET lone_deaths = lone_deaths + suspect, suspect = 1 WHERE status = 'RUNNING'")
            let guilty = try String.fetchAll(
                database,
                sql:
                    "SELECT id FROM task WHERE status = 'RUNNING' AND lone_deaths >= ? AND id NOT IN (SELECT task FROM publication WHERE task IS NOT NULL)",
                arguments: [Limits.loneDeathsMax])
            let outcome = TaskOutcome(
                state: .failure, message: "The task ended the daemon \(Limits.loneDeathsMax) times while it ran alone; it is not run again",
                measures: TaskMeasures())
            for id in guilty { _ = try Self.finish(id, outcome, now: now, message: message, database) }
            try Self.queueRunning(now: now, database)
            return (database.changesCount, guilty.compactMap(TaskID.init))
        }
    }

    /// At a stop: puts back what was interrupted. Nothing is suspected of anything.
    package func queueInterrupted(now: Int64) throws(QueryError) {
        try writer.perform { try Self.queueRunning(now: now, $0.database) }
    }

    private static func queueRunning(now: Int64, _ database: Database) throws {
        try database.execute(
            sql: "UPDATE task SET status = 'QUEUED', engine_query_id = NULL, started = NULL, updated = ? WHERE status = 'RUNNING'", arguments: [now])
    }

    package func task(_ id: TaskID) throws(QueryError) -> TaskRecord? {
        try read { database in
            guard let number = try Int64.fetchOne(database, sql: "SELECT n FROM task WHERE id = ?", arguments: [id.description]) else {
                return nil
            }
            return try Self.task(number: number, database)
        }
    }

    // MARK: Rows

    private static func insert(_ task: TaskRecord, _ database: Database) throws {
        let submission = task.submission
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO task (id, status, kind, command, table_schema, session_schema, engine_text, sql_mode, time_zone, now, account, connection_id, hints, target,
                    created, updated)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            task.id.description, task.state.rawValue, submission.kind, submission.command, submission.schema, submission.sessionSchema,
            submission.engineText, submission.sqlMode,
            submission.timeZoneOffsetMinutes, submission.now, submission.account, submission.connectionID, try json(submission.hints),
            try submission.notification.map(json), task.created, task.updated,
        ])
    }

    private static func task(number: Int64, _ database: Database) throws -> TaskRecord? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM task WHERE n = ?")
        guard let row = try Row.fetchOne(statement, arguments: [number]) else { return nil }
        let target: String? = row["target"]
        let submission = Submission(
            kind: row["kind"], command: row["command"], schema: row["table_schema"], sessionSchema: row["session_schema"],
            engineText: row["engine_text"], sqlMode: row["sql_mode"],
            timeZoneOffsetMinutes: row["time_zone"], now: row["now"], account: row["account"], connectionID: row["connection_id"],
            hints: (try? decoded([String: String].self, row["hints"])) ?? [:],
            // What this version cannot read stops no other task.
            notification: target.map { (try? decoded(NotificationTarget.self, $0)) ?? .unreadable })
        guard let id = TaskID(row["id"]) else { throw QueryError(.storage, "A task's id is damaged") }
        var task = TaskRecord(id: id, submission: submission, created: row["created"])
        task.state = TaskState(rawValue: row["status"]) ?? .failure
        task.updated = row["updated"]
        task.started = row["started"]
        task.engineQueryID = row["engine_query_id"]
        task.message = row["message"]
        task.measures = TaskMeasures(
            rowCount: row["row_count"], scannedRowCount: row["scanned_row_count"], scannedBytes: row["scanned_data_bytes"],
            elapsedMilliseconds: row["elapse_time"], resultBytes: row["result_bytes"], malformedCount: row["malformed_count"])
        task.resultFile = row["result_file"]
        task.attempts = row["attempts"]
        task.messageState = (row["mq_status"] as String?).flatMap(MessageState.init)
        task.messageError = row["mq_error_msg"]
        task.messageID = row["mq_message_id"]
        task.messageMilliseconds = row["mq_total_time"]
        task.messageAttempts = row["mq_attempts"]
        return task
    }
}
