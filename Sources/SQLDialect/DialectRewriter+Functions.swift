import LoonCore
import SQLFrontend

/// Functions and operators that the engine writes in another way.
extension DialectRewriter {
    /// The engine's names for MySQL's functions: the same name would mean something else.
    private static let renamed = [
        "length": "strlen", "octet_length": "strlen", "dayofweek": "loon_dayofweek", "weekday": "loon_weekday",
        "date_sub": "loon_date_sub",
        "date_add": "loon_date_add", "year": "loon_year", "month": "loon_month", "day": "loon_day",
        "dayofmonth": "loon_day",
        "dayofyear": "loon_dayofyear",
        "quarter": "loon_quarter", "instr": "loon_instr", "left": "loon_left", "right": "loon_right",
    ]

    /// Whether a word with parentheses is a type (`AS CHAR(10)`), or a name with its columns (`AS log(b, x)`,
    /// `WITH week(d) AS (…)`).
    private func isTypeOrName(at index: Int) -> Bool {
        if index > 0, lexer.isKeyword(lexer.tokens[index - 1], "as") || lexer.isSymbol(lexer.tokens[index - 1], "::") {
            return true
        }
        var (place, depth) = (index + 1, 0)
        while place < lexer.tokens.count - 1 {
            if lexer.opens(lexer.tokens[place]) { depth += 1 }
            if lexer.closes(lexer.tokens[place]) { depth -= 1 }
            place += 1
            if depth == 0 { break }
        }
        guard lexer.isKeyword(lexer.tokens[place], "as"), place + 1 < lexer.tokens.count else { return false }
        let next = lexer.tokens[place + 1]
        return lexer.isSymbol(next, "(") || lexer.isKeyword(next, "not") || lexer.isKeyword(next, "materialized")
    }

