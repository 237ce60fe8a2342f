import LoonCore

/// CREATE and DROP of schemas and external tables, in Hive's grammar
/// (https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL).
extension StatementParser {
    mutating func definition() throws(QueryError) -> Statement {
        if cursor.take("drop") { return try drop() }
        cursor.advance()
        if cursor.take("schema") || cursor.take("database") { return try createSchema() }
        let isExternal = cursor.take("external")
        guard cursor.take("table") else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(kind: "CREATE " + cursor.lexer.text(cursor.token).uppercased())
        }
        guard isExternal else {
            throw QueryError(.notSupported, "Only external tables over files are supported; write CREATE EXTERNAL TABLE … LOCATION 'oss://…'")
        }
        return try createTable()
    }

    private mutating func drop() throws(QueryError) -> Statement {
        if cursor.take("schema") || cursor.take("database") {
            let ifExists = try cursor.ifExists()
            return try ending(.dropSchema(name: try cursor.name(), ifExists: ifExists))
        }
        _ = cursor.take("external")
        guard cursor.take("table") else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(kind: "DROP " + cursor.lexer.text(cursor.token).uppercased())
        }
        let ifExists = try cursor.ifExists()
        return try ending(.dropTable(try cursor.tableName(), ifExists: ifExists))
    }

    private mutating func createSchema() throws(QueryError) -> Statement {
        let ifNotExists = try cursor.ifNotExists()
        let name = try cursor.name()
        var properties: [String: String] = [:]
        if cursor.take("with") {
            try cursor.expect("dbproperties")
            properties = try cursor.properties()
        }
        return try ending(.createSchema(CreateSchema(name: name, ifNotExists: ifNotExists, properties: properties)))
    }

    // MARK: CREATE EXTERNAL TABLE

    private mutating func createTable() throws(QueryError) -> Statement {
        let ifNotExists = try cursor.ifNotExists()
        let name = try cursor.tableName()
        if cursor.isAt("like") { return .unsupported(kind: "CREATE EXTERNAL TABLE … LIKE") }
        let columns = try columns()
        let comment = cursor.take("comment") ? try cursor.string() : nil
        if cursor.isAt("partitioned") { return .unsupported(kind: "CREATE EXTERNAL TABLE … PARTITIONED BY") }
        var rowFormat: TableFormat?
        if cursor.take("row", "format") { rowFormat = try self.rowFormat() }
        let storedAs = cursor.take("stored", "as") ? try cursor.name().uppercased() : "TEXTFILE"
        try cursor.expect("location")
        let location = try cursor.string()
        let properties = cursor.take("tblproperties") ? try cursor.properties() : [:]
        try cursor.expectEnd()
        let format = try Self.format(storedAs: storedAs, rowFormat: rowFormat, properties: properties)
        return .createTable(
            CreateTable(
                name: name, ifNotExists: ifNotExists, columns: columns, format: format, location: location, comment: comment,
                properties: properties))
    }

    private mutating func columns() throws(QueryError) -> [TableColumn] {
        var columns: [TableColumn] = []
        var names: Set<String> = []
        try cursor.expect(symbol: "(")
        repeat {
            if cursor.isAt(symbol: ")"), !columns.isEmpty { break }  // a trailing comma, which the original tolerates
            let name = try cursor.name()
            guard names.insert(name.lowercased()).inserted else { throw QueryError(.syntax, "The column '\(name)' is declared twice") }
            let type = try hiveType(depth: 0)
            guard !pendingAngle else { throw cursor.unexpected("a '>' too many") }
            columns.append(TableColumn(name: name, type: type, comment: cursor.take("comment") ? try cursor.string() : nil))
            guard columns.count <= Limits.columnsMax else { throw QueryError(.syntax, "A table has at most \(Limits.columnsMax) columns") }
        } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
        return columns
    }

    private mutating func hiveType(depth: Int) throws(QueryError) -> HiveType {
        guard depth < 16 else { throw cursor.unexpected("types nest at most 16 levels") }
        let word = cursor.token
        let name = try cursor.name().lowercased()
        switch name {
        case "boolean": return .boolean
        case "tinyint": return .tinyint
        case "smallint": return .smallint
        case "int", "integer": return .int
        case "bigint": return .bigint
        case "float": return .float
        case "double":
            _ = cursor.take("precision")
            return .double
        case "string": return .string
        case "binary": return .binary
        case "date": return .date
        case "timestamp", "datetime": return .timestamp
        case "decimal", "numeric": return try decimal()
        case "varchar", "char":
            try cursor.expect(symbol: "(")
            let length = try cursor.integer(1...65_535)
            try cursor.expect(symbol: ")")
            return name == "char" ? .char(length) : .varchar(length)
        case "array":
            try cursor.expect(symbol: "<")
            let element = try hiveType(depth: depth + 1)
            try closeAngle()
            return .array(element)
        case "map":
            try cursor.expect(symbol: "<")
            let key = try hiveType(depth: depth + 1)
            try cursor.expect(symbol: ",")
            let value = try hiveType(depth: depth + 1)
            try closeAngle()
            return .map(key: key, value: value)
        case "struct": return try structure(depth: depth)
        default: throw cursor.lexer.error(at: word.range.lowerBound, hint: "'\(name)' is not a column type")
        }
    }

    private mutating func decimal() throws(QueryError) -> HiveType {
        guard cursor.take(symbol: "(") else { return .decimal(precision: 10, scale: 0) }
        let precision = try cursor.integer(1...38)
        let scale = cursor.take(symbol: ",") ? try cursor.integer(0...precision) : 0
        try cursor.expect(symbol: ")")
        return .decimal(precision: precision, scale: scale)
    }

    private mutating func structure(depth: Int) throws(QueryError) -> HiveType {
        var fields: [HiveType.Field] = []
        try cursor.expect(symbol: "<")
        repeat {
            let name = try cursor.name()
            try cursor.expect(symbol: ":")
            fields.append(.init(name: name, type: try hiveType(depth: depth + 1)))
            if cursor.take("comment") { _ = try cursor.string() }
        } while cursor.take(symbol: ",")
        try closeAngle()
        return .structure(fields)
    }

    /// One `>`: two that stand together are one token, of which the second half is left for the enclosing type.
    private mutating func closeAngle() throws(QueryError) {
        if pendingAngle {
            pendingAngle = false
        } else if cursor.take(symbol: ">>") {
            pendingAngle = true
        } else {
            try cursor.expect(symbol: ">")
        }
    }
}
