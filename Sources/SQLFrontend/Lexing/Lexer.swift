package import LoonCore

/// Cuts a statement into tokens by MySQL's lexical rules
/// (https://dev.mysql.com/doc/refman/8.0/en/language-structure.html): comments are dropped, `/*! … */` is read as if it
/// stood there bare, and the hints before the first token are kept.
package struct Lexer: Sendable {
    /// Behind the text stand the values that were bound to its parameters.
    package private(set) var source: [UInt8]
    package let mode: LexicalMode
    package private(set) var tokens: [Token] = []
    /// The texts between `/*+` and `*/` before the first token.
    package private(set) var hintComments: [Range<Int>] = []
    /// The same where no hints are read.
    private(set) var laterComments: [Range<Int>] = []
    /// Where the statement begins and ends in the source.
    package let start: Int
    package private(set) var end = 0
    /// Where the next statement begins; `nil` where nothing but space and comments follows.
    package private(set) var next: Int?
    /// Where the parameters stood that were bound, and which tokens they are.
    package private(set) var bound: [(place: Int, token: Int)] = []
    private let isMulti: Bool
    private var position: Int
    private var executableComments = 0
    private var nesting = 0
    private var setOperations = 0

    /// Reads one statement. Where `isMulti`, it ends at its semicolon and others may follow.
    package init(_ source: [UInt8], from start: Int = 0, mode: LexicalMode, isMulti: Bool = false) throws(QueryError) {
        self.source = source
        self.mode = mode
        self.isMulti = isMulti
        self.start = start
        position = start
        try run()
    }

    private mutating func run() throws(QueryError) {
        while position < source.count {
            if try skipSpaceOrComment() { continue }
            let start = position
            let kind = try scanToken()
            let token = Token(kind: kind, range: start..<position)
            if isMulti, executableComments == 0, isSymbol(token, ";") {
                end = start
                tokens.append(Token(kind: .end, range: start..<start))
                findNext()
                return joinStrings()
            }
            tokens.append(token)
            try checkBounds(of: token)
        }
        if executableComments > 0 { throw error(at: source.count, hint: "a comment is not closed") }
        end = source.count
        tokens.append(Token(kind: .end, range: source.count..<source.count))
        joinStrings()
    }

    private mutating func findNext() {
        var start = position
        while position < source.count {
            let place = position
            do throws(QueryError) {
                if try skipSpaceOrComment() { continue }
            } catch {
                // A fault behind the semicolon is the next statement's affair.
                position = place
                break
            }
            guard source[position] == UInt8(ascii: ";") else { break }
            // A bare semicolon ends nothing.
            position += 1
            start = position
        }
        next = position < source.count ? start : nil
    }

    /// Strings side by side are one (https://dev.mysql.com/doc/refman/8.0/en/string-literals.html).
    private mutating func joinStrings() {
        guard
            tokens.indices.dropFirst().contains(where: { tokens[$0].kind == .string && tokens[$0 - 1].kind == .string })
        else { return }
        var joined: [Token] = []
        for token in tokens {
            guard token.kind == .string, let last = joined.last, last.kind == .string else {
                joined.append(token)
                continue
            }
            let literal = ParameterLiteral.text(value(last) + value(token)).token(mode: mode)
            joined[joined.count - 1] = Token(kind: .string, range: source.count..<source.count + literal.text.count)
            source += literal.text
        }
        tokens = joined
    }

    // MARK: Parameters

    /// The places of `?` among the tokens.
    package var parameters: [Int] { tokens.indices.filter { isSymbol(tokens[$0], "?") } }

    /// Puts literals in the places of the parameters.
    package mutating func bind(_ literals: [(text: [UInt8], kind: Token.Kind)]) {
        for (place, literal) in zip(parameters, literals) {
            bound.append((tokens[place].range.lowerBound, place))
            let start = source.count
            source += literal.text
            tokens[place] = Token(kind: literal.kind, range: start..<source.count)
        }
    }

    // MARK: Space and comments

    /// Passes over one run of space or one comment; false where a token stands.
    private mutating func skipSpaceOrComment() throws(QueryError) -> Bool {
        let byte = source[position]
        if byte >= 0x80 {
            let length = wideSpaceLength(at: position)
            position += length
            return length > 0
        }
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0B, 0x0C:
            position += 1
            return true
        case UInt8(ascii: "#"):
            skipLine()
            return true
        case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-") && isSpaceOrEnd(position + 2):
            skipLine()
            return true
        case UInt8(ascii: "*") where peek(1) == UInt8(ascii: "/") && executableComments > 0:
            position += 2
            executableComments -= 1
            return true
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
            try skipBlockComment()
            return true
        default: return false
        }
    }

    private mutating func skipLine() {
        while position < source.count, source[position] != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func skipBlockComment() throws(QueryError) {
        let start = position
        if peek(2) == UInt8(ascii: "!"), isExecutable(from: position + 3) {
            position += 3
            while position < source.count, isDigit(source[position]) { position += 1 }
            executableComments += 1
            return
        }
        position += 2
        while position + 1 < source.count,
            !(source[position] == UInt8(ascii: "*") && source[position + 1] == UInt8(ascii: "/"))
        {
            position += 1
        }
        guard position + 1 < source.count else { throw error(at: start, hint: "a comment is not closed") }
        position += 2
        guard source[start + 2] == UInt8(ascii: "+") else { return }
        if isBeforeAll {
            hintComments.append(start + 3..<position - 2)
        } else {
            laterComments.append(start + 3..<position - 2)
        }
    }

    /// `/*!80000 … */` is for servers of version 8.0.0 and later: five digits, or six. (`/*M! … */` is for MariaDB.)
    private func isExecutable(from place: Int) -> Bool {
        let digits = source[place...].prefix(6).prefix(while: isDigit)
        guard digits.count >= 5, let version = Int(String(decoding: digits, as: UTF8.self)) else { return true }
        return version <= Self.serverVersion
    }

    /// The version of MySQL that is spoken, as such comments write it.
    private static let serverVersion = 80_036

    // MARK: Tokens

    private mutating func scanToken() throws(QueryError) -> Token.Kind {
        let byte = source[position]
        switch byte {
        case UInt8(ascii: "'"):
            try skipQuoted(by: byte, backslash: !mode.noBackslashEscapes)
            return .string
        case UInt8(ascii: "\""):
            try skipQuoted(by: byte, backslash: !mode.ansiQuotes && !mode.noBackslashEscapes)
            return mode.ansiQuotes ? .quotedName : .string
        case UInt8(ascii: "`"):
            try skipQuoted(by: byte, backslash: false)
            return .quotedName
        case UInt8(ascii: "@"): return try scanVariable()
        case UInt8(ascii: "."):
            guard let next = peek(1), isDigit(next), !followsName else { break }
            skipNumber()
            return .number
        case let digit where isDigit(digit):
            skipNumber()
            // 1abc is a name; 1e5 and 0x1f were taken as numbers.
            guard position < source.count, isNameByte(source[position]), wideSpaceLength(at: position) == 0 else {
                return .number
            }
            skipName()
            return .word
        case let letter where isNameByte(letter):
            // A dollar begins a quoted string in the engine's dialect, and no name in MySQL's newer versions.
            guard letter != UInt8(ascii: "$") else { throw error(at: position) }
            skipName()
            return .word
        default: break
        }
        return try scanSymbol()
    }

    /// A dot after a name is a qualifier's, even before a digit: `t.1a`.
    private var followsName: Bool {
        guard let last = tokens.last, last.range.upperBound == position else { return false }
        return last.kind == .word || last.kind == .quotedName
    }

    private mutating func skipQuoted(by quote: UInt8, backslash: Bool) throws(QueryError) {
        let start = position
        position += 1
        while position < source.count {
            let byte = source[position]
            if byte == UInt8(ascii: "\\"), backslash {
                position += 2
            } else if byte == quote {
                position += 1
                guard position < source.count, source[position] == quote else { return }
                position += 1
            } else {
                position += 1
            }
        }
        position = source.count
        throw error(at: start, hint: "a quote is not closed")
    }

    private mutating func scanVariable() throws(QueryError) -> Token.Kind {
        let start = position
        let isSystem = peek(1) == UInt8(ascii: "@")
        position += isSystem ? 2 : 1
        if !isSystem, position < source.count,
            [UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`")].contains(source[position])
        {
            try skipQuoted(by: source[position], backslash: false)
            return .userVariable
        }
        let name = position
        while position < source.count, isNameByte(source[position]) || source[position] == UInt8(ascii: ".") {
            if source[position] >= 0x80, wideSpaceLength(at: position) > 0 { break }
            position += 1
        }
        guard position > name else { throw error(at: start) }
        return isSystem ? .systemVariable : .userVariable
    }

    private mutating func skipNumber() {
        if source[position] == UInt8(ascii: "0"), let next = peek(1), next | 0x20 == UInt8(ascii: "x"),
            let digit = peek(2), isHex(digit)
        {
            position += 2
            while position < source.count, isHex(source[position]) { position += 1 }
            return
        }
        while position < source.count, isDigit(source[position]) { position += 1 }
        if position < source.count, source[position] == UInt8(ascii: ".") {
            position += 1
            while position < source.count, isDigit(source[position]) { position += 1 }
        }
        guard position < source.count, source[position] | 0x20 == UInt8(ascii: "e") else { return }
        let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
        guard let digit = peek(1 + sign), isDigit(digit) else { return }
        position += 1 + sign
        while position < source.count, isDigit(source[position]) { position += 1 }
    }

    private mutating func skipName() {
        while position < source.count, isNameByte(source[position]) {
            if source[position] >= 0x80, wideSpaceLength(at: position) > 0 { return }
            position += 1
        }
    }

    private static let longSymbols = "<=> ->> <= >= <> != || && := -> << >> :: // ==".utf8.split(separator: 0x20).map(
        Array.init)
    private static let shortSymbols = Set("()[]{},;.+-*/%<>=!~^&|?:".utf8)

    private mutating func scanSymbol() throws(QueryError) -> Token.Kind {
        for symbol in Self.longSymbols where source[position...].starts(with: symbol) {
            position += symbol.count
            return .symbol
        }
        guard Self.shortSymbols.contains(source[position]) else { throw error(at: position) }
        position += 1
        return .symbol
    }

    // MARK: Bounds

    /// The engine's parser is recursive: what it is shown is bounded here (docs/invariants.md, 9).
    private mutating func checkBounds(of token: Token) throws(QueryError) {
        if tokens.count > Limits.statementTokensMax {
            throw QueryError(
                .syntax,
                "The statement has more than \(Limits.statementTokensMax) tokens; put long lists of values into a table"
            )
        }
        switch token.kind {
        case .symbol:
            switch source[token.range.lowerBound] {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): nesting += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): nesting -= 1
            default: break
            }
            if nesting > Limits.statementNestingMax {
                throw QueryError(.syntax, "The statement nests deeper than \(Limits.statementNestingMax) levels")
            }
        case .word where isKeyword(token, "union") || isKeyword(token, "intersect") || isKeyword(token, "except"):
            setOperations += 1
            if setOperations > Limits.setOperationsMax {
                throw QueryError(.syntax, "The statement has more than \(Limits.setOperationsMax) set operations")
            }
        default: break
        }
    }

    // MARK: Reading

    /// Where a token stands in the statement as it was sent: for a bound value its question mark.
    package func place(of token: Int) -> Range<Int> {
        if tokens[token].range.lowerBound < end { return tokens[token].range }
        return bound.first { $0.token == token }.map { $0.place..<$0.place + 1 } ?? tokens[token].range
    }

    package func isKeyword(_ token: Token, _ keyword: StaticString) -> Bool {
        guard token.kind == .word, token.range.count == keyword.utf8CodeUnitCount else { return false }
        return keyword.withUTF8Buffer { expected in
            zip(source[token.range], expected).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
    }

    package func isSymbol(_ token: Token, _ symbol: StaticString) -> Bool {
        guard token.kind == .symbol, token.range.count == symbol.utf8CodeUnitCount else { return false }
        return symbol.withUTF8Buffer { source[token.range].elementsEqual($0) }
    }

    package func text(_ token: Token) -> String { text(token.range) }

    package func text(_ range: Range<Int>) -> String { String(decoding: source[range], as: UTF8.self) }

    package func error(at place: Int, hint: String? = nil) -> QueryError {
        let line = source[start..<max(start, place)].count { $0 == UInt8(ascii: "\n") } + 1
        let near = String(decoding: source[place..<min(source.count, place + 320)], as: UTF8.self)
        return .syntax(near: near, line: line, hint: hint)
    }

    private func peek(_ ahead: Int) -> UInt8? {
        position + ahead < source.count ? source[position + ahead] : nil
    }

    private func isSpaceOrEnd(_ index: Int) -> Bool {
        index >= source.count || source[index] <= 0x20 || wideSpaceLength(at: index) > 0
    }

    /// How many bytes the space beyond ASCII takes that stands at `place`; 0 where none does. These are the characters
    /// with Unicode's property White_Space (https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt), and two that
    /// show nothing: U+200B and the byte order mark. Text that is pasted from pages and letters brings them. The
    /// engine's parser takes some of them for spaces and some for letters.
    private func wideSpaceLength(at place: Int) -> Int {
        func follow(_ bytes: UInt8...) -> Bool {
            place + bytes.count < source.count && bytes.indices.allSatisfy { source[place + 1 + $0] == bytes[$0] }
        }
        switch source[place] {
        case 0xC2: return follow(0x85) || follow(0xA0) ? 2 : 0
        case 0xE1: return follow(0x9A, 0x80) ? 3 : 0
        case 0xE2:
            guard place + 2 < source.count else { return 0 }
            switch (source[place + 1], source[place + 2]) {
            case (0x80, 0x80...0x8B), (0x80, 0xA8), (0x80, 0xA9), (0x80, 0xAF), (0x81, 0x9F): return 3
            default: return 0
            }
        case 0xE3: return follow(0x80, 0x80) ? 3 : 0
        case 0xEF: return follow(0xBB, 0xBF) ? 3 : 0
        default: return 0
        }
    }
    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    private func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }
    private func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }
}
