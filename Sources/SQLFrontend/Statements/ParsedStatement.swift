package import LoonCore

/// A statement as the front end understands it: its hints, what it asks for, and, for a query, the text for the engine.
package struct ParsedStatement: Sendable {
    package let hints: Hints
    /// Names of hints that stand where none is read.
    package let misplacedHints: [String]
    package let statement: Statement
    /// How many parameters (`?`) it has.
    package let parameterCount: Int
    /// Where the next of several statements begins in the source.
    package let next: Int?
    package let lexer: Lexer

    /// Reads one statement of `source`, from `start` on: the only one, or where `isMulti` the first of several. Throws
    /// what a client is told: a syntax error with its place, or a bound that is passed. `parameters` are put in the
    /// places of `?`; there must be as many.
    package init(
        _ source: [UInt8], from start: Int = 0, mode: LexicalMode, isMulti: Bool = false,
        parameters: [ParameterLiteral]? = nil
    ) throws(QueryError) {
        do throws(QueryError) {
            try self.init(reading: source, from: start, mode: mode, isMulti: isMulti, parameters: parameters)
        } catch { throw SecretMask.safe(error, in: source, mode) }
    }

    private init(
        reading source: [UInt8], from start: Int, mode: LexicalMode, isMulti: Bool, parameters: [ParameterLiteral]?
    ) throws(QueryError) {
        var lexer = try Lexer(source, from: start, mode: mode, isMulti: isMulti)
        var hints = Hints()
        for comment in lexer.hintComments { try hints.add(comment: lexer.text(comment)) }
        self.hints = hints
        var later = Hints()
        for comment in lexer.laterComments { try? later.add(comment: lexer.text(comment)) }
        misplacedHints = later.values.keys.filter(Hints.known.contains).sorted()
        next = lexer.next
        parameterCount = lexer.parameters.count
        if let parameters {
            guard parameters.count == parameterCount else {
                throw QueryError(.wrongArguments, "Incorrect arguments to mysqld_stmt_execute")
            }
            lexer.bind(parameters.map { $0.token(mode: mode) })
        }
        self.lexer = lexer
        var parser = StatementParser(cursor: TokenCursor(lexer))
        statement = try parser.parse()
        innerStart = parser.innerStart
    }

    /// The statement that is prepared, read with values that fit in the places of its parameters.
    package static func preparing(_ text: [UInt8], mode: LexicalMode) throws(QueryError) -> ParsedStatement {
        let lexer = try Lexer(text, from: 0, mode: mode, isMulti: false)
        return try ParsedStatement(text, mode: mode, parameters: lexer.parameters.isEmpty ? nil : probe(lexer))
    }

    /// Whether it calls a function that says something else each time, or has a name that is one's: `now()` and the
    /// like, which the engine's text has the value of.
    package var dependsOnMoment: Bool {
        lexer.tokens.contains { $0.kind == .word && Self.momentary.contains(lexer.text($0).lowercased()) }
    }

    private static let momentary: Set<String> = [
        "now", "curdate", "current_date", "curtime", "current_time", "current_timestamp", "localtime", "localtimestamp",
        "sysdate", "utc_date",
        "utc_time",
        "utc_timestamp", "unix_timestamp", "current_localtimestamp", "current_localtime", "rand", "uuid", "uuid_short",
        "connection_id",
        "last_insert_id", "found_rows", "row_count",
    ]

    private let innerStart: Int?

    /// The query inside the statement: behind EXPLAIN, INSERT, CREATE … AS.
    package func innerQuery() throws(QueryError) -> ParsedStatement {
        let bound = Array(text(from: innerStart ?? lexer.start).utf8)
        return try ParsedStatement(bound, mode: lexer.mode)
    }

    /// Values to read the statement with before there are any: NULL, which fits everywhere in a query but in LIMIT, and
    /// texts in the statements about tasks.
    private static func probe(_ lexer: Lexer) -> [ParameterLiteral] {
        let isOfTasks = ["show", "wait", "cancel", "resend"].contains { lexer.isKeyword(lexer.tokens[0], $0) }
        let isWait =
            lexer.tokens.count > 6 && lexer.isKeyword(lexer.tokens[3], "loon")
            && lexer.isKeyword(lexer.tokens[5], "wait")
        return lexer.parameters.map { place in
            let before = lexer.tokens[max(0, place - 1)]
            let isSecond = place > 2 && lexer.isSymbol(before, ",") && lexer.isKeyword(lexer.tokens[place - 3], "limit")
            let isCount =
                isSecond || lexer.isKeyword(before, "limit") || lexer.isKeyword(before, "offset")
                || isOfTasks && lexer.isKeyword(before, "timeout") || isWait && lexer.isSymbol(before, ",")
            return isCount ? .number("1") : isOfTasks || isWait ? .text([]) : .null
        }
    }

    /// Whether the outermost query has a LIMIT of its own.
    package var hasLimit: Bool {
        var depth = 0
        for token in lexer.tokens {
            if lexer.isSymbol(token, "(") { depth += 1 }
            if lexer.isSymbol(token, ")") { depth -= 1 }
            if depth == 0, lexer.isKeyword(token, "limit") { return true }
        }
        return false
    }

    /// The statement as it was received, with its hints, and with the values in the places of the parameters.
    package var text: String { text(from: lexer.start) }

    private func text(from start: Int) -> String {
        var text: [UInt8] = []
        var place = start
        func isName(_ byte: UInt8?) -> Bool {
            byte.map {
                $0 >= 0x80 || $0 == UInt8(ascii: "_") || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A
                    || (0x30...0x39).contains($0)
            } ?? false
        }
        for (question, token) in lexer.bound where question >= start {
            var value = Array(lexer.source[lexer.tokens[token].range])
            // A sign is the number's own, and a value is no part of the words beside it.
            if lexer.tokens[token].kind == .number, value.first == UInt8(ascii: "-") {
                value = [UInt8(ascii: "(")] + value + [UInt8(ascii: ")")]
            }
            text += lexer.source[place..<question]
            if isName(text.last) { text.append(UInt8(ascii: " ")) }
            text += value
            if question + 1 < lexer.end, isName(lexer.source[question + 1]) { text.append(UInt8(ascii: " ")) }
            place = question + 1
        }
        return String(decoding: text + lexer.source[place..<lexer.end], as: UTF8.self)
    }
}

/// The value of a parameter, to be put into a statement.
package enum ParameterLiteral: Sendable, Equatable {
    case null
    /// Digits, with a sign, a point or an exponent.
    case number(String)
    case text([UInt8])

    func token(mode: LexicalMode) -> (text: [UInt8], kind: Token.Kind) {
        switch self {
        case .null: return (Array("NULL".utf8), .word)
        case .number(let digits): return (Array(digits.utf8), .number)
        case .text(let bytes):
            var quoted: [UInt8] = [UInt8(ascii: "'")]
            quoted.reserveCapacity(bytes.count + 2)
            for byte in bytes {
                if byte == UInt8(ascii: "'") || (byte == UInt8(ascii: "\\") && !mode.noBackslashEscapes) {
                    quoted.append(byte)
                }
                quoted.append(byte)
            }
            return (quoted + [UInt8(ascii: "'")], .string)
        }
    }
}
