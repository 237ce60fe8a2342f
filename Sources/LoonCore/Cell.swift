/// A column of a batch made ready for a loop over rows: its kind and raw pointers, and nothing that is counted or allocated. Valid as long as the
/// `ColumnView` is. This is the fast path of everything that encodes results.
package struct Cell {
    package enum Kind: UInt8, Sendable {
        case null, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, decimal, bytes, date, time
        case timestampSecond, timestampMillisecond, timestampMicrosecond, timestampNanosecond
        /// An ENUM, an interval or a nested value: `ColumnView.appendText` knows how.
        case other
    }

    package let kind: Kind
    private let scale: Int
    private let offset: Int
    private let validity: UnsafePointer<UInt8>?
    private let values: UnsafeRawPointer?
    private let data: UnsafePointer<UInt8>?

    package init(_ view: ColumnView) {
        (kind, scale) = view.dictionary.isEmpty ? Self.kind(of: view.type) : (.other, 0)
        offset = view.offset
        validity = view.validity
        values = view.values
        data = view.data
    }

    private static func kind(of type: ColumnType) -> (Kind, scale: Int) {
        switch type {
        case .null: (.null, 0)
        case .boolean: (.boolean, 0)
        case .int8: (.int8, 0)
        case .int16: (.int16, 0)
        case .int32: (.int32, 0)
        case .int64: (.int64, 0)
        case .uint8: (.uint8, 0)
        case .uint16: (.uint16, 0)
        case .uint32: (.uint32, 0)
        case .uint64: (.uint64, 0)
        case .float32: (.float32, 0)
        case .float64: (.float64, 0)
        case .decimal(_, let scale): (.decimal, scale)
        case .text, .binary: (.bytes, 0)
        case .date: (.date, 0)
        case .time: (.time, 0)
        case .timestamp(.second): (.timestampSecond, 0)
        case .timestamp(.millisecond): (.timestampMillisecond, 0)
        case .timestamp(.microsecond): (.timestampMicrosecond, 0)
        case .timestamp(.nanosecond): (.timestampNanosecond, 0)
        case .interval, .list, .structure, .map: (.other, 0)
        }
    }

    @inline(__always)
    package func isNull(_ row: Int) -> Bool {
        guard let validity else { return kind == .null }
        let position = offset + row
        return validity[position >> 3] & (1 << UInt8(truncatingIfNeeded: position & 7)) == 0
    }

    /// A fixed-width value. `T` must be what the kind says.
    @inline(__always)
    package func value<T: BitwiseCopyable>(_ row: Int, as type: T.Type, zero: T) -> T {
        values?.loadUnaligned(fromByteOffset: (offset + row) &* MemoryLayout<T>.stride, as: type) ?? zero
    }

    @inline(__always)
    package func boolean(_ row: Int) -> UInt8 {
        let position = offset + row
        return (values?.load(fromByteOffset: position >> 3, as: UInt8.self) ?? 0) >> UInt8(truncatingIfNeeded: position & 7) & 1
    }

    /// The bytes of a text or binary value.
    @inline(__always)
    package func bytes(_ row: Int) -> UnsafeBufferPointer<UInt8> {
        let start = value(row, as: Int32.self, zero: 0), end = value(row + 1, as: Int32.self, zero: 0)
        guard let data, end > start else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: data + Int(start), count: Int(end &- start))
    }

    /// Microseconds since 1970 of a timestamp, or of the day of a time, and whether that is one of the engine's infinities.
    package func microseconds(_ row: Int) -> (value: Int64, isInfinite: Bool) {
        let value = value(row, as: Int64.self, zero: 0)
        if value == .max || value == -.max { return (value, kind != .time) }
        switch kind {
        case .timestampSecond: return (value.multipliedReportingOverflow(by: 1_000_000).partialValue, false)
        case .timestampMillisecond: return (value.multipliedReportingOverflow(by: 1_000).partialValue, false)
        case .timestampNanosecond: return (CivilTime.floorDivide(value, by: 1_000).quotient, false)
        default: return (value, false)
        }
    }

    /// Appends the text of the value at `row`, which is not NULL. Nothing for a kind of `other`.
    package func appendText(row: Int, to out: inout TextBuffer) {
        switch kind {
        case .null, .other: break
        case .boolean: out.append(UInt8(ascii: "0") + boolean(row))
        case .int8: out.append(decimal: Int64(value(row, as: Int8.self, zero: 0)))
        case .int16: out.append(decimal: Int64(value(row, as: Int16.self, zero: 0)))
        case .int32: out.append(decimal: Int64(value(row, as: Int32.self, zero: 0)))
        case .int64: out.append(decimal: value(row, as: Int64.self, zero: 0))
        case .uint8: out.append(decimal: UInt64(value(row, as: UInt8.self, zero: 0)))
        case .uint16: out.append(decimal: UInt64(value(row, as: UInt16.self, zero: 0)))
        case .uint32: out.append(decimal: UInt64(value(row, as: UInt32.self, zero: 0)))
        case .uint64: out.append(decimal: value(row, as: UInt64.self, zero: 0))
        case .float32: out.append(number: value(row, as: Float.self, zero: 0))
        case .float64: out.append(number: value(row, as: Double.self, zero: 0))
        case .decimal: out.append(decimal: value(row, as: Int128.self, zero: 0), scale: scale)
        case .bytes: out.append(bytes(row))
        case .date: out.append(days: Int64(value(row, as: Int32.self, zero: 0)))
        case .time: out.append(timeOfDay: value(row, as: Int64.self, zero: 0))
        case .timestampSecond: out.append(timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1, digits: 0)
        case .timestampMillisecond: out.append(timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1_000, digits: 3)
        case .timestampMicrosecond: out.append(timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1_000_000, digits: 6)
        case .timestampNanosecond: out.append(timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1_000_000_000, digits: 9)
        }
    }
}

