import GRDB
package import LoonCore

/// Writes of tables, from the moment that they are decided until they are carried out.
extension MetaStore {
    /// Decides a write: stores what is left to do, with the partitions that it adds, and for CREATE TABLE … AS the table itself, in one durable
    /// transaction. `table` must still be as it was. Returns the publication's number.
    package func decide(
        _ publication: Publication, table: ExternalTable, isNew: Bool, partitions: [TablePartition], task: TaskID?
    ) throws(QueryError) -> Int64 {
        defer { if !partitions.isEmpty { partitionLists.forget(PartitionLists.key(table.schema, table.name)) } }
        return try writer.perform { context in
            let database = context.database
            if isNew {
                guard try Self.insert(table, database) else { throw QueryError(.tableExists, "Table '\(table.name)' already exists") }
            } else {
                guard let now = try Self.table(table.schema, table.name, database), now == table else {
                    throw QueryError(.tableChanged, "The table \(table.schema).\(table.name) was changed meanwhile; run the statement again")
                }
            }
            if !partitions.isEmpty { _ = try Self.add(partitions, to: table, existing: .keep, database) }
            try database.execute(
                sql: "INSERT INTO publication (task, definition) VALUES (?, ?)", arguments: [task?.description, try Self.json(publication)])
            return database.lastInsertedRowID
        }
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

    /// Writes that are decided and not carried out, oldest first.
    package func publications() throws(QueryError) -> [(number: Int64, task: TaskID?, publication: Publication)] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT n, task, definition FROM publication WHERE is_done = 0 ORDER BY n").map { row in
                (row[0], (row[1] as String?).flatMap(TaskID.init), try Self.decoded(Publication.self, row[2]))
            }
        }
    }

    /// The write that a task has decided, if it has: the task is then not to be run again.
    package func publication(of task: TaskID) throws(QueryError) -> Publication? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT definition FROM publication WHERE task = ?", arguments: [task.description]).map {
                try Self.decoded(Publication.self, $0[0])
            }
        }
    }
}
