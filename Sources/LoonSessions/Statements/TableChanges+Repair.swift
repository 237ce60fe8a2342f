import AccessControl
import LoonCore
import LoonLake
import MetaStore
import MySQLProtocol
import ObjectStore
import SQLFrontend

/// MSCK REPAIR: registers the partitions whose folders are there, and says of the other folders why they are none.
extension TableChanges {
    func repair(_ name: TableName, adds: Bool, drops: Bool) throws {
        try repair(try definitions.existing(name, for: .alter), adds: adds, drops: drops)
        response.ok(warnings: caller.diagnostics.count)
    }

    func repairSchema(_ name: String) throws {
        try definitions.rights.require(.alter, schema: name)
        guard let schema = try context.store.schema(name) else {
            throw QueryError(.unknownDatabase, "Unknown database '\(name)'")
        }
        for table in try context.store.tables(schema: schema.name) where table.view == nil {
            try repair(table, adds: true, drops: false)
        }
        response.ok(warnings: caller.diagnostics.count)
    }

    private func repair(_ table: ExternalTable, adds: Bool, drops: Bool) throws {
        guard table.isPartitioned else { return }
        let lock = try context.lake.locks.writing(TableLocks.Key(table), partition: nil, cancellation: cancellation)
        defer { withExtendedLifetime(lock) {} }
        try Publisher(context: context.lake).settle(TableLocks.Key(table))
        let known = try context.store.partitions(of: table)
        let found = try foldersOfPartitions(table, known)
        func name(_ partition: TablePartition) -> String { partition.name(table.partitionColumns) }
        func keys(_ partitions: [TablePartition]) -> Set<UTF8Key> { Set(partitions.map { UTF8Key(name($0)) }) }
        let there = keys(found)
        var gone: [TablePartition] = []
        if drops {
            let base = table.location.hasSuffix("/") ? table.location : table.location + "/"
            gone = known.filter { partition in
                let isOwn = partition.location.map { $0.utf8.starts(with: base.utf8) } ?? true
                // Under the same name another folder may have come.
                let isThere = found.contains { Self.place(of: $0, in: table) == Self.place(of: partition, in: table) }
                return isOwn && !isThere
            }
        }
        if adds {
            // Registered by an earlier version as they stood in their folders' names: h=07 of an INT.
            gone += known.filter { partition in
                !partition.hasValues(
                    of: TablePartition(values: PartitionValue.canonical(partition.values, table.partitionColumns)))
                    && found.contains { $0.location == Self.place(of: partition, in: table) }
            }
        }
        _ = try context.store.dropPartitions(gone.map(name), of: table)
        let kept = known.filter { partition in !gone.contains { $0 == partition } }
        for partition in kept where there.contains(UTF8Key(name(partition))) {
            let place = Self.place(of: partition, in: table)
            for other in found where other.hasValues(of: partition) && Self.place(of: other, in: table) != place {
                caller.diagnostics.warn(
                    QueryError(
                        .location,
                        "The folder '\(Self.place(of: other, in: table))' is passed over: the partition "
                            + "\(name(partition)) lies at '\(place)'"))
            }
        }
        guard adds else { return }
        let names = keys(kept)
        _ = try context.store.addPartitions(
            found.filter { !names.contains(UTF8Key(name($0))) }, to: table, existing: .keep)
    }

    private static func place(of partition: TablePartition, in table: ExternalTable) -> String {
        partition.location ?? (table.location.hasSuffix("/") ? table.location : table.location + "/")
            + partition.name(table.partitionColumns) + "/"
    }

    /// The folders `column=value/…` below the table's that fit its columns. The session is warned of the others, and of
    /// a second folder with the same values.
    private func foldersOfPartitions(_ table: ExternalTable, _ known: [TablePartition]) throws -> [TablePartition] {
        var found: [(folder: ObjectKey, values: [String?])] = [(try ObjectKey(table.location), [])]
        var passedOver = PassedOver()
        for column in table.partitionColumns {
            var next: [(folder: ObjectKey, values: [String?])] = []
            for (folder, values) in found {
                if let reason = cancellation.reason { throw reason }
                for child in try context.objects.folders(folder) {
                    let name = child.key.dropLast().split(separator: "/").last.map(String.init) ?? ""
                    guard let part = TablePartition(name: name, columns: [column]), let value = part.values.first
                    else {
                        // Hidden folders are nobody's partitions.
                        if !name.hasPrefix("_"), !name.hasPrefix(".") {
                            passedOver.add(child, "its name is not of the form \(column.name.lowercased())=value")
                        }
                        continue
                    }
                    let checked: String?
                    do { checked = try PartitionValue.checked(value, column) } catch {
                        passedOver.add(
                            child, "'\((value ?? "").prefix(80))' is no value of \(column.type.ddl.uppercased())")
                        continue
                    }
                    next.append((child, values + [checked]))
                    guard next.count <= Limits.partitionsMax else {
                        throw QueryError(.resultTooLarge, "A table has at most \(Limits.partitionsMax) partitions")
                    }
                }
            }
            found = next
        }
        let base = try ObjectKey(table.location)
        var partitions: [TablePartition] = []
        var taken: [UTF8Key: ObjectKey] = [:]
        for (folder, values) in found {
            let partition = TablePartition(values: values)
            let name = partition.name(table.partitionColumns)
            if let other = taken[UTF8Key(name)] {
                passedOver.add(folder, "it has the same values as '\(other)'; move its files there")
                continue
            }
            taken[UTF8Key(name)] = folder
            // A folder whose name is written otherwise (Y=2018, a%20b, h=07) is named by its place.
            let isPlain = folder.key == base.key + name + "/"
            partitions.append(isPlain ? partition : TablePartition(values: values, location: folder.description))
        }
        for warning in passedOver.warnings { caller.diagnostics.warn(warning) }
        return partitions
    }
}

/// The folders that MSCK makes no partitions of.
private struct PassedOver {
    private var texts: [String] = []
    private var count = 0

    mutating func add(_ folder: ObjectKey, _ reason: String) {
        count += 1
        if texts.count < Limits.repairWarningsMax { texts.append("The folder '\(folder)' is passed over: \(reason)") }
    }

    var warnings: [QueryError] {
        let rest = count - texts.count
        return (texts + (rest > 0 ? ["\(rest) more folders are passed over"] : [])).map { QueryError(.location, $0) }
    }
}
