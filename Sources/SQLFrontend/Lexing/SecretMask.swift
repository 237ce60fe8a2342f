import LoonCore

/// Keeps passwords in statements out of what is shown of them: process lists, logs, errors.
package enum SecretMask {
    /// A statement as it may be shown: cut where a password follows.
    package static func shown(_ text: [UInt8], mode: LexicalMode) -> String {
        guard let place = secretPlace(text, mode) else { return String(decoding: text, as: UTF8.self) }
        return String(decoding: text[..<place], as: UTF8.self) + " <secret>"
    }

    /// An error of a statement, without the text near it where that could be a password.
    static func safe(_ error: QueryError, in text: [UInt8], _ mode: LexicalMode) -> QueryError {
        guard error.code == .syntax, secretPlace(text, mode) != nil else { return error }
        // The text behind the place is Loon's own advice.
        let advice = error.message.split(separator: "; ", maxSplits: 1).dropFirst().first.map { "; \($0)" } ?? ""
        return QueryError(
            .syntax,
            "You have an error in your SQL syntax; the text near it is not shown, because the statement has a "
                + "password\(isAdvice(advice) ? advice : "")"
        )
    }

    private static func isAdvice(_ text: String) -> Bool {
        text.hasSuffix(" is expected") && !text.contains("'") && !text.contains("\"")
    }

    /// Where IDENTIFIED or SET PASSWORD ends. A statement that cannot be cut into tokens is taken for the worst.
    private static func secretPlace(_ text: [UInt8], _ mode: LexicalMode) -> Int? {
        if let place = end(of: "identified", in: text) { return place }
        guard let place = end(of: "password", in: text), end(of: "set", in: text) != nil else { return nil }
        guard let lexer = try? Lexer(text, mode: mode) else { return place }
        for (first, second) in zip(lexer.tokens, lexer.tokens.dropFirst())
        where lexer.isKeyword(first, "set") && lexer.isKeyword(second, "password") {
            return second.range.upperBound
        }
        return nil
    }

    /// Where a word of lower case letters first ends, in whatever case it stands.
    private static func end(of word: StaticString, in text: [UInt8]) -> Int? {
        let count = word.utf8CodeUnitCount
        guard text.count >= count else { return nil }
        return word.withUTF8Buffer { word in
            (0...(text.count - count)).first { start in (0..<count).allSatisfy { text[start + $0] | 0x20 == word[$0] } }
                .map { $0 + count }
        }
    }
}
