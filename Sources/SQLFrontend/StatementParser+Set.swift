import LoonCore

extension StatementParser {
    /// `SET …`: variables in all their scopes, NAMES, CHARACTER SET, TRANSACTION.
    mutating func set() throws(QueryError) -> Statement {
        let hasScope = cursor.isAt("session") || cursor.isAt("global") || cursor.isAt("local")
        if cursor.isAt("transaction") || (hasScope && cursor.lexer.isKeyword(cursor.next, "transaction")) { return try alone(.accepted) }
        if cursor.isAt("password") { return .unsupported(kind: "SET PASSWORD") }
        var assignments: [Assignment] = []
        repeat { assignments.append(try assignment()) } while cursor.take(symbol: ",")
        return try ending(.set(assignments))
    }

    private mutating func assignment() throws(QueryError) -> Assignment {
        if cursor.take("names") || cursor.take("character", "set") || cursor.take("charset") { return try names() }
        let target: Assignment.Target
        switch cursor.token.kind {
        case .userVariable:
            target = .userVariable(cursor.lexer.text(cursor.token).lowercased())
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
        return Assignment(target: target, value: try assignedValue())
    }

    private mutating func names() throws(QueryError) -> Assignment {
        let charset = cursor.token.kind == .string ? try cursor.string() : try cursor.name()
        if cursor.take("collate") { _ = cursor.token.kind == .string ? try cursor.string() : try cursor.name() }
        return Assignment(target: .names, value: charset.lowercased() == "default" ? nil : charset)
    }

    /// A string, a number, a word such as ON, or DEFAULT.
    private mutating func assignedValue() throws(QueryError) -> String? {
        if cursor.take("default") { return nil }
        let sign = cursor.take(symbol: "-") ? "-" : ""
        switch cursor.token.kind {
        case .string: return try cursor.string()
        case .number, .word:
            let text = cursor.lexer.text(cursor.token)
            cursor.advance()
            guard !cursor.isAt(symbol: "(") else { throw QueryError(.notSupported, "SET takes a literal value, not an expression") }
            return sign + text
        case .quotedName, .systemVariable, .userVariable, .symbol, .end:
            throw QueryError(.notSupported, "SET takes a literal value, not an expression")
        }
    }
}
