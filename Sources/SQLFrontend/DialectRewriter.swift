package import LoonCore

/// What a query's text depends on beside itself.
package struct DialectContext: Sendable {
    /// What `now()` says, in milliseconds since 1970, and minutes east of UTC it is shown in.
    package let now: Int64
    package let timeZoneOffsetMinutes: Int
    /// What the time zone SYSTEM means.
    package let systemTimeZoneOffsetMinutes: Int
    /// The value of a system variable by its lower-case name, the session's or the global one; `nil` where there is none of that name.
    package let variable: @Sendable (String, _ isGlobal: Bool) -> SQLValue?
    /// The value of a user variable by its lower-case name with the `@`; NULL where it was not set.
    package let userVariable: @Sendable (String) -> SQLValue
    /// The value of a session function by its lower-case name.
    package let function: @Sendable (String) -> SQLValue

    package init(
        now: Int64, timeZoneOffsetMinutes: Int, systemTimeZoneOffsetMinutes: Int = 0, variable: @escaping @Sendable (String, Bool) -> SQLValue?,
        userVariable: @escaping @Sendable (String) -> SQLValue = { _ in .null }, function: @escaping @Sendable (String) -> SQLValue
    ) {
        self.now = now
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.systemTimeZoneOffsetMinutes = systemTimeZoneOffsetMinutes
        self.variable = variable
        self.userVariable = userVariable
        self.function = function
    }
}

/// Writes a query in the engine's dialect (DuckDB's, which is PostgreSQL's): MySQL's quotes and escapes, `LIMIT a, b`, `<=>`, `&&`,
/// variables and session functions.
///
/// The tokens are written out one by one, and no comment among them, with a space between any two that did not touch in the
/// source or that might be read as one: `E` before a string would begin an escape string, `-` `-` a comment.
struct DialectRewriter {
    let lexer: Lexer
    let context: DialectContext

