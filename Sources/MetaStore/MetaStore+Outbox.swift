import Foundation
import GRDB
package import LoonCore

/// The messages that are still to be posted. A row is removed when the broker has the message or nobody will try again.
extension MetaStore {
    /// The messages that are due at `now`, oldest first, but those with a number in `excluded`.
    package func dueMessages(now: Int64, excluding excluded: Set<Int64>, limit: Int) throws(QueryError) -> [OutboxMessage] {
        try read { database in
            let sql = """
                SELECT outbox.n, task.id, task.connection_id, outbox.target, body, tag, outbox.attempts, outbox.created FROM outbox JOIN task ON task.n = outbox.task
                WHERE due <= ? ORDER BY due, outbox.n LIMIT ?
                """
            let rows = try Row.fetchAll(database, sql: sql, arguments: [now, limit + excluded.count])
            return rows.lazy.filter { !excluded.contains($0["n"]) }.prefix(limit).compactMap { row in
                guard let id = TaskID(row["id"]) else { return nil }
                // A target that cannot be read holds up no other message: without an endpoint it is given up.
                let target = (try? Self.decoded(NotificationTarget.self, row["target"])) ?? .unreadable
                return OutboxMessage(
                    number: row["n"], taskID: id, connectionID: row["connection_id"], target: target,
                    body: Array(row["body"] as Data), tag: row["tag"], attempts: row["attempts"], created: row["created"])
            }
        }
    }

    /// When the next message is due that is not in `excluded`; `nil` where none waits.
    package func nextDue(excluding excluded: Set<Int64>) throws(QueryError) -> Int64? {
        try read { database in
            let sql = "SELECT n, due FROM outbox ORDER BY due, n LIMIT ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [excluded.count + 1])
            return rows.first { !excluded.contains($0["n"]) }?["due"]
        }
    }

    package func markSending(_ numbers: [Int64]) {
        writer.submit({ context in
            for number in numbers {
                try Self.updateTask(of: number, "mq_status = 'SENDING'", [], context.database)
            }
        }) { _ in }
    }

    /// The broker has the message.
    package func recordDelivery(
        _ message: OutboxMessage, messageID: String, now: Int64, completion: @escaping @Sendable (Result<Void, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                try Self.updateTask(
                    of: message.number,
                    "mq_status = 'SUCCESS', mq_error_msg = NULL, mq_message_id = ?, mq_total_time = ?, mq_attempts = mq_attempts + 1",
                    [messageID, max(0, now - message.created)], context.database)
                try context.database.execute(sql: "DELETE FROM outbox WHERE n = ?", arguments: [message.number])
            }, completion: completion)
    }

    /// A try failed. `retryAt` is when the next one is due; `nil` gives the message up.
    package func recordFailure(
        _ message: OutboxMessage, reason: String, retryAt: Int64?, completion: @escaping @Sendable (Result<Void, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let state: MessageState = retryAt == nil ? .failure : .waiting
                try Self.updateTask(
                    of: message.number, "mq_status = ?, mq_error_msg = ?, mq_attempts = mq_attempts + 1", [state.rawValue, reason],
                    context.database)
                if let retryAt {
                    try context.database.execute(
                        sql: "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE n = ?", arguments: [retryAt, message.number])
                } else {
                    try context.database.execute(sql: "DELETE FROM outbox WHERE n = ?", arguments: [message.number])
                }
            }, completion: completion)
    }

    private static func updateTask(
        of number: Int64, _ assignments: String, _ arguments: [any DatabaseValueConvertible], _ database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE task SET \(assignments) WHERE n = (SELECT task FROM outbox WHERE n = ?)",
            arguments: StatementArguments(arguments + [number as any DatabaseValueConvertible]))
    }
}
