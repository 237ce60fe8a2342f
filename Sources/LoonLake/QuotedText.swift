import Foundation
import LoonCore

/// The rules by which quoted text is split: bytes of a table's layout.
struct QuoteRules: Hashable, Sendable {
    let quote: UInt8
    /// The escape, where it is not the quote itself.
    let escape: UInt8?
    let delimiter: [UInt8]

    /// `nil` where quotes mean nothing, or are no single byte.
    init?(_ layout: TextLayout) {
        guard layout.serDe == .openCSV, let quote = layout.quote, quote.utf8.count == 1, let byte = quote.utf8.first
        else { return nil }
        self.quote = byte
        escape = layout.escape.flatMap { $0 == quote || $0.utf8.count != 1 ? nil : $0.utf8.first }
        delimiter = Array(layout.delimiter.utf8)
    }
}

/// Walks through quoted text as OpenCSVSerde's parser does (opencsv 2.3, `CSVParser.parseLineMulti`), byte by byte.
/// Text behind a closing quote belongs to the field, and the quote with it: `"abc"def` is `abc"def`. The engine's
/// reader loses a character of it.
struct QuotedText {
    enum Step {
        /// The byte is the field's.
        case content
        /// The byte is a mark, and no content.
        case mark
        case delimiter
        case lineEnd
    }

    private let rules: QuoteRules
    private var isQuoted = false
    private var isFieldStart = true
    /// Something came behind a closing quote of this field.
    private var isOdd = false
    /// Whether some field of the text was odd.
    private(set) var hasOddFields = false

    init(_ rules: QuoteRules) { self.rules = rules }

    /// The step of the bytes at `place` of `text`, and how many bytes it takes. `place` is not at the end. A step of
    /// content of two bytes is an escape and the byte that it escapes.
    mutating func step(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> (Step, count: Int) {
        let wasFieldStart = isFieldStart
        isFieldStart = false
        let byte = text[place]
        let next = place + 1 < text.count ? text[place + 1] : nil
        if byte == rules.escape, let next, isQuoted, next == rules.quote || next == byte { return (.content, 2) }
        if byte == rules.quote { return quote(text, place, next, wasFieldStart) }
        guard !isQuoted else { return (.content, 1) }
        if byte == 0x0A || byte == 0x0D {
            (isFieldStart, isOdd) = (true, false)
            return (.lineEnd, byte == 0x0D && next == 0x0A ? 2 : 1)
        }
        guard isDelimiter(text, place) else { return (.content, 1) }
        (isFieldStart, isOdd) = (true, false)
        return (.delimiter, rules.delimiter.count)
    }

    private mutating func quote(
        _ text: UnsafeBufferPointer<UInt8>, _ place: Int, _ next: UInt8?, _ wasFieldStart: Bool
    ) -> (Step, count: Int) {
        guard isQuoted else {
            guard wasFieldStart || isOdd else { return (.content, 1) }
            isQuoted = true
            return isOdd ? (.content, 1) : (.mark, 1)
        }
        if next == rules.quote { return (.content, 2) }
        isQuoted = false
        guard let next, next != 0x0A, next != 0x0D, !isDelimiter(text, place + 1) else { return (.mark, 1) }
        (isOdd, hasOddFields) = (true, true)
        return (.content, 1)
    }

    private func isDelimiter(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        place + rules.delimiter.count <= text.count
            && text[place..<place + rules.delimiter.count].elementsEqual(rules.delimiter)
    }

    // MARK: Whole texts

    /// Whether some field of a text has something behind its closing quote.
    static func hasOddFields(_ text: UnsafeBufferPointer<UInt8>, _ rules: QuoteRules) -> Bool {
        var walk = QuotedText(rules)
        var place = 0
        while place < text.count {
            // Outside of quotes only marks matter.
            if !walk.isQuoted, !walk.isFieldStart, text[place] != rules.quote, text[place] != rules.delimiter[0],
                text[place] != 0x0A, text[place] != 0x0D
            {
                place += 1
                continue
            }
            place += walk.step(text, place).count
            if walk.hasOddFields { return true }
        }
        return false
    }

    /// The text with every field in quotes. A quote in one is written `""`, or with `escape` before it and before each
    /// of itself.
    static func rewritten(_ text: UnsafeBufferPointer<UInt8>, _ rules: QuoteRules, escape: UInt8?) -> Data {
        var walk = QuotedText(rules)
        var out = Data(capacity: text.count + text.count / 4)
        var field: [UInt8] = []
        var isEmptyLine = true
        func flush() {
            out.append(rules.quote)
            for byte in field {
                if byte == rules.quote { out.append(escape ?? rules.quote) } else if byte == escape { out.append(byte) }
                out.append(byte)
            }
            out.append(rules.quote)
            field.removeAll(keepingCapacity: true)
        }
        var place = 0
        while place < text.count {
            let (step, count) = walk.step(text, place)
            switch step {
            case .content: field.append(text[place + count - 1])
            case .mark: break
            case .delimiter:
                flush()
                out.append(contentsOf: text[place..<place + count])
            case .lineEnd:
                if !isEmptyLine { flush() }
                out.append(contentsOf: text[place..<place + count])
            }
            isEmptyLine = step == .lineEnd
            place += count
        }
        if !isEmptyLine { flush() }
        return out
    }
}
