import LoonCore

extension StatementParser {
    mutating func show() throws(QueryError) -> Statement {
        cursor.advance()
        _ = cursor.take("extended")
        let full = cursor.take("full")
        if cursor.take("query_task") { return try showQueryTask(full: full) }
        guard let subject = try showSubject(full: full) else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(kind: "SHOW " + cursor.lexer.text(cursor.token).uppercased())
        }
        let filter = try showFilter()
        return try ending(.show(subject == .databases && cursor.take("extra") ? .schemasExtra : subject, filter: filter))
    }

    private mutating func showFilter() throws(QueryError) -> ShowFilter {
        if let pattern = try cursor.likePattern() { return .like(pattern) }
        if cursor.take("where") { return .matching(try expression()) }
        return .none
    }

    /// What stands between SHOW and its LIKE or WHERE; `nil` where it is not known.
    private mutating func showSubject(full: Bool) throws(QueryError) -> Show? {
        if cursor.take("databases") || cursor.take("schemas") { return .databases }
        if cursor.take("partitions") {
            _ = cursor.take("from") || cursor.take("in")
            return .partitions(try cursor.tableName())
        }
        if cursor.take("table", "status") { return .tableStatus(schema: try schema()) }
        if cursor.take("open", "tables") { return .openTables(schema: try schema()) }
        if cursor.take("tables") { return .tables(schema: try schema(), full: full) }
        if cursor.take("columns") || cursor.take("fields") { return .columns(try ofTable(), full: full, isHive: false) }
        if cursor.take("index") || cursor.take("indexes") || cursor.take("keys") { return .index(try ofTable()) }
        if cursor.take("create", "table") || cursor.take("create", "view") { return .createTable(try cursor.tableName()) }
        if cursor.take("create", "database") || cursor.take("create", "schema") {
            _ = try cursor.ifNotExists()
            return .createSchema(try cursor.name())
        }
        if cursor.take("triggers") { return .triggers(schema: try schema()) }
        if cursor.take("events") { return .events(schema: try schema()) }
        if cursor.take("procedure", "status") || cursor.take("function", "status") { return .routineStatus }
        if cursor.take("processlist") { return .processList(full: full) }
        if let messages = try messages() { return messages }
        if cursor.take("engines") || cursor.take("storage", "engines") { return .engines }
        if cursor.take("character", "set") || cursor.take("charset") { return .characterSets }
        if cursor.take("collation") { return .collations }
        if cursor.take("plugins") { return .plugins }
        if cursor.take("privileges") { return .privileges }
        if cursor.take("profiles") { return .profiles }
        if cursor.take("grants") { return .grants(account: cursor.take("for") ? try account() : nil) }
        if cursor.take("slave", "status") || cursor.take("replica", "status") { return .replicaStatus }
        if cursor.take("slave", "hosts") || cursor.isAt("replicas") {
            _ = cursor.take("replicas")
            return .replicas
        }
        if cursor.take("master", "status") { return .binaryLogStatus }
        if cursor.take("binary", "logs") || cursor.take("master", "logs") { return .binaryLogs }
        let isGlobal = cursor.take("global")
        if !isGlobal { _ = cursor.take("session") || cursor.take("local") }
        if cursor.take("variables") { return .variables(isGlobal: isGlobal) }
        return cursor.take("status") ? .status(isGlobal: isGlobal) : nil
    }

    private mutating func messages() throws(QueryError) -> Show? {
        if cursor.take("count") {
            try cursor.expect(symbol: "(")
            try cursor.expect(symbol: "*")
            try cursor.expect(symbol: ")")
            if cursor.take("warnings") { return .warnings(count: true) }
            try cursor.expect("errors")
            return .errors(count: true)
        }
        let isWarnings = cursor.take("warnings")
        guard isWarnings || cursor.take("errors") else { return nil }
        // There are never more than a few.
        if cursor.take("limit") {
            _ = try cursor.integer(0...Int.max)
            if cursor.take(symbol: ",") { _ = try cursor.integer(0...Int.max) }
        }
        return isWarnings ? .warnings(count: false) : .errors(count: false)
    }

    private mutating func schema() throws(QueryError) -> String? { cursor.take("from") || cursor.take("in") ? try cursor.name() : nil }

    /// `FROM [schema.]table [FROM schema]`
    private mutating func ofTable() throws(QueryError) -> TableName {
        guard cursor.take("from") || cursor.take("in") else { throw cursor.unexpected("FROM is expected") }
        let table = try cursor.tableName()
        return TableName(schema: try schema() ?? table.schema, table: table.table)
    }

    /// `'user'@'host'`, `user`, `CURRENT_USER[()]`, of which the last is `nil`.
    private mutating func account() throws(QueryError) -> String? {
        if cursor.take("current_user") {
            if cursor.take(symbol: "(") { try cursor.expect(symbol: ")") }
            return nil
        }
        let name = cursor.token.kind == .string ? try cursor.string() : try cursor.name()
        // The host, which accounts here do not have.
        if cursor.token.kind == .userVariable { cursor.advance() }
        return name
    }

    // MARK: show query_task

    /// `[FOR 'account'] [WHERE …] [ORDER BY column [ASC|DESC], …] [LIMIT [offset,] n | LIMIT n OFFSET offset]`
    private mutating func showQueryTask(full: Bool) throws(QueryError) -> Statement {
        var selection = RowSelection()
        let account = cursor.take("for") ? try cursor.string() : nil
        if cursor.take("where") { selection.predicate = try disjunction(depth: 0) }
        if cursor.take("order", "by") {
            repeat {
                let column = try cursor.name().lowercased()
                let descending = cursor.take("desc")
                if !descending { _ = cursor.take("asc") }
                selection.order.append(.init(column: column, descending: descending))
            } while cursor.take(symbol: ",")
        }
        if cursor.take("limit") {
            let first = try cursor.integer(0...Int.max)
            if cursor.take(symbol: ",") {
                selection.offset = first
                selection.limit = try cursor.integer(0...Int.max)
            } else {
                selection.limit = first
                if cursor.take("offset") { selection.offset = try cursor.integer(0...Int.max) }
            }
        }
        return try ending(.showQueryTask(account: account, selection, full: full))
    }

    private static let depthMax = 64

    private mutating func disjunction(depth: Int) throws(QueryError) -> RowPredicate {
        guard depth < Self.depthMax else { throw cursor.unexpected("the condition nests too deep") }
        var parts = [try conjunction(depth: depth)]
        while cursor.take("or") { parts.append(try conjunction(depth: depth)) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction(depth: Int) throws(QueryError) -> RowPredicate {
        var parts = [try condition(depth: depth)]
        while cursor.take("and") { parts.append(try condition(depth: depth)) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func condition(depth: Int) throws(QueryError) -> RowPredicate {
        if cursor.take("not") {
            guard depth < Self.depthMax else { throw cursor.unexpected("the condition nests too deep") }
            return .not(try condition(depth: depth + 1))
        }
        if cursor.take(symbol: "(") {
            let inner = try disjunction(depth: depth + 1)
            try cursor.expect(symbol: ")")
            return inner
        }
        conditionCount += 1
        guard conditionCount <= Limits.conditionsMax else { throw cursor.unexpected("at most \(Limits.conditionsMax) conditions") }
        let column = try cursor.name().lowercased()
        if cursor.take("is") {
            let negated = cursor.take("not")
            try cursor.expect("null")
            return negated ? .not(.isNull(column: column)) : .isNull(column: column)
        }
        if cursor.take("not") { return .not(try wordCondition(column)) }
        if cursor.isAt("like") || cursor.isAt("in") || cursor.isAt("between") { return try wordCondition(column) }
        return .compare(column: column, try comparison(), try literal())
    }

    private mutating func wordCondition(_ column: String) throws(QueryError) -> RowPredicate {
        if cursor.take("like") { return .like(column: column, try cursor.string()) }
        if cursor.take("between") {
            let low = try literal()
            try cursor.expect("and")
            return .between(column: column, low, try literal())
        }
        try cursor.expect("in")
        try cursor.expect(symbol: "(")
        var values: [SQLValue] = []
        repeat {
            values.append(try literal())
            guard values.count <= Limits.conditionsMax else { throw cursor.unexpected("at most \(Limits.conditionsMax) values") }
        } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
        return .isIn(column: column, values)
    }

    private mutating func comparison() throws(QueryError) -> RowPredicate.Comparison {
        if cursor.take(symbol: "!=") { return .notEqual }
        guard cursor.token.kind == .symbol, let comparison = RowPredicate.Comparison(rawValue: cursor.lexer.text(cursor.token)) else {
            throw cursor.unexpected("a comparison with a literal is expected")
        }
        cursor.advance()
        return comparison
    }

    private mutating func literal() throws(QueryError) -> SQLValue {
        if cursor.take("null") { return .null }
        if cursor.token.kind == .string { return .text(try cursor.string()) }
        let negative = cursor.take(symbol: "-")
        guard cursor.token.kind == .number, let number = Int64(cursor.lexer.text(cursor.token)) else {
            throw cursor.unexpected("a string or a whole number is expected")
        }
        cursor.advance()
        return .integer(negative ? -number : number)
    }
}
