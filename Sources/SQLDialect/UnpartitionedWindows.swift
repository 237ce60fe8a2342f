import SQLFrontend

/// The windows of a query that calls `row_number()` without PARTITION BY, by the places of their opening parentheses.
///
/// DuckDB 1.5.5 makes a top-N aggregate of `row_number() over (order by …) = 1`, which gives a row where there is none
/// (docs/engine.md). With a partition, of all rows, it does not.
struct UnpartitionedWindows {
    private(set) var places: Set<Int> = []

    init(_ lexer: Lexer) {
        guard lexer.tokens.contains(where: { Self.isRowNumber($0, lexer) }) else { return }
        for index in lexer.tokens.indices.dropLast() {
            let token = lexer.tokens[index]
            let next = lexer.tokens[index + 1]
            if lexer.isKeyword(token, "over"), lexer.isSymbol(next, "("), index >= 3,
                Self.isRowNumber(lexer.tokens[index - 3], lexer)
            {
                add(index + 1, lexer)
            }
            if lexer.isKeyword(token, "window"), [.word, .quotedName].contains(next.kind) {
                addDefinitions(from: index + 1, lexer)
            }
        }
    }

    private static func isRowNumber(_ token: Token, _ lexer: Lexer) -> Bool {
        switch token.kind {
        case .word: lexer.isKeyword(token, "row_number")
        case .quotedName: String(decoding: lexer.value(token), as: UTF8.self).lowercased() == "row_number"
        default: false
        }
    }

    /// `name AS (…), name AS (…)`
    private mutating func addDefinitions(from start: Int, _ lexer: Lexer) {
        var place = start
        while place + 2 < lexer.tokens.count, lexer.isKeyword(lexer.tokens[place + 1], "as"),
            lexer.isSymbol(lexer.tokens[place + 2], "("), let end = add(place + 2, lexer),
            lexer.isSymbol(lexer.tokens[end + 1], ",")
        {
            place = end + 2
        }
    }

    /// Adds the window that opens at `place`, unless it names partitions or another window; returns where it closes.
    @discardableResult private mutating func add(_ place: Int, _ lexer: Lexer) -> Int? {
        var depth = 0
        for index in place..<lexer.tokens.count {
            let token = lexer.tokens[index]
            if lexer.isSymbol(token, "(") { depth += 1 }
            if lexer.isSymbol(token, ")") { depth -= 1 }
            guard depth == 0 else { continue }
            let first = lexer.tokens[place + 1]
            let begins = ["order", "rows", "range", "groups"] as [StaticString]
            let isPlain = index == place + 1 || begins.contains { lexer.isKeyword(first, $0) }
            // Partitions, and another window's name, come first.
            if isPlain { places.insert(place) }
            return index
        }
        return nil
    }
}
