package import LoonCore
package import SQLFrontend

/// The context that a query's text depends on.
package struct DialectContext: Sendable {
    /// The value of `now()`, in milliseconds since 1970, and the minutes east of UTC it is shown in.
    package let now: Int64
    package let timeZoneOffsetMinutes: Int
    /// The offset of the time zone SYSTEM.
    package let systemTimeZoneOffsetMinutes: Int
    /// The value of a system variable by its lower-case name, the session's or the global one; `nil` where there is
    /// none of that name.
    package let variable: @Sendable (String, _ isGlobal: Bool) -> SQLValue?
    /// The value of a user variable by its lower-case name with the `@`; NULL where it was not set.
    package let userVariable: @Sendable (String) -> SQLValue
    /// The value of a session function by its lower-case name.
    package let function: @Sendable (String) -> SQLValue

    package init(
        now: Int64, timeZoneOffsetMinutes: Int, systemTimeZoneOffsetMinutes: Int = 0,
        variable: @escaping @Sendable (String, Bool) -> SQLValue?,
        userVariable: @escaping @Sendable (String) -> SQLValue = { _ in .null },
        function: @escaping @Sendable (String) -> SQLValue
    ) {
        self.now = now
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.systemTimeZoneOffsetMinutes = systemTimeZoneOffsetMinutes
        self.variable = variable
        self.userVariable = userVariable
        self.function = function
    }
}

extension ParsedStatement {
    /// The query in the engine's dialect.
    package func engineText(_ context: DialectContext) throws(QueryError) -> String {
        try DialectRewriter(lexer: lexer, context: context).rewrite()
    }
}

/// Writes a query in the engine's dialect (DuckDB's, which is PostgreSQL's): MySQL's quotes and escapes, `LIMIT a, b`,
/// `<=>`, `&&`, variables and session functions.
///
/// The tokens are written out one by one, and no comment among them, with a space between any two that did not touch in
/// the source or that might be read as one: `E` before a string would begin an escape string, `-` `-` a comment.
struct DialectRewriter {
    let lexer: Lexer
    let context: DialectContext
    /// Calls and clauses that are written in another form.
    let calls: [Int: String]
    /// By the place of the token that each stands before.
    private let inserts: [Int: String]
    private let fault: QueryError?
    private let castsToWholeNumbers: Bool

    init(lexer: Lexer, context: DialectContext) {
        self.lexer = lexer
        self.context = context
        castsToWholeNumbers = Self.castsToWholeNumbers(lexer)
        let forms = QueryForms(lexer)
        (inserts, fault) = (forms.inserts, forms.fault)
        calls = FunctionCalls(lexer, timeZoneOffsetMinutes: context.timeZoneOffsetMinutes).texts
            .merging(forms.texts) { $1 }
    }

    func rewrite() throws(QueryError) -> String {
        if let fault { throw fault }
        var out: [UInt8] = []
        out.reserveCapacity(lexer.source.count + 64)
        let names = SelectNames(lexer).names
        let windows = UnpartitionedWindows(lexer).places
        var divisions = 0
        var operands = OperandStarts()
        var index = 0
        while lexer.tokens[index].kind != .end {
            let token = lexer.tokens[index]
            if lexer.isKeyword(token, "div"), !isQualified(index) {
                divisions += 1
                guard divisions <= Limits.divisionsMax else {
                    throw QueryError(.syntax, "The statement has more than \(Limits.divisionsMax) DIV")
                }
                index = try writeDivision(at: index, from: operands.product, to: &out)
                continue
            }
            defer { operands.wrote(token, lexer, end: out.count) }
            if let name = names[index] {
                out += Array(" AS ".utf8)
                append(quoted: name, by: UInt8(ascii: "\""), to: &out)
            }
            if let text = inserts[index] { out += Array(text.utf8) }
            if lexer.isSymbol(token, ";") { break }
            if let end = endOfPassedOver(at: index) {
                index = end
                continue
            }
            if let end = endOfDual(at: index) {
                index = end
                continue
            }
            if let end = try writeDayArithmetic(at: index, from: operands.sum, to: &out) {
                index = end
                continue
            }
            if needsSpace(before: index) { out.append(UInt8(ascii: " ")) }
            let isWindow = windows.contains(index)
            index = try write(at: index, to: &out)
            if isWindow { out += Array("PARTITION BY 1 ".utf8) }
        }
        if lexer.tokens[index].kind == .end, let text = inserts[index] { out += Array(text.utf8) }
        if let name = names[index], lexer.tokens[index].kind == .end {
            out += Array(" AS ".utf8)
            append(quoted: name, by: UInt8(ascii: "\""), to: &out)
        }
        guard out.count <= Limits.engineTextBytesMax else {
            throw QueryError(.packetTooLarge, "The query, with its variables, is too large")
        }
        guard !out.contains(0) else { throw QueryError(.notSupported, "A query cannot hold the character \\0") }
        guard let text = String(validating: out, as: UTF8.self) else {
            throw QueryError(.malformedData, "The statement is not valid UTF-8")
        }
        return text
    }

