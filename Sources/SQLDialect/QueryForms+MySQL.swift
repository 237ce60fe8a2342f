import LoonCore
import SQLFrontend

/// Forms of MySQL's (https://dev.mysql.com/doc/refman/8.0/en/) that the engine has not.
extension QueryForms {
    mutating func writeMySQL(_ index: Int, _ word: String) {
        switch word {
        case "mod" where isOperand(index - 1) && !endsOperand(index + 1): texts[index] = " %"
        case "with": rollup(index)
        case "distinctrow": texts[index] = " DISTINCT"
        case "straight_join" where isWord(index - 1, ["select"]): texts[index] = " "
        case "straight_join":
            texts[index] = " JOIN"
            join(index)
        case "use", "force", "ignore": indexHint(index)
        case "join": join(index)
        case "count": countTuples(index)
        case "interval":
            compoundInterval(index)
            fraction(index)
        case "x", "n", "b": literal(index, word)
        default: break
        }
    }

    /// Whether no operand begins at the token.
    private func endsOperand(_ index: Int) -> Bool {
        lexer.tokens[index].kind == .end || isSymbol(index, ",") || isSymbol(index, ")") || isSymbol(index, ";")
            || isWord(index, Self.clauses)
    }

    /// `GROUP BY a, b WITH ROLLUP` → `GROUP BY ROLLUP (a, b)`
    private mutating func rollup(_ index: Int) {
        guard isWord(index + 1, ["rollup"]) else { return }
        var (depth, place) = (0, index - 1)
        while place > 0 {
            if lexer.closes(lexer.tokens[place]) { depth += 1 }
            if lexer.opens(lexer.tokens[place]) { depth -= 1 }
            guard depth >= 0 else { return }
            if depth == 0, isWord(place, ["by"]), isWord(place - 1, ["group"]) {
                texts[place] = " BY ROLLUP ("
                texts[index] = ")"
                texts[index + 1] = " "
                return
            }
            place -= 1
        }
    }

    /// `FROM t USE INDEX (i)`: there are no indexes.
    private mutating func indexHint(_ index: Int) {
        guard isWord(index + 1, ["index", "key"]) else { return }
        let isFor = isWord(index + 2, ["for"])
        let open = !isFor ? index + 2 : isWord(index + 4, ["by"]) ? index + 5 : index + 4
        guard isSymbol(open, "("), let end = closing(open) else { return }
        for place in index...end { texts[place] = " " }
    }

    /// A join without a condition is a product.
    private mutating func join(_ index: Int) {
        guard
            !isWord(
                index - 1, ["left", "right", "full", "outer", "cross", "natural", "semi", "anti", "asof", "positional"])
        else {
            return
        }
        // Each join behind it needs a condition first.
        var (depth, place, wanted) = (0, index + 1, 1)
        let ends: Set<String> = [
            "where", "group", "having", "order", "limit", "union", "intersect", "except", "window",
        ]
        while lexer.tokens[place].kind != .end {
            if lexer.opens(lexer.tokens[place]) { depth += 1 }
            if lexer.closes(lexer.tokens[place]) { depth -= 1 }
            if depth == 0, isWord(place, ["on", "using"]) { wanted -= 1 }
            if depth == 0, isWord(place, ["join", "straight_join"]), !isWord(place - 1, ["cross", "natural"]) {
                wanted += 1
            }
            if wanted == 0 { return }
            if depth < 0 || depth == 0 && (isSymbol(place, ",") || isSymbol(place, ";") || isWord(place, ends)) {
                break
            }
            place += 1
        }
        if isWord(index - 1, ["inner"]) { texts[index - 1] = " " }
        texts[index] = " CROSS JOIN"
    }

    /// `COUNT(DISTINCT a, b)` counts rows without a NULL.
    private mutating func countTuples(_ index: Int) {
        guard isSymbol(index + 1, "("), isWord(index + 2, ["distinct"]), let end = closing(index + 1),
            lexer.arguments(ofCallAt: index).count > 1
        else { return }
        texts[index + 2] = " DISTINCT loon_mysql__tuple("
        texts[end] = "))"
    }

    private static let compound: [String: [String]] = [
        "year_month": ["years", "months"], "day_hour": ["days", "hours"],
        "day_minute": ["days", "hours", "minutes"], "day_second": ["days", "hours", "minutes", "seconds"],
        "hour_minute": ["hours", "minutes"], "hour_second": ["hours", "minutes", "seconds"],
        "minute_second": ["minutes", "seconds"],
    ]

    /// `INTERVAL '1:30' HOUR_MINUTE` → `INTERVAL '1 hours 30 minutes'`: numbers with anything between them, of which
    /// the first may lack.
    private mutating func compoundInterval(_ index: Int) {
        guard lexer.tokens.indices.contains(index + 2), lexer.tokens[index + 1].kind == .string,
            lexer.tokens[index + 2].kind == .word,
            let parts = Self.compound[lexer.text(lexer.tokens[index + 2]).lowercased()]
        else { return }
        let value = String(decoding: lexer.value(lexer.tokens[index + 1]), as: UTF8.self)
        let numbers = value.split { !$0.isASCII || !$0.isNumber }
        guard !numbers.isEmpty, numbers.count <= parts.count, numbers.allSatisfy({ $0.count < 10 }) else { return }
        let sign = value.drop { $0 == " " }.first == "-" ? "-" : ""
        let pairs = zip(numbers, parts.suffix(numbers.count)).map { "\(sign)\($0) \($1)" }
        texts[index + 1] = " '\(pairs.joined(separator: " "))'"
        texts[index + 2] = " "
    }