extension TextBuffer {
    mutating func append(days: Int64) {
        // The engine's infinities are the two ends of the range.
        if days == Int64(Int32.max) || days == -Int64(Int32.max) { return append(days > 0 ? "infinity" : "-infinity") }
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        if year < 0 { append(UInt8(ascii: "-")) }
        append(padded: abs(year), width: abs(year) < 10_000 ? 4 : String(abs(year)).utf8.count)
        append(UInt8(ascii: "-"))
        append(pair: month)
        append(UInt8(ascii: "-"))
        append(pair: day)
    }

    /// `HH:mm:ss`, with six digits of fraction where there is one.
    mutating func append(timeOfDay microseconds: Int64) {
        append(seconds: microseconds / 1_000_000, fraction: Int(microseconds % 1_000_000), digits: 6)
    }

    mutating func append(timestamp value: Int64, perSecond: Int64, digits: Int) {
        if value == .max || value == -.max { return append(value > 0 ? "infinity" : "-infinity") }
        let (seconds, fraction) = CivilTime.floorDivide(value, by: perSecond)
        let (days, secondOfDay) = CivilTime.floorDivide(seconds, by: 86_400)
        append(days: days)
        append(UInt8(ascii: " "))
        append(seconds: secondOfDay, fraction: Int(fraction), digits: digits)
    }

    private mutating func append(seconds: Int64, fraction: Int, digits: Int) {
        let hours = Int(seconds / 3_600)
        if hours < 100 { append(pair: hours) } else { append(decimal: Int64(hours)) }
        append(UInt8(ascii: ":"))
        append(pair: Int(seconds / 60 % 60))
        append(UInt8(ascii: ":"))
        append(pair: Int(seconds % 60))
        guard fraction != 0 else { return }
        append(UInt8(ascii: "."))
        append(padded: fraction, width: digits)
    }
}
