import Foundation
import GRDB
package import LoonCore
import Synchronization

/// The life of tasks. Each change of state is one transaction with the outbox row that announces it.
extension MetaStore {
    /// The outcome of a submission.
    package enum Accepted: Sendable {
        case queued(TaskID)
        /// The account's `client-token` names a task of the same statement already.
        case repeated(TaskID)
        /// The task has ended at once, with the result of an earlier task.
        case reused(TaskID)

        package var id: TaskID {
            switch self {
            case .queued(let id), .repeated(let id), .reused(let id): id
            }
        }
    }

    /// Accepts a task: `completion` gets its id when the row is durable, and not before. May block until then: not for
    /// an event loop. `source` is the earlier task whose result it may have; `message` announces one that has ended at
    /// once.
    package func submit(
        _ submission: Submission, reusing source: TaskID? = nil, now: Int64,
        message: @escaping @Sendable (TaskRecord) -> [UInt8] = { _ in [] },
        completion: @escaping @Sendable (Result<Accepted, QueryError>) -> Void
    ) {
        if submission.notification?.events != nil { claimsAnnounce.store(true, ordering: .relaxed) }
        writer.submit(
            { context in
                let database = context.database
                if let earlier = try Self.repeated(by: submission, database) { return .repeated(earlier) }
                let id = context.sequence.next(now: now)
                try Self.insert(TaskRecord(id: id, submission: submission, created: now), database)
                let number = database.lastInsertedRowID
                if let source, try Self.takeResult(of: source, number: number, now: now, database) {
                    try Self.announce(number, now: now, message: message, database)
                    return .reused(id)
                }
                if submission.notification?.events == .all {
                    try Self.announce(number, now: now, message: message, database)
                }
                return .queued(id)
            }, mayBlock: true, completion: completion)
    }

    /// The task that the account's `client-token` names already; throws where it is of another statement or other
    /// hints.
    package func repeated(
        token: String?, owner: AccountIdentity, command: String, dialect: SourceDialect, hints: [String: String],
        sessionSchema: String?
    ) throws(QueryError) -> TaskID? {
        guard let token else { return nil }
        return try read {
            try Self.repeated(
                token: token, owner: owner, command: command, dialect: dialect, hints: hints,
                sessionSchema: sessionSchema, $0)
        }
    }

    private static func repeated(
        token: String, owner: AccountIdentity, command: String, dialect: SourceDialect, hints: [String: String],
        sessionSchema: String?, _ database: Database
    ) throws -> TaskID? {
        let select = try database.cachedStatement(
            sql:
                "SELECT id, command, dialect, hints, session_schema FROM task WHERE account = ? AND account_number = ? "
                + "AND client_token = ?"
        )
        guard let row = try Row.fetchOne(select, arguments: [owner.name, owner.number, token]),
            let id = TaskID(row["id"])
        else { return nil }
        let isSame =
            row["command"] == command && (try? self.hints.value(row["hints"])) == hints
            && row["session_schema"] == sessionSchema && row["dialect"] == dialect.rawValue
        guard isSame else {
            throw QueryError(
                .duplicateToken,
                "Duplicate entry '\(token)' for key 'client-token': it names the task \(id), of another "
                    + "statement or other hints"
            )
        }
        return id
    }

    private static func repeated(by submission: Submission, _ database: Database) throws -> TaskID? {
        guard let token = submission.clientToken else { return nil }
        return try repeated(
            token: token, owner: submission.owner, command: submission.command, dialect: submission.dialect,
            hints: submission.hints,
            sessionSchema: submission.sessionSchema,
            database)
    }

    /// Ends the new task with the result of an earlier one. False where that is gone.
    private static func takeResult(of source: TaskID, number: Int64, now: Int64, _ database: Database) throws -> Bool {
        try database.execute(
            sql: """
                UPDATE task SET status = 'SUCCESS', started = ?, updated = ?, elapse_time = 0, scanned_row_count =
                0, scanned_data_bytes = 0,
                    row_count = source.row_count, result_bytes = source.result_bytes, malformed_count =
                    source.malformed_count,
                    result_file = source.result_file, reused_from = source.id, mq_status = iif(task.target IS NULL,
                    NULL, 'WAITING')
                FROM (SELECT * FROM task WHERE id = ? AND status = 'SUCCESS') AS source WHERE task.n = ?
                """, arguments: [now, now, source.description, number])
        return database.changesCount == 1
    }

