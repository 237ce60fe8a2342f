package import LoonCore

/// A piece of a statement, by where it stands in the source.
package struct Token: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// A keyword or an unquoted name; which one it is, its place decides.
        case word
        /// A name in backticks, or in double quotes under ANSI_QUOTES.
        case quotedName
        /// A string in single quotes, or in double quotes without ANSI_QUOTES.
        case string
        case number
        /// `@@name`, `@@session.name`
        case systemVariable
        /// `@name`
        case userVariable
        /// Punctuation and operators.
        case symbol
        case end
    }

    package let kind: Kind
    package let range: Range<Int>
}

/// The dialect of a text, and the flags of MySQL's sql_mode that decide how the lexer reads quotes.
package struct LexicalMode: Sendable, Hashable {
    package var ansiQuotes: Bool
    package var noBackslashEscapes: Bool
    package let dialect: SourceDialect

    package init(ansiQuotes: Bool = false, noBackslashEscapes: Bool = false, dialect: SourceDialect = .mysql) {
        self.ansiQuotes = ansiQuotes
        self.noBackslashEscapes = noBackslashEscapes
        self.dialect = dialect
    }

    /// Reads the flags out of a value of `@@sql_mode`, which is MySQL's alone: to others `"x"` is a name, and a
    /// backslash a letter.
    package init(sqlMode: String, dialect: SourceDialect = .mysql) {
        let flags = sqlMode.uppercased().split(separator: ",")
        ansiQuotes = dialect != .mysql || flags.contains("ANSI_QUOTES") || flags.contains("ANSI")
        noBackslashEscapes = dialect != .mysql || flags.contains("NO_BACKSLASH_ESCAPES")
        self.dialect = dialect
    }

    /// `value` of `@@sql_mode` with these flags instead of its own: a prepared statement keeps the mode that it was
    /// prepared in.
    package func written(into value: String) -> String {
        guard LexicalMode(sqlMode: value, dialect: dialect) != self else { return value }
        let own = ["ANSI", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"]
        var flags = value.split(separator: ",").map(String.init).filter { !own.contains($0.uppercased()) }
        if ansiQuotes { flags.append("ANSI_QUOTES") }
        if noBackslashEscapes { flags.append("NO_BACKSLASH_ESCAPES") }
        return flags.joined(separator: ",")
    }
}
