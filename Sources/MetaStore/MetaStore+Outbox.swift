import Foundation
import GRDB
package import LoonCore

/// The messages that are still to be posted, and those that were given up. A row is removed when the broker has the
/// message.
extension MetaStore {
    /// Stands for a message that waits for an earlier one of its task.
    private static let behind = Int64.max

    // MARK: In

    /// Puts a message about the task's present state into the outbox, if it is to have one. Returns the task.
    @discardableResult
    static func announce(_ number: Int64, now: Int64, message: (TaskRecord) -> [UInt8], _ database: Database) throws
        -> TaskRecord?
    {
        guard var task = try self.task(number: number, database) else { return nil }
        guard let target = task.submission.notification, target.announces(task.state) else { return task }
        task.messageSequence += 1
        let update = try database.cachedStatement(sql: "UPDATE task SET mq_sequence = ? WHERE n = ?")
        try update.execute(arguments: [task.messageSequence, number])
        let waits = try database.cachedStatement(sql: "SELECT 1 FROM outbox WHERE task = ? AND is_given_up = 0 LIMIT 1")
        let isBehind = target.events != nil ? try Int.fetchOne(waits, arguments: [number]) != nil : false
        try insert(task, target, body: message(task), number: number, now: now, due: isBehind ? behind : now, database)
        return task
    }

    private static func insert(
        _ task: TaskRecord, _ target: NotificationTarget, body: [UInt8], number: Int64, now: Int64, due: Int64,
        _ database: Database
    ) throws {
        let insert = try database.cachedStatement(
            sql: """
                INSERT INTO outbox (task, target, lane, body, tag, sequence, is_final, created, due, up_created)
                SELECT n, target, ?, ?, ?, ?, ?, ?, ?, up_time() FROM task WHERE n = ?
                """)
        try insert.execute(arguments: [
            target.lane, Data(body), task.state.rawValue, task.messageSequence, task.state.hasEnded, now, due, number,
        ])
    }

