import Foundation
import LoonCore

/// Walks through quoted text as OpenCSVSerde's parser does (opencsv 2.3, `CSVParser.parseLineMulti`), byte by byte.
/// Text behind a closing quote belongs to the field, and the quote with it: `"abc"def` is `abc"def`. Spaces before an
/// opening quote go, and so does an escape that escapes nothing.
struct QuotedText {
    enum Step {
        /// The byte is the field's.
        case content
        /// The byte is a mark, and no content.
        case mark
        /// A quote opens the field: what stood before it was spaces.
        case opening
        case delimiter
        case lineEnd
    }

    private let rules: QuoteRules
    private(set) var isQuoted = false
    /// Nothing but spaces has come of this field.
    private var isFieldStart = true
    /// Something came behind a closing quote of this field.
    private var isOdd = false
    private var wasQuote = false
    /// Whether some field of the text is one that the engine's reader reads otherwise.
    private(set) var hasOddFields = false

    init(_ rules: QuoteRules) { self.rules = rules }

    /// The step of the bytes at `place` of `text`, and how many bytes it takes. `place` is not at the end. A step of
    /// content of two bytes is an escape and the byte that it escapes.
    mutating func step(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> (Step, count: Int) {
        let byte = text[place]
        let next = place + 1 < text.count ? text[place + 1] : nil
        let (step, count) = taken(byte, next, next.map { isDelimiter($0) } ?? true)
        // Two quotes in a row: the engine's reader, or what Loon makes of its fields, takes them for one.
        let isQuote = step == .content && text[place + count - 1] == rules.quote
        if isQuote, wasQuote { hasOddFields = true }
        wasQuote = isQuote
        return (step, count)
    }

    private mutating func taken(_ byte: UInt8, _ next: UInt8?, _ nextEnds: Bool) -> (Step, count: Int) {
        if byte == rules.escape {
            isFieldStart = false
            if isQuoted, let next, next == rules.quote || next == byte { return (.content, 2) }
            if !isQuoted { hasOddFields = true }
            return (.mark, 1)
        }
        if byte == rules.quote { return quote(next, nextEnds) }
        guard !isQuoted else { return (.content, 1) }
        if byte == 0x0A || byte == 0x0D {
            (isFieldStart, isOdd) = (true, false)
            return (.lineEnd, byte == 0x0D && next == 0x0A ? 2 : 1)
        }
        if isDelimiter(byte) {
            (isFieldStart, isOdd) = (true, false)
            return (.delimiter, 1)
        }
        if byte != 0x20, byte != 0x09 { isFieldStart = false }
        return (.content, 1)
    }

    private mutating func quote(_ next: UInt8?, _ nextEnds: Bool) -> (Step, count: Int) {
        guard isQuoted else {
            guard isFieldStart || isOdd else { return (.content, 1) }
            isQuoted = true
            isFieldStart = false
            return isOdd ? (.content, 1) : (.opening, 1)
        }
        if next == rules.quote { return (.content, 2) }
        isQuoted = false
        guard let next, next != 0x0A, next != 0x0D, !nextEnds else { return (.mark, 1) }
        (isOdd, hasOddFields) = (true, true)
        return (.content, 1)
    }

    private func isDelimiter(_ byte: UInt8) -> Bool { byte == rules.delimiter }
}

/// Looks through quoted text, piece by piece, for fields that the engine's reader reads otherwise.
struct QuotedScanner {
    private let rules: QuoteRules
    private var walk: QuotedText
    private var rest: [UInt8] = []
    private var isFirst = true

    init(_ rules: QuoteRules) {
        self.rules = rules
        walk = QuotedText(rules)
    }

    var hasOddFields: Bool { walk.hasOddFields }

    /// The last byte waits for the one behind it.
    mutating func take(_ piece: UnsafeBufferPointer<UInt8>, isLast: Bool = false) {
        guard !walk.hasOddFields else { return }
        rest.append(contentsOf: piece)
        rest.withUnsafeBufferPointer { text in
            var place = isFirst && text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            place = max(place, plainEnd(of: text))
            while place < (isLast ? text.count : text.count - 1) { place += walk.step(text, place).count }
            used = place
        }
        isFirst = false
        rest.removeFirst(min(used, rest.count))
    }
    private var used = 0

    /// The end of the last field that ends before any mark comes: memory is read faster than fields are told apart.
    private func plainEnd(of text: UnsafeBufferPointer<UInt8>) -> Int {
        guard !walk.isQuoted, let start = text.baseAddress else { return 0 }
        var end = text.count
        for mark in [rules.quote, rules.escape ?? rules.quote] {
            if let found = memchr(start, Int32(mark), end) {
                end = start.distance(to: found.assumingMemoryBound(to: UInt8.self))
            }
        }
        // The field that goes on was begun before: it has no mark so far, and none until here.
        return text[..<end].lastIndex { $0 == rules.delimiter || $0 == 0x0A } ?? 0
    }

    mutating func finish() -> Bool {
        take(UnsafeBufferPointer(start: nil, count: 0), isLast: true)
        return hasOddFields
    }
}

extension QuotedText {
    /// Writes the text with every field in quotes, in which a quote is written twice, a megabyte at a time.
    static func rewrite(
        _ text: UnsafeBufferPointer<UInt8>, _ rules: QuoteRules, to write: (Data) throws -> Void
    ) rethrows {
        var walk = QuotedText(rules)
        var out = Data()
        var field: [UInt8] = []
        var isEmptyLine = true
        func endField() {
            out.append(rules.quote)
            for byte in field {
                if byte == rules.quote { out.append(byte) }
                out.append(byte)
            }
            out.append(rules.quote)
            field.removeAll(keepingCapacity: true)
        }
        var place = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while place < text.count {
            let (step, count) = walk.step(text, place)
            switch step {
            case .content: field.append(text[place + count - 1])
            case .mark: break
            case .opening: field.removeAll(keepingCapacity: true)
            case .delimiter:
                endField()
                out.append(contentsOf: text[place..<place + count])
            case .lineEnd:
                if !isEmptyLine { endField() }
                out.append(contentsOf: text[place..<place + count])
                if out.count >= Limits.rewrittenPieceBytes {
                    try write(out)
                    out.removeAll(keepingCapacity: true)
                }
            }
            isEmptyLine = step == .lineEnd
            place += count
        }
        if !isEmptyLine { endField() }
        try write(out)
    }
}