    /// A character set's introducer (`_utf8mb4'…'`), and a COLLATE of MySQL's: all text is UTF-8, and the engine's
    /// collations have other names. Also words that mean nothing here: options of SELECT, locks. The place behind them,
    /// or `nil` where none stands.
    private func endOfPassedOver(at index: Int) -> Int? {
        let token = lexer.tokens[index]
        guard token.kind == .word, !isQualified(index) else { return nil }
        let last = lexer.tokens.count - 1
        func follows(_ words: StaticString...) -> Bool {
            words.enumerated().allSatisfy {
                lexer.isKeyword(lexer.tokens[min(index + 1 + $0, lexer.tokens.count - 1)], $1)
            }
        }
        switch lexer.text(token).lowercased() {
        case "_utf8mb4", "_utf8mb3", "_utf8", "_ascii", "_binary", "_latin1":
            return lexer.tokens[index + 1].kind == .string ? index + 1 : nil
        case "collate":
            let collation = lexer.text(lexer.tokens[index + 1]).lowercased()
            return collation.hasPrefix("utf8") || collation.hasPrefix("latin1") || collation == "binary"
                ? index + 2 : nil
        case "character"
        where follows("set") && lexer.tokens[min(index + 2, last)].kind != .end
            && lexer.tokens[min(index + 3, last)].kind != .end:
            return index + 3
        case "sql_no_cache", "sql_calc_found_rows", "sql_buffer_result", "sql_small_result", "sql_big_result",
            "high_priority":
            return index > 0 && lexer.isKeyword(lexer.tokens[index - 1], "select") ? index + 1 : nil
        case "for" where follows("update") || follows("share"):
            let rest = lexer.tokens[index + 2]
            return lexer.isKeyword(rest, "nowait")
                ? index + 3
                : follows("update", "skip", "locked") || follows("share", "skip", "locked") ? index + 4 : index + 2
        case "lock" where follows("in", "share", "mode"): return index + 4
        case "order" where follows("by", "null"): return index + 3
        case "binary": return isPrefix(at: index) ? index + 1 : nil
        default: return nil
        }
    }

    /// Whether BINARY stands before an expression, which it then compares byte by byte, as the engine does anyway.
    private func isPrefix(at index: Int) -> Bool {
        let next = lexer.tokens[index + 1]
        switch next.kind {
        case .quotedName, .string: return true
        case .word:
            return ![
                "from", "as", "and", "or", "is", "in", "like", "where", "order", "group", "limit", "asc", "desc", "on",
            ].contains(
                lexer.text(next).lowercased())
        default: return false
        }
    }

    private func needsSpace(before index: Int) -> Bool {
        guard index > 0 else { return false }
        let (previous, token) = (lexer.tokens[index - 1], lexer.tokens[index])
        guard previous.range.upperBound == token.range.lowerBound else { return true }
        return !(isPunctuation(previous) || isPunctuation(token))
    }

