import LoonCore
import SQLFrontend

/// Intervals, and the days that they are added to.
extension DialectRewriter {
    /// `d + INTERVAL n DAY` → `loon_day_add(d, INTERVAL n DAY)`, and so for each unit of whole days: a DATE stays one,
    /// where the engine makes a timestamp of it. What is left of it is written already, from `start` on.
    func writeDayArithmetic(at index: Int, from start: Int, to out: inout [UInt8]) throws(QueryError) -> Int? {
        let isPlus = lexer.isSymbol(lexer.tokens[index], "+")
        guard isPlus || lexer.isSymbol(lexer.tokens[index], "-"), start < out.count,
            lexer.isKeyword(lexer.tokens[index + 1], "interval"), let unit = try lastOfDays(ofIntervalAt: index + 1),
            // A factor behind the unit multiplies the interval, and not the sum.
            !lexer.isSymbol(lexer.tokens[unit + 1], "*"), !lexer.isSymbol(lexer.tokens[unit + 1], "/")
        else { return nil }
        out.insert(contentsOf: Array(" loon_day_\(isPlus ? "add" : "sub")(".utf8), at: start)
        out.append(UInt8(ascii: ","))
        if unit > index + 2, let end = try writeInterval(at: index + 1, to: &out) {
            out.append(UInt8(ascii: ")"))
            return end
        }
        try writeDays(from: index + 1, through: unit, to: &out)
        out.append(UInt8(ascii: ")"))
        return unit + 1
    }

