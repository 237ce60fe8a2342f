import GRDB
package import LoonCore

/// The end of tasks by their users.
extension MetaStore {
    /// The outcome of a step of cancelling.
    package struct Cancelled: Sendable {
        /// Waited, and have ended.
        package var ended: [TaskRecord] = []
        /// Run, and are to be stopped by who runs them.
        package var running: [TaskID] = []
    }

    /// The error for an id that names no task, or none that one may see.
    package static func unknownTask(_ id: String) -> QueryError {
        QueryError(.unknownTask, "Unknown task id: '\(id.prefix(80))'")
    }

    /// The number of the task with this id; an id of none in `scope` is an error.
    package func number(of id: String, in scope: TaskScope) throws(QueryError) -> Int64 {
        let row = try read {
            try Row.fetchOne($0, sql: "SELECT n, account, account_number FROM task WHERE id = ?", arguments: [id])
        }
        guard let row, scope.contains(Self.owner(row)) else { throw Self.unknownTask(id) }
        return row["n"]
    }

    /// The numbers of tasks that have not ended and that `predicate` chooses among those in `scope`, from `start` on:
    /// at most `Limits.taskStepMax`. Read beside the writer, because a condition may take long.
    package func unfinished(_ predicate: RowPredicate, in scope: TaskScope, from start: Int64) throws(QueryError)
        -> [Int64]
    {
        var compiler = TaskColumns.Compiler(display)
        let condition = try compiler.compile(predicate)
        let (owners, ownerArguments) = Self.condition(scope)
        let arguments = StatementArguments(
            ([.integer(start)] + ownerArguments + compiler.arguments).map(Self.databaseValue))
        return try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT n FROM task WHERE status IN ('QUEUED', 'RUNNING') AND n >= ? \(owners) AND \(condition)
                    ORDER BY n LIMIT \(Limits.taskStepMax)
                    """, arguments: arguments)
        }
    }

    /// The SQL condition that narrows a selection of tasks down to those in `scope`, with its arguments.
    static func condition(_ scope: TaskScope) -> (sql: String, arguments: [SQLValue]) {
        switch scope {
        case .everybody: ("", [])
        case .named(let name): (" AND account = ?", [.text(name)])
        case .owned(let owner):
            (" AND account = ? AND account_number = ?", [.text(owner.name), .integer(owner.number)])
        }
    }

    static func owner(_ row: Row) -> AccountIdentity {
        AccountIdentity(name: row["account"], number: row["account_number"])
    }

    /// Ends those of the tasks that wait with `outcome`, and says which of them run. One that has decided a write is
    /// too late to end, whether it waits or runs.
    package func cancel(
        _ numbers: [Int64], as outcome: TaskOutcome, now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8],
        completion: @escaping @Sendable (Result<Cancelled, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let database = context.database
                let select = try database.cachedStatement(sql: "SELECT id, status, attempts FROM task WHERE n = ?")
                let decided = try database.cachedStatement(
                    sql: "SELECT 1 FROM publication WHERE task = ? AND is_undone = 0")
                var cancelled = Cancelled()
                for number in numbers {
                    guard let row = try Row.fetchOne(select, arguments: [number]), let id = TaskID(row["id"]) else {
                        continue
                    }
                    let status: String = row["status"]
                    guard try Int.fetchOne(decided, arguments: [id.description]) == nil else { continue }
                    if status == TaskState.running.rawValue { cancelled.running.append(id) }
                    guard status == TaskState.queued.rawValue else { continue }
                    guard
                        let task = try Self.finish(
                            id.description, outcome, from: .queued, now: now, message: message, database)
                    else { continue }
                    // A run that was killed may have published.
                    if task.attempts > 0 { try Self.removeLater(id.description, resultFile: nil, database) }
                    cancelled.ended.append(task)
                }
                return cancelled
            }, completion: completion)
    }
}