    /// Symbols that are never part of a longer token.
    private func isPunctuation(_ token: Token) -> Bool {
        guard token.kind == .symbol, token.range.count == 1 else { return false }
        return [UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ".")].contains(
            lexer.source[token.range.lowerBound])
    }

    /// Writes the token at `index` and returns the place of the next one to write.
    func write(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int {
        let token = lexer.tokens[index]
        if let text = calls[index] {
            out += Array(text.utf8)
            return index + 1
        }
        switch token.kind {
        case .quotedName:
            if let schema = systemSchema(at: index) {
                append(quoted: Array(schema.utf8), by: UInt8(ascii: "\""), to: &out)
            } else {
                append(quoted: lexer.value(token), by: UInt8(ascii: "\""), to: &out)
            }
        case .string: writeString(at: index, to: &out)
        case .systemVariable:
            let (name, isGlobal) = StatementParser.variableName(lexer.text(token))
            guard let value = context.variable(name, isGlobal) else {
                throw QueryError(.unknownVariable, "Unknown system variable '\(name)'")
            }
            append(value, to: &out)
        case .userVariable:
            guard !lexer.isSymbol(lexer.tokens[index + 1], ":=") else {
                throw QueryError(.notSupported, "A query cannot assign to \(lexer.text(token)); use SET")
            }
            append(context.userVariable(StatementParser.userVariableName(lexer.text(token))), to: &out)
        case .symbol: try writeSymbol(token, to: &out)
        case .word: return try writeWord(at: index, to: &out)
        case .number: try writeNumber(token, to: &out)
        case .end: break
        }
        return index + 1
    }

    private func writeWord(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int {
        let token = lexer.tokens[index]
        if !isQualified(index) {
            if lexer.isKeyword(token, "limit"), let end = writeLimit(at: index, to: &out) { return end }
            if let end = try writeDaysFirst(at: index, to: &out) { return end }
            if lexer.isKeyword(token, "interval"), let end = try writeInterval(at: index, to: &out) { return end }
            if let end = try writeRegularExpression(at: index, to: &out) { return end }
            if let end = writeType(at: index, to: &out) { return end }
            if writesZonedLiteral(at: index, to: &out) { return index + 1 }
            if let end = try writeRenamed(at: index, to: &out) { return end }
            if let end = writeFunction(at: index, to: &out) { return end }
        }
        if let schema = systemSchema(at: index) {
            append(quoted: Array(schema.utf8), by: UInt8(ascii: "\""), to: &out)
            return index + 1
        }
        if Self.isPlain(lexer.source[token.range]) {
            out += lexer.source[token.range]
        } else {
            append(quoted: Array(lexer.source[token.range]), by: UInt8(ascii: "\""), to: &out)
        }
        return index + 1
    }

    /// Whether the engine reads the word as one name: MySQL's names may begin with a digit. Dollars begin a quoted
    /// string for the part of the engine that looks for wide spaces, and letters beyond ASCII are spaces to it now and
    /// then: outside of quotes no text of ours has either.
    private static func isPlain(_ word: ArraySlice<UInt8>) -> Bool {
        guard let first = word.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return word.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "$") }
    }

    /// The engine has an information_schema of its own: MySQL's gets another name there.
    private func systemSchema(at index: Int) -> String? {
        guard lexer.isSymbol(lexer.tokens[index + 1], "."), !isQualified(index) else { return nil }
        return SystemSchema.engineName(String(decoding: lexer.value(lexer.tokens[index]), as: UTF8.self))
    }

    private func isQualified(_ index: Int) -> Bool { index > 0 && lexer.isSymbol(lexer.tokens[index - 1], ".") }

    /// A backslash escapes in MySQL's LIKE patterns without being declared; in the engine's it must be.
    private func writeString(at index: Int, to out: inout [UInt8]) {
        let value = lexer.value(lexer.tokens[index])
        append(quoted: value, by: UInt8(ascii: "'"), to: &out)
        // Behind BINARY and a character set's introducer, too.
        var before = index - 1
        while before > 0, lexer.isKeyword(lexer.tokens[before], "binary") || endOfPassedOver(at: before) == before + 1 {
            before -= 1
        }
        let isPattern =
            before >= 0 && lexer.isKeyword(lexer.tokens[before], "like")
            && !lexer.isKeyword(lexer.tokens[index + 1], "escape")
        if isPattern, !lexer.mode.noBackslashEscapes, value.contains(UInt8(ascii: "\\")) {
            out += Array(" ESCAPE '\\'".utf8)
        }
    }

    /// `FROM dual` is no table: the place after it, or `nil` where this is none.
    private func endOfDual(at index: Int) -> Int? {
        guard lexer.isKeyword(lexer.tokens[index], "from"), lexer.isKeyword(lexer.tokens[index + 1], "dual") else {
            return nil
        }
        let next = lexer.tokens[index + 2]
        let ends: [StaticString] = ["where", "limit", "union", "order", "having", "intersect", "except"]
        guard
            next.kind == .end || lexer.isSymbol(next, ")") || lexer.isSymbol(next, ";")
                || ends.contains(where: { lexer.isKeyword(next, $0) })
        else { return nil }
        return index + 2
    }

    /// `LIMIT offset, count` → `LIMIT count OFFSET offset`. Where the query casts to whole numbers the count is a
    /// query: DuckDB 1.5.5 asks of a column what ORDER BY … LIMIT has found of a narrower number (docs/engine.md).
    private func writeLimit(at index: Int, to out: inout [UInt8]) -> Int? {
        if lexer.tokens[index + 1].kind == .number, !lexer.isSymbol(lexer.tokens[index + 2], ",") {
            out += Array("LIMIT ".utf8) + limit(lexer.tokens[index + 1])
            return index + 2
        }
        guard index + 3 < lexer.tokens.count, lexer.tokens[index + 1].kind == .number,
            lexer.isSymbol(lexer.tokens[index + 2], ","),
            lexer.tokens[index + 3].kind == .number
        else { return nil }
        out += Array("LIMIT ".utf8) + limit(lexer.tokens[index + 3])
        out += Array(" OFFSET ".utf8) + lexer.source[lexer.tokens[index + 1].range]
        return index + 4
    }

    private func limit(_ number: Token) -> [UInt8] {
        castsToWholeNumbers ? Array("(SELECT ".utf8) + clamped(number) + [UInt8(ascii: ")")] : clamped(number)
    }

    /// MySQL's manual writes 18446744073709551615 for all rows; the engine counts to 2^63 − 1.
    private func clamped(_ number: Token) -> [UInt8] {
        UInt64(lexer.text(number)).map { $0 > UInt64(Int64.max) } == true
            ? Array(String(Int64.max).utf8) : Array(lexer.source[number.range])
    }

    /// Functions whose value belongs to the statement or the session: `now()`, `database()` …
    private func writeFunction(at index: Int, to out: inout [UInt8]) -> Int? {
        let name = lexer.text(lexer.tokens[index]).lowercased()
        func token(_ ahead: Int) -> Token { lexer.tokens[min(index + ahead, lexer.tokens.count - 1)] }
        // now(6): how many digits of the second there are to be.
        let hasDigits =
            lexer.isSymbol(token(1), "(") && token(2).kind == .number && lexer.isSymbol(token(3), ")")
            && LocalFunctions.moment.contains(name)
        let isCall = hasDigits || (lexer.isSymbol(token(1), "(") && lexer.isSymbol(token(2), ")"))
        let end = hasDigits ? index + 4 : isCall ? index + 3 : index + 1
        let moment = CivilTime(milliseconds: context.now, offsetMinutes: context.timeZoneOffsetMinutes)
        switch isCall ? name + "()" : name {
        case "now()", "sysdate()", "current_timestamp", "current_timestamp()", "localtimestamp", "localtimestamp()",
            "localtime", "localtime()":
            out += Array("TIMESTAMP '\(moment.dateTime)'".utf8)
        case "curdate()", "current_date", "current_date()": out += Array("DATE '\(moment.date)'".utf8)
        case "curtime()", "current_time", "current_time()": out += Array("TIME '\(moment.time)'".utf8)
        case "unix_timestamp()": out += Array(String(context.now / 1_000).utf8)
        case "utc_date()", "utc_date": out += Array("DATE '\(CivilTime(milliseconds: context.now).date)'".utf8)
        case "utc_time()", "utc_time": out += Array("TIME '\(CivilTime(milliseconds: context.now).time)'".utf8)
        case "utc_timestamp()": out += Array("TIMESTAMP '\(CivilTime(milliseconds: context.now).dateTime)'".utf8)
        case "current_user": append(context.function(name), to: &out)
        case _ where isCall && LocalFunctions.session.contains(name): append(context.function(name), to: &out)
        default: return nil
        }
        return end
    }

    private func append(_ value: SQLValue, to out: inout [UInt8]) {
        switch value {
        case .null: out += Array("NULL".utf8)
        case .integer(let number): out += Array((number < 0 ? "(\(number))" : "\(number)").utf8)
        case .unsigned(let number): out += Array(String(number).utf8)
        case .real: out += Array("CAST('\(value.textValue)' AS DOUBLE)".utf8)
        case .text(let text): append(quoted: Array(text.utf8), by: UInt8(ascii: "'"), to: &out)
        }
    }

    func append(quoted bytes: [UInt8], by quote: UInt8, to out: inout [UInt8]) {
        out.append(quote)
        for byte in bytes {
            if byte == quote { out.append(quote) }
            out.append(byte)
        }
        out.append(quote)
    }
}