    /// `INTERVAL n DAY + d` → `loon_day_add(d, INTERVAL n DAY)`, where what follows is a name, a literal, a call or in
    /// parentheses. The place behind it, or `nil` where this is none.
    func writeDaysFirst(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int? {
        let binding: [StaticString] = ["+", "-", "*", "/", "%", "::"]
        let isSecond = index > 0 && binding.contains { lexer.isSymbol(lexer.tokens[index - 1], $0) }
        guard !isSecond, lexer.isKeyword(lexer.tokens[index], "interval"),
            let unit = try lastOfDays(ofIntervalAt: index), lexer.isSymbol(lexer.tokens[unit + 1], "+"),
            let end = endOfOperand(at: unit + 2)
        else { return nil }
        out += Array(" loon_day_add(".utf8)
        var place = unit + 2
        while place < end {
            if place > unit + 2 { out.append(UInt8(ascii: " ")) }
            place = try write(at: place, to: &out)
        }
        out.append(UInt8(ascii: ","))
        let isText = unit == index + 1
        let isWritten = isText ? false : try writeInterval(at: index, to: &out) != nil
        if !isWritten { try writeDays(from: index, through: unit, to: &out) }
        out.append(UInt8(ascii: ")"))
        return end
    }

    /// An interval whose amount is a single number or text.
    private func writeDays(from index: Int, through unit: Int, to out: inout [UInt8]) throws(QueryError) {
        out += Array(" INTERVAL".utf8)
        for place in index + 1...unit {
            out.append(UInt8(ascii: " "))
            _ = try write(at: place, to: &out)
        }
    }

    /// Behind a name, a literal, a call or parentheses that no operator binds closer than `+`.
    private func endOfOperand(at start: Int) -> Int? {
        var place = start
        if lexer.tokens[place].kind == .word,
            ["date", "timestamp"].contains(lexer.text(lexer.tokens[place]).lowercased()),
            lexer.tokens[place + 1].kind == .string
        {
            place += 2
        } else if lexer.tokens[place].kind == .string, calls[place]?.hasPrefix(" DATE") ?? false {
            // A text that is a day.
            place += 1
        } else if [.word, .quotedName].contains(lexer.tokens[place].kind) {
            // A word of SQL's, and a literal of another type, go on in ways of their own.
            let word = lexer.text(lexer.tokens[place]).lowercased()
            guard !["interval", "case", "not", "select", "exists"].contains(word),
                lexer.tokens[place + 1].kind != .string
            else { return nil }
            place += 1
            while lexer.isSymbol(lexer.tokens[place], "."), lexer.tokens[place + 1].kind != .end { place += 2 }
        }
        if lexer.isSymbol(lexer.tokens[place], "(") {
            var depth = 0
            repeat {
                if lexer.isSymbol(lexer.tokens[place], "(") { depth += 1 }
                if lexer.isSymbol(lexer.tokens[place], ")") { depth -= 1 }
                guard lexer.tokens[place].kind != .end else { return nil }
                place += 1
            } while depth > 0
        }
        let closer: [StaticString] = ["*", "/", "%", "::", "[", "."]
        let next = lexer.tokens[place]
        guard place > start, !closer.contains(where: { lexer.isSymbol(next, $0) }),
            !["div", "mod", "over", "filter", "at", "collate", "within"].contains(lexer.text(next).lowercased())
        else { return nil }
        return place
    }

    /// The last token of an interval of whole days: its unit, or a text with both (`INTERVAL '1 day'`).
    private func lastOfDays(ofIntervalAt index: Int) throws(QueryError) -> Int? {
        if lexer.tokens[index + 1].kind == .string,
            String(decoding: lexer.value(lexer.tokens[index + 1]), as: UTF8.self).lowercased().wholeMatch(
                of: /\s*(?:[-+]?[0-9]+\s+(?:day|week|month|quarter|year)s?\s*)+/) != nil
        {
            return index + 1
        }
        guard let unit = try unit(ofIntervalAt: index),
            Self.dayUnits.contains(lexer.text(lexer.tokens[unit]).lowercased())
        else { return nil }
        return unit
    }

    private static let dayUnits: Set<String> = ["day", "week", "month", "quarter", "year"]
    private static let units = dayUnits.union(["microsecond", "second", "minute", "hour"])

    /// Words that no interval's amount goes on behind.
    private static let enders: Set<String> = [
        "as", "from", "where", "and", "or", "then", "else", "when", "order", "group", "having", "limit", "union",
        "except", "intersect", "qualify", "between", "asc", "desc", "on",
    ]

    /// The place of an interval's unit; `nil` where none stands.
    private func unit(ofIntervalAt index: Int) throws(QueryError) -> Int? {
        var depth = 0
        var end = index + 1
        while lexer.tokens[end].kind != .end {
            let token = lexer.tokens[end]
            if lexer.isSymbol(token, "(") { depth += 1 }
            if lexer.isSymbol(token, ")") { depth -= 1 }
            if depth < 0 || (depth == 0 && lexer.isSymbol(token, ",")) || end > index + Limits.intervalTokensMax {
                return nil
            }
            if depth == 0, token.kind == .word, Self.enders.contains(lexer.text(token).lowercased()) { return nil }
            guard depth > 0 || !lexer.isKeyword(token, "interval") else {
                throw QueryError(.notSupported, "An INTERVAL within an INTERVAL is not supported")
            }
            if depth == 0, end > index + 1, token.kind == .word, Self.units.contains(lexer.text(token).lowercased()) {
                break
            }
            end += 1
        }
        return lexer.tokens[end].kind == .word && end > index + 1 ? end : nil
    }

    /// `INTERVAL expression UNIT` → `INTERVAL (expression) UNIT`.
    func writeInterval(at index: Int, to out: inout [UInt8]) throws(QueryError) -> Int? {
        guard let end = try unit(ofIntervalAt: index) else { return nil }
        // A single number or text is read as it stands.
        let isConstant = end == index + 2 && [.number, .string].contains(lexer.tokens[index + 1].kind)
        guard !isConstant else { return nil }
        out += Array("INTERVAL (".utf8)
        var place = index + 1
        while place < end {
            if place > index + 1 { out.append(UInt8(ascii: " ")) }
            place = try write(at: place, to: &out)
        }
        out += Array(") ".utf8) + lexer.source[lexer.tokens[end].range]
        return end + 1
    }
}
