import LoonCore
import QueryEngine

/// Reads JSON, an object a line, as Hive's JsonSerDe does: names without regard to case, what is missing NULL, what is
/// surplus dropped.
struct JSONScan {
    let queryNumber: Int64
    let binding: TableBinding
    /// The list of the binding's files, for the engine.
    let files: String
    let values: PartitionValues

    private var table: ExternalTable { binding.table }
    /// The columns by the names that they have in the files: `mapping.<column>` of the table's properties, else their
    /// own (https://github.com/rcongiu/Hive-JSON-Serde#mapping-hive-keywords).
    private var keyed: [TableColumn] {
        table.columns.map { column in
            let name = table.properties["mapping.\(column.name.lowercased())"] ?? column.name
            return TableColumn(name: name, type: column.type, comment: column.comment)
        }
    }
    /// Keys that the query has a use for.
    private var read: [TableColumn] {
        let all = zip(table.columns, keyed)
        // Whether a row is dropped does not depend on which columns are read.
        let read = table.properties["loon.malformed"] == "drop" ? keyed : all.filter { binding.reads($0.0) }.map(\.1)
        return read.isEmpty ? Array(keyed.prefix(1)) : read
    }

    var select: String {
        let mode = table.properties["loon.malformed"]
        let shape = EngineText.literal(JSONNames.shape(read))
        let structure = EngineText.literal(
            "{" + keyed.map { "\(EngineText.json($0.name)):\(Self.structure($0.type))" }.joined(separator: ",")
                + "}")
        let line = read.contains { JSONNumbers.matter(to: $0.type) } ? "\(EngineFunctions.jsonExact)(line)" : "line"
        var lines =
            "SELECT \(line) AS l, file_index AS loon_file FROM \(TextScan.lines(files, headerLines: 0)) WHERE "
            + "ltrim(line, e' \\t\\r') <> ''"
        // A line that is no object is an error, unless the table says otherwise. What begins like an object and is none
        // is the engine's error.
        let isObject = "starts_with(ltrim(l, e' \\t\\r'), '{')"
        if mode == "null" || mode == "drop" {
            let loss = "\(EngineFunctions.malformed)(\(queryNumber), l)"
            lines =
                "SELECT CASE WHEN \(isObject) AND json_valid(l) THEN l ELSE \(loss) END AS l, loon_file FROM (\(lines))"
            if mode == "drop" { lines = "SELECT * FROM (\(lines)) WHERE l IS NOT NULL" }
        } else {
            let loss =
                "\(EngineFunctions.refuse)('The line ''', left(l, 80), "
                + EngineText.literal(
                    "' of \(table.schema).\(table.name) is no JSON object; remove it, or set loon.malformed to null or "
                        + "drop") + ")"
            lines = "SELECT CASE WHEN \(isObject) THEN l ELSE \(loss) END AS l, loon_file FROM (\(lines))"
        }
        // Most files have the names as the DDL has them: only where something came out as NULL the names are looked at.
        let first = "json_transform(l, \(structure))"
        let names = "\(EngineFunctions.jsonNames)(l, \(shape))"
        let rows: String
        if read.allSatisfy({ !$0.type.hasNames }) {
            let complete =
                read.isEmpty
                ? "true" : read.map { "s.\(EngineText.name($0.name)) IS NOT NULL" }.joined(separator: " AND ")
            let tried = "SELECT l, \(first) AS s, loon_file FROM (\(lines))"
            let named = "SELECT CASE WHEN \(complete) THEN NULL ELSE \(names) END AS n, s, loon_file FROM (\(tried))"
            rows =
                "SELECT n, CASE WHEN n IS NULL THEN s ELSE json_transform(n, \(structure)) END AS s, loon_file "
                + "FROM (\(named))"
        } else {
            let named = "SELECT \(names) AS n, loon_file FROM (\(lines))"
            rows = "SELECT n, json_transform(n, \(structure)) AS s, loon_file FROM (\(named))"
        }
        let list =
            zip(table.columns, keyed).map { column, key in
                let nothing = "CAST(NULL AS \(EngineText.type(column.type)))"
                return "\(binding.reads(column) ? value(key, mode) : nothing) AS \(EngineText.name(column.name))"
            } + values.columns(of: "loon_file")
        let select = "SELECT \(list.joined(separator: ", ")) FROM (\(rows))"
        guard mode == "drop" else { return select }
        let fits = read.map { "(s.\(EngineText.name($0.name)) IS NOT NULL OR NOT \(isThere($0)))" }.joined(
            separator: " AND ")
        return select
            + " WHERE CASE WHEN \(fits) THEN true ELSE \(EngineFunctions.malformed)(\(queryNumber), coalesce(n, "
            + "'-')) IS NOT NULL END"
    }

    /// Whether an object has a value for a column. The transformation leaves NULL where it does not fit.
    private func isThere(_ column: TableColumn) -> String {
        "coalesce(json_type(n, \(EngineText.literal("$.\(EngineText.json(column.name))"))), 'NULL') <> 'NULL'"
    }

    private func value(_ column: TableColumn, _ mode: String?) -> String {
        let name = EngineText.name(column.name)
        let path = EngineText.literal("$.\(EngineText.json(column.name))")
        let type = EngineText.type(column.type)
        let loss =
            mode == "fail"
            ? "\(EngineFunctions.refuse)('The value ''', left(CAST(json_extract(n, \(path)) AS VARCHAR), 80), "
                + EngineText.literal(
                    "' of the column \(column.name) of \(table.schema).\(table.name) is no "
                        + "\(column.type.ddl.uppercased())"
                ) + ")"
            : "\(EngineFunctions.malformed)(\(queryNumber), n)"
        if case .binary = column.type { return "coalesce(try(from_base64(s.\(name))), encode(s.\(name)))" }
        return
            "CASE WHEN s.\(name) IS NOT NULL THEN s.\(name) WHEN \(isThere(column)) THEN CAST(\(loss) AS \(type)) END"
    }

    /// The form that json_transform takes
    /// (https://duckdb.org/docs/stable/data/json/json_functions#transforming-json-to-nested-types).
    private static func structure(_ type: HiveType) -> String {
        switch type {
        case .structure(let fields):
            "{" + fields.map { "\(EngineText.json($0.name)):\(structure($0.type))" }.joined(separator: ",") + "}"
        case .array(let element): "[\(structure(element))]"
        // Base64, as Loon writes it.
        case .binary: EngineText.json("VARCHAR")
        default: EngineText.json(EngineText.type(type))
        }
    }
}

extension HiveType {
    /// Whether values have names of fields in them.
    fileprivate var hasNames: Bool {
        switch self {
        case .structure: true
        case .array(let element): element.hasNames
        case .map(_, let value): value.hasNames
        default: false
        }
    }
}
