import CCharconv

/// Prints values at a pointer. Each function writes no more than `bytesMax` bytes, which the caller has made sure of,
/// and returns how many it wrote.
enum TextWriter {
    typealias Target = UnsafeMutablePointer<UInt8>

    /// The most that any of them writes.
    static let bytesMax = 64

    /// "00" to "99", one after the other: two digits are written at a time.
    private static let digitPairs: StaticString = """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

    // MARK: Whole numbers

    @inline(__always)
    static func write(_ value: UInt64, to target: Target) -> Int {
        let digits = digitCount(value)
        write(value, digits: digits, to: target)
        return digits
    }

    @inline(__always)
    static func write(_ value: Int64, to target: Target) -> Int {
        guard value < 0 else { return write(UInt64(bitPattern: value), to: target) }
        target.pointee = UInt8(ascii: "-")
        return 1 + write(value.magnitude, to: target + 1)
    }

    /// Writes `value`, with leading zeros, into `digits` places.
    @inline(__always)
    static func write(_ value: UInt64, digits: Int, to target: Target) {
        var rest = value
        var place = digits
        while place >= 2 {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100)
            writePair(Int(truncatingIfNeeded: remainder), to: target + (place - 2))
            rest = quotient
            place -= 2
        }
        if place == 1 { target.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
    }

    /// Two digits: a month, an hour. `value` is 0...99.
    @inline(__always)
    static func writePair(_ value: Int, to target: Target) {
        UnsafeMutableRawPointer(target).storeBytes(
            of: UnsafeRawPointer(digitPairs.utf8Start).loadUnaligned(fromByteOffset: 2 &* value, as: UInt16.self),
            as: UInt16.self)
    }

    @inline(__always)
    static func digitCount(_ value: UInt64) -> Int {
        if value < 10 { return 1 }
        if value < 100 { return 2 }
        if value < 1_000 { return 3 }
        if value < 10_000 { return 4 }
        if value < 100_000_000 { return value < 1_000_000 ? (value < 100_000 ? 5 : 6) : (value < 10_000_000 ? 7 : 8) }
        return 8 + digitCount(value / 100_000_000)
    }

    /// A fixed-point number: `value` × 10^−scale.
    static func write(_ value: Int128, scale: Int, to target: Target) -> Int {
        var place = target
        if value < 0 {
            place.pointee = UInt8(ascii: "-")
            place += 1
        }
        let magnitude = value.magnitude
        var digits = 0
        if magnitude <= UInt128(UInt64.max) {
            digits = max(digitCount(UInt64(truncatingIfNeeded: magnitude)), scale + 1)
            write(UInt64(truncatingIfNeeded: magnitude), digits: digits, to: place)
        } else {
            // Nineteen digits at a time.
            let (high, low) = magnitude.quotientAndRemainder(dividingBy: 10_000_000_000_000_000_000)
            let head = max(digitCount(UInt64(truncatingIfNeeded: high)), scale + 1 - 19)
            write(UInt64(truncatingIfNeeded: high), digits: head, to: place)
            write(UInt64(truncatingIfNeeded: low), digits: 19, to: place + head)
            digits = head + 19
        }
        place += digits
        guard scale > 0 else { return place - target }
        (place - scale + 1).update(from: place - scale, count: scale)
        (place - scale).pointee = UInt8(ascii: ".")
        return place + 1 - target
    }

    // MARK: Floating point

    /// The shortest digits that read back as `value`, laid out as MySQL does: plain between 10^−15 and 10^15, with an
    /// exponent beyond.
    static func write(_ value: Double, to target: Target) -> Int {
        // Most numbers that people store have few decimals: r / 10^k is rounded correctly, so that where it gives the
        // number back, r's digits do.
        if value.magnitude < 1e9, value != 0 {
            var length = write(value, scaledBy: 1, decimals: 0, to: target)
            if length == 0 { length = write(value, scaledBy: 10_000, decimals: 4, to: target) }
            if length > 0 { return length }
        }
        guard value.isFinite else { return write(value.description, to: target) }
        let scratch = UnsafeMutableRawPointer(target + (bytesMax - Int(CCHARCONV_BYTES_MAX))).assumingMemoryBound(
            to: CChar.self)
        return layOut(UnsafeBufferPointer(start: scratch, count: ccharconv_double(value, scratch)), to: target)
    }

    static func write(_ value: Float, to target: Target) -> Int {
        guard value.isFinite else { return write(value.description, to: target) }
        let scratch = UnsafeMutableRawPointer(target + (bytesMax - Int(CCHARCONV_BYTES_MAX))).assumingMemoryBound(
            to: CChar.self)
        return layOut(UnsafeBufferPointer(start: scratch, count: ccharconv_float(value, scratch)), to: target)
    }

    /// 0 where the number has more decimals.
    @inline(__always)
    private static func write(_ value: Double, scaledBy power: Double, decimals: Int, to target: Target) -> Int {
        let scaled = (value.magnitude * power).rounded(.toNearestOrEven)
        guard scaled / power == value.magnitude else { return 0 }
        var digits = UInt64(scaled)
        var decimals = decimals
        while decimals > 0, digits % 10 == 0 {
            digits /= 10
            decimals -= 1
        }
        return write(value < 0 ? -Int128(digits) : Int128(digits), scale: decimals, to: target)
    }

    private static func write(_ text: String, to target: Target) -> Int {
        var length = 0
        for byte in text.utf8.prefix(bytesMax) {
            target[length] = byte
            length += 1
        }
        return length
    }

    /// `text` is `[-]d[.ddd]e±XX`. It ends behind what is written, so that nothing is overwritten before it was read.
    private static func layOut(_ text: UnsafeBufferPointer<CChar>, to target: Target) -> Int {
        guard let base = text.baseAddress else { return 0 }
        let source = UnsafeRawPointer(base).assumingMemoryBound(to: UInt8.self)
        var (start, place) = (0, target)
        if source[0] == UInt8(ascii: "-") {
            place.pointee = UInt8(ascii: "-")
            place += 1
            start = 1
        }
        var mark = text.count - 1
        while source[mark] != UInt8(ascii: "e") { mark -= 1 }
        var power = 0
        for index in (mark + 2)..<text.count { power = power * 10 + Int(source[index]) - 48 }
        let exponent = source[mark + 1] == UInt8(ascii: "-") ? -power : power
        // Digits before the point, of which there is one, and behind it.
        let fraction = max(0, mark - start - 2)
        func copy(_ from: Int, _ count: Int) {
            for index in 0..<count { place[index] = source[from + index] }
            place += count
        }
        func fill(_ byte: StaticString, _ count: Int) {
            for index in 0..<max(0, count) { place[index] = byte.utf8Start.pointee }
            place += max(0, count)
        }
        if exponent < -15 || exponent >= 15 {
            copy(start, 1)
            if fraction > 0 {
                fill(".", 1)
                copy(start + 2, fraction)
            }
            fill("e", 1)
            place += write(Int64(exponent), to: place)
        } else if exponent < 0 {
            fill("0", 1)
            fill(".", 1)
            fill("0", -exponent - 1)
            copy(start, 1)
            copy(start + 2, fraction)
        } else {
            let before = min(exponent, fraction)
            copy(start, 1)
            copy(start + 2, before)
            fill("0", exponent - before)
            if before < fraction {
                fill(".", 1)
                copy(start + 2 + before, fraction - before)
            }
        }
        return place - target
    }

    // MARK: Dates and times

    /// `yyyy-MM-dd`
    static func write(days: Int64, to target: Target) -> Int {
        // The engine's infinities are the two ends of the range.
        if days == Int64(Int32.max) || days == -Int64(Int32.max) {
            return write(days > 0 ? "infinity" : "-infinity", to: target)
        }
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        var place = target
        if year < 0 {
            place.pointee = UInt8(ascii: "-")
            place += 1
        }
        let width = year.magnitude < 10_000 ? 4 : digitCount(UInt64(year.magnitude))
        write(UInt64(year.magnitude), digits: width, to: place)
        place += width
        place[0] = UInt8(ascii: "-")
        writePair(month, to: place + 1)
        place[3] = UInt8(ascii: "-")
        writePair(day, to: place + 4)
        return place + 6 - target
    }

    /// `HH:mm:ss`, with `digits` of fraction where there is one.
    @inline(__always)
    static func write(seconds: Int64, fraction: Int64, digits: Int, to target: Target) -> Int {
        var place = target
        // A file may say so, though no clock does.
        let (seconds, fraction) = (Int64(clamping: seconds.magnitude), Int64(clamping: fraction.magnitude))
        let hours = seconds / 3_600
        if hours < 100 {
            writePair(Int(hours), to: place)
            place += 2
        } else {
            place += write(hours, to: place)
        }
        let rest = Int(seconds % 3_600)
        place[0] = UInt8(ascii: ":")
        writePair(rest / 60, to: place + 1)
        place[3] = UInt8(ascii: ":")
        writePair(rest % 60, to: place + 4)
        place += 6
        guard fraction != 0 else { return place - target }
        place.pointee = UInt8(ascii: ".")
        write(UInt64(fraction), digits: digits, to: place + 1)
        return place + 1 + digits - target
    }

    static func write(timestamp value: Int64, perSecond: Int64, digits: Int, to target: Target) -> Int {
        if value == .max || value == -.max { return write(value > 0 ? "infinity" : "-infinity", to: target) }
        let (seconds, fraction) = CivilTime.floorDivide(value, by: perSecond)
        let (days, secondOfDay) = CivilTime.floorDivide(seconds, by: 86_400)
        let date = write(days: days, to: target)
        target[date] = UInt8(ascii: " ")
        return date + 1 + write(seconds: secondOfDay, fraction: fraction, digits: digits, to: target + date + 1)
    }
}

extension TextBuffer {
    package mutating func append(decimal value: UInt64) { print { TextWriter.write(value, to: $0) } }

    package mutating func append(decimal value: Int64) { print { TextWriter.write(value, to: $0) } }

    package mutating func append(number value: Double) { print { TextWriter.write(value, to: $0) } }

    /// `HH:mm:ss`, with six digits of fraction where there is one.
    mutating func append(timeOfDay microseconds: Int64) {
        print {
            TextWriter.write(seconds: microseconds / 1_000_000, fraction: microseconds % 1_000_000, digits: 6, to: $0)
        }
    }

    /// `value` with leading zeros to `width` digits, of which there are at most `TextWriter.bytesMax`.
    package mutating func append(padded value: Int, width: Int) {
        print { target in
            TextWriter.write(UInt64(value.magnitude), digits: width, to: target)
            return width
        }
    }

    @inline(__always)
    mutating func print(_ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        let target = tail(TextWriter.bytesMax)
        advance(body(target))
    }
}
