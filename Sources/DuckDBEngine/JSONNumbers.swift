import LoonCore

/// Keeps the digits of JSON's numbers: the engine reads those that are no 64-bit integers as doubles, whatever they are
/// to become. As texts they lose nothing: 1.1 is no double.
enum JSONNumbers {
    /// Digits that every integer of 64 bits may have.
    private static let integerDigits = 18

    /// Whether a column holds decimals, of which a double is another number.
    static func matter(to type: HiveType) -> Bool {
        switch type {
        case .decimal: true
        case .array(let element): matter(to: element)
        case .map(let key, let value): matter(to: key) || matter(to: value)
        case .structure(let fields): fields.contains { matter(to: $0.type) }
        default: false
        }
    }

    /// Appends `text` to `out` with quotes around its numbers that are fractions or long. False where it has none, and
    /// nothing is appended.
    static func quoteLong(_ text: UnsafeBufferPointer<UInt8>, into out: inout TextBuffer) -> Bool {
        var place = 0
        var copied = 0
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\""):
                place += 1
                while place < text.count, text[place] != UInt8(ascii: "\"") {
                    place += text[place] == UInt8(ascii: "\\") ? 2 : 1
                }
                place += 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let start = place
                if isLong(text, &place) {
                    out.append(UnsafeBufferPointer(rebasing: text[copied..<start]))
                    out.append(UInt8(ascii: "\""))
                    out.append(UnsafeBufferPointer(rebasing: text[start..<place]))
                    out.append(UInt8(ascii: "\""))
                    copied = place
                }
            default: place += 1
            }
        }
        guard copied > 0 else { return false }
        out.append(UnsafeBufferPointer(rebasing: text[copied...]))
        return true
    }

    /// Passes over what looks like a number. True for one by JSON's grammar (RFC 8259, section 6) that the engine would
    /// cut.
    private static func isLong(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Bool {
        func digits() -> Int {
            let start = place
            while place < text.count, text[place] &- 0x30 <= 9 { place += 1 }
            return place - start
        }
        func take(_ bytes: UInt8...) -> Bool {
            guard place < text.count, bytes.contains(text[place]) else { return false }
            place += 1
            return true
        }
        _ = take(UInt8(ascii: "-"))
        let first = place
        let whole = digits()
        var isGood = whole == 1 || (whole > 1 && text[first] != UInt8(ascii: "0"))
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            if digits() == 0 { isGood = false }
        }
        if take(UInt8(ascii: "e"), UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+"), UInt8(ascii: "-"))
            isInteger = false
            if digits() == 0 { isGood = false }
        }
        let isAtEnd =
            place == text.count
            || [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0D, 0x0A].contains(text[place])
        return isGood && isAtEnd && (!isInteger || whole > integerDigits)
    }
}
