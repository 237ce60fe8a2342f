import CCharconv
import CDuckDB

/// Fields of text as Hive reads them, a chunk at a time: what is none of the type is NULL, and counted.
///
/// Built with optimization in every configuration: these loops run for each field.
enum FieldReaders {
    /// One chunk of fields: `input` has the query's number and the texts.
    private static func read<Value>(
        _ input: duckdb_data_chunk?, _ output: duckdb_vector?, _ parse: (UnsafePointer<UInt8>, Int) -> Value?
    ) {
        let rows = Int(cduckdb_data_chunk_get_size(input))
        let vector = cduckdb_data_chunk_get_vector(input, 1)
        guard rows > 0, let fields = cduckdb_vector_get_data(vector)?.assumingMemoryBound(to: cduckdb_string.self),
            let values = cduckdb_vector_get_data(output)?.assumingMemoryBound(to: Value.self),
            let query = cduckdb_vector_get_data(cduckdb_data_chunk_get_vector(input, 0))?.loadUnaligned(as: Int64.self)
        else { return }
        let known = cduckdb_vector_get_validity(vector)
        var validity: UnsafeMutablePointer<UInt64>?
        var malformed: Int64 = 0
        for row in 0..<rows {
            let isNull = known.map { $0[row / 64] & (1 << UInt64(row % 64)) == 0 } ?? false
            if !isNull {
                let field = fields + row
                let length = Int(field.pointee.length)
                let bytes = UnsafeRawPointer(cduckdb_string_bytes(field)).assumingMemoryBound(to: UInt8.self)
                if let value = parse(bytes, length) {
                    values[row] = value
                    continue
                }
                // An empty field has no value to lose.
                if length > 0 { malformed += 1 }
            }
            if validity == nil {
                cduckdb_vector_ensure_validity_writable(output)
                validity = cduckdb_vector_get_validity(output)
            }
            validity?[row / 64] &= ~(1 << UInt64(row % 64))
        }
        EngineFunctions.count(malformed, query)
    }

    // MARK: Numbers

    /// Digits with a sign, spaces around them, and a fraction, which is cut off; nothing else. (The engine would round,
    /// and take 1_000, 0x1F and 1e3.)
    /// (https://github.com/apache/hive/blob/master/serde/src/java/org/apache/hadoop/hive/serde2/lazy/LazyInteger.java)
    static func wholeNumbers<Number: FixedWidthInteger & SignedInteger>(
        _ input: duckdb_data_chunk?, _ output: duckdb_vector?, as type: Number.Type
    ) {
        read(input, output) { bytes, length in number(bytes, length).flatMap { Number(exactly: $0) } }
    }

    static func doubles(_ input: duckdb_data_chunk?, _ output: duckdb_vector?) {
        read(input, output) { bytes, length in
            var value = 0.0
            return floating(bytes, length) { ccharconv_parse_double($0, $1, &value) } ? value : nil
        }
    }

    static func floats(_ input: duckdb_data_chunk?, _ output: duckdb_vector?) {
        read(input, output) { bytes, length in
            var value: Float = 0
            return floating(bytes, length) { ccharconv_parse_float($0, $1, &value) } ? value : nil
        }
    }

    /// Spaces and a plus are not for the parser.
    @inline(__always)
    private static func floating(
        _ bytes: UnsafePointer<UInt8>, _ length: Int, _ parse: (UnsafePointer<CChar>, Int) -> Bool
    ) -> Bool {
        var (place, end) = trimmed(bytes, length)
        if place < end, bytes[place] == UInt8(ascii: "+") { place += 1 }
        guard place < end else { return false }
        return UnsafeRawPointer(bytes + place).withMemoryRebound(to: CChar.self, capacity: end - place) {
            parse($0, end - place)
        }
    }

