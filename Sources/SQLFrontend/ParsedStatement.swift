package import LoonCore

/// A statement as the front end understands it: its hints, what it asks for, and, for a query, the text for the engine.
package struct ParsedStatement: Sendable {
    package let hints: Hints
    package let statement: Statement
    private let lexer: Lexer

    /// Reads one statement. Throws what a client is told: a syntax error with its place, or a bound that is passed.
    package init(_ source: [UInt8], mode: LexicalMode) throws(QueryError) {
        lexer = try Lexer(source, mode: mode)
        var hints = Hints()
        for comment in lexer.hintComments { try hints.add(comment: String(decoding: source[comment], as: UTF8.self)) }
        self.hints = hints
        var parser = StatementParser(cursor: TokenCursor(lexer))
        statement = try parser.parse()
    }

    /// The query in the engine's dialect.
    package func engineText(_ context: DialectContext) throws(QueryError) -> String {
        try DialectRewriter(lexer: lexer, context: context).rewrite()
    }
}
