import CCharconv

/// "00" to "99", one after the other: two digits are written at a time.
private let digitPairs: StaticString = """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

extension TextBuffer {
    package mutating func append(decimal value: UInt64) {
        let digits = Self.digitCount(value)
        let target = tail(digits)
        Self.write(value, digits: digits, to: target)
        advance(digits)
    }

    package mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// `value` with leading zeros to `width` digits; of a longer one the last digits.
    package mutating func append(padded value: Int, width: Int) {
        let target = tail(width)
        var rest = value.magnitude
        for place in stride(from: width - 1, through: 0, by: -1) {
            target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        advance(width)
    }

    /// Two digits: a month, an hour. `value` is 0...99.
    @inline(__always)
    mutating func append(pair value: Int) {
        let target = tail(2)
        let pair = digitPairs.utf8Start + 2 * value
        target[0] = pair[0]
        target[1] = pair[1]
        advance(2)
    }

    /// A fixed-point number: `value` × 10^−scale.
    mutating func append(decimal value: Int128, scale: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        guard magnitude <= UInt128(UInt64.max) else {
            let digits = String(magnitude)
            let padded = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
            append(String(padded.dropLast(scale)))
            guard scale > 0 else { return }
            append(UInt8(ascii: "."))
            return append(String(padded.suffix(scale)))
        }
        let small = UInt64(magnitude)
        guard scale > 0 else { return append(decimal: small) }
        let digits = max(Self.digitCount(small), scale + 1)
        let target = tail(digits + 1)
        Self.write(small, digits: digits, to: target)
        (target + digits - scale + 1).update(from: target + digits - scale, count: scale)
        target[digits - scale] = UInt8(ascii: ".")
        advance(digits + 1)
    }

    // MARK: Floating point

    /// The shortest digits that read back as `value`, laid out as MySQL does: plain between 10^−15 and 10^15, with an exponent beyond.
    package mutating func append(number value: Double) {
        // Most numbers that people store have few decimals: r / 10^k is rounded correctly, so that where it gives the number back, r's digits do.
        if value.magnitude < 1e9, value != 0 {
            if append(value, scaledBy: 1, decimals: 0) || append(value, scaledBy: 100, decimals: 2) || append(value, scaledBy: 10_000, decimals: 4) {
                return
            }
        }
        guard value.isFinite else { return append(value.description) }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CCHARCONV_BYTES_MAX)) { scratch in
            guard let start = scratch.baseAddress else { return }
            layOut(UnsafeBufferPointer(start: start, count: ccharconv_double(value, start)))
        }
    }

    package mutating func append(number value: Float) {
        guard value.isFinite else { return append(value.description) }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CCHARCONV_BYTES_MAX)) { scratch in
            guard let start = scratch.baseAddress else { return }
            layOut(UnsafeBufferPointer(start: start, count: ccharconv_float(value, start)))
        }
    }

    @inline(__always)
    private mutating func append(_ value: Double, scaledBy power: Double, decimals: Int) -> Bool {
        let scaled = (value.magnitude * power).rounded(.toNearestOrEven)
        guard scaled / power == value.magnitude else { return false }
        if value < 0 { append(UInt8(ascii: "-")) }
        var digits = UInt64(scaled)
        var decimals = decimals
        while decimals > 0, digits % 10 == 0 {
            digits /= 10
            decimals -= 1
        }
        append(decimal: Int128(digits), scale: decimals)
        return true
    }

    /// `text` is `[-]d[.ddd]e±XX`.
    private mutating func layOut(_ text: UnsafeBufferPointer<CChar>) {
        var digits = text[...]
        if digits.first == CChar(UInt8(ascii: "-")) {
            append(UInt8(ascii: "-"))
            digits = digits.dropFirst()
        }
        guard let mark = digits.firstIndex(of: CChar(UInt8(ascii: "e"))) else { return }
        let power = digits[(mark + 2)...].reduce(0) { $0 * 10 + Int($1) - Int(UInt8(ascii: "0")) }
        let exponent = digits[mark + 1] == CChar(UInt8(ascii: "-")) ? -power : power
        let whole = digits[digits.startIndex..<digits.startIndex + 1]
        let fraction = digits[min(digits.startIndex + 2, mark)..<mark]
        func add(_ bytes: Slice<UnsafeBufferPointer<CChar>>, to buffer: inout TextBuffer) {
            for byte in bytes { buffer.append(UInt8(bitPattern: byte)) }
        }
        if exponent < -15 || exponent >= 15 {
            add(whole, to: &self)
            if !fraction.isEmpty { append(UInt8(ascii: ".")) }
            add(fraction, to: &self)
            append(UInt8(ascii: "e"))
            append(decimal: Int64(exponent))
        } else if exponent < 0 {
            append("0.")
            for _ in 1..<(-exponent) { append(UInt8(ascii: "0")) }
            add(whole, to: &self)
            add(fraction, to: &self)
        } else {
            let before = min(exponent, fraction.count)
            add(whole, to: &self)
            add(fraction.prefix(before), to: &self)
            for _ in 0..<(exponent - before) { append(UInt8(ascii: "0")) }
            guard before < fraction.count else { return }
            append(UInt8(ascii: "."))
            add(fraction.dropFirst(before), to: &self)
        }
    }

    // MARK: Digits

    @inline(__always)
    private static func digitCount(_ value: UInt64) -> Int {
        if value < 10 { return 1 }
        if value < 100 { return 2 }
        var (rest, digits) = (value / 100, 2)
        while rest != 0 {
            digits += rest < 10 ? 1 : 2
            rest /= 100
        }
        return digits
    }

    /// Writes `value`, with leading zeros, into `digits` places.
    @inline(__always)
    private static func write(_ value: UInt64, digits: Int, to target: UnsafeMutablePointer<UInt8>) {
        var rest = value
        var place = digits
        while place >= 2 {
            let pair = digitPairs.utf8Start + 2 * Int(rest % 100)
            rest /= 100
            place -= 2
            target[place] = pair[0]
            target[place + 1] = pair[1]
        }
        if place == 1 { target[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10) }
    }
}
