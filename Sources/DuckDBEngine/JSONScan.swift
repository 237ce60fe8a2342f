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
        let structure = Self.structure(of: keyed)
        var lines =
            "SELECT line AS l, file_index AS loon_file FROM \(TextScan.lines(files, headerLines: 0)) WHERE "
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
        var rows: String
        if read.allSatisfy({ !$0.type.hasNames }) {
            let complete =
                read.isEmpty
                ? "true" : read.map { "s.\(EngineText.name($0.name)) IS NOT NULL" }.joined(separator: " AND ")
            let tried = "SELECT l, \(first) AS s, loon_file FROM (\(lines))"
            let named = "SELECT l, CASE WHEN \(complete) THEN NULL ELSE \(names) END AS n, s, loon_file FROM (\(tried))"
            rows =
                "SELECT l, n, CASE WHEN n IS NULL THEN s ELSE json_transform(n, \(structure)) END AS s, loon_file "
                + "FROM (\(named))"
        } else {
            let named = "SELECT l, \(names) AS n, loon_file FROM (\(lines))"
            rows = "SELECT l, n, json_transform(n, \(structure)) AS s, loon_file FROM (\(named))"
        }
        // Apart from the others, whose texts would get the digits too.
        let exact = read.filter { JSONNumbers.matter(to: $0.type) }
        if !exact.isEmpty {
            let line = "\(EngineFunctions.jsonExact)(coalesce(n, l))"
            rows = "SELECT *, json_transform(\(line), \(Self.structure(of: exact))) AS d FROM (\(rows))"
        }
        let list =
            zip(table.columns, keyed).map { column, key in
                let nothing = "CAST(NULL AS \(EngineText.type(column.type)))"
                return "\(binding.reads(column) ? value(key, mode) : nothing) AS \(EngineText.name(column.name))"
            } + values.columns(of: "loon_file")
        let select = "SELECT \(list.joined(separator: ", ")) FROM (\(rows))"
        guard mode == "drop" else { return select }
        let fits = read.map { "(\(source(of: $0)) IS NOT NULL OR NOT \(isThere($0)))" }.joined(
            separator: " AND ")
        return select
            + " WHERE CASE WHEN \(fits) THEN true ELSE \(EngineFunctions.malformed)(\(queryNumber), coalesce(n, "
            + "'-')) IS NOT NULL END"
    }

    /// Whether an object has a value for a column. The transformation leaves NULL where it does not fit.
    private func isThere(_ column: TableColumn) -> String {
        "coalesce(json_type(n, \(EngineText.literal("$.\(EngineText.json(column.name))"))), 'NULL') <> 'NULL'"
    }

    /// The column's value as the transformation left it.
    private func source(of column: TableColumn) -> String {
        (JSONNumbers.matter(to: column.type) ? "d." : "s.") + EngineText.name(column.name)
    }

    private func value(_ column: TableColumn, _ mode: String?) -> String {
        let source = source(of: column)
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
        if case .binary = column.type { return Self.bytes(in: source, column.type) }
        // The first of two columns with the same key says what the object's structure is.
        let isShared = keyed.count { UTF8Key($0.name) == UTF8Key(column.name) } > 1
        let value =
            column.type.hasBinary
            ? Self.bytes(in: source, column.type) : isShared ? "CAST(\(source) AS \(type))" : source
        return "CASE WHEN \(source) IS NOT NULL THEN \(value) WHEN \(isThere(column)) THEN CAST(\(loss) AS \(type)) END"
    }

    /// A value with bytes in the places of their texts: Base64, as Loon writes it, or else the text's own.
    private static func bytes(in source: String, _ type: HiveType, depth: Int = 0) -> String {
        let item = "b\(depth)"
        func inner(_ source: String, _ type: HiveType) -> String { bytes(in: source, type, depth: depth + 1) }
        guard type.hasBinary else { return source }
        switch type {
        case .binary: return "coalesce(try(from_base64(\(source))), encode(\(source)))"
        case .array(let element): return "list_transform(\(source), lambda \(item): \(inner(item, element)))"
        case .map(let key, let value):
            let pair = "struct_pack(k := \(inner("\(item).key", key)), v := \(inner("\(item).value", value)))"
            return "map_from_entries(list_transform(map_entries(\(source)), lambda \(item): \(pair)))"
        case .structure(let fields):
            let members = fields.map { field in
                let name = EngineText.name(field.name)
                return "\(name) := \(inner("(\(source)).\(name)", field.type))"
            }
            return "CASE WHEN \(source) IS NOT NULL THEN struct_pack(\(members.joined(separator: ", "))) END"
        default: return source
        }
    }

    /// The structure of an object with these keys, of which two columns may have the same.
    private static func structure(of columns: [TableColumn]) -> String {
        var keys: Set<UTF8Key> = []
        let fields = columns.filter { keys.insert(UTF8Key($0.name)).inserted }.map {
            "\(EngineText.json($0.name)):\(structure($0.type))"
        }
        return EngineText.literal("{" + fields.joined(separator: ",") + "}")
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