    /// Posts the message about a task's end again: one that was given up, or that a broker took and its consumers lost.
    /// It has the id that it had. Throws where there is none, or where it is being posted already, and where the task
    /// is none in `scope`.
    package func resend(
        _ id: String, in scope: TaskScope, now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8]
    ) throws(QueryError) {
        try writer.perform { context in
            let database = context.database
            let row = try Row.fetchOne(
                database, sql: "SELECT n, account, account_number FROM task WHERE id = ?", arguments: [id])
            guard let row, scope.contains(Self.owner(row)), let task = try Self.task(number: row["n"], database) else {
                throw Self.unknownTask(id)
            }
            guard let target = task.submission.notification else {
                throw QueryError(.notSupported, "The task \(id) was submitted without mq-notify-by: it has no message")
            }
            guard task.state.hasEnded else {
                throw QueryError(.notSupported, "The task \(id) has not ended: its message is still to come")
            }
            if task.messageState == .waiting {
                // The message waits for its next try, which may be a long time off: it is due now.
                return try database.execute(
                    sql: "UPDATE outbox SET due = ? WHERE task = ? AND is_given_up = 0 AND due > ? AND due < ?",
                    arguments: [now, row["n"], now, Self.behind])
            }
            guard task.messageState == .success || task.messageState == .failure else {
                throw QueryError(.notSupported, "The message of the task \(id) is being sent already")
            }
            try database.execute(sql: "DELETE FROM outbox WHERE task = ? AND is_given_up = 1", arguments: [row["n"]])
            try database.execute(
                sql:
                    "UPDATE task SET mq_status = 'WAITING', mq_error_msg = NULL, mq_message_id = NULL, "
                    + "mq_total_time = NULL WHERE n = ?",
                arguments: [row["n"]])
            guard let waiting = try Self.task(number: row["n"], database) else { return }
            try Self.insert(waiting, target, body: message(waiting), number: row["n"], now: now, due: now, database)
        }
    }

    /// The clock was set back: what was to be tried at a moment beyond `limit` is due now.
    package func clockWentBack(now: Int64, dueAtMost limit: Int64) throws(QueryError) {
        try writer.perform { context in
            try context.database.execute(
                sql: "UPDATE outbox SET due = ? WHERE is_given_up = 0 AND due > ? AND due < ?",
                arguments: [now, limit, Self.behind])
        }
    }

    // MARK: Out

    /// The lanes that have messages, in the order of their names, from behind `place` on.
    package func lanes(after place: String?, limit: Int) throws(QueryError) -> [String] {
        try read { database in
            // From each name to the next, whatever lies between them.
            let first = try database.cachedStatement(sql: "SELECT min(lane) FROM outbox WHERE is_given_up = 0")
            let next = try database.cachedStatement(
                sql: "SELECT min(lane) FROM outbox WHERE is_given_up = 0 AND lane > ?")
            var lanes: [String] = []
            var lane = try place.map { try String.fetchOne(next, arguments: [$0]) } ?? String.fetchOne(first)
            while let found = lane, lanes.count < limit {
                lanes.append(found)
                lane = try String.fetchOne(next, arguments: [found])
            }
            return lanes
        }
    }

    /// The messages of a lane that are due at `now`, oldest first, but those with a number in `excluded`; and when the
    /// next one behind them is due.
    package func dueMessages(
        lane: String, now: Int64, excluding excluded: Set<Int64>, limit: Int
    ) throws(QueryError) -> (messages: [OutboxMessage], nextDue: Int64?) {
        try read { database in
            let select = try database.cachedStatement(
                sql: "SELECT n, due FROM outbox WHERE lane = ? AND is_given_up = 0 ORDER BY due, n LIMIT ?")
            var found = try Row.fetchAll(select, arguments: [lane, limit + 1 + excluded.count])
            found.removeAll { excluded.contains($0["n"]) }
            let due = found.prefix(limit).prefix { $0["due"] <= now }
            let nextDue: Int64? = found.dropFirst(due.count).first?["due"]
            return (try due.compactMap { try Self.message($0["n"], database) }, nextDue == Self.behind ? nil : nextDue)
        }
    }

    private static func message(_ number: Int64, _ database: Database) throws -> OutboxMessage? {
        let select = try database.cachedStatement(
            sql: """
                SELECT task.id, task.connection_id, outbox.target, body, tag, sequence, is_final, outbox.attempts,
                outbox.created,
                    up_created
                FROM outbox JOIN task ON task.n = outbox.task WHERE outbox.n = ?
                """)
        guard let row = try Row.fetchOne(select, arguments: [number]), let id = TaskID(row["id"]) else { return nil }
        // A target that cannot be read holds up no other message: without an endpoint it is given up.
        let target = (try? targets.value(row["target"])) ?? .unreadable
        return OutboxMessage(
            number: number, taskID: id, connectionID: row["connection_id"], target: target,
            body: Array(row["body"] as Data), tag: row["tag"],
            sequence: row["sequence"], isFinal: row["is_final"], attempts: row["attempts"], created: row["created"],
            upCreated: row["up_created"])
    }

    package var upTime: Int64 { clock.now }

    package func oldestMessage() throws(QueryError) -> Int64? {
        try read { database in
            try ["attempts > 0", "attempts = 0"].compactMap {
                try Int64.fetchOne(
                    try database.cachedStatement(
                        sql: "SELECT up_created FROM outbox WHERE is_given_up = 0 AND \($0) ORDER BY up_created LIMIT 1"
                    ))
            }.min()
        }
    }

    package func overdueLanes(before created: Int64, limit: Int) throws(QueryError) -> Set<String> {
        try read { database in
            let sql = """
                SELECT lane FROM outbox WHERE is_given_up = 0 AND attempts = 0 AND up_created < ?
                GROUP BY lane ORDER BY min(up_created) LIMIT ?
                """
            return Set(try String.fetchAll(database, sql: sql, arguments: [created, limit]))
        }
    }

    // MARK: What became of them

    package func markSending(_ numbers: [Int64]) {
        writer.submit(
            { context in
                for number in numbers { try Self.updateTask(of: number, "mq_status = 'SENDING'", [], context.database) }
            }, until: .written, completion: { _ in })
    }

    /// The broker has the message. If a power cut takes the note of it the message is sent again, with its id.
    package func recordDelivery(
        _ message: OutboxMessage, messageID: String, now: Int64,
        completion: @escaping @Sendable (Result<Void, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                try Self.updateTask(
                    of: message.number,
                    "mq_status = 'SUCCESS', mq_error_msg = NULL, mq_message_id = ?, mq_total_time = ?, "
                        + "mq_attempts = mq_attempts + 1",
                    [messageID, max(0, now - message.created)], context.database)
                try Self.release(behind: message.number, now: now, context.database)
                try context.database.cachedStatement(sql: "DELETE FROM outbox WHERE n = ?").execute(arguments: [
                    message.number
                ])
            }, until: .written, completion: completion)
    }

    /// A try failed. `retryAt` is when the next one is due; `nil` gives the message up.
    package func recordFailure(
        _ message: OutboxMessage, reason: String, retryAt: Int64?, now: Int64,
        completion: @escaping @Sendable (Result<Void, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let state: MessageState = retryAt == nil ? .failure : .waiting
                try Self.updateTask(
                    of: message.number, "mq_status = ?, mq_error_msg = ?, mq_attempts = mq_attempts + 1",
                    [state.rawValue, reason],
                    context.database)
                if let retryAt {
                    try context.database.execute(
                        sql: "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE n = ?",
                        arguments: [retryAt, message.number])
                } else {
                    try Self.giveUp(message.number, now: now, context.database)
                }
            }, completion: completion)
    }

    /// At most `Limits.taskStepMax` at a time.
    package func giveUpMessages(
        before created: Int64, reason: String, excluding excluded: Set<Int64>, now: Int64
    ) throws(QueryError) -> Int {
        try writer.perform { context in
            let database = context.database
            let numbers = try Int64.fetchAll(
                database,
                sql:
                    "SELECT n FROM outbox WHERE is_given_up = 0 AND attempts > 0 AND up_created < ? ORDER BY "
                    + "up_created LIMIT ?",
                arguments: [created, Limits.taskStepMax + excluded.count]
            ).filter { !excluded.contains($0) }.prefix(Limits.taskStepMax)
            for number in numbers {
                try Self.updateTask(
                    of: number,
                    "mq_status = 'FAILURE', mq_error_msg = ? || coalesce('; the last try: ' || mq_error_msg, '')",
                    [reason], database)
                try Self.giveUp(number, now: now, database)
            }
            return numbers.count
        }
    }

    /// Only the message about the end can be asked for again.
    private static func giveUp(_ number: Int64, now: Int64, _ database: Database) throws {
        try release(behind: number, now: now, database)
        try database.execute(sql: "DELETE FROM outbox WHERE n = ? AND is_final = 0", arguments: [number])
        try database.execute(sql: "UPDATE outbox SET is_given_up = 1 WHERE n = ?", arguments: [number])
    }

    /// The next message of the same task is due now.
    private static func release(behind number: Int64, now: Int64, _ database: Database) throws {
        let next = try database.cachedStatement(
            sql: """
                UPDATE outbox SET due = ?1 WHERE n = (SELECT later.n FROM outbox AS this JOIN outbox AS later ON
                later.task = this.task AND later.n > this.n
                    WHERE this.n = ?2 ORDER BY later.n LIMIT 1) AND due = ?3
                    AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.task = outbox.task AND earlier.n
                    < ?2 AND earlier.is_given_up = 0)
                """)
        try next.execute(arguments: [now, number, behind])
    }

    /// The columns are about the message of the task's end.
    private static func updateTask(
        of number: Int64, _ assignments: String, _ arguments: [any DatabaseValueConvertible], _ database: Database
    ) throws {
        let update = try database.cachedStatement(
            sql: "UPDATE task SET \(assignments) WHERE n = (SELECT task FROM outbox WHERE n = ? AND is_final = 1)")
        try update.execute(arguments: StatementArguments(arguments + [number as any DatabaseValueConvertible]))
    }
}

extension NotificationTarget {
    fileprivate func announces(_ state: TaskState) -> Bool {
        switch state {
        case .queued: events == .all
        case .running: events == .all || events == .startAndFinish
        case .success, .failure, .cancelled: true
        }
    }
}
