/// A value that the daemon itself answers with or computes: in rows of SHOW, of the system's tables, in SET.
package enum SQLValue: Sendable, Hashable, Codable {
    case null
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    case text(String)

    package static func optional(_ text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
    package static func optional(_ number: Int64?) -> SQLValue { number.map(SQLValue.integer) ?? .null }

    package var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The text of the value, the same as an engine's value of this type has.
    package func appendText(to out: inout TextBuffer) {
        switch self {
        case .null: break
        case .integer(let number): out.append(decimal: number)
        case .unsigned(let number): out.append(decimal: number)
        case .real(let number): out.append(number: number)
        case .text(let text): out.append(text)
        }
    }

    package var textValue: String {
        if case .text(let text) = self { return text }
        var out = TextBuffer(capacity: 64)
        appendText(to: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    /// As a number: of a text what it begins with, as MySQL converts.
    package var realValue: Double {
        switch self {
        case .null: return 0
        case .integer(let number): return Double(number)
        case .unsigned(let number): return Double(number)
        case .real(let number): return number
        case .text(let text):
            return text.prefixMatch(of: /\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?/).flatMap {
                Double($0.output.drop { $0.isWhitespace })
            } ?? 0
        }
    }

    /// As a whole number: rounded, and the bits of one that only fits without a sign.
    package var integerValue: Int64 {
        switch self {
        case .integer(let number): number
        case .unsigned(let number): Int64(bitPattern: number)
        case .null, .real, .text:
            if case .text(let text) = self, let number = Int64(text) {
                number
            } else {
                Int64(exactly: realValue.rounded()) ?? 0
            }
        }
    }

    /// The type of a column of such values.
    package var columnType: ColumnType {
        switch self {
        case .null: .null
        case .integer: .int64
        case .unsigned: .uint64
        case .real: .float64
        case .text: .text
        }
    }
}
