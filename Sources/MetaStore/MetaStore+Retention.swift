import GRDB
package import LoonCore

/// Tasks that are no longer to be kept. A task goes first and the files of its result afterwards: what is between is
/// remembered in `removal`.
extension MetaStore {
    /// The rules of which tasks are kept.
    package struct Retention: Sendable {
        /// Tasks submitted before are removed once they have ended, in milliseconds since 1970; `nil` for none.
        package let before: Int64?
        /// The newest tasks that stay; `nil` for all.
        package let countMax: Int64?
        /// Whether a task is removed only where both say so, and not where one does.
        package let needsBoth: Bool

        package init(before: Int64?, countMax: Int64?, needsBoth: Bool = false) {
            self.before = before
            self.countMax = countMax
            self.needsBoth = needsBoth && before != nil && countMax != nil
        }
    }

    /// Removes some tasks that have ended and are not to be kept; those whose message still waits are, unless
    /// `evenUnsent`. Returns how many; fewer than `Limits.taskStepMax` when there are no more.
    package func removeExpired(_ retention: Retention, evenUnsent: Bool = false) throws(QueryError) -> Int {
        try writer.perform { context in
            let database = context.database
            var numbers: [Int64] = []
            func add(_ condition: String, _ bounds: Int64...) throws {
                let sent =
                    evenUnsent
                    ? "" : "AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.task = task.n AND is_given_up = 0)"
                let select = try database.cachedStatement(
                    sql: """
                        SELECT n FROM task WHERE \(condition) AND status IN ('SUCCESS', 'FAILURE', 'CANCELLED')
                        \(sent) LIMIT \(Limits.taskStepMax)
                        """)
                numbers += try Int64.fetchAll(select, arguments: StatementArguments(bounds))
            }
            let newest = try Int64.fetchOne(database, sql: "SELECT max(n) FROM task") ?? 0
            if retention.needsBoth, let before = retention.before, let countMax = retention.countMax {
                try add("created < ? AND n <= ?", before, newest - countMax)
            } else {
                if let before = retention.before { try add("created < ?", before) }
                if numbers.isEmpty, let countMax = retention.countMax { try add("n <= ?", newest - countMax) }
            }
            for number in numbers { try Self.remove(number, database) }
            return numbers.count
        }
    }

    private static func remove(_ number: Int64, _ database: Database) throws {
        let select = try database.cachedStatement(sql: "SELECT id, reused_from, result_file FROM task WHERE n = ?")
        guard let row = try Row.fetchOne(select, arguments: [number]) else { return }
        let owner: String = row["reused_from"] ?? row["id"]
        try database.cachedStatement(sql: "DELETE FROM outbox WHERE task = ?").execute(arguments: [number])
        try database.cachedStatement(sql: "DELETE FROM task WHERE n = ?").execute(arguments: [number])
        let isUsed = try database.cachedStatement(
            sql: "SELECT 1 FROM task WHERE id = ?1 UNION ALL SELECT 1 FROM task WHERE reused_from = ?1 LIMIT 1")
        if try Int.fetchOne(isUsed, arguments: [owner]) == nil {
            try removeLater(owner, resultFile: row["result_file"], database)
        }
    }

    /// Remembers a task's result that is to be removed.
    static func removeLater(_ task: String, resultFile: String?, _ database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO removal VALUES (?, ?)").execute(arguments: [
            task, resultFile,
        ])
    }

    /// A result that is still to be removed.
    package struct Removal: Sendable {
        /// The task whose result it was.
        package let task: TaskID
        /// Where it lies; `nil` where it lies as results do that nobody was told of.
        package let resultFile: String?
    }

    /// Some of the results that are to be removed, but those of `excluded`.
    package func removals(excluding excluded: Set<TaskID> = []) throws(QueryError) -> [Removal] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT task, result_file FROM removal LIMIT ?",
                arguments: [Limits.taskStepMax + excluded.count]
            )
            .compactMap { row in TaskID(row[0]).map { Removal(task: $0, resultFile: row[1]) } }.filter {
                !excluded.contains($0.task)
            }
        }
    }

    /// The results of these are removed.
    package func removed(_ tasks: [TaskID]) throws(QueryError) {
        try writer.perform { context in
            let delete = try context.database.cachedStatement(sql: "DELETE FROM removal WHERE task = ?")
            for task in tasks { try delete.execute(arguments: [task.description]) }
        }
    }

    /// Forgets the rows that are kept in memory if another process has written to the file; returns whether one has.
    @discardableResult
    package func noticeOthersWrites() throws(QueryError) -> Bool {
        let version: Int
        do {
            version = try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
        } catch { throw Self.failure(error) }
        return recentTaskRows.fileHasVersion(version)
    }
}
