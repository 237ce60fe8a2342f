import GRDB
package import LoonCore
import Synchronization

/// The policy of whose task runs next in a cluster.
package struct ClaimPolicy: Sendable {
    /// By its name in the configuration.
    package let cluster: String
    /// Tasks of one account that run at a time; `nil` for as many as there are places.
    package let runningPerAccountMax: Int?
    /// The same of accounts that have a number of their own, in whatever clusters they run.
    package let runningMax: [String: Int]
    /// A rising number for each account that was served: the highest came last.
    package let turns: [String: Int]

    package init(
        cluster: String, runningPerAccountMax: Int? = nil, runningMax: [String: Int] = [:], turns: [String: Int] = [:]
    ) {
        self.cluster = cluster
        self.runningPerAccountMax = runningPerAccountMax
        self.runningMax = runningMax
        self.turns = turns
    }

    /// The oldest task that an account has waiting.
    struct Head {
        let account: String
        let number: Int64
    }

    /// Chooses among the tasks of one priority: the account with the fewest running, and of those the one that has
    /// waited longest for a turn. `everywhere` counts what an account has running in all clusters.
    func choose(_ heads: [Head], running: [String: Int], everywhere: [String: Int]) -> Head? {
        let countMax = runningPerAccountMax ?? .max
        return heads.filter {
            running[$0.account, default: 0] < countMax
                && everywhere[$0.account, default: 0] < runningMax[$0.account, default: .max]
        }.min {
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
    /// `message` announces it, if it is to be announced.
    package func claimNext(
        _ policy: ClaimPolicy, now: Int64, engineQueryID: String, message: @escaping @Sendable (TaskRecord) -> [UInt8],
        completion: @escaping @Sendable (Result<TaskRecord?, QueryError>) -> Void
    ) {
        writer.submit(
            { context in
                let database = context.database
                guard let number = try Self.next(policy, database) else { return nil }
                let update = try database.cachedStatement(
                    sql: """
                        UPDATE task SET status = 'RUNNING', started = ?, updated = ?, engine_query_id = ?, attempts
                        = attempts + 1 WHERE n = ?
                        """)
                try update.execute(arguments: [now, now, engineQueryID, number])
                do {
                    let task = try Self.task(number: number, database)
                    guard task?.submission.notification?.events != nil else { return task }
                    return try Self.announce(number, now: now, message: message, database)
                } catch {
                    // A row that cannot be read would be claimed again and again, and nothing behind it.
                    try database.execute(
                        sql: "UPDATE task SET status = 'FAILURE', message = 'The task''s row is damaged' WHERE n = ?",
                        arguments: [number])
                    throw error
                }
                // One that is forgotten is claimed again.
            }, until: claimsAnnounce.load(ordering: .relaxed) ? .synced : .written, completion: completion)
    }

    private static func next(_ policy: ClaimPolicy, _ database: Database) throws -> Int64? {
        let running = try Row.fetchAll(
            try database.cachedStatement(sql: "SELECT cluster, account FROM task WHERE status = 'RUNNING'"))
        var counts: [String: Int] = [:]
        var everywhere: [String: Int] = [:]
        for row in running {
            everywhere[row["account"], default: 0] += 1
            if row["cluster"] == policy.cluster { counts[row["account"], default: 0] += 1 }
        }
        var above = Limits.taskPriorityMax + 1
        while let priority = try priority(below: above, policy.cluster, database) {
            if let head = policy.choose(
                try heads(policy.cluster, priority, database), running: counts, everywhere: everywhere)
            {
                return head.number
            }
            above = priority
        }
        return nil
    }

    /// The highest priority below `above` that a queued task has.
    private static func priority(below above: Int, _ cluster: String, _ database: Database) throws -> Int? {
        let statement = try database.cachedStatement(
            sql:
                "SELECT priority FROM task WHERE status = 'QUEUED' AND cluster = ? AND priority < ? ORDER BY "
                + "priority DESC LIMIT 1"
        )
        return try Int.fetchOne(statement, arguments: [cluster, above])
    }

    /// For each account its oldest task: a step in the index for each, not one for each task.
    private static func heads(_ cluster: String, _ priority: Int, _ database: Database) throws -> [ClaimPolicy.Head] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT account, n FROM task WHERE status = 'QUEUED' AND cluster = ? AND priority = ? AND account >
                ? ORDER BY account, n LIMIT 1
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
            try Row.fetchAll(
                database,
                sql: "SELECT cluster, account, count(*) FROM task WHERE status = 'QUEUED' GROUP BY cluster, account"
            ).map {
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
}