    func rewrite() throws(QueryError) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(lexer.source.count + 64)
        let names = SelectNames(lexer).names
        var index = 0
        while lexer.tokens[index].kind != .end {
            let token = lexer.tokens[index]
            if let name = names[index] {
                out += Array(" AS ".utf8)
                append(quoted: name, by: UInt8(ascii: "\""), to: &out)
            }
            if lexer.isSymbol(token, ";") { break }
            if isPassedOver(at: index) {
                index += lexer.isKeyword(token, "collate") ? 2 : 1
                continue
            }
            if let end = endOfDual(at: index) {
                index = end
                continue
            }
            if needsSpace(before: index) { out.append(UInt8(ascii: " ")) }
            index = try write(at: index, to: &out)
        }
        if let name = names[index], lexer.tokens[index].kind == .end {
            out += Array(" AS ".utf8)
            append(quoted: name, by: UInt8(ascii: "\""), to: &out)
        }
        guard !out.contains(0) else { throw QueryError(.notSupported, "A query cannot hold the character \\0") }
        guard let text = String(validating: out, as: UTF8.self) else {
            throw QueryError(.malformedData, "The statement is not valid UTF-8")
        }
        return text
    }

    /// A character set's introducer (`_utf8mb4'…'`), and a COLLATE of MySQL's: all text is UTF-8, and the engine's collations have other names.
    private func isPassedOver(at index: Int) -> Bool {
        let token = lexer.tokens[index]
        guard token.kind == .word else { return false }
        if lexer.source[token.range.lowerBound] == UInt8(ascii: "_"), lexer.tokens[index + 1].kind == .string {
            return ["_utf8mb4", "_utf8mb3", "_utf8", "_ascii", "_binary", "_latin1"].contains(lexer.text(token).lowercased())
        }
        guard lexer.isKeyword(token, "collate"), !isQualified(index) else { return false }
        let collation = lexer.text(lexer.tokens[index + 1]).lowercased()
        return collation.hasPrefix("utf8") || collation.hasPrefix("latin1") || collation == "binary"
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
        return [UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ".")].contains(lexer.source[token.range.lowerBound])
    }

    /// Writes the token at `index` and returns the place of the next one to write.
    private func write(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int {
        let token = lexer.tokens[index]
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
            guard let value = context.variable(name, isGlobal) else { throw QueryError(.unknownVariable, "Unknown system variable '\(name)'") }
            append(value, to: &out)
        case .userVariable:
            guard !lexer.isSymbol(lexer.tokens[index + 1], ":=") else {
                throw QueryError(.notSupported, "A query cannot assign to \(lexer.text(token)); use SET")
            }
            append(context.userVariable(StatementParser.userVariableName(lexer.text(token))), to: &out)
        case .symbol:
            if lexer.isSymbol(token, "<=>") {
                out += Array("IS NOT DISTINCT FROM".utf8)
            } else if lexer.isSymbol(token, "&&") {
                out += Array("AND".utf8)
            } else if lexer.isSymbol(token, "^") {
                // The engine would raise to a power.
                throw QueryError(.notSupported, "The operator ^ is not supported; write xor(a, b)")
            } else if lexer.isSymbol(token, "?") {
                throw QueryError(.syntax, "A parameter (?) stands only in a prepared statement")
            } else {
                out += lexer.source[token.range]
            }
        case .word where lexer.isKeyword(token, "div") && !isQualified(index):
            // The engine's // keeps the fraction of decimals.
            throw QueryError(.notSupported, "The operator DIV is not supported; write cast(trunc(a / b) as bigint)")
        case .word: return writeWord(at: index, to: &out)
        case .number:
            // A bound value may have a sign.
            if lexer.source[token.range].first == UInt8(ascii: "-") {
                out += [UInt8(ascii: "(")] + lexer.source[token.range] + [UInt8(ascii: ")")]
                break
            }
            guard !lexer.source[token.range].contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else {
                throw QueryError(.notSupported, "Hexadecimal literals are not supported; write the number, or unhex('…')")
            }
            out += lexer.source[token.range]
        case .end: break
        }
        return index + 1
    }

    private func writeWord(at index: Int, to out: inout [UInt8]) -> Int {
        let token = lexer.tokens[index]
        if !isQualified(index) {
            if lexer.isKeyword(token, "limit"), let end = writeLimit(at: index, to: &out) { return end }
            if let end = writeFunction(at: index, to: &out) { return end }
        }
        if let schema = systemSchema(at: index) {
            append(quoted: Array(schema.utf8), by: UInt8(ascii: "\""), to: &out)
            return index + 1
        }
        // MySQL's names may begin with a digit, the engine's only in quotes.
        if let first = lexer.source[token.range].first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") {
            append(quoted: Array(lexer.source[token.range]), by: UInt8(ascii: "\""), to: &out)
        } else {
            out += lexer.source[token.range]
        }
        return index + 1
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
        let isPattern = index > 0 && lexer.isKeyword(lexer.tokens[index - 1], "like") && !lexer.isKeyword(lexer.tokens[index + 1], "escape")
        if isPattern, !lexer.mode.noBackslashEscapes, value.contains(UInt8(ascii: "\\")) { out += Array(" ESCAPE '\\'".utf8) }
    }

    /// `FROM dual` is no table: the place after it, or `nil` where this is none.
    private func endOfDual(at index: Int) -> Int? {
        guard lexer.isKeyword(lexer.tokens[index], "from"), lexer.isKeyword(lexer.tokens[index + 1], "dual") else { return nil }
        let next = lexer.tokens[index + 2]
        let ends: [StaticString] = ["where", "limit", "union", "order", "having", "intersect", "except"]
        guard next.kind == .end || lexer.isSymbol(next, ")") || lexer.isSymbol(next, ";") || ends.contains(where: { lexer.isKeyword(next, $0) })
        else { return nil }
        return index + 2
    }

    /// `LIMIT offset, count` → `LIMIT count OFFSET offset`.
    private func writeLimit(at index: Int, to out: inout [UInt8]) -> Int? {
        guard index + 3 < lexer.tokens.count, lexer.tokens[index + 1].kind == .number, lexer.isSymbol(lexer.tokens[index + 2], ","),
            lexer.tokens[index + 3].kind == .number
        else { return nil }
        out += Array("LIMIT ".utf8) + lexer.source[lexer.tokens[index + 3].range]
        out += Array(" OFFSET ".utf8) + lexer.source[lexer.tokens[index + 1].range]
        return index + 4
    }

    /// Functions whose value belongs to the statement or the session: `now()`, `database()` …
    private func writeFunction(at index: Int, to out: inout [UInt8]) -> Int? {
        let name = lexer.text(lexer.tokens[index]).lowercased()
        let isCall = lexer.isSymbol(lexer.tokens[index + 1], "(") && lexer.isSymbol(lexer.tokens[min(index + 2, lexer.tokens.count - 1)], ")")
        let end = isCall ? index + 3 : index + 1
        let moment = CivilTime(milliseconds: context.now, offsetMinutes: context.timeZoneOffsetMinutes)
        switch isCall ? name + "()" : name {
        case "now()", "sysdate()", "current_timestamp", "current_timestamp()", "localtimestamp", "localtimestamp()", "localtime", "localtime()":
            out += Array("TIMESTAMP '\(moment.dateTime)'".utf8)
        case "curdate()", "current_date", "current_date()": out += Array("DATE '\(moment.date)'".utf8)
        case "curtime()", "current_time", "current_time()": out += Array("TIME '\(moment.time)'".utf8)
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

    private func append(quoted bytes: [UInt8], by quote: UInt8, to out: inout [UInt8]) {
        out.append(quote)
        for byte in bytes {
            if byte == quote { out.append(quote) }
            out.append(byte)
        }
        out.append(quote)
    }
}
