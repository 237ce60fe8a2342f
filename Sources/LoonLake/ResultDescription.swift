package import LoonCore
import QueryEngine

/// `result.meta.json`: what a result's file holds, for people and for `query_result`.
package struct ResultDescription: Decodable {
    package static let name = "result.meta.json"
    /// Beside a result whose text does not say all: the rows with their types.
    package static let keptName = "result.kept.parquet"

    package struct Column: Decodable {
        package let name: String
        package let type: String

        package init(name: String, type: String) {
            self.name = name
            self.type = type
        }
    }
    package let columns: [Column]
    package let rows: Int64
    package let bytes: Int64
    /// The result's file, beside this one.
    package let file: String
    /// The file with the rows and their types, which may be the result's own; absent where the CSV says all.
    package let typed_file: String?
    /// Bytes of the longest row of text.
    package let longest_row: Int?
    package let statement_sha256: String
    package let warnings: [String]

    package init(
        columns: [Column], rows: Int64, bytes: Int64, file: String, typed_file: String?, longest_row: Int?,
        statement_sha256: String, warnings: [String]
    ) {
        self.columns = columns
        self.rows = rows
        self.bytes = bytes
        self.file = file
        self.typed_file = typed_file
        self.longest_row = longest_row
        self.statement_sha256 = statement_sha256
        self.warnings = warnings
    }

    /// As it is written, for people to read. One is made for each task, and `JSONEncoder` would take a third of a
    /// millisecond.
    package func write(to out: inout TextBuffer) {
        out.append("{\n  \"bytes\": ")
        out.append(decimal: bytes)
        out.append(",\n  \"columns\": [")
        for (index, column) in columns.enumerated() {
            out.append(index == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ")
            out.append(jsonString: column.name)
            out.append(", \"type\": ")
            out.append(jsonString: column.type)
            out.append("}")
        }
        out.append("\n  ],\n  \"file\": ")
        out.append(jsonString: file)
        if let longest_row {
            out.append(",\n  \"longest_row\": ")
            out.append(decimal: Int64(longest_row))
        }
        out.append(",\n  \"rows\": ")
        out.append(decimal: rows)
        out.append(",\n  \"statement_sha256\": ")
        out.append(jsonString: statement_sha256)
        if let typed_file {
            out.append(",\n  \"typed_file\": ")
            out.append(jsonString: typed_file)
        }
        out.append(",\n  \"warnings\": [")
        for (index, warning) in warnings.enumerated() {
            out.append(index == 0 ? "" : ", ")
            out.append(jsonString: warning)
        }
        out.append("]\n}\n")
    }

    /// The columns as they were; of nested ones the type is in the typed file.
    package var resultColumns: [ResultColumn] {
        columns.map { ResultColumn(name: $0.name, type: ColumnType(resultName: $0.type) ?? .list(.null)) }
    }
}

extension ColumnType {
    /// The type as `result.meta.json` names it.
    package var resultName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .int8: "tinyint"
        case .int16: "smallint"
        case .int32: "int"
        case .int64: "bigint"
        case .uint8: "tinyint unsigned"
        case .uint16: "smallint unsigned"
        case .uint32: "int unsigned"
        case .uint64: "bigint unsigned"
        case .float32: "float"
        case .float64: "double"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .text: "string"
        case .binary: "binary"
        case .date: "date"
        case .time: "time"
        case .timestamp(.microsecond): "timestamp"
        case .timestamp(.second): "timestamp(0)"
        case .timestamp(.millisecond): "timestamp(3)"
        case .timestamp(.nanosecond): "timestamp(9)"
        case .interval: "interval"
        case .list(let element): "array<\(element.resultName)>"
        case .structure(let fields):
            "struct<" + fields.map { "\($0.name):\($0.type.resultName)" }.joined(separator: ",") + ">"
        case .map(let key, let value): "map<\(key.resultName),\(value.resultName)>"
        }
    }

    private static let plain: [String: ColumnType] = {
        let types: [ColumnType] = [
            .null, .boolean, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float32, .float64,
            .text, .binary, .date, .time,
            .timestamp(.second), .timestamp(.millisecond), .timestamp(.microsecond), .timestamp(.nanosecond), .interval,
        ]
        return Dictionary(uniqueKeysWithValues: types.map { ($0.resultName, $0) })
    }()

    /// The inverse of `resultName`, of types that are not nested.
    package init?(resultName name: String) {
        if let type = Self.plain[name] {
            self = type
        } else if let match = name.wholeMatch(of: /decimal\(([0-9]{1,2}),([0-9]{1,2})\)/), let precision = Int(match.1),
            let scale = Int(match.2),
            (1...38).contains(precision), scale <= precision
        {
            self = .decimal(precision: precision, scale: scale)
        } else {
            return nil
        }
    }
}