    /// The newest task with this fingerprint that ended at `since` or later, and where its result is.
    package func reusable(
        fingerprint: String, since: Int64
    ) throws(QueryError) -> (task: TaskID, resultFile: String, rows: Int64, bytes: Int64)? {
        try read { database in
            let sql =
                "SELECT id, result_file, row_count, result_bytes FROM task WHERE fingerprint = ? AND updated "
                + ">= ? AND status = 'SUCCESS' ORDER BY n DESC LIMIT 1"
            guard let row = try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [fingerprint, since]),
                let id = TaskID(row["id"]), let file: String = row["result_file"]
            else { return nil }
            return (id, file, row["row_count"] ?? 0, row["result_bytes"] ?? 0)
        }
    }

    /// Ends a task that runs, and puts its message into the outbox in the same transaction. False where the task had
    /// ended before: the outcome is then dropped.
    package func finish(
        _ id: TaskID, _ outcome: TaskOutcome, now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8],
        completion: @escaping @Sendable (Result<Bool, QueryError>) -> Void
    ) {
        writer.submit(
            {
                try Self.finish(id.description, outcome, from: .running, now: now, message: message, $0.database) != nil
            }, mayBlock: true,
            completion: completion)
    }

    /// Returns the task as it has ended; `nil` where it was not in the state `from`.
    static func finish(
        _ id: String, _ outcome: TaskOutcome, from state: TaskState, now: Int64, message: (TaskRecord) -> [UInt8],
        _ database: Database
    ) throws -> TaskRecord? {
        let update = try database.cachedStatement(
            sql: """
                UPDATE task SET status = ?, message = ?, updated = ?, row_count = ?, scanned_row_count = ?,
                scanned_data_bytes = ?,
                    elapse_time = ?, result_bytes = ?, malformed_count = ?, peak_memory_bytes = ?, result_file = ?,
                    fingerprint = ?,
                    mq_status = iif(target IS NULL, NULL, 'WAITING')
                WHERE id = ? AND status = ?
                """)
        let measures = outcome.measures
        try update.execute(arguments: [
            outcome.state.rawValue, outcome.message, now, measures.rowCount, measures.scannedRowCount,
            measures.scannedBytes,
            measures.elapsedMilliseconds, measures.resultBytes, measures.malformedCount, measures.peakMemoryBytes,
            outcome.resultFile,
            outcome.fingerprint, id, state.rawValue,
        ])
        guard database.changesCount == 1 else { return nil }
        try database.cachedStatement(sql: "DELETE FROM publication WHERE task = ? AND is_done = 1").execute(arguments: [
            id
        ])
        let number = try Int64.fetchOne(
            try database.cachedStatement(sql: "SELECT n FROM task WHERE id = ?"), arguments: [id])
        return try number.flatMap { try announce($0, now: now, message: message, database) }
    }

    /// At a start: puts back what was running when the daemon died, and what it was posting. Returns how many tasks
    /// are to run again.
    package func recover(now: Int64) throws(QueryError) -> Int {
        try writer.perform { context in
            let database = context.database
            try database.execute(
                sql:
                    "UPDATE task SET mq_status = 'WAITING' WHERE n IN (SELECT task FROM outbox) AND mq_status "
                    + "= 'SENDING'"
            )
            try Self.queueRunning(now: now, database)
            return database.changesCount
        }
    }

    /// At a stop: puts back what was interrupted.
    package func queueInterrupted(now: Int64) throws(QueryError) {
        try writer.perform { try Self.queueRunning(now: now, $0.database) }
    }

    private static func queueRunning(now: Int64, _ database: Database) throws {
        try database.execute(
            sql:
                "UPDATE task SET status = 'QUEUED', engine_query_id = NULL, started = NULL, updated = ? WHERE "
                + "status = 'RUNNING'",
            arguments: [now])
    }

    /// The task with this id; `nil` where there is none.
    package func task(_ id: TaskID) throws(QueryError) -> TaskRecord? {
        try read { database in
            guard
                let number = try Int64.fetchOne(
                    database, sql: "SELECT n FROM task WHERE id = ?", arguments: [id.description])
            else {
                return nil
            }
            return try Self.task(number: number, database)
        }
    }
}
