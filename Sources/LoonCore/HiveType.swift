/// The column types of Hive DDL (https://cwiki.apache.org/confluence/display/Hive/LanguageManual+Types).
package indirect enum HiveType: Sendable, Equatable, Codable {
    case boolean, tinyint, smallint, int, bigint, float, double
    case decimal(precision: Int, scale: Int)
    case string
    case varchar(Int)
    case char(Int)
    case binary, date, timestamp
    case array(HiveType)
    case map(key: HiveType, value: HiveType)
    case structure([Field])

    package struct Field: Sendable, Equatable, Codable {
        package let name: String
        package let type: HiveType
        package init(name: String, type: HiveType) {
            self.name = name
            self.type = type
        }
    }

    /// Whether values hold values: ARRAY, MAP and STRUCT.
    package var isNested: Bool {
        switch self {
        case .array, .map, .structure: true
        default: false
        }
    }

    /// Whether it is BINARY, or values of it may hold some.
    package var hasBinary: Bool {
        switch self {
        case .binary: true
        case .array(let element): element.hasBinary
        case .map(let key, let value): key.hasBinary || value.hasBinary
        case .structure(let fields): fields.contains { $0.type.hasBinary }
        default: false
        }
    }

    /// As DDL writes it, in lower case.
    package var ddl: String {
        switch self {
        case .boolean: "boolean"
        case .tinyint: "tinyint"
        case .smallint: "smallint"
        case .int: "int"
        case .bigint: "bigint"
        case .float: "float"
        case .double: "double"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .string: "string"
        case .varchar(let length): "varchar(\(length))"
        case .char(let length): "char(\(length))"
        case .binary: "binary"
        case .date: "date"
        case .timestamp: "timestamp"
        case .array(let element): "array<\(element.ddl)>"
        case .map(let key, let value): "map<\(key.ddl),\(value.ddl)>"
        case .structure(let fields): "struct<" + fields.map { "\($0.name):\($0.type.ddl)" }.joined(separator: ",") + ">"
        }
    }
}
