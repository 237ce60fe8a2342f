import LoonCore

/// Decides what a statement is, and reads those that the daemon answers itself.
package struct StatementParser {
    var cursor: TokenCursor
    /// Whether the second half of a `>>` is still to be taken.
    var pendingAngle = false
    /// Comparisons read so far in a WHERE.
    var conditionCount = 0
    /// Where the query inside the statement begins: behind EXPLAIN, INSERT, AS.
    private(set) var innerStart: Int?

    init(cursor: TokenCursor) { self.cursor = cursor }

    mutating func parse() throws(QueryError) -> Statement {
        if cursor.isAtEnd {
            return .empty(hasComment: cursor.lexer.source.contains { $0 > 0x20 && $0 != UInt8(ascii: ";") })
        }
        if cursor.isAt("select") || cursor.isAt("with") || cursor.isAt("values") || cursor.isAt(symbol: "(")
            || cursor.isAt("table")
        {
            if let wait = try waitQuery() { return wait }
            return try query()
        }
        if cursor.isAt("show") { return try show() }
        if cursor.isAt("create") || cursor.isAt("drop") { return try definition() }
        if cursor.take("alter", "user") { return try user(isNew: false) }
        if cursor.isAt("alter") { return try alter() }
        if cursor.take("grant") { return try grant() }
        if cursor.take("revoke") { return try revoke() }
        if cursor.isAt("insert") { return try insert() }
        if cursor.take("msck") { return try repair() }
        if cursor.take("use") { return try ending(.use(try cursor.name())) }
        if cursor.take("set") { return try set() }
        if cursor.isAt("describe") || cursor.isAt("desc") || cursor.isAt("explain") { return try describe() }
        if cursor.take("kill") { return try kill() }
        if cursor.take("do") { return try evaluate() }
        if cursor.take("cancel") { return try cancel() }
        if cursor.take("resend") { return try resend() }
        if cursor.take("wait") { return try wait() }
        if cursor.take("help") {
            return try ending(
                .show(.help(cursor.token.kind == .string ? try cursor.string() : try cursor.name()), filter: .none))
        }
        return try other()
    }

    /// A statement that must end where it was read to.
    mutating func ending(_ statement: Statement) throws(QueryError) -> Statement {
        try cursor.expectEnd()
        return statement
    }

    /// A statement whose words do not matter; another one after it does.
    mutating func alone(_ statement: Statement) throws(QueryError) -> Statement {
        while !cursor.isAtEnd, !cursor.isAt(symbol: ";") { cursor.advance() }
        return try ending(statement)
    }

    // MARK: Queries

    private mutating func query() throws(QueryError) -> Statement {
        let start = cursor.index
        var parser = ExpressionParser(cursor)
        if let local = try parser.select() { return .query(local) }
        cursor.move(to: start)
        while cursor.token.kind != .end {
            if cursor.isAt(symbol: ";"), cursor.next.kind != .end { try cursor.expectEnd() }
            cursor.advance()
        }
        return .query(nil)
    }

    /// The query that ends the statement.
    mutating func innerQuery() throws(QueryError) {
        guard cursor.isAt("select") || cursor.isAt("with") || cursor.isAt("values") || cursor.isAt(symbol: "(") else {
            throw cursor.unexpected("a query is expected")
        }
        innerStart = cursor.token.range.lowerBound
        _ = try query()
    }

    /// An expression of those that need no engine, which nothing else can compute here.
    mutating func expression() throws(QueryError) -> Expression {
        let start = cursor
        guard cursor.lexer.tokens.count <= Limits.localTokensMax else {
            throw QueryError(.syntax, "The statement has more than \(Limits.localTokensMax) tokens")
        }
        var parser = ExpressionParser(cursor)
        guard let expression = try parser.expression() else {
            cursor = parser.cursor
            guard start.token.kind != .end, cursor.token.kind != .end else { throw cursor.unexpected() }
            throw QueryError(
                .notSupported,
                "The expression near '\(cursor.lexer.text(cursor.token))' is not supported here; SELECT it "
                    + "first, and write its value"
            )
        }
        cursor = parser.cursor
        return expression
    }

    /// `@@[scope.]name` → the name in lower case, and whether the scope is the server's.
    package static func variableName(_ text: String) -> (name: String, isGlobal: Bool) {
        let parts = text.drop { $0 == "@" }.lowercased().split(separator: ".")
        guard parts.count > 1, let scope = parts.first else { return (parts.joined(separator: "."), false) }
        return (parts.dropFirst().joined(separator: "."), scope == "global" || scope == "persist")
    }

    /// `@name`, `@'name'` → `@name` in lower case.
    package static func userVariableName(_ text: String) -> String {
        "@" + text.dropFirst().filter { $0 != "'" && $0 != "\"" && $0 != "`" }.lowercased()
    }

    // MARK: The rest

    /// `KILL [HARD | SOFT] [CONNECTION | QUERY] id`
    private mutating func kill() throws(QueryError) -> Statement {
        _ = cursor.take("hard") || cursor.take("soft")
        let isQueryOnly = cursor.take("query")
        if !isQueryOnly { _ = cursor.take("connection") }
        return try ending(.kill(connection: try expression(), isQueryOnly: isQueryOnly))
    }

    private mutating func evaluate() throws(QueryError) -> Statement {
        var expressions: [Expression] = []
        repeat { expressions.append(try expression()) } while cursor.take(symbol: ",")
        return try ending(.evaluate(expressions))
    }

    private mutating func describe() throws(QueryError) -> Statement {
        let isExplain = cursor.isAt("explain")
        cursor.advance()
        let isAnalyze = isExplain && !cursor.lexer.isSymbol(cursor.next, ".") && cursor.take("analyze")
        let isExtended = cursor.lexer.isSymbol(cursor.next, ".") ? false : cursor.take("extended")
        if !isExtended { _ = cursor.lexer.isSymbol(cursor.next, ".") ? false : cursor.take("partitions") }
        if cursor.take("format") {
            try cursor.expect(symbol: "=")
            _ = try cursor.name()
        }
        if cursor.isAt("select") || cursor.isAt("with") || cursor.isAt("values") || cursor.isAt(symbol: "(") {
            try innerQuery()
            return .explain(isAnalyze: isAnalyze)
        }
        if isAnalyze { return .unsupported(kind: "EXPLAIN ANALYZE of anything but a query") }
        if isExplain, cursor.token.kind != .word, cursor.token.kind != .quotedName { throw cursor.unexpected() }
        let isFormatted =
            cursor.lexer.isSymbol(cursor.next, ".") || cursor.next.kind == .end ? false : cursor.take("formatted")
        _ = cursor.take("table")
        let table = try cursor.tableName()
        if isFormatted || isExtended { return try ending(.show(.tableDescription(table), filter: .none)) }
        // DESCRIBE t column, DESCRIBE t 'pattern'
        if cursor.token.kind == .string {
            return try ending(.show(.columns(table, full: false, isHive: true), filter: .like(try cursor.string())))
        }
        if !cursor.isAtEnd, cursor.token.kind != .symbol {
            return try ending(.show(.columns(table, full: false, isHive: true), filter: .like(try cursor.name())))
        }
        return try ending(.show(.columns(table, full: false, isHive: true), filter: .none))
    }

    private mutating func other() throws(QueryError) -> Statement {
        guard cursor.token.kind == .word else { throw cursor.unexpected() }
        let word = cursor.lexer.text(cursor.token).uppercased()
        switch word {
        case "BEGIN", "START", "COMMIT", "ROLLBACK": return try transaction(word)
        case "SAVEPOINT", "RELEASE", "UNLOCK", "LOCK", "FLUSH", "XA":
            return try alone(.accepted)
        case "UPDATE", "DELETE", "REPLACE", "TRUNCATE", "CALL", "LOAD",
            "ANALYZE", "OPTIMIZE", "RENAME", "PREPARE", "EXECUTE", "DEALLOCATE", "RESEND", "CHECK", "HANDLER":
            return .unsupported(kind: word)
        default: throw cursor.unexpected()
        }
    }
}