    @inline(__always)
    private static func trimmed(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> (start: Int, end: Int) {
        var (place, end) = (0, length)
        while place < end, bytes[place] == 0x20 { place += 1 }
        while end > place, bytes[end - 1] == 0x20 { end -= 1 }
        return (place, end)
    }

    @inline(__always)
    private static func number(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        var (place, end) = trimmed(bytes, length)
        guard place < end else { return nil }
        let isNegative = bytes[place] == UInt8(ascii: "-")
        if isNegative || bytes[place] == UInt8(ascii: "+") { place += 1 }
        let first = place
        // Downwards, as the smallest number has no positive one.
        var value: Int64 = 0
        while place < end {
            let digit = bytes[place] &- 0x30
            guard digit <= 9 else { break }
            let (product, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isUnder) = product.subtractingReportingOverflow(Int64(digit))
            guard !isOver, !isUnder else { return nil }
            value = sum
            place += 1
        }
        guard place > first else { return nil }
        if place < end {
            guard bytes[place] == UInt8(ascii: ".") else { return nil }
            for rest in (place + 1)..<max(end, place + 1) where bytes[rest] &- 0x30 > 9 { return nil }
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    // MARK: Dates

    /// `yyyy-MM-dd`, as days since 1970; a time behind it is passed over.
    static func dates(_ input: duckdb_data_chunk?, _ output: duckdb_vector?) {
        read(input, output) { bytes, length -> Int32? in
            let (start, end) = trimmed(bytes, length)
            var place = start
            guard let days = day(bytes, &place, end) else { return nil }
            if place < end { guard time(bytes, &place, end) != nil else { return nil } }
            return Int32(days)
        }
    }

    /// `yyyy-MM-dd HH:mm:ss.ffffff`, as microseconds since 1970; without a time the day's beginning.
    static func timestamps(_ input: duckdb_data_chunk?, _ output: duckdb_vector?) {
        read(input, output) { bytes, length -> Int64? in
            let (start, end) = trimmed(bytes, length)
            var place = start
            guard let days = day(bytes, &place, end) else { return nil }
            guard place < end else { return days * 86_400_000_000 }
            return time(bytes, &place, end).map { days * 86_400_000_000 + $0 }
        }
    }

    /// Up to `digitsMax` digits.
    @inline(__always)
    private static func digits(_ bytes: UnsafePointer<UInt8>, _ place: inout Int, _ end: Int, _ range: ClosedRange<Int>)
        -> Int64?
    {
        let start = place
        var value: Int64 = 0
        while place < end, place - start < range.upperBound, bytes[place] &- 0x30 <= 9 {
            value = value * 10 + Int64(bytes[place] &- 0x30)
            place += 1
        }
        return place - start >= range.lowerBound ? value : nil
    }

    @inline(__always)
    private static func take(_ byte: UInt8, _ bytes: UnsafePointer<UInt8>, _ place: inout Int, _ end: Int) -> Bool {
        guard place < end, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private static func day(_ bytes: UnsafePointer<UInt8>, _ place: inout Int, _ end: Int) -> Int64? {
        guard let year = digits(bytes, &place, end, 4...4), take(UInt8(ascii: "-"), bytes, &place, end),
            let month = digits(bytes, &place, end, 1...2),
            take(UInt8(ascii: "-"), bytes, &place, end), let day = digits(bytes, &place, end, 1...2), year > 0,
            month > 0, month <= 12, day > 0
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let longest: Int64 =
            month == 2 ? (isLeap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
        guard day <= longest else { return nil }
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Microseconds of the day, behind a space or a T; a Z may end it.
    private static func time(_ bytes: UnsafePointer<UInt8>, _ place: inout Int, _ end: Int) -> Int64? {
        guard take(0x20, bytes, &place, end) || take(UInt8(ascii: "T"), bytes, &place, end),
            let hour = digits(bytes, &place, end, 1...2), hour < 24,
            take(UInt8(ascii: ":"), bytes, &place, end), let minute = digits(bytes, &place, end, 2...2), minute < 60
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if take(UInt8(ascii: ":"), bytes, &place, end) {
            guard let read = digits(bytes, &place, end, 2...2), read < 60 else { return nil }
            second = read
            if take(UInt8(ascii: "."), bytes, &place, end) {
                let start = place
                guard let read = digits(bytes, &place, end, 1...9) else { return nil }
                fraction = read
                for _ in (place - start)..<9 { fraction *= 10 }
                fraction /= 1_000
            }
        }
        _ = take(UInt8(ascii: "Z"), bytes, &place, end)
        guard place == end else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    }
}
