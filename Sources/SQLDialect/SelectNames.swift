import LoonCore
import SQLFrontend

/// MySQL names a result's column by the text of its expression (`count(*)`, `a + 1`), the engine in its own way
/// (`count_star()`): finds the items of the outermost SELECT that have no name of their own, and what to call them.
///
/// An item whose end could be read as an alias is left alone: the engine's name is a lesser evil than a statement that
/// it cannot read.
struct SelectNames {
    private let lexer: Lexer
    /// By the place of the token that the name is to be put before.
    private(set) var names: [Int: [UInt8]] = [:]

    init(_ lexer: Lexer) {
        self.lexer = lexer
        guard var start = Self.firstSelect(lexer) else { return }
        start += 1
        if lexer.isKeyword(lexer.tokens[start], "distinct") || lexer.isKeyword(lexer.tokens[start], "all") {
            start += 1
        }
        var depth = 0
        var cases = 0
        var hasAlias = false
        var index = start
        while true {
            let token = lexer.tokens[index]
            if token.kind == .symbol {
                if "([{".utf8.contains(lexer.source[token.range.lowerBound]) { depth += 1 }
                if ")]}".utf8.contains(lexer.source[token.range.lowerBound]) { depth -= 1 }
            }
            if lexer.isKeyword(token, "case") { cases += 1 }
            if lexer.isKeyword(token, "end") { cases -= 1 }
            if depth == 0, lexer.isKeyword(token, "as") { hasAlias = true }
            let isEnd =
                token.kind == .end || lexer.isSymbol(token, ";") || (depth == 0 && cases <= 0 && endsList(index))
                || depth < 0
            if isEnd || (depth == 0 && lexer.isSymbol(token, ",")) {
                if !hasAlias, let name = name(of: start..<index) { names[index] = name }
                hasAlias = false
                start = index + 1
            }
            if isEnd { return }
            index += 1
        }
    }

    /// The first SELECT outside of parentheses: those of WITH stand inside.
    private static func firstSelect(_ lexer: Lexer) -> Int? {
        var depth = 0
        for (index, token) in lexer.tokens.enumerated() {
            if lexer.isSymbol(token, "(") { depth += 1 }
            if lexer.isSymbol(token, ")") { depth -= 1 }
            if depth == 0, lexer.isKeyword(token, "select") { return index }
        }
        return nil
    }

    private func endsList(_ index: Int) -> Bool {
        if index > 0, lexer.isSymbol(lexer.tokens[index - 1], ".") { return false }
        let words: [StaticString] = [
            "from", "where", "group", "having", "order", "limit", "union", "intersect", "except", "window", "into",
            "qualify", "offset", "fetch",
        ]
        return words.contains { lexer.isKeyword(lexer.tokens[index], $0) }
    }

    private func name(of item: Range<Int>) -> [UInt8]? {
        guard let first = item.first, let last = item.last else { return nil }
        let tokens = lexer.tokens[item]
        // Names of their own: a column, an asterisk, an alias.
        let areNames = tokens.allSatisfy {
            $0.kind == .word || $0.kind == .quotedName || lexer.isSymbol($0, ".") || lexer.isSymbol($0, "*")
        }
        if areNames, !endsWithConstant(last) { return nil }
        guard endsExpression(last, first: first) else { return nil }
        if item.count == 1, lexer.tokens[first].kind == .string {
            // The engine takes no empty name.
            let text = lexer.value(lexer.tokens[first])
            return text.isEmpty ? nil : text
        }
        let (low, high) = (lexer.place(of: first).lowerBound, lexer.place(of: last).upperBound)
        guard low < high else { return nil }
        let text = lexer.source[low..<high]
        guard text.count <= 256, !text.contains(0), !tokens.contains(where: { lexer.isSymbol($0, ":=") }) else {
            return nil
        }
        return Array(text)
    }

    /// Words that are no names: the end of `a IS NULL`, of CASE.
    private func endsWithConstant(_ last: Int) -> Bool {
        ["end", "null", "true", "false"].contains {
            lexer.tokens[last].kind == .word && lexer.text(lexer.tokens[last]).lowercased() == $0
        }
    }

    /// Whether what ends at `last` can only be an expression.
    private func endsExpression(_ last: Int, first: Int) -> Bool {
        let token = lexer.tokens[last]
        switch token.kind {
        case .symbol: return lexer.isSymbol(token, ")") || lexer.isSymbol(token, "]")
        case .number, .systemVariable, .userVariable: return true
        case .string:
            // Behind anything else it may be an alias.
            let before = lexer.tokens[max(first, last - 1)]
            let words: Set<String> = [
                "date", "time", "timestamp", "like", "regexp", "rlike", "binary", "and", "or", "not", "when", "then",
                "else", "div",
            ]
            return last == first || (before.kind == .symbol && !lexer.isSymbol(before, ")"))
                || (before.kind == .word && words.contains(lexer.text(before).lowercased()))
        case .word, .quotedName:
            guard last > first else { return true }
            if endsWithConstant(last) { return true }
            // `a + b` ends with a name that is no alias, `count(*) n` with one that is.
            let before = lexer.tokens[last - 1]
            return before.kind == .symbol && !lexer.isSymbol(before, ")") && !lexer.isSymbol(before, "]")
                && !lexer.isSymbol(before, ".")
                && !lexer.isSymbol(before, "*")
        case .end: return false
        }
    }
}
