/// A schema of the catalog: a name for a folder of the object store.
package struct SchemaDefinition: Sendable, Equatable, Codable {
    package let name: String
    /// `oss://bucket/folder/`, always with the trailing slash.
    package let location: String
    package let creator: String

    package init(name: String, location: String, creator: String) {
        self.name = name
        self.location = location
        self.creator = creator
    }
}

/// A table's column as DDL declares it.
package struct TableColumn: Sendable, Equatable, Codable {
    package let name: String
    package let type: HiveType
    package let comment: String?

    package init(name: String, type: HiveType, comment: String? = nil) {
        self.name = name
        self.type = type
        self.comment = comment
    }
}

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

/// How the bytes of a table's files are laid out.
package enum TableFormat: Sendable, Equatable, Codable {
    case text(TextLayout)
    /// One JSON object a line.
    case json
    case parquet

    /// The name after STORED AS.
    package var storedAs: String {
        switch self {
        case .text: "TEXTFILE"
        case .json: "JSON"
        case .parquet: "PARQUET"
        }
    }
}

/// Delimited text: Hive's LazySimpleSerDe, or OpenCSVSerde where `quote` is set.
package struct TextLayout: Sendable, Equatable, Codable {
    package enum SerDe: String, Sendable, Codable { case lazySimple, openCSV }
    package var serDe: SerDe
    package var delimiter: String
    package var quote: String?
    package var escape: String?
    /// The text that stands for NULL.
    package var nullText: String
    /// Lines to pass over at the head of each file.
    package var headerLines: Int

    package init(
        serDe: SerDe = .lazySimple, delimiter: String = "\u{1}", quote: String? = nil, escape: String? = nil,
        nullText: String = "\\N", headerLines: Int = 0
    ) {
        self.serDe = serDe
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.nullText = nullText
        self.headerLines = headerLines
    }
}

/// An external table of the catalog.
package struct ExternalTable: Sendable, Equatable, Codable {
    package let schema: String
    package let name: String
    package let columns: [TableColumn]
    package let format: TableFormat
    /// `oss://bucket/key` of one file, or of a folder with a trailing slash.
    package let location: String
    package let comment: String?
    /// TBLPROPERTIES as declared, in order of their names.
    package let properties: [String: String]
    package let creator: String

    package init(
        schema: String, name: String, columns: [TableColumn], format: TableFormat, location: String,
        comment: String? = nil, properties: [String: String] = [:], creator: String
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.format = format
        self.location = location
        self.comment = comment
        self.properties = properties
        self.creator = creator
    }
}
