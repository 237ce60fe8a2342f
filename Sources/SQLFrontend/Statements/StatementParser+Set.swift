import LoonCore

extension StatementParser {
    /// `SET …`: variables in all their scopes, NAMES, CHARACTER SET, TRANSACTION.
    mutating func set() throws(QueryError) -> Statement {
        let hasScope = cursor.isAt("session") || cursor.isAt("global") || cursor.isAt("local")
        if cursor.take("transaction") { return try ending(.transaction(.next(isReadOnly: characteristics()))) }
        if hasScope, cursor.lexer.isKeyword(cursor.next, "transaction") { return try transaction() }
        // There are no roles and no resource groups.
        if cursor.isAt("role") || cursor.take("resource", "group") { return try alone(.accepted) }
        if cursor.isAt("password") { return try setPassword() }
        var assignments: [Assignment] = []
        repeat { assignments.append(try assignment()) } while cursor.take(symbol: ",")
        return try ending(.set(assignments))
    }

    /// `SESSION TRANSACTION ISOLATION LEVEL … | READ ONLY | READ WRITE, …`: variables by other names.
    private mutating func transaction() throws(QueryError) -> Statement {
        let isGlobal = cursor.isAt("global")
        cursor.advance()
        cursor.advance()
        var assignments: [Assignment] = []
        repeat {
            if cursor.take("isolation", "level") {
                var words: [String] = []
                while cursor.token.kind == .word {
                    words.append(cursor.lexer.text(cursor.token).uppercased())
                    cursor.advance()
                }
                assignments.append(
                    Assignment(
                        target: .variable("transaction_isolation", isGlobal: isGlobal),
                        value: .literal(.text(words.joined(separator: "-")))))
            } else {
                let isReadOnly = cursor.take("read", "only")
                guard isReadOnly || cursor.take("read", "write") else {
                    throw cursor.unexpected("ISOLATION LEVEL, READ ONLY or READ WRITE is expected")
                }
                assignments.append(
                    Assignment(
                        target: .variable("transaction_read_only", isGlobal: isGlobal),
                        value: .literal(.integer(isReadOnly ? 1 : 0))))
            }
        } while cursor.take(symbol: ",")
        return try ending(.set(assignments))
    }

    private mutating func assignment() throws(QueryError) -> Assignment {
        if cursor.take("names") { return try names(true) }
        if cursor.take("character", "set") || cursor.take("charset") { return try names(false) }
        let target: Assignment.Target
        switch cursor.token.kind {
        case .userVariable:
            target = .userVariable(Self.userVariableName(cursor.lexer.text(cursor.token)))
            cursor.advance()
        case .systemVariable:
            let (name, isGlobal) = Self.variableName(cursor.lexer.text(cursor.token))
            target = .variable(name, isGlobal: isGlobal)
            cursor.advance()
        default:
            let isGlobal = cursor.take("global") || cursor.take("persist")
            if !isGlobal { _ = cursor.take("session") || cursor.take("local") }
            target = .variable(try cursor.name().lowercased(), isGlobal: isGlobal)
        }
        guard cursor.take(symbol: "=") || cursor.take(symbol: ":=") else { throw cursor.unexpected("'=' is expected") }
        if case .userVariable = target { return Assignment(target: target, value: try expression()) }
        return Assignment(target: target, value: try assignedValue())
    }

    private mutating func names(_ isNames: Bool) throws(QueryError) -> Assignment {
        let charset = cursor.token.kind == .string ? try cursor.string() : try cursor.name()
        var collation: String?
        if isNames, cursor.take("collate") {
            collation = cursor.token.kind == .string ? try cursor.string() : try cursor.name()
        }
        let value: Expression? = charset.lowercased() == "default" ? nil : .literal(.text(charset))
        return Assignment(target: isNames ? .names(collation: collation) : .characterSet, value: value)
    }

    /// An expression, a bare word such as ON, or DEFAULT, which is `nil`.
    private mutating func assignedValue() throws(QueryError) -> Expression? {
        if cursor.take("default") { return nil }
        // A single word is itself: TRUE stays what a hint was set to.
        if cursor.token.kind == .word, !cursor.isAt("null"),
            cursor.lexer.isSymbol(cursor.next, ",") || cursor.next.kind == .end
                || cursor.lexer.isSymbol(cursor.next, ";")
        {
            return .literal(.text(try cursor.name()))
        }
        let value = try expression()
        // Words are values here: ON, utf8mb4, READ_COMMITTED.
        return try value.mapLeaves { leaf throws(QueryError) in
            if case .column(nil, let word) = leaf { return .literal(.text(word)) }
            return nil
        }
    }
}
