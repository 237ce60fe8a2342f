import LoonCore
import QueryEngine

/// Results in files: how they are written with their types, and how they are read as tables.
enum ResultScan {
    /// The SELECT of a view over a stored result.
    static func select(_ result: StoredResult, from path: String) -> String {
        let names = StoredResult.tableNames(result.columns).map(EngineText.name)
        switch result.form {
        case .kept:
            let columns = zip(names, result.columns).map { name, column in
                StoredResult.isPlain(column.type) ? "CAST(\(name) AS \(type(column.type))) AS \(name)" : name
            }
            return
                "SELECT \(columns.joined(separator: ", ")) FROM "
                + "read_parquet(\(EngineText.literal(path)), hive_partitioning = false)"
        case .csv:
            let sources = result.columns.indices.map { "'c\($0)': 'VARCHAR'" }
            let columns = zip(names, result.columns).enumerated().map { index, pair in
                let (name, column) = pair
                return column.type == .text
                    ? "c\(index) AS \(name)" : "CAST(c\(index) AS \(type(column.type))) AS \(name)"
            }
            let lines = TextScan.lineOptions(
                bytesMax: max(Limits.textLineBytesMax, min(result.rowBytesMax, Limits.rowBytesMax) + 2))
            return """
                SELECT \(columns.joined(separator: ", ")) FROM read_csv(\(EngineText.literal(path)), \
                auto_detect = false, header = true, \
                columns = {\(sources.joined(separator: ", "))}, delim = ',', quote = '"', escape = '"', new_line = \
                '\\n', allow_quoted_nulls = false, \
                \(lines.joined(separator: ", ")))
                """
        }
    }

    /// The COPY that keeps a query's rows with their types. Above `rowsMax` one row more is written, which tells.
    static func copy(_ query: EngineQuery, columns: [ResultColumn], path: String, isShown: Bool, rowsMax: Int?)
        -> String
    {
        let sources = columns.indices.map { "c\($0)" }
        let names = StoredResult.tableNames(columns).map(EngineText.name)
        let list = zip(zip(sources, columns), names).map { source, name in
            // Fields without names cannot be named in a cast.
            guard isNamed(source.1.type) else { return "\(source.0) AS \(name)" }
            // Parquet has no HUGEINT, and no INTERVAL below zero.
            let type =
                source.1.type == huge && !isShown
                ? "VARCHAR" : type(source.1.type, hugeAs: "DECIMAL(38,0)", intervalAs: "VARCHAR")
            return "\(value(source.0, source.1.type, as: type, query.timeZoneOffsetMinutes)) AS \(name)"
        }
        let limit = rowsMax.map { $0 == Int.max ? "" : " LIMIT \($0 + 1)" } ?? ""
        // On a line of its own: the query may end in a comment.
        return """
            COPY (SELECT \(list.joined(separator: ", ")) FROM (\(query.sql)
            ) AS loon_source(\(sources.joined(separator: ", ")))\(limit)) TO \(EngineText.literal(path)) (FORMAT
            parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER false)
            """
    }

    /// A moment with a time zone becomes the time that the clocks of the query's zone showed.
    private static func value(_ source: String, _ type: ColumnType, as name: String, _ offsetMinutes: Int) -> String {
        guard type == .timestamp(.microsecond), offsetMinutes != 0 else { return "CAST(\(source) AS \(name))" }
        let shift = "CASE WHEN typeof(\(source)) = 'TIMESTAMP WITH TIME ZONE' THEN \(offsetMinutes) ELSE 0 END"
        return "CAST(\(source) AS \(name)) + to_minutes(\(shift))"
    }

    private static func isNamed(_ type: ColumnType) -> Bool {
        switch type {
        case .list(let element): isNamed(element)
        case .structure(let fields): fields.allSatisfy { !$0.name.isEmpty && isNamed($0.type) }
        case .map(let key, let value): isNamed(key) && isNamed(value)
        default: true
        }
    }

    /// The type that a HUGEINT comes out as; it has up to 39 digits all the same.
    private static let huge = ColumnType.decimal(precision: 38, scale: 0)

    /// The engine's type that comes out as `type`.
    private static func type(
        _ type: ColumnType, hugeAs huge: String = "HUGEINT", intervalAs interval: String = "INTERVAL"
    ) -> String {
        switch type {
        case self.huge: huge
        case .null: "\"NULL\""
        case .boolean: "BOOLEAN"
        case .int8: "TINYINT"
        case .int16: "SMALLINT"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .uint8: "UTINYINT"
        case .uint16: "USMALLINT"
        case .uint32: "UINTEGER"
        case .uint64: "UBIGINT"
        case .float32: "FLOAT"
        case .float64: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .text: "VARCHAR"
        case .binary: "BLOB"
        case .date: "DATE"
        case .time: "TIME"
        case .timestamp(.second): "TIMESTAMP_S"
        case .timestamp(.millisecond): "TIMESTAMP_MS"
        case .timestamp(.microsecond): "TIMESTAMP"
        case .timestamp(.nanosecond): "TIMESTAMP_NS"
        case .interval: interval
        case .list(let element): self.type(element, hugeAs: huge, intervalAs: interval) + "[]"
        case .structure(let fields):
            "STRUCT("
                + fields.map { "\(EngineText.name($0.name)) \(self.type($0.type, hugeAs: huge, intervalAs: interval))" }
                .joined(separator: ", ")
                + ")"
        case .map(let key, let value):
            "MAP(\(self.type(key, hugeAs: huge, intervalAs: interval)), "
                + "\(self.type(value, hugeAs: huge, intervalAs: interval)))"
        }
    }
}
