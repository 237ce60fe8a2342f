package import LoonCore
package import ObjectStore
import QueryEngine

/// The files that a table has now.
package struct TableFiles {
    let context: LakeContext

    package init(context: LakeContext) { self.context = context }

    package struct File {
        package let summary: ObjectSummary
        /// An index into the partitions that were asked for.
        package let partition: Int
    }

    /// Of an unpartitioned table all, of a partitioned one those of `partitions`, in their order.
    package func list(_ table: ExternalTable, partitions: [TablePartition]) throws -> [File] {
        let hidden = context.locks.hiddenObjects
        var files: [File] = []
        if table.isPartitioned {
            for (index, partition) in partitions.enumerated() {
                files += try list(folder(of: partition, in: table), of: table).map {
                    File(summary: $0, partition: index)
                }
            }
        } else {
            files = try list(try ObjectKey(table.location), of: table).map { File(summary: $0, partition: 0) }
        }
        if !hidden.isEmpty { files.removeAll { hidden.contains($0.summary.key) } }
        guard files.count <= Limits.filesPerScanMax else {
            throw QueryError(
                .resultTooLarge,
                "The table \(table.schema).\(table.name) has \(files.count) files; \(Limits.filesPerScanMax) "
                    + "can be read at a time"
            )
        }
        // The engine would take these characters for a pattern.
        if let odd = files.first(where: { $0.summary.key.key.utf8.contains(where: Self.isPattern) }) {
            throw QueryError(
                .location, "The file '\(odd.summary.key)' cannot be read: its name holds one of * ? [ ] { }; rename it")
        }
        return files
    }

    private static func isPattern(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"):
            true
        default: false
        }
    }

    /// Where a partition's files lie.
    package func folder(of partition: TablePartition, in table: ExternalTable) throws(QueryError) -> ObjectKey {
        if let location = partition.location { return try ObjectKey(location) }
        let base = table.location.hasSuffix("/") ? table.location : table.location + "/"
        return try ObjectKey(base + partition.name(table.partitionColumns) + "/")
    }

    /// The files at a place, hidden ones (`_…`, `.…`) and empty ones left out.
    package func list(_ location: ObjectKey, of table: ExternalTable) throws -> [ObjectSummary] {
        guard location.isFolder else {
            guard let object = try context.objects.stat(location) else {
                throw QueryError(
                    .missingObject, "The file '\(location)' of the table \(table.schema).\(table.name) does not exist")
            }
            return object.size > 0 ? [object] : []
        }
        let isRecursive = table.properties["recursive.directories"]?.lowercased() == "true"
        let depth = location.key.utf8.count
        return try context.objects.list(location, recursive: isRecursive).filter { object in
            // Hidden is also what lies in a hidden folder.
            object.size > 0 && !Self.isHidden(object.key.key.utf8.dropFirst(depth))
        }
    }

    private static func isHidden(_ path: Substring.UTF8View) -> Bool {
        var isFirst = true
        for byte in path {
            if isFirst, byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") { return true }
            isFirst = byte == UInt8(ascii: "/")
        }
        return false
    }
}
