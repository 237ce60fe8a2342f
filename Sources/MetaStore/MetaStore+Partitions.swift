import GRDB
package import LoonCore
import Synchronization

/// The partitions of tables, by the names that SHOW PARTITIONS has.
extension MetaStore {
    /// All partitions of a table, in the order of their names. Kept in memory until they change: a table may have tens
    /// of thousands.
    package func partitions(of table: ExternalTable) throws(QueryError) -> [TablePartition] {
        let key = PartitionLists.key(table.schema, table.name)
        let (known, changes) = partitionLists[key]
        if let known { return known }
        let partitions = try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT name, location FROM catalog_partition WHERE schema = ? AND table_name = ? ORDER BY name",
                arguments: [table.schema, table.name]
            ).map { row in
                guard let partition = TablePartition(name: row[0], columns: table.partitionColumns, location: row[1])
                else {
                    throw QueryError(
                        .storage, "The partition '\(row[0] as String)' of \(table.schema).\(table.name) is damaged")
                }
                return partition
            }
        }
        partitionLists.keep(partitions, key: key, since: changes)
        return partitions
    }

    /// The treatment of a partition that is there already.
    package enum ExistingPartition: Sendable { case refuse, keep, move }

    /// Adds partitions; returns how many are new. With `.move` a new place replaces that of an old one.
    package func addPartitions(
        _ partitions: [TablePartition], to table: ExternalTable, existing: ExistingPartition
    ) throws(QueryError) -> Int {
        defer { partitionLists.forget(PartitionLists.key(table.schema, table.name)) }
        return try writer.perform { context in
            guard let now = try Self.table(table.schema, table.name, context.database),
                now.partitionColumns == table.partitionColumns
            else {
                throw QueryError(.unknownTable, "Table '\(table.schema).\(table.name)' doesn't exist any more")
            }
            return try Self.add(partitions, to: table, existing: existing, context.database)
        }
    }

    static func add(
        _ partitions: [TablePartition], to table: ExternalTable, existing: ExistingPartition, _ database: Database
    ) throws -> Int {
        let columns = table.partitionColumns
        let insert = try database.cachedStatement(sql: "INSERT OR IGNORE INTO catalog_partition VALUES (?, ?, ?, ?)")
        var count = 0
        for partition in partitions {
            let name = partition.name(columns)
            try insert.execute(arguments: [table.schema, table.name, name, partition.location])
            if database.changesCount == 1 {
                count += 1
                continue
            }
            switch existing {
            case .refuse: throw QueryError(.partitionExists, "Partition already exists: \(name)")
            case .keep: continue
            case .move where partition.location == nil: continue
            case .move:
                try database.execute(
                    sql: "UPDATE catalog_partition SET location = ? WHERE schema = ? AND table_name = ? AND name = ?",
                    arguments: [partition.location, table.schema, table.name, name])
            }
        }
        let total =
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM catalog_partition WHERE schema = ? AND table_name = ?",
                arguments: [table.schema, table.name])
            ?? 0
        guard total <= Limits.partitionsMax else {
            throw QueryError(.resultTooLarge, "A table has at most \(Limits.partitionsMax) partitions")
        }
        return count
    }

    /// Removes partitions by name; their files stay. Returns how many there were.
    package func dropPartitions(_ names: [String], of table: ExternalTable) throws(QueryError) -> Int {
        defer { partitionLists.forget(PartitionLists.key(table.schema, table.name)) }
        return try writer.perform { context in
            let delete = try context.database.cachedStatement(
                sql: "DELETE FROM catalog_partition WHERE schema = ? AND table_name = ? AND name = ?")
            var count = 0
            for name in names {
                try delete.execute(arguments: [table.schema, table.name, name])
                count += context.database.changesCount
            }
            return count
        }
    }
}

/// The partitions of the tables that were asked for lately.
final class PartitionLists: Sendable {
    private struct State {
        var lists: [String: [TablePartition]] = [:]
        var count = 0
        var changes: UInt64 = 0
    }
    private let state = Mutex(State())

    static func key(_ schema: String, _ table: String) -> String { "\(schema.lowercased())\0\(table.lowercased())" }

    /// The list, if it is at hand, and what `keep` is to be given.
    subscript(key: String) -> (list: [TablePartition]?, changes: UInt64) {
        state.withLock { ($0.lists[key], $0.changes) }
    }

    /// Keeps a list that was read after `changes` was taken, unless something has changed meanwhile.
    func keep(_ list: [TablePartition], key: String, since changes: UInt64) {
        state.withLock { state in
            guard state.changes == changes else { return }
            if state.count + list.count > Limits.partitionsInMemoryMax {
                state.lists.removeAll()
                state.count = 0
            }
            state.count += list.count - (state.lists[key]?.count ?? 0)
            state.lists[key] = list
        }
    }

    /// Something was committed that changes a table's list, or any. Before whoever asked for it is told.
    func forget(_ key: String? = nil) {
        state.withLock { state in
            state.changes &+= 1
            guard let key else {
                state.lists.removeAll()
                state.count = 0
                return
            }
            state.count -= state.lists.removeValue(forKey: key)?.count ?? 0
        }
    }
}
