import GRDB
package import LoonCore

/// What decides whose task runs next in a cluster.
package struct ClaimPolicy: Sendable {
    package let cluster: String
    /// Tasks of one account that run at a time; `nil` for as many as there are places.
    package let runningPerAccountMax: Int?
    /// A rising number for each account that was served: the highest came last.
    package let turns: [String: Int]

    package init(cluster: String, runningPerAccountMax: Int? = nil, turns: [String: Int] = [:]) {
        self.cluster = cluster
        self.runningPerAccountMax = runningPerAccountMax
        self.turns = turns
    }

    /// The oldest task that an account has waiting.
    struct Head {
        let account: String
        let number: Int64
    }

    /// Whose turn it is among tasks of one priority: who has the fewest running, and of those who has waited longest for a turn.
    func choose(_ heads: [Head], running: [String: Int]) -> Head? {
        let countMax = runningPerAccountMax ?? .max
        return heads.filter { running[$0.account, default: 0] < countMax }.min {
            let (left, right) = (running[$0.account, default: 0], running[$1.account, default: 0])
            if left != right { return left < right }
            let (first, second) = (turns[$0.account, default: 0], turns[$1.account, default: 0])
            return first != second ? first < second : $0.number < $1.number
        }
    }
}

/// The tasks that wait. Everything here looks at the unfinished ones alone, however many have ended.
extension MetaStore {
    /// Takes the next queued task of a cluster and makes it RUNNING; `nil` where none is to run now.
    ///
    /// A task that was running when a daemon died is suspected of it: it runs before the others, and alone.
    package func claimNext(
        _ policy: ClaimPolicy, now: Int64, engineQueryID: String, completion: @escaping @Sendable (Result<TaskRecord?, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let database = context.database
                guard let number = try Self.next(policy, database) else { return nil }
                let update = try database.cachedStatement(
                    sql: """
                        UPDATE task SET status = 'RUNNING', started = ?, updated = ?, engine_query_id = ?, attempts = attempts + 1 WHERE n = ?
                        """)
                try update.execute(arguments: [now, now, engineQueryID, number])
                return try Self.task(number: number, database)
            }, completion: completion)
    }

    private static func next(_ policy: ClaimPolicy, _ database: Database) throws -> Int64? {
        let running = try Row.fetchAll(
            try database.cachedStatement(sql: "SELECT cluster, account, suspect FROM task WHERE status = 'RUNNING'"))
        guard !running.contains(where: { $0["suspect"] == 1 }) else { return nil }
        let suspect = try Row.fetchOne(
            try database.cachedStatement(
                sql: "SELECT n, cluster FROM task INDEXED BY task_suspect WHERE status = 'QUEUED' AND suspect = 1 ORDER BY n LIMIT 1"))
        if let suspect { return running.isEmpty && suspect["cluster"] == policy.cluster ? suspect["n"] : nil }
        var counts: [String: Int] = [:]
        for row in running where row["cluster"] == policy.cluster { counts[row["account"], default: 0] += 1 }
        var above = Limits.taskPriorityMax + 1
        while let priority = try priority(below: above, policy.cluster, database) {
            if let head = policy.choose(try heads(policy.cluster, priority, database), running: counts) { return head.number }
            above = priority
        }
        return nil
    }

    /// The highest priority below `above` that a queued task has.
    private static func priority(below above: Int, _ cluster: String, _ database: Database) throws -> Int? {
        let statement = try database.cachedStatement(
            sql: "SELECT priority FROM task WHERE status = 'QUEUED' AND cluster = ? AND priority < ? ORDER BY priority DESC LIMIT 1")
        return try Int.fetchOne(statement, arguments: [cluster, above])
    }

    /// For each account its oldest task: a step in the index for each, not one for each task.
    private static func heads(_ cluster: String, _ priority: Int, _ database: Database) throws -> [ClaimPolicy.Head] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT account, n FROM task WHERE status = 'QUEUED' AND cluster = ? AND priority = ? AND account > ? ORDER BY account, n LIMIT 1
                """)
        var heads: [ClaimPolicy.Head] = []
        while let row = try Row.fetchOne(statement, arguments: [cluster, priority, heads.last?.account ?? ""]) {
            heads.append(.init(account: row["account"], number: row["n"]))
        }
        return heads
    }

    /// How many tasks wait, by cluster and account.
    package func queuedCounts() throws(QueryError) -> [(cluster: String, account: String, count: Int)] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT cluster, account, count(*) FROM task WHERE status = 'QUEUED' GROUP BY cluster, account").map {
                ($0[0], $0[1], $0[2])
            }
        }
    }

    /// Gives tasks that wait for a cluster that is no more a place in `cluster`. Returns how many.
    package func moveQueued(from known: [String], to cluster: String) throws(QueryError) -> Int {
        try writer.perform { context in
            let marks = known.map { _ in "?" }.joined(separator: ", ")
            try context.database.execute(
                sql: "UPDATE task SET cluster = ? WHERE status = 'QUEUED' AND cluster NOT IN (\(marks))",
                arguments: StatementArguments([cluster] + known))
            return context.database.changesCount
        }
    }

    // MARK: Cancelling

    /// What came of a step of cancelling.
    package struct Cancelled: Sendable {
        /// Waited, and have ended.
        package var ended: [TaskRecord] = []
        /// Run, and are to be stopped by who runs them.
        package var running: [TaskID] = []
        /// Where the next step goes on; `nil` at the end.
        package var next: Int64?
    }

    /// Ends a task that waits, and finds out whether it runs. An id that `account` may not see is an error; `account` is `nil` for who sees all.
    package func cancel(
        _ id: String, account: String?, now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8],
        completion: @escaping @Sendable (Result<Cancelled, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let row = try Row.fetchOne(context.database, sql: "SELECT n, id, status, account FROM task WHERE id = ?", arguments: [id])
                guard let row, account == nil || row["account"] == account else { throw Self.unknownTask(id) }
                var cancelled = Cancelled()
                try Self.cancel([row], now: now, message: message, context.database, into: &cancelled)
                return cancelled
            }, completion: completion)
    }

    /// One step of cancelling all tasks that `predicate` chooses among those of `account` that have not ended, from `start` on.
    package func cancel(
        _ predicate: RowPredicate, account: String?, from start: Int64, now: Int64, message: @escaping @Sendable (TaskRecord) -> [UInt8],
        completion: @escaping @Sendable (Result<Cancelled, QueryError>) -> Void
    ) {
        let display = display
        writer.submit(
            { context in
                var compiler = TaskColumns.Compiler(display)
                let condition = try compiler.compile(predicate)
                var arguments = StatementArguments(compiler.arguments.map(Self.databaseValue))
                arguments += ["start": start, "account": account]
                let rows = try Row.fetchAll(
                    context.database,
                    sql: """
                        SELECT n, id, status FROM task
                        WHERE \(condition) AND status IN ('QUEUED', 'RUNNING') AND n >= :start AND (:account IS NULL OR account = :account)
                        ORDER BY n LIMIT \(Limits.taskStepMax)
                        """, arguments: arguments)
                var cancelled = Cancelled()
                try Self.cancel(rows, now: now, message: message, context.database, into: &cancelled)
                if rows.count == Limits.taskStepMax { cancelled.next = rows.last.map { $0["n"] + 1 } }
                return cancelled
            }, completion: completion)
    }

    package static func unknownTask(_ id: String) -> QueryError {
        QueryError(.unknownTask, "Unknown task id: '\(id.prefix(80))'")
    }

    private static func cancel(
        _ rows: [Row], now: Int64, message: (TaskRecord) -> [UInt8], _ database: Database, into cancelled: inout Cancelled
    ) throws {
        for row in rows {
            let status: String = row["status"]
            if status == TaskState.running.rawValue, let id = TaskID(row["id"]) { cancelled.running.append(id) }
            guard status == TaskState.queued.rawValue else { continue }
            let outcome = TaskOutcome(state: .cancelled, measures: TaskMeasures())
            if let task = try finish(row["id"], outcome, from: .queued, now: now, message: message, database) { cancelled.ended.append(task) }
        }
    }
}
