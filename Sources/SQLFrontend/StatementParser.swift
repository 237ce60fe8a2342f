import LoonCore

/// Decides what a statement is, and reads those that the daemon answers itself.
struct StatementParser {
    var cursor: TokenCursor
    /// Whether the second half of a `>>` is still to be taken.
    var pendingAngle = false
    /// Comparisons read so far in a WHERE.
    var conditionCount = 0

    init(cursor: TokenCursor) { self.cursor = cursor }

    mutating func parse() throws(QueryError) -> Statement {
        if cursor.isAtEnd { return .empty(hasComment: cursor.lexer.source.contains { $0 > 0x20 && $0 != UInt8(ascii: ";") }) }
        if cursor.isAt("select") || cursor.isAt("with") || cursor.isAt("values") || cursor.isAt(symbol: "(") { return try query() }
        if cursor.isAt("show") { return try show() }
        if cursor.isAt("create") || cursor.isAt("drop") { return try definition() }
        if cursor.take("use") { return try ending(.use(try cursor.name())) }
        if cursor.take("set") { return try set() }
        if cursor.isAt("describe") || cursor.isAt("desc") || cursor.isAt("explain") { return try describe() }
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
        if let local = try localSelect() { return local }
        cursor.move(to: start)
        while cursor.token.kind != .end {
            if cursor.isAt(symbol: ";"), cursor.next.kind != .end { try cursor.expectEnd() }
            cursor.advance()
        }
        return .query
    }

    /// `SELECT item [AS name], … [FROM dual] [LIMIT n]` where each item needs no engine; `nil` for any other SELECT.
    private mutating func localSelect() throws(QueryError) -> Statement? {
        guard cursor.take("select") else { return nil }
        var items: [SelectItem] = []
        repeat {
            guard let item = try localItem() else { return nil }
            items.append(item)
        } while cursor.take(symbol: ",")
        if cursor.take("from"), !cursor.take("dual") { return nil }
        var limit: Int?
        if cursor.take("limit") {
            guard cursor.token.kind == .number else { return nil }
            guard let most = UInt64(cursor.lexer.text(cursor.token)) else { return nil }
            limit = Int(clamping: most)
            cursor.advance()
        }
        return cursor.isAtEnd ? .localSelect(items, limit: limit) : nil
    }

    private mutating func localItem() throws(QueryError) -> SelectItem? {
        let start = cursor.token
        guard let source = try localSource() else { return nil }
        var end = start.range.upperBound
        if cursor.index > 0 { end = cursor.lexer.tokens[cursor.index - 1].range.upperBound }
        // MySQL names a column by its text, a string literal by its value.
        var name = String(decoding: cursor.lexer.source[start.range.lowerBound..<end], as: UTF8.self)
        if case .literal(.text(let text)) = source { name = text }
        if cursor.take("as") {
            name = cursor.token.kind == .string ? try cursor.string() : try cursor.name()
        } else if cursor.token.kind == .quotedName
            || (cursor.token.kind == .word && !cursor.isAt("from") && !cursor.isAt("limit"))
        {
            // A bare alias; any other keyword here is the engine's affair.
            guard cursor.token.kind == .quotedName || cursor.lexer.isSymbol(cursor.next, ",") || cursor.next.kind == .end else { return nil }
            name = try cursor.name()
        }
        return SelectItem(name: name, source: source)
    }

    private mutating func localSource() throws(QueryError) -> SelectItem.Source? {
        let token = cursor.token
        switch token.kind {
        case .number:
            guard let value = Int64(cursor.lexer.text(token)) else { return nil }
            cursor.advance()
            return .literal(.integer(value))
        case .string:
            cursor.advance()
            return .literal(.text(try cursor.lexer.string(token)))
        case .systemVariable:
            cursor.advance()
            return .variable(Self.variableName(cursor.lexer.text(token)).name)
        case .word where cursor.isAt("null"):
            cursor.advance()
            return .literal(.null)
        case .word:
            let name = cursor.lexer.text(token).lowercased()
            let start = cursor.index
            cursor.advance()
            if name == "current_user", !cursor.isAt(symbol: "(") { return .function(name) }
            guard Self.sessionFunctions.contains(name), cursor.take(symbol: "("), cursor.take(symbol: ")") else {
                cursor.move(to: start)
                return nil
            }
            return .function(name)
        case .quotedName, .userVariable, .symbol, .end: return nil
        }
    }

    static let sessionFunctions: Set<String> = [
        "database", "schema", "version", "user", "current_user", "session_user", "system_user", "connection_id", "last_insert_id", "found_rows",
        "row_count",
    ]

    /// `@@[scope.]name` → the name in lower case, and whether the scope is the server's.
    static func variableName(_ text: String) -> (name: String, isGlobal: Bool) {
        let parts = text.drop { $0 == "@" }.lowercased().split(separator: ".")
        guard parts.count > 1, let scope = parts.first else { return (parts.joined(separator: "."), false) }
        return (parts.dropFirst().joined(separator: "."), scope == "global" || scope == "persist")
    }

    // MARK: The rest

    private mutating func describe() throws(QueryError) -> Statement {
        let isExplain = cursor.isAt("explain")
        cursor.advance()
        if cursor.isAt("select") || cursor.isAt("with") || cursor.isAt("analyze") || cursor.isAt("format") || cursor.isAt(symbol: "(") {
            return .unsupported(kind: "EXPLAIN")
        }
        if isExplain, cursor.token.kind != .word, cursor.token.kind != .quotedName { throw cursor.unexpected() }
        _ = cursor.take("formatted") || cursor.take("extended")
        return try ending(.showColumns(try cursor.tableName(), full: false))
    }

    private mutating func other() throws(QueryError) -> Statement {
        guard cursor.token.kind == .word else { throw cursor.unexpected() }
        let word = cursor.lexer.text(cursor.token).uppercased()
        switch word {
        case "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "UNLOCK": return try alone(.accepted)
        case "INSERT", "UPDATE", "DELETE", "REPLACE", "ALTER", "TRUNCATE", "GRANT", "REVOKE", "KILL", "CALL", "LOAD", "LOCK", "FLUSH", "MSCK",
            "ANALYZE", "OPTIMIZE", "RENAME", "PREPARE", "EXECUTE", "DEALLOCATE", "CANCEL", "WAIT", "RESEND", "HELP", "CHECK", "HANDLER", "DO":
            return .unsupported(kind: word)
        default: throw cursor.unexpected()
        }
    }
}
