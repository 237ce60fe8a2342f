import LoonCore

/// Walks the tokens of a statement. Every method either takes what it names or leaves the place as it was.
struct TokenCursor {
    let lexer: Lexer
    private(set) var index = 0

    init(_ lexer: Lexer) { self.lexer = lexer }

    var token: Token { lexer.tokens[index] }
    var next: Token { lexer.tokens[min(index + 1, lexer.tokens.count - 1)] }
    func token(after count: Int) -> Token { lexer.tokens[min(index + count, lexer.tokens.count - 1)] }
    var isAtEnd: Bool { token.kind == .end || (isAt(symbol: ";") && next.kind == .end) }

    mutating func advance() { index = min(index + 1, lexer.tokens.count - 1) }
    mutating func move(to place: Int) { index = place }

    func isAt(_ keyword: StaticString) -> Bool { lexer.isKeyword(token, keyword) }
    func isAt(symbol: StaticString) -> Bool { lexer.isSymbol(token, symbol) }

    mutating func take(_ keyword: StaticString) -> Bool {
        guard isAt(keyword) else { return false }
        advance()
        return true
    }

    /// Takes all of the keywords in a row, or none.
    mutating func take(_ first: StaticString, _ second: StaticString) -> Bool {
        guard isAt(first), lexer.isKeyword(next, second) else { return false }
        advance()
        advance()
        return true
    }

    mutating func take(symbol: StaticString) -> Bool {
        guard isAt(symbol: symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ keyword: StaticString) throws(QueryError) {
        guard take(keyword) else { throw unexpected("\(keyword) is expected") }
    }

    mutating func expect(symbol: StaticString) throws(QueryError) {
        guard take(symbol: symbol) else { throw unexpected("'\(symbol)' is expected") }
    }

    mutating func expectEnd() throws(QueryError) {
        if isAt(symbol: ";"), next.kind != .end {
            advance()
            throw unexpected("one statement at a time")
        }
        guard isAtEnd else { throw unexpected() }
    }

    mutating func ifNotExists() throws(QueryError) -> Bool {
        guard take("if") else { return false }
        try expect("not")
        try expect("exists")
        return true
    }

    mutating func ifExists() throws(QueryError) -> Bool {
        guard take("if") else { return false }
        try expect("exists")
        return true
    }

    /// A name, quoted or not.
    mutating func name() throws(QueryError) -> String {
        let name: String
        switch token.kind {
        case .word: name = lexer.text(token)
        case .quotedName: name = try lexer.string(token)
        case .string, .number, .systemVariable, .userVariable, .symbol, .end: throw unexpected("a name is expected")
        }
        guard !name.isEmpty, name.unicodeScalars.count <= Limits.identifierCharactersMax,
            !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw unexpected("a name has 1 to \(Limits.identifierCharactersMax) characters, and no control characters")
        }
        advance()
        return name
    }

    /// `table` or `schema.table`.
    mutating func tableName() throws(QueryError) -> TableName {
        let first = try name()
        guard take(symbol: ".") else { return TableName(schema: nil, table: first) }
        return TableName(schema: first, table: try name())
    }

    mutating func string() throws(QueryError) -> String {
        guard token.kind == .string else { throw unexpected("a string is expected") }
        let text = try lexer.string(token)
        advance()
        return text
    }

    mutating func integer(_ range: ClosedRange<Int>) throws(QueryError) -> Int {
        guard token.kind == .number, let number = Int(lexer.text(token)), range.contains(number) else {
            throw unexpected("a whole number from \(range.lowerBound) to \(range.upperBound) is expected")
        }
        advance()
        return number
    }

    /// `('key' = 'value', …)`, with keys that may also be bare words. Keys come out in lower case.
    mutating func properties() throws(QueryError) -> [String: String] {
        var properties: [String: String] = [:]
        try expect(symbol: "(")
        repeat {
            let key = token.kind == .string ? try string() : try name()
            try expect(symbol: "=")
            properties[key.lowercased()] = try string()
        } while take(symbol: ",")
        try expect(symbol: ")")
        return properties
    }

    /// `LIKE 'pattern'`, where it stands.
    mutating func likePattern() throws(QueryError) -> String? { take("like") ? try string() : nil }

    func unexpected(_ advice: String? = nil) -> QueryError { lexer.error(at: token.range.lowerBound, hint: advice) }
}
