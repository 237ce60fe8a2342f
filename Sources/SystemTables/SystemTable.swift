package import LoonCore
package import SQLFrontend

/// A table that MySQL describes itself with, and that the daemon makes when it is asked.
package struct SystemTable: Sendable {
    package struct Column: Sendable {
        package let name: String
        /// The type as MySQL declares it, in lower case.
        package let type: String
        package let isNullable: Bool

        package var isText: Bool {
            !["int", "bigint", "tinyint", "smallint", "double", "float", "decimal", "datetime", "timestamp"].contains {
                type.hasPrefix($0)
            }
        }

        var resultType: ColumnType {
            if type.hasPrefix("datetime") || type.hasPrefix("timestamp") { return .timestamp(.second) }
            if type.hasPrefix("double") || type.hasPrefix("float") { return .float64 }
            return isText || type.hasPrefix("decimal") ? .text : type.contains("unsigned") ? .uint64 : .int64
        }
    }

    let schema: String
    package let name: String
    package let columns: [Column]

    package var resultColumns: [ResultColumn] { columns.map { ResultColumn(name: $0.name, type: $0.resultType) } }

    /// As information_schema.TABLES says.
    package var tableType: String { schema == "information_schema" ? "SYSTEM VIEW" : "BASE TABLE" }
}

/// The tables that MySQL describes itself with, by schema and name.
package enum SystemCatalog {
    private static let all: [String: [SystemTable]] = {
        var tables: [String: [SystemTable]] = [:]
        for line in SystemTableColumns.text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"), let dot = line.firstIndex(of: "."), dot < colon else {
                continue
            }
            let columns = line[line.index(after: colon)...].split(separator: ";").map { definition in
                let words = definition.split(separator: " ", maxSplits: 1)
                let type = words.last.map(String.init) ?? ""
                return SystemTable.Column(
                    name: String(words[0]), type: type.hasSuffix("?") ? String(type.dropLast()) : type,
                    isNullable: type.hasSuffix("?"))
            }
            let schema = String(line[..<dot])
            tables[schema, default: []].append(
                SystemTable(schema: schema, name: String(line[line.index(after: dot)..<colon]), columns: columns))
        }
        return tables
    }()

    /// Names are compared without regard to case.
    package static func table(schema: String, name: String) -> SystemTable? {
        let name = name.lowercased()
        return all[schema.lowercased()]?.first { $0.name.lowercased() == name }
    }

    /// MySQL's error for a table that is not there.
    package static func missing(schema: String, name: String) -> QueryError {
        schema == "information_schema"
            ? QueryError(.unknownSystemTable, "Unknown table '\(name)' in \(schema)")
            : QueryError(.unknownTable, "Table '\(schema).\(name)' doesn't exist")
    }

    /// `schema` is lower case.
    package static func tables(of schema: String) -> [SystemTable] { all[schema] ?? [] }
}

/// The part of a table that its WHERE asks for: there is no need to make the rest.
package struct SystemTableScope {
    /// Lower case; `nil` for all.
    let schemas: Set<String>?
    let tables: Set<String>?

    /// The rows of `loon.query_task` that are asked for; `nil` for all.
    let tasks: RowPredicate?

    package init(_ filter: Expression?) {
        tasks = TaskTable.predicate(filter)
        func names(_ columns: String...) -> Set<String>? {
            columns.lazy.compactMap { filter?.required($0) }.first.map { Set($0.map { $0.lowercased() }) }
        }
        schemas = names("table_schema", "schema_name")
        tables = names("table_name")
    }

    /// The scope of several scans of the table: a row is asked for if one of `predicates` may hold for it.
    package init(_ predicates: [ScanPredicate]) {
        tasks = nil
        func names(_ columns: String...) -> Set<String>? {
            columns.lazy.compactMap { ScanPredicate.any(predicates).required($0) }.first.map {
                Set($0.map { $0.lowercased() })
            }
        }
        schemas = names("table_schema", "schema_name")
        tables = names("table_name")
    }

    func has(schema: String) -> Bool { schemas?.contains(schema.lowercased()) ?? true }
    func has(table: String) -> Bool { tables?.contains(table.lowercased()) ?? true }
}

/// MySQL's type for a column of a Hive table.
package struct MySQLColumnType {
    let dataType: String
    package let columnType: String
    /// The longest text, in characters.
    package var characters: Int64?
    /// The digits of a number, and those behind its point.
    var precision: Int64?
    var scale: Int64?
    package let resultType: ColumnType

    package init(_ type: HiveType) {
        func number(_ name: String, _ precision: Int64, _ result: ColumnType) -> (
            String, String, Int64?, Int64?, Int64?, ColumnType
        ) {
            (name, name, nil, precision, 0, result)
        }
        func text(_ length: Int64, _ name: String = "varchar") -> (String, String, Int64?, Int64?, Int64?, ColumnType) {
            (name, "\(name)(\(length))", length, nil, nil, .text)
        }
        (dataType, columnType, characters, precision, scale, resultType) =
            switch type {
            case .boolean: ("tinyint", "tinyint(1)", nil, 3, 0, .boolean)
            case .tinyint: number("tinyint", 3, .int8)
            case .smallint: number("smallint", 5, .int16)
            case .int: number("int", 10, .int32)
            case .bigint: number("bigint", 19, .int64)
            case .float: ("float", "float", nil, 12, nil, .float32)
            case .double: ("double", "double", nil, 22, nil, .float64)
            case .decimal(let precision, let scale):
                (
                    "decimal", "decimal(\(precision),\(scale))", nil, Int64(precision), Int64(scale),
                    .decimal(precision: precision, scale: scale)
                )
            case .string: text(65_535)
            case .varchar(let length): text(Int64(length))
            case .char(let length): text(Int64(length), "char")
            case .binary: ("longblob", "longblob", nil, nil, nil, .binary)
            case .date: ("date", "date", nil, nil, nil, .date)
            case .timestamp: ("datetime", "datetime(6)", nil, nil, nil, .timestamp(.microsecond))
            case .array, .map, .structure: ("json", "json", nil, nil, nil, .text)
            }
    }
}
