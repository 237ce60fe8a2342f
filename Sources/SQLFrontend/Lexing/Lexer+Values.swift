package import LoonCore

extension Lexer {
    /// The value of a string or a quoted name, its quotes and escapes resolved
    /// (https://dev.mysql.com/doc/refman/8.0/en/string-literals.html).
    package func value(_ token: Token) -> [UInt8] {
        guard token.kind == .string || token.kind == .quotedName, token.range.count >= 2 else {
            return Array(source[token.range])
        }
        let quote = source[token.range.lowerBound]
        let backslash = token.kind == .string && !mode.noBackslashEscapes
        var result: [UInt8] = []
        result.reserveCapacity(token.range.count)
        var index = token.range.lowerBound + 1
        let end = token.range.upperBound - 1
        while index < end {
            let byte = source[index]
            index += 1
            if byte == quote {
                index += 1  // the second of a doubled quote
                result.append(byte)
            } else if byte == UInt8(ascii: "\\"), backslash, index < end {
                Self.appendEscape(source[index], to: &result)
                index += 1
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func appendEscape(_ byte: UInt8, to result: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "0"): result.append(0)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "Z"): result.append(0x1A)
        // The wildcards keep the backslash, for LIKE patterns.
        case UInt8(ascii: "%"), UInt8(ascii: "_"): result += [UInt8(ascii: "\\"), byte]
        default: result.append(byte)
        }
    }

    /// The value as text. A sequence that is no UTF-8 is an error: there is no other character set on the wire.
    package func string(_ token: Token) throws(QueryError) -> String {
        guard let text = String(validating: value(token), as: UTF8.self) else {
            throw QueryError(.malformedData, "A string of the statement is not valid UTF-8")
        }
        return text
    }
}

extension Lexer {
    /// Whether nothing stands before but parentheses and the statement's first word, behind which MySQL has its hints
    /// (https://dev.mysql.com/doc/refman/8.0/en/optimizer-hints.html).
    var isBeforeAll: Bool {
        let words = tokens.prefix(8).filter { !isSymbol($0, "(") }
        guard tokens.count < 8, words.count < 2 else { return false }
        return words.first.map { isKeyword($0, "select") || isKeyword($0, "insert") || isKeyword($0, "with") } ?? true
    }
}
