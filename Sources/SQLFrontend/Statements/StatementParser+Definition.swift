import LoonCore

/// CREATE, DROP and MSCK, in Hive's grammar (https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL).
extension StatementParser {
    mutating func definition() throws(QueryError) -> Statement {
        if cursor.take("create", "user") { return try user(isNew: true) }
        if cursor.take("drop", "user") { return try dropUser() }
        if cursor.take("drop") { return try drop() }
        cursor.advance()
        let orReplace = cursor.take("or", "replace")
        if cursor.take("view") { return try createView(orReplace: orReplace) }
        if !orReplace, cursor.take("schema") || cursor.take("database") { return try createSchema() }
        let isExternal = cursor.take("external")
        guard !orReplace, cursor.take("table") else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(
                kind: "CREATE " + (orReplace ? "OR REPLACE " : "") + cursor.lexer.text(cursor.token).uppercased())
        }
        return try createTable(isExternal: isExternal)
    }

    private mutating func drop() throws(QueryError) -> Statement {
        if cursor.take("schema") || cursor.take("database") {
            let ifExists = try cursor.ifExists()
            let name = try cursor.name()
            let isCascade = cursor.take("cascade")
            if !isCascade { _ = cursor.take("restrict") }
            return try ending(.dropSchema(name: name, ifExists: ifExists, isCascade: isCascade))
        }
        _ = cursor.take("external")
        let isView = cursor.take("view")
        guard isView || cursor.take("table") else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(kind: "DROP " + cursor.lexer.text(cursor.token).uppercased())
        }
        let ifExists = try cursor.ifExists()
        let name = try cursor.tableName()
        _ = cursor.take("purge") || cursor.take("restrict") || cursor.take("cascade")
        return try ending(isView ? .dropView(name, ifExists: ifExists) : .dropTable(name, ifExists: ifExists))
    }

    private mutating func createSchema() throws(QueryError) -> Statement {
        let ifNotExists = try cursor.ifNotExists()
        let name = try cursor.name()
        var properties: [String: String] = [:]
        if cursor.take("comment") { properties["comment"] = try cursor.string() }
        if cursor.take("location") { properties["location"] = try cursor.string() }
        if cursor.take("with") {
            try cursor.expect("dbproperties")
            properties.merge(try cursor.properties()) { $1 }
        }
        return try ending(.createSchema(CreateSchema(name: name, ifNotExists: ifNotExists, properties: properties)))
    }

    /// `CREATE [OR REPLACE] VIEW [IF NOT EXISTS] v [(column [COMMENT 'c'], …)] [COMMENT 'c'] AS query`
    private mutating func createView(orReplace: Bool) throws(QueryError) -> Statement {
        let ifNotExists = try cursor.ifNotExists()
        let name = try cursor.tableName()
        var columns: [ViewColumn] = []
        if cursor.take(symbol: "(") {
            repeat {
                let column = try cursor.name()
                columns.append(ViewColumn(name: column, comment: cursor.take("comment") ? try cursor.string() : nil))
            } while cursor.take(symbol: ",")
            try cursor.expect(symbol: ")")
        }
        let comment = cursor.take("comment") ? try cursor.string() : nil
        if cursor.take("tblproperties") { _ = try cursor.properties() }
        try cursor.expect("as")
        try innerQuery()
        return .createView(
            CreateView(name: name, orReplace: orReplace, ifNotExists: ifNotExists, columns: columns, comment: comment))
    }

    /// `MSCK [REPAIR] TABLE t [ADD | DROP | SYNC PARTITIONS | SYNC_DIR]`, `MSCK [REPAIR] DATABASE s`
    mutating func repair() throws(QueryError) -> Statement {
        _ = cursor.take("repair")
        if cursor.take("database") || cursor.take("schema") { return try ending(.repairSchema(try cursor.name())) }
        try cursor.expect("table")
        let name = try cursor.tableName()
        if cursor.take("sync_dir") || cursor.take("sync", "partitions") {
            return try ending(.repairTable(name, adds: true, drops: true))
        }
        if cursor.take("drop", "partitions") { return try ending(.repairTable(name, adds: false, drops: true)) }
        _ = cursor.take("add", "partitions")
        return try ending(.repairTable(name, adds: true, drops: false))
    }

    // MARK: CREATE TABLE

    /// The clauses behind a table's columns come in any order.
    private struct Clauses {
        var comment: String?
        var partitionColumns: [TableColumn] = []
        /// Of CREATE TABLE … AS, where the query says the types.
        var partitionNames: [String] = []
        var rowFormat: TableFormat?
        var serDe: SerDeProperties?
        var storedAs: String?
        var location: String?
        var properties: [String: String] = [:]
    }

    private mutating func createTable(isExternal: Bool) throws(QueryError) -> Statement {
        let ifNotExists = try cursor.ifNotExists()
        let name = try cursor.tableName()
        var mapping: String?
        if cursor.take("like") {
            guard cursor.take("mapping") else { return try createLike(name, ifNotExists: ifNotExists) }
            try cursor.expect(symbol: "(")
            mapping = try cursor.string()
            try cursor.expect(symbol: ")")
        }
        var columns: [TableColumn] = []
        if mapping == nil, cursor.isAt(symbol: "(") { columns = try self.columns() }
        let clauses = try self.clauses()
        var names = Set(columns.map { $0.name.lowercased() })
        for column in clauses.partitionColumns where !names.insert(column.name.lowercased()).inserted {
            throw QueryError(.syntax, "The column '\(column.name)' is declared twice")
        }
        let properties = (clauses.serDe?.tableProperties ?? [:]).merging(clauses.properties) { $1 }
        let format = try Self.format(
            storedAs: clauses.storedAs ?? "TEXTFILE", rowFormat: clauses.rowFormat, properties: properties)
        try TableProperties.check(properties)
        var table = CreateTable(
            name: name, ifNotExists: ifNotExists, columns: columns, partitionColumns: clauses.partitionColumns,
            format: format,
            location: clauses.location, comment: clauses.comment, properties: properties,
            unknownProperties: (clauses.serDe?.unknown ?? []) + TableProperties.unknown(properties))
        if let mapping {
            try cursor.expectEnd()
            if clauses.location == nil { table.location = mapping }
            table.isFormatGiven = clauses.storedAs != nil || clauses.rowFormat != nil
            return .createTableLikeMapping(table, source: mapping)
        }
        // The original writes LIKE for AS.
        if cursor.take("as") || cursor.take("like") {
            guard columns.isEmpty, clauses.partitionColumns.isEmpty else {
                throw QueryError(
                    .syntax, "CREATE TABLE … AS takes its columns from the query; partitions are named without types")
            }
            // Where nothing is said, what is fast to read.
            if clauses.storedAs == nil, clauses.rowFormat == nil { table.format = .parquet }
            try innerQuery()
            return .createTableAs(table, partitionedBy: clauses.partitionNames)
        }
        guard !columns.isEmpty else { throw cursor.unexpected("the columns are expected, or AS and a query") }
        guard clauses.partitionNames.isEmpty else {
            throw QueryError(.syntax, "The columns of PARTITIONED BY need types")
        }
        guard clauses.location != nil || !isExternal else {
            throw QueryError(.syntax, "CREATE EXTERNAL TABLE needs a LOCATION 'oss://bucket/folder/'")
        }
        return try ending(.createTable(table))
    }

    private mutating func createLike(_ name: TableName, ifNotExists: Bool) throws(QueryError) -> Statement {
        let source = try cursor.tableName()
        let clauses = try self.clauses()
        return try ending(
            .createTableLike(
                name, source: source, ifNotExists: ifNotExists, location: clauses.location,
                properties: clauses.properties))
    }

    private mutating func clauses() throws(QueryError) -> Clauses {
        var clauses = Clauses()
        while true {
            if cursor.take("comment") {
                clauses.comment = try cursor.string()
            } else if cursor.take("partitioned") {
                try cursor.expect("by")
                try partitionColumns(&clauses)
            } else if cursor.take("row", "format") {
                let given = try rowFormat()
                clauses.rowFormat = given.format
                clauses.serDe = given.serDe
            } else if cursor.take("stored", "as") {
                clauses.storedAs =
                    cursor.take("inputformat") ? try inputFormat() : try cursor.name().uppercased()
            } else if cursor.isAt("stored") || cursor.isAt("clustered") || cursor.isAt("skewed") {
                let words = "\(cursor.lexer.text(cursor.token)) \(cursor.lexer.text(cursor.next))".uppercased()
                throw QueryError(.notSupported, "\(words) is not supported")
            } else if cursor.take("location") {
                clauses.location = try cursor.string()
            } else if cursor.take("tblproperties") {
                clauses.properties = try cursor.properties()
            } else {
                return clauses
            }
        }
    }

    private mutating func partitionColumns(_ clauses: inout Clauses) throws(QueryError) {
        guard cursor.isAt(symbol: "("), case let afterName = cursor.token(after: 2),
            cursor.lexer.isSymbol(afterName, ",") || cursor.lexer.isSymbol(afterName, ")")
        else {
            clauses.partitionColumns = try columns()
            for column in clauses.partitionColumns where !column.type.isPartitionType {
                throw QueryError(
                    .syntax, "The column '\(column.name)' cannot be a partition's: \(column.type.ddl) is no simple type"
                )
            }
            return
        }
        try cursor.expect(symbol: "(")
        repeat { clauses.partitionNames.append(try cursor.name()) } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
    }

    /// `(column type [COMMENT 'c'], …)`; constraints, which files cannot keep, are passed over.
    mutating func columns() throws(QueryError) -> [TableColumn] {
        var columns: [TableColumn] = []
        var names: Set<String> = []
        try cursor.expect(symbol: "(")
        repeat {
            if cursor.isAt(symbol: ")"), !columns.isEmpty { break }  // a trailing comma, which the original tolerates
            if cursor.isAt("primary"), cursor.lexer.isKeyword(cursor.next, "key"),
                cursor.lexer.isSymbol(cursor.token(after: 2), "(")
            {
                while !cursor.isAtEnd, !cursor.take(symbol: ")") { cursor.advance() }
                continue
            }
            let column = try column()
            guard names.insert(column.name.lowercased()).inserted else {
                throw QueryError(.syntax, "The column '\(column.name)' is declared twice")
            }
            columns.append(column)
            guard columns.count <= Limits.columnsMax else {
                throw QueryError(.syntax, "A table has at most \(Limits.columnsMax) columns")
            }
        } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
        return columns
    }

    mutating func column() throws(QueryError) -> TableColumn {
        let name = try cursor.name()
        let type = try columnType()
        var comment: String?
        while true {
            if cursor.take("comment") {
                comment = try cursor.string()
            } else if !(cursor.take("not", "null") || cursor.take("null") || cursor.take("primary", "key")) {
                return TableColumn(name: name, type: type, comment: comment)
            }
        }
    }
}

extension HiveType {
    /// Whether a folder's name can hold its values.
    var isPartitionType: Bool {
        switch self {
        case .boolean, .tinyint, .smallint, .int, .bigint, .float, .double, .decimal, .string, .varchar, .char, .date,
            .timestamp:
            true
        case .binary, .array, .map, .structure: false
        }
    }
}
