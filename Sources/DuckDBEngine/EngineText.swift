import LoonCore

/// Names and strings in the engine's dialect.
enum EngineText {
    static func literal(_ text: String) -> String { quoted(text, by: "'") }
    static func name(_ name: String) -> String { quoted(name, by: "\"") }

    /// By scalars, as the engine reads them: a `Character` may be a quote with marks around it, and would not be found
    /// equal to one.
    private static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
        // Most have nothing to double.
        guard text.utf8.contains(UInt8(ascii: quote)) else { return "\(quote)\(text)\(quote)" }
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in text.unicodeScalars {
            if scalar == quote { result.append(quote) }
            result.append(scalar)
        }
        result.append(quote)
        return String(result)
    }

    /// The engine's type for a column's.
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
            "STRUCT(" + fields.map { "\(name($0.name)) \(self.type($0.type))" }.joined(separator: ", ") + ")"
        }
    }

    /// The engine's type for a column of the daemon's own rows.
    static func type(_ type: ColumnType) -> String {
        switch type {
        case .int64: "BIGINT"
        case .uint64: "UBIGINT"
        case .float64: "DOUBLE"
        case .timestamp: "TIMESTAMP"
        default: "VARCHAR COLLATE NOCASE"
        }
    }

    /// A string of JSON.
    static func json(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        result.append("\"")
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.append("\\") }
            result.append(scalar)
        }
        result.append("\"")
        return String(result)
    }
}
