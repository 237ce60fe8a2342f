import LoonCore

extension StatementParser {
    mutating func show() throws(QueryError) -> Statement {
        cursor.advance()
        let full = cursor.take("full")
        if cursor.take("query_task") { return try showQueryTask(full: full) }
        if cursor.take("databases") || cursor.take("schemas") {
            return try ending(.showDatabases(like: try cursor.likePattern()))
        }
        if cursor.take("tables") {
            let schema = cursor.take("from") || cursor.take("in") ? try cursor.name() : nil
            return try ending(.showTables(full: full, schema: schema, like: try cursor.likePattern()))
        }
        if cursor.take("columns") || cursor.take("fields") { return try showColumns(full: full) }
        if cursor.take("create", "table") { return try ending(.showCreateTable(try cursor.tableName())) }
        if cursor.take("create", "database") || cursor.take("create", "schema") { return try ending(.showCreateSchema(try cursor.name())) }
        if cursor.take("warnings") || cursor.take("errors") { return try alone(.showWarnings) }
        _ = cursor.take("global") || cursor.take("session")
        if cursor.take("variables") { return try ending(.showVariables(like: try cursor.likePattern())) }
        guard cursor.token.kind == .word else { throw cursor.unexpected() }
        return .unsupported(kind: "SHOW " + cursor.lexer.text(cursor.token).uppercased())
    }

    private mutating func showColumns(full: Bool) throws(QueryError) -> Statement {
        guard cursor.take("from") || cursor.take("in") else { throw cursor.unexpected("FROM is expected") }
        var table = try cursor.tableName()
        if cursor.take("from") || cursor.take("in") { table = TableName(schema: try cursor.name(), table: table.table) }
        return try ending(.showColumns(table, full: full))
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
