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

    func writeRenamed(at index: Int, to out: inout [UInt8]) -> Int? {
        guard lexer.isSymbol(lexer.tokens[index + 1], "(") else { return nil }
        let name = lexer.text(lexer.tokens[index]).lowercased()
        guard let engineName = Self.renamed[name] else { return nil }
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

/// Calls that are written in another form: what to write in the places of some of their tokens.
struct FunctionCalls {
    private let lexer: Lexer
    private(set) var texts: [Int: String] = [:]

    init(_ lexer: Lexer, timeZoneOffsetMinutes: Int) {
        self.lexer = lexer
        for index in lexer.tokens.indices.dropLast(2)
        where lexer.isSymbol(lexer.tokens[index + 1], "(") && lexer.tokens[index].kind == .word {
            switch lexer.text(lexer.tokens[index]).lowercased() {
            case "concat": concatenate(index)
            case let name where Self.zoned[name] != nil:
                // The engine's functions know nothing of the session.
                guard !lexer.isSymbol(lexer.tokens[index + 2], ")") else { break }
                texts[index] = " \(Self.zoned[name] ?? name)"
                texts[index + 1] = "(\(timeZoneOffsetMinutes),"
            case "extract" where lexer.isKeyword(lexer.tokens[index + 2], "epoch"): epoch(index, timeZoneOffsetMinutes)
            case "date_part", "datepart": epochPart(index, timeZoneOffsetMinutes)
            case "date_add", "date_sub", "adddate", "subdate": addDays(index)
            case "convert": convert(index)
            case "date_format": format(index, function: "strftime", opening: "(CAST((", comma: ") AS TIMESTAMP),")
            case "str_to_date": format(index, function: "try_strptime", opening: "(", comma: ",")
            default: break
            }
        }
    }

    /// Functions between a count of seconds since 1970 and a time, which is the session's: their names with the zone as
    /// the first argument.
    private static let zoned = [
        "from_unixtime": "loon_from_unixtime", "to_timestamp": "loon_from_unixtime",
        "unix_timestamp": "loon_unix_timestamp", "epoch": "loon_epoch",
    ]

    /// `EXTRACT(EPOCH FROM t)`
    private mutating func epoch(_ index: Int, _ offsetMinutes: Int) {
        guard lexer.isKeyword(lexer.tokens[index + 3], "from") else { return }
        texts[index] = " loon_epoch"
        texts[index + 2] = "\(offsetMinutes)"
        texts[index + 3] = ","
    }

    /// `DATE_PART('epoch', t)`
    private mutating func epochPart(_ index: Int, _ offsetMinutes: Int) {
        guard lexer.tokens[index + 2].kind == .string,
            String(decoding: lexer.value(lexer.tokens[index + 2]), as: UTF8.self).lowercased() == "epoch"
        else { return }
        texts[index] = " loon_epoch"
        texts[index + 2] = "\(offsetMinutes)"
    }

    /// The commas between the arguments of the call at `index`, and its closing parenthesis.
    private func arguments(of index: Int) -> (commas: [Int], end: Int)? {
        var depth = 0
        var commas: [Int] = []
        for place in (index + 1)..<lexer.tokens.count {
            let token = lexer.tokens[place]
            if lexer.isSymbol(token, "(") { depth += 1 }
            if lexer.isSymbol(token, ")") { depth -= 1 }
            if depth == 1, lexer.isSymbol(token, ",") { commas.append(place) }
            if depth == 0 { return (commas, place) }
        }
        return nil
    }

    /// CONCAT of NULL is NULL, and the engine's is not: `concat(a, b)` → `((a) || (b))`.
    private mutating func concatenate(_ index: Int) {
        guard let (commas, end) = arguments(of: index), end > index + 2 else { return }
        texts[index] = " "
        texts[index + 1] = "((CAST(("
        for comma in commas { texts[comma] = ") AS VARCHAR)) || (CAST((" }
        texts[end] = ") AS VARCHAR)))"
    }

    /// `DATE_ADD(d, INTERVAL n DAY)` is `d + INTERVAL n DAY`. A text that is a day is one.
    private mutating func addDays(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 1, end > commas[0] + 2,
            ["day", "week", "month", "quarter", "year"].contains(lexer.text(lexer.tokens[end - 1]).lowercased()),
            lexer.isKeyword(lexer.tokens[commas[0] + 1], "interval")
        else { return }
        let isPlus = ["date_add", "adddate"].contains(lexer.text(lexer.tokens[index]).lowercased())
        guard !lexer.isKeyword(lexer.tokens[index + 2], "null") else { return }
        if commas[0] == index + 3, lexer.tokens[index + 2].kind == .string {
            let text = String(decoding: lexer.value(lexer.tokens[index + 2]), as: UTF8.self)
            guard text.wholeMatch(of: /[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}/) != nil else { return }
            texts[index + 2] = " DATE '\(text)'"
        }
        texts[index] = isPlus ? " loon_date_add_days" : " loon_date_sub_days"
    }

    /// `CONVERT(a, UNSIGNED INTEGER)` and `CONVERT(a USING utf8mb4)` are casts.
    private mutating func convert(_ index: Int) {
        guard let (commas, end) = arguments(of: index) else { return }
        if let comma = commas.last {
            texts[index] = " CAST"
            texts[comma] = " AS"
            let isSigned = lexer.isKeyword(lexer.tokens[comma + 1], "signed")
            if isSigned || lexer.isKeyword(lexer.tokens[comma + 1], "unsigned") {
                texts[comma + 1] = isSigned ? " BIGINT" : " UBIGINT"
            }
            if end == comma + 3, lexer.isKeyword(lexer.tokens[comma + 2], "integer") { texts[comma + 2] = " " }
        } else if end >= index + 4, lexer.isKeyword(lexer.tokens[end - 2], "using") {
            texts[index] = " CAST"
            texts[end - 2] = " AS"
            texts[end - 1] = " VARCHAR"
        }
    }

    /// Functions of a format, which must be a literal: the engine's letters are C's.
    private mutating func format(_ index: Int, function: String, opening: String, comma: String) {
        guard let (commas, end) = arguments(of: index), commas.count == 1, end == commas[0] + 2,
            lexer.tokens[end - 1].kind == .string
        else { return }
        guard let format = Self.translated(String(decoding: lexer.value(lexer.tokens[end - 1]), as: UTF8.self)) else {
            return
        }
        texts[index] = " " + function
        texts[index + 1] = opening
        texts[commas[0]] = comma
        texts[end - 1] =
            "'" + String(String.UnicodeScalarView(format.unicodeScalars.flatMap { $0 == "'" ? [$0, $0] : [$0] })) + "'"
    }

    /// https://dev.mysql.com/doc/refman/8.0/en/date-and-time-functions.html#function_date-format in C's letters.
    /// `nil` where one means something that C has no letter for: weeks that are not ISO's, ordinal numbers.
    private static func translated(_ format: String) -> String? {
        var letters: [Unicode.Scalar: String] = [
            "M": "%B", "i": "%M", "W": "%A", "c": "%-m", "e": "%-d", "k": "%-H", "l": "%-I", "h": "%I", "s": "%S",
            "T": "%H:%M:%S",
            "r": "%I:%M:%S %p", "v": "%V", "x": "%G", "%": "%%",
        ]
        for letter in "abdfHIjmpSwYy".unicodeScalars { letters[letter] = "%" + String(Character(letter)) }
        var result = ""
        var isLetter = false
        for scalar in format.unicodeScalars {
            if isLetter {
                if "uUVXD".unicodeScalars.contains(scalar) { return nil }
                // Any other letter is itself.
                result += letters[scalar] ?? String(Character(scalar))
                isLetter = false
            } else if scalar == "%" {
                isLetter = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
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

    mutating func wrote(_ token: Token, _ lexer: Lexer, end: Int) {
        let last = levels.count - 1
        let (wasQualified, follows, start) = (isQualified, wasClosed, lastEnd)
        (isQualified, wasClosed, lastEnd) = (lexer.isSymbol(token, "."), lexer.isSymbol(token, ")"), end)
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
                levels[last].product = end
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