    func writeRenamed(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int? {
        guard lexer.isSymbol(lexer.tokens[index + 1], "(") else { return nil }
        guard !isTypeOrName(at: index) else { return nil }
        let name = lexer.text(lexer.tokens[index]).lowercased()
        let (count, callsNothing) = lexer.arguments(ofCallAt: index)
        let catalog = FunctionCatalog.of(lexer.mode.dialect)
        if let hint = catalog.refusal(of: name, argumentCount: count) {
            throw QueryError(.notSupported, "\(name.uppercased()) is not supported as it is called here; \(hint)")
        }
        guard
            let engineName = catalog.engineName(of: name, argumentCount: count, callsNothing: callsNothing)
                ?? (lexer.mode.dialect == .mysql ? Self.renamed[name] : nil)
        else {
            // Behind a parenthesis or a name in quotes it is an alias with its columns.
            if let bounds = catalog.argumentBounds(of: name), index > 0,
                !lexer.isSymbol(lexer.tokens[index - 1], ")"), lexer.tokens[index - 1].kind != .quotedName
            {
                throw QueryError(
                    .notSupported,
                    "\(name.uppercased()) takes \(bounds.least) to \(bounds.greatest) arguments, and not \(count); "
                        + "nest calls of it")
            }
            return nil
        }
        out += Array(engineName.utf8)
        return index + 1
    }

    /// `a REGEXP 'b'` finds the pattern anywhere, without regard to case; the engine's `~` wants the whole text.
    func writeRegularExpression(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int? {
        let isNegated = lexer.isKeyword(lexer.tokens[index], "not")
        let place = isNegated ? index + 1 : index
        guard lexer.isKeyword(lexer.tokens[place], "regexp") || lexer.isKeyword(lexer.tokens[place], "rlike"), place > 0
        else { return nil }
        let isBinary = lexer.isKeyword(lexer.tokens[place + 1], "binary")
        let pattern = isBinary ? place + 2 : place + 1
        guard lexer.tokens[pattern].kind == .string else {
            throw QueryError(
                .notSupported, "REGEXP takes a pattern in quotes here; write regexp_matches(text, pattern)")
        }
        out += Array((isNegated ? "!~ " : "~ ").utf8)
        let head = isBinary ? "(?s).*(" : "(?is).*("
        append(
            quoted: Array(head.utf8) + lexer.value(lexer.tokens[pattern]) + Array(").*".utf8), by: UInt8(ascii: "'"),
            to: &out)
        return pattern + 1
    }

    /// `a DIV b` → `loon_div(a, b)`: the engine's own `//` keeps the fraction of decimals. What is left of it is
    /// written already, from `start` on.
    func writeDivision(at index: Int, from start: Int, to out: inout [UInt8]) throws(QueryError) -> Int {
        out.insert(contentsOf: Array(" loon_div(".utf8), at: start)
        out.append(UInt8(ascii: ","))
        var depth = 0
        var place = index + 1
        while lexer.tokens[place].kind != .end {
            let token = lexer.tokens[place]
            if depth == 0, place > index + 1, !continuesFactor(at: place) { break }
            if lexer.isSymbol(token, "(") { depth += 1 }
            if lexer.isSymbol(token, ")") { depth -= 1 }
            if depth < 0 { break }
            guard !lexer.isKeyword(token, "div") else {
                throw QueryError(
                    .notSupported, "DIV within the right side of DIV is not supported; use parentheses less")
            }
            out.append(UInt8(ascii: " "))
            place = try write(at: place, to: &out)
        }
        out.append(UInt8(ascii: ")"))
        return place
    }

    /// Whether the token belongs to the factor that the tokens before it began: a sign's number, a call's parenthesis,
    /// a qualified name.
    private func continuesFactor(at place: Int) -> Bool {
        let (token, previous) = (lexer.tokens[place], lexer.tokens[place - 1])
        if lexer.isSymbol(token, "("), previous.kind == .word || previous.kind == .quotedName { return true }
        return lexer.isSymbol(token, ".") || lexer.isSymbol(previous, ".") || lexer.isSymbol(previous, "-")
    }

    /// Whether some CAST, TRY_CAST or `::` is to a whole number.
    static func castsToWholeNumbers(_ lexer: Lexer) -> Bool {
        let types: Set<String> = [
            "int", "integer", "tinyint", "smallint", "bigint", "int1", "int2", "int4", "int8", "int16", "int32",
            "int64",
            "short", "long", "signed", "unsigned", "utinyint", "usmallint", "uinteger", "ubigint", "uint8", "uint16",
            "uint32", "uint64", "mediumint",
        ]
        return lexer.tokens.indices.dropFirst().contains { index in
            let before = lexer.tokens[index - 1]
            return lexer.tokens[index].kind == .word
                && (lexer.isSymbol(before, "::") || lexer.isKeyword(before, "as"))
                && types.contains(lexer.text(lexer.tokens[index]).lowercased())
        }
    }

    /// `TIMESTAMP '… +02:00'`, or with a zone's name, is a moment: the engine would take the zone off and forget it.
    func writesZonedLiteral(at index: Int, to out: inout [UInt8]) -> Bool {
        let next = lexer.tokens[index + 1]
        guard lexer.isKeyword(lexer.tokens[index], "timestamp"), next.kind == .string,
            String(decoding: lexer.value(next), as: UTF8.self).firstMatch(
                of: /[0-9]:[0-9]{2}(:[0-9.]+)?(Z| ?[+-][0-9]{1,2}(:?[0-9]{2})?| [A-Za-z][A-Za-z_\/+-]*[0-9]*)$/) != nil
        else { return false }
        out += Array("TIMESTAMPTZ".utf8)
        return true
    }

    /// `AS SIGNED [INTEGER])` and `AS UNSIGNED [INTEGER])` of CAST.
    func writeType(at index: Int, to out: inout [UInt8]) -> Int? {
        guard index > 0, lexer.isKeyword(lexer.tokens[index - 1], "as") else { return nil }
        let isSigned = lexer.isKeyword(lexer.tokens[index], "signed")
        guard isSigned || lexer.isKeyword(lexer.tokens[index], "unsigned") else { return nil }
        let end = lexer.isKeyword(lexer.tokens[index + 1], "integer") ? index + 2 : index + 1
        guard lexer.isSymbol(lexer.tokens[end], ")") else { return nil }
        out += Array((isSigned ? "BIGINT" : "UBIGINT").utf8)
        return end
    }
}

/// The places in what is written where the left operands of what comes next begin.
struct OperandStarts {
    private struct Level {
        /// Of a multiplication or division, and of an addition or subtraction.
        var product: Int
        var sum: Int
    }
    private var levels = [Level(product: 0, sum: 0)]
    var product: Int { levels[levels.count - 1].product }
    var sum: Int { levels[levels.count - 1].sum }

    /// Words that end what stands before them.
    private static let boundaries: Set<String> = [
        "select", "distinct", "where", "and", "or", "not", "xor", "having", "by", "on", "when", "then", "else",
        "between", "in", "like", "is", "limit", "values", "from", "qualify",
    ]
    /// Words that an operand goes on with behind a parenthesis.
    private static let continuing: Set<String> = ["at", "collate", "over", "filter", "within", "ignore", "respect"]
    /// Whether the token before was a point, or closed a parenthesis; and where it ended.
    private var (isQualified, wasClosed, lastEnd) = (false, false, 0)
    /// Whether an operand may have ended there: a sign behind anything else is one of its own operand's.
    private var wasOperand = false

    mutating func wrote(_ token: Token, _ lexer: Lexer, end: Int) {
        let last = levels.count - 1
        let (wasQualified, follows, start) = (isQualified, wasClosed, lastEnd)
        (isQualified, wasClosed, lastEnd) = (lexer.isSymbol(token, "."), lexer.isSymbol(token, ")"), end)
        let isSign = !wasOperand
        wasOperand =
            switch token.kind {
            case .symbol: lexer.closes(token)
            case .word: !Self.boundaries.contains(lexer.text(token).lowercased()) || wasQualified
            default: true
            }
        // A name behind a point is no word of SQL's.
        guard !wasQualified else { return }
        // DISTINCT ON (…) a: what stands behind the parenthesis is an operand of its own.
        if follows, token.kind == .word || token.kind == .quotedName,
            !Self.continuing.contains(lexer.text(token).lowercased())
        {
            levels[last] = Level(product: start, sum: start)
        }
        switch token.kind {
        case .symbol:
            let inProduct: [StaticString] = [".", "*", "/", "%", "::", "?"]
            let inSum: [StaticString] = ["+", "-"]
            if lexer.isSymbol(token, "(") {
                levels.append(Level(product: end, sum: end))
            } else if lexer.isSymbol(token, ")") {
                if last > 0 { levels.removeLast() }
            } else if inSum.contains(where: { lexer.isSymbol(token, $0) }) {
                if !isSign { levels[last].product = end }
            } else if !inProduct.contains(where: { lexer.isSymbol(token, $0) }) {
                levels[last] = Level(product: end, sum: end)
            }
        case .word:
            switch lexer.text(token).lowercased() {
            case "case": levels.append(Level(product: end, sum: end))
            case "end": if last > 0 { levels.removeLast() }
            case "interval": levels[last].product = end
            case let word where Self.boundaries.contains(word): levels[last] = Level(product: end, sum: end)
            default: break
            }
        default: break
        }
    }
}
