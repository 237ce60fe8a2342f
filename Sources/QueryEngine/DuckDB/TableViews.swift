import LoonCore

/// The views that stand for a query's tables: each reads its files as its DDL says.
enum TableViews {
    static func statements(catalog: String, schema: String?, tables: [TableBinding], valueTables: [ValueTable]) -> [String] {
        var schemas: [String] = []
        for name in [schema].compactMap(\.self) + tables.map(\.table.schema) + valueTables.map(\.schema)
        where !schemas.contains(where: { $0.lowercased() == name.lowercased() }) {
            schemas.append(name)
        }
        var statements = schemas.map { "CREATE SCHEMA IF NOT EXISTS \(catalog).\(EngineText.name($0))" }
        statements += tables.map { binding in
            let place = "\(catalog).\(EngineText.name(binding.table.schema)).\(EngineText.name(binding.table.name))"
            return "CREATE VIEW \(place) AS \(select(binding))"
        }
        statements += valueTables.map { table in
            let columns = table.columns.map { "\(EngineText.name($0.name)) \(type($0.type))" }
            return "CREATE TABLE \(catalog).\(EngineText.name(table.schema)).\(EngineText.name(table.name)) (\(columns.joined(separator: ", ")))"
        }
        // Behind the query's own schema stands the one with MySQL's functions, which has no tables.
        statements.append("SET search_path = \(EngineText.literal("\(catalog).\(EngineText.name(schema ?? "main")),memory.main"))")
        return statements
    }

    private static func select(_ binding: TableBinding) -> String {
        let columns = binding.table.columns
        guard !binding.files.isEmpty else {
            let nulls = columns.map { "CAST(NULL AS \(type($0.type))) AS \(EngineText.name($0.name))" }
            return "SELECT \(nulls.joined(separator: ", ")) WHERE false"
        }
        let files = "[" + binding.files.map(EngineText.literal).joined(separator: ", ") + "]"
        switch binding.table.format {
        case .text(let layout): return text(columns, files, layout)
        case .json:
            let types = columns.map { "\(EngineText.literal($0.name)): \(EngineText.literal(type($0.type)))" }
            let names = columns.map { EngineText.name($0.name) }.joined(separator: ", ")
            return "SELECT \(names) FROM read_json(\(files), format = 'newline_delimited', hive_partitioning = false, "
                + "columns = {\(types.joined(separator: ", "))})"
        case .parquet:
            let list = columns.map { "CAST(\(EngineText.name($0.name)) AS \(type($0.type))) AS \(EngineText.name($0.name))" }
            return "SELECT \(list.joined(separator: ", ")) FROM read_parquet(\(files), hive_partitioning = false)"
        }
    }

    /// As Hive reads delimited text: every field is text first, and what does not fit its column's type is NULL; missing fields are NULL and
    /// surplus ones dropped.
    private static func text(_ columns: [TableColumn], _ files: String, _ layout: TextLayout) -> String {
        let fields = columns.indices.map { "'c\($0)': 'VARCHAR'" }.joined(separator: ", ")
        let list = columns.enumerated().map { "\(value("c\($0)", $1.type)) AS \(EngineText.name($1.name))" }
        var options = [
            // A folder named k=v is a partition only where DDL says so.
            "hive_partitioning = false", "auto_detect = false", "header = false", "null_padding = true", "strict_mode = false",
            "skip = \(layout.headerLines)", "delim = \(EngineText.literal(layout.delimiter))",
            "quote = \(EngineText.literal(layout.quote ?? ""))",
            "escape = \(EngineText.literal(layout.escape ?? ""))",
            "nullstr = \(EngineText.literal(layout.nullText))", "columns = {\(fields)}",
        ]
        // The engine's parallel reader refuses a quoted line break where missing fields are to be NULL.
        if layout.quote != nil { options.append("parallel = false") }
        return "SELECT \(list.joined(separator: ", ")) FROM read_csv(\(files), \(options.joined(separator: ", ")))"
    }

    private static func value(_ field: String, _ type: HiveType) -> String {
        switch type {
        case .string, .varchar, .char: field
        case .binary: "encode(\(field))"
        default: "TRY_CAST(\(field) AS \(self.type(type)))"
        }
    }

    private static func type(_ type: ColumnType) -> String {
        switch type {
        case .int64: "BIGINT"
        case .uint64: "UBIGINT"
        case .float64: "DOUBLE"
        case .timestamp: "TIMESTAMP"
        default: "VARCHAR COLLATE NOCASE"
        }
    }

    static func type(_ type: HiveType) -> String {
        switch type {
        case .boolean: "BOOLEAN"
        case .tinyint: "TINYINT"
        case .smallint: "SMALLINT"
        case .int: "INTEGER"
        case .bigint: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .string, .varchar, .char: "VARCHAR"
        case .binary: "BLOB"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP"
        case .array(let element): self.type(element) + "[]"
        case .map(let key, let value): "MAP(\(self.type(key)), \(self.type(value)))"
        case .structure(let fields):
            "STRUCT(" + fields.map { "\(EngineText.name($0.name)) \(self.type($0.type))" }.joined(separator: ", ") + ")"
        }
    }
}
