import LoonCore
import QueryEngine

/// Reads Parquet by the names of its columns: what a file has otherwise than the DDL is cast, what it lacks is NULL.
/// Files of the same types are read together, so that the engine reads them as its own and knows their rows.
struct ParquetScan {
    let queryNumber: Int64
    let binding: TableBinding
    let groups: [ParquetFooters.Group]
    let places: StorePlaces
    /// The list of a group's files, for the engine.
    let list: (Int) -> String

    private var table: ExternalTable { binding.table }
    private var drops: Bool { table.properties["loon.malformed"] == "drop" }

    var select: String { groups.indices.map(select).joined(separator: " UNION ALL ") }

    private func select(_ index: Int) -> String {
        let group = groups[index]
        let own = Dictionary(group.columns.map { (CatalogName($0.name), $0) }) { first, _ in first }
        var (values, conditions): ([String], [String]) = ([], [])
        for column in table.columns {
            let name = EngineText.name(column.name)
            guard let found = own[CatalogName(column.name)] else {
                values.append("CAST(NULL AS \(EngineText.type(column.type))) AS \(name)")
                continue
            }
            let source = EngineText.name(found.name)
            if found.type == "BLOB", column.type.isText {
                // Impala and old Hive write strings without saying that they are such.
                values.append("\(text(of: source, column)) AS \(name)")
                if drops {
                    conditions.append(
                        "(\(source) IS NULL OR try(decode(\(source))) IS NOT NULL OR \(loss(source)) IS NOT NULL)")
                }
            } else {
                values.append("\(StoredType(found.type).value(source, as: column.type)) AS \(name)")
                if let condition = condition(source, found.type, column) { conditions.append(condition) }
            }
        }
        let partitions = PartitionValues(
            TableBinding(table: table, name: binding.name, files: group.files, partitions: binding.partitions))
        let options =
            "hive_partitioning = false, explicit_cardinality = \(max(1, group.rowCount))"
            + (group.isUnited ? ", union_by_name = true" : "")
        func reading(_ files: String, _ constants: [String]) -> String {
            let columns = (values + constants).joined(separator: ", ")
            let select = "SELECT \(columns) FROM read_parquet(\(files), \(options))"
            return conditions.isEmpty ? select : "\(select) WHERE \(conditions.joined(separator: " AND "))"
        }
        // A file's own column of that name would stand for the number of the file.
        guard own[CatalogName("file_index")] != nil, table.isPartitioned else {
            return reading(list(index), partitions.columns(of: "file_index"))
        }
        return Dictionary(grouping: group.files, by: \.partition).sorted { $0.key < $1.key }.map { partition, files in
            reading(places.list(files), partitions.constants(of: partition))
        }.joined(separator: " UNION ALL ")
    }

    private static let wholeNumbers: [String: ClosedRange<Int64>] = [
        "TINYINT": Int64(Int8.min)...Int64(Int8.max), "SMALLINT": Int64(Int16.min)...Int64(Int16.max),
        "INTEGER": Int64(Int32.min)...Int64(Int32.max), "BIGINT": Int64.min...Int64.max,
    ]

    /// The query's range on a column that is cast, in the file's own type: what is asked of the cast is not asked of
    /// the file's statistics, and no row group would be passed over. `nil` where the cast may round.
    private func condition(_ source: String, _ type: String, _ column: TableColumn) -> String? {
        guard let range = binding.ranges[column.name.lowercased()], let own = Self.wholeNumbers[type],
            type != EngineText.type(column.type)
        else { return nil }
        switch column.type {
        case .tinyint, .smallint, .int, .bigint, .decimal: break
        case .double where type != "BIGINT": break
        default: return nil
        }
        guard range.overlaps(own) else { return "false" }
        let bounds = range.clamped(to: own)
        return "\(source) BETWEEN \(bounds.lowerBound) AND \(bounds.upperBound)"
    }

    private func text(of source: String, _ column: TableColumn) -> String {
        let loss =
            table.properties["loon.malformed"] == "fail"
            ? "\(EngineFunctions.refuse)('The value ''', left(CAST(\(source) AS VARCHAR), 80), "
                + EngineText.literal(
                    "' of the column \(column.name) of \(table.schema).\(table.name) is not UTF-8")
                + ")" : loss(source)
        return "CASE WHEN \(source) IS NOT NULL THEN coalesce(try(decode(\(source))), \(loss)) END"
    }

    private func loss(_ source: String) -> String {
        "\(EngineFunctions.malformed)(\(queryNumber), CAST(\(source) AS VARCHAR))"
    }
}

extension HiveType {
    fileprivate var isText: Bool {
        switch self {
        case .string, .varchar, .char: true
        default: false
        }
    }
}