    /// `INTERVAL '1.5' HOUR` is two hours in MySQL, which rounds all but seconds; the engine would cut it.
    private mutating func fraction(_ index: Int) {
        guard lexer.tokens.indices.contains(index + 2), [.string, .number].contains(lexer.tokens[index + 1].kind),
            lexer.tokens[index + 2].kind == .word, Self.units.contains(lexer.text(lexer.tokens[index + 2]).lowercased())
        else { return }
        let text =
            lexer.tokens[index + 1].kind == .string
            ? String(decoding: lexer.value(lexer.tokens[index + 1]), as: UTF8.self)
            : lexer.text(lexer.tokens[index + 1])
        guard text.contains("."), let number = Double(text), number.magnitude < 1e9 else { return }
        if isWord(index + 2, ["second"]) {
            texts[index + 1] = " '\(text) seconds'"
            texts[index + 2] = " "
        } else {
            texts[index + 1] = " '\(Int(number.rounded(.toNearestOrAwayFromZero)))'"
        }
    }

    /// `a | b & c`: MySQL binds `<<` and `>>` closest, then `&`, then `|`; to the engine they are alike.
    mutating func bitOperators() {
        var levels: [Int] = [0]
        for (index, token) in lexer.tokens.enumerated() {
            if lexer.opens(token) { levels.append(0) }
            if lexer.closes(token), levels.count > 1 { levels.removeLast() }
            let kind =
                isSymbol(index, "&")
                ? 1 : isSymbol(index, "|") ? 2 : isSymbol(index, "<<") || isSymbol(index, ">>") ? 3 : 0
            let ends: [StaticString] = [",", "=", "<", ">", "<=", ">=", "<>", "!=", "<=>", "&&", "||", ";"]
            if kind == 0, ends.contains(where: { isSymbol(index, $0) }) || isWord(index, Self.operators) {
                levels[levels.count - 1] = 0
            }
            guard kind > 0 else { continue }
            if let last = levels.last, last > 0, last != kind {
                fault = QueryError(
                    .notSupported, "&, | and << bind differently in MySQL and here; write parentheses around each")
            }
            levels[levels.count - 1] = kind
        }
    }

    /// `x'4142'`, `b'1000001'` and `N'…'`.
    private mutating func literal(_ index: Int, _ word: String) {
        guard lexer.tokens.indices.contains(index + 1), lexer.tokens[index + 1].kind == .string,
            lexer.tokens[index].range.upperBound == lexer.tokens[index + 1].range.lowerBound
        else { return }
        let value = String(decoding: lexer.value(lexer.tokens[index + 1]), as: UTF8.self)
        switch word {
        case "x" where value.count.isMultiple(of: 2) && value.allSatisfy { $0.isASCII && $0.isHexDigit }:
            texts[index] = " unhex("
            texts[index + 1] = "'\(value)')"
        case "b" where value.allSatisfy { $0 == "0" || $0 == "1" }:
            let bits = [Character](repeating: "0", count: (8 - value.count % 8) % 8) + value
            let bytes = stride(from: 0, to: bits.count, by: 8).map { start in
                let byte = UInt8(String(bits[start..<start + 8]), radix: 2) ?? 0
                return (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
            texts[index] = " unhex("
            texts[index + 1] = "'\(bytes.joined())')"
        case "n": texts[index] = " "
        default: break
        }
    }

    // MARK: Texts as numbers and times

    /// A text beside an arithmetic operator is a number, whatever the column's type; beside `± INTERVAL` it is a time.
    /// The engine would take it for what the other operand is, and round it.
    mutating func number(_ index: Int) {
        guard !isWord(index - 1, ["interval"]), !isSymbol(index - 1, "->"), !isSymbol(index - 1, "->>"),
            index == 0 || lexer.tokens[index - 1].kind != .word || isWord(index - 1, Self.operators),
            index == 0 || lexer.tokens[index - 1].kind != .string, lexer.tokens[index + 1].kind != .string
        else {
            // A typed literal's, or a part of a longer text.
            return
        }
        let isFirst = isSymbol(index + 1, "+") || isSymbol(index + 1, "-")
        let value = String(decoding: lexer.value(lexer.tokens[index]), as: UTF8.self)
        if isFirst && isWord(index + 2, ["interval"]) || isSymbol(index - 1, "+") && isWord(index - 2, Self.units) {
            if value.wholeMatch(of: /[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}/) != nil {
                texts[index] = " DATE '\(value)'"
            } else if value.wholeMatch(of: /[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[ T][0-9:.]+/) != nil {
                texts[index] = " TIMESTAMP '\(value)'"
            }
            return
        }
        let signs: [StaticString] = ["+", "-", "*", "/", "%"]
        guard
            signs.contains(where: { isSymbol(index + 1, $0) || isSymbol(index - 1, $0) })
                || isWord(index + 1, ["div", "mod"]) || isWord(index - 1, ["div", "mod"])
        else { return }
        let prefix = value.drop(while: \.isWhitespace).prefixMatch(
            of: /[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?/)
        texts[index] = " CAST('\(prefix.map { String($0.0) } ?? "0")' AS DOUBLE)"
    }
}
