import LoonCore
import SQLFrontend

/// Operators and numbers that the engine writes in another way, or has with another meaning.
extension DialectRewriter {
    func writeSymbol(_ token: Token, to out: inout [UInt8]) throws(QueryError) {
        if lexer.isSymbol(token, "<=>") {
            out += Array("IS NOT DISTINCT FROM".utf8)
        } else if lexer.isSymbol(token, "&&"), lexer.mode.dialect == .mysql {
            out += Array("AND".utf8)
        } else if lexer.isSymbol(token, "/"), lexer.mode.dialect == .presto {
            // The engine's `//` cuts the quotient of whole numbers, and of no others.
            out += Array("//".utf8)
        } else if lexer.mode.dialect == .mysql, lexer.isSymbol(token, "~") {
            throw QueryError(
                .notSupported, "The operator ~ is not supported; write bitwise_not(n), which is signed")
        } else if lexer.mode.dialect == .mysql, lexer.isSymbol(token, "!") {
            throw QueryError(.notSupported, "The operator ! is not supported here; write NOT")
        } else if lexer.isSymbol(token, "^") {
            // The engine would raise to a power.
            throw QueryError(.notSupported, "The operator ^ is not supported; write xor(a, b)")
        } else if lexer.isSymbol(token, "?") {
            throw QueryError(.syntax, "A parameter (?) stands only in a prepared statement")
        } else {
            out += lexer.source[token.range]
        }
    }

    func writeNumber(_ token: Token, to out: inout [UInt8]) throws(QueryError) {
        // A bound value may have a sign.
        if lexer.source[token.range].first == UInt8(ascii: "-") {
            out += [UInt8(ascii: "(")] + lexer.source[token.range] + [UInt8(ascii: ")")]
            return
        }
        guard !lexer.source[token.range].contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else {
            let digits = lexer.text(token).dropFirst(2)
            guard lexer.mode.dialect == .mysql, digits.count.isMultiple(of: 2), digits.allSatisfy(\.isHexDigit)
            else {
                throw QueryError(
                    .notSupported, "Hexadecimal literals are not supported; write the number, or unhex('…')")
            }
            // Bytes, in MySQL: a number beside numbers, which the engine does not make of them.
            out += Array(" unhex('\(digits)')".utf8)
            return
        }
        out += lexer.source[token.range]
    }
}
