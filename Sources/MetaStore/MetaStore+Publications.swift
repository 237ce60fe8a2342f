import GRDB
package import LoonCore

/// Writes of tables, from the moment that they are decided until they are carried out.
extension MetaStore {
    /// Decides a write: stores what is left to do, with the partitions that it adds, and for CREATE TABLE … AS the
    /// table itself, in one durable transaction. `table` must still be as it was.
    package func decide(
        _ publication: Publication, table: ExternalTable, isNew: Bool, partitions: [TablePartition], task: TaskID?
    ) throws(QueryError) -> Decision {
        defer { if !partitions.isEmpty { partitionLists.forget(PartitionLists.key(table.schema, table.name)) } }
        return try writer.perform { context in
            let database = context.database
            if isNew {
                guard try Self.insert(table, database) else {
                    throw QueryError(.tableExists, "Table '\(table.name)' already exists")
                }
            } else {
                guard let now = try Self.table(table.schema, table.name, database), now == table else {
                    throw QueryError(
                        .tableChanged,
                        "The table \(table.schema).\(table.name) was changed meanwhile; run the statement again")
                }
            }
            var added: [String] = []
            if !partitions.isEmpty {
                let known = try database.cachedStatement(
                    sql: "SELECT 1 FROM catalog_partition WHERE schema = ? AND table_name = ? AND name = ?")
                added = try partitions.map { $0.name(table.partitionColumns) }.filter {
                    try Int.fetchOne(known, arguments: [table.schema, table.name, $0]) == nil
                }
                _ = try Self.add(partitions, to: table, existing: .keep, database)
            }
            try database.execute(
                sql: "INSERT INTO publication (task, definition) VALUES (?, ?)",
                arguments: [task?.description, try Self.json(publication)])
            return Decision(number: database.lastInsertedRowID, table: table, isNewTable: isNew, addedPartitions: added)
        }
    }

    /// A write that is stored.
    package struct Decision: Sendable {
        package let number: Int64
        package let table: ExternalTable
        fileprivate let isNewTable: Bool
        fileprivate let addedPartitions: [String]
    }

    /// Takes back a write that was decided and that nobody was told of: from here on it has not happened. What it has
    /// moved to its place is left to be removed, also if the daemon is killed: see `OpenPublication.isUndone`.
    package func undo(_ decision: Decision) throws(QueryError) {
        let table = decision.table
        defer { partitionLists.forget(PartitionLists.key(table.schema, table.name)) }
        try writer.perform { context in
            let database = context.database
            try database.execute(sql: "UPDATE publication SET is_undone = 1 WHERE n = ?", arguments: [decision.number])
            for name in decision.addedPartitions {
                try database.execute(
                    sql: "DELETE FROM catalog_partition WHERE schema = ? AND table_name = ? AND name = ?",
                    arguments: [table.schema, table.name, name])
            }
            // Another may have its name by now.
            guard decision.isNewTable, try Self.table(table.schema, table.name, database) == table else { return }
            try database.execute(
                sql: "DELETE FROM catalog_partition WHERE schema = ? AND table_name = ?",
                arguments: [table.schema, table.name])
            try database.execute(
                sql: "DELETE FROM catalog_table WHERE schema = ? AND name = ?", arguments: [table.schema, table.name])
        }
    }

    /// The files of a write have their places.
    package func moved(_ number: Int64) throws(QueryError) {
        try writer.perform {
            try $0.database.execute(sql: "UPDATE publication SET is_moved = 1 WHERE n = ?", arguments: [number])
        }
    }

    /// Of a write that was taken back nothing is left.
    package func cleanedUp(_ number: Int64) throws(QueryError) {
        try writer.perform { try $0.database.execute(sql: "DELETE FROM publication WHERE n = ?", arguments: [number]) }
    }

    /// The write was carried out. A task's is remembered until the task has ended: it must not run again.
    package func carriedOut(_ number: Int64) throws(QueryError) {
        try writer.perform { context in
            try context.database.execute(sql: "UPDATE publication SET is_done = 1 WHERE n = ?", arguments: [number])
            try context.database.execute(
                sql: """
                    DELETE FROM publication WHERE n = ?
                        AND (task IS NULL OR task NOT IN (SELECT id FROM task WHERE status IN ('QUEUED', 'RUNNING')))
                    """, arguments: [number])
        }
    }

    /// A write of which something is left to be done.
    package struct OpenPublication: Sendable {
        package let number: Int64
        package let publication: Publication
        /// Whether the write was taken back, and what it has moved is to be removed. Else the rest of it is to be
        /// carried out.
        package let isUndone: Bool
        /// Whether its files have their places, which others may have replaced since: they are not moved again.
        package let isMoved: Bool

        package init(number: Int64, publication: Publication, isUndone: Bool = false, isMoved: Bool = false) {
            self.number = number
            self.publication = publication
            self.isUndone = isUndone
            self.isMoved = isMoved
        }
    }

    /// Writes that are decided and not carried out, or taken back and not cleaned up: oldest first.
    package func publications() throws(QueryError) -> [OpenPublication] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT n, definition, is_undone, is_moved FROM publication WHERE is_done = 0 ORDER BY n"
            ).map { row in
                OpenPublication(
                    number: row[0], publication: try Self.decoded(Publication.self, row[1]), isUndone: row[2],
                    isMoved: row[3])
            }
        }
    }

    /// The write that a task has decided, if it has: the task is then not to be run again.
    package func publication(of task: TaskID) throws(QueryError) -> (number: Int64, publication: Publication)? {
        try read { database in
            let sql = "SELECT n, definition FROM publication WHERE task = ? AND is_undone = 0"
            return try Row.fetchOne(database, sql: sql, arguments: [task.description]).map {
                ($0[0], try Self.decoded(Publication.self, $0[1]))
            }
        }
    }
}
