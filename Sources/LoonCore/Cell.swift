/// A column of a batch made ready for a loop over rows: its kind and raw pointers, and nothing that is counted or
/// allocated. Valid as long as the `ColumnView` is. This is the fast path of everything that encodes results.
@usableFromInline package struct Cell {
    @usableFromInline @frozen package enum Kind: UInt8, Sendable {
        case null, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, decimal, bytes,
            date, time
        case timestampSecond, timestampMillisecond, timestampMicrosecond, timestampNanosecond
        /// An ENUM, an interval or a nested value: `ColumnView.appendText` knows how.
        case other
    }

    @usableFromInline package let kind: Kind
    private let scale: Int
    @usableFromInline package let offset: Int
    @usableFromInline package let validity: UnsafePointer<UInt8>?
    @usableFromInline package let values: UnsafeRawPointer?
    @usableFromInline package let data: UnsafePointer<UInt8>?

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

    @inlinable @inline(__always)
    package func isNull(_ row: Int) -> Bool {
        guard let validity else { return kind == .null }
        let position = offset + row
        return validity[position >> 3] & (1 << UInt8(truncatingIfNeeded: position & 7)) == 0
    }

    /// A fixed-width value. `T` must be what the kind says.
    @inlinable @inline(__always)
    package func value<T: BitwiseCopyable>(_ row: Int, as type: T.Type, zero: T) -> T {
        values?.loadUnaligned(fromByteOffset: (offset + row) &* MemoryLayout<T>.stride, as: type) ?? zero
    }

    @inlinable @inline(__always)
    package func boolean(_ row: Int) -> UInt8 {
        let position = offset + row
        return (values?.load(fromByteOffset: position >> 3, as: UInt8.self) ?? 0)
            >> UInt8(truncatingIfNeeded: position & 7) & 1
    }

    /// The bytes of a text or binary value.
    @inlinable @inline(__always)
    package func bytes(_ row: Int) -> UnsafeBufferPointer<UInt8> {
        let start = value(row, as: Int32.self, zero: 0), end = value(row + 1, as: Int32.self, zero: 0)
        guard let data, end > start else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: data + Int(start), count: Int(end &- start))
    }

    /// Microseconds since 1970 of a timestamp, or of the day of a time, and whether that is one of the engine's
    /// infinities.
    @inlinable @inline(__always)
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

    /// Most bytes that the text of a value takes; 0 where only the value tells.
    package var textBytesMax: Int { kind == .bytes || kind == .other ? 0 : TextWriter.bytesMax }

    /// Writes the text of the value at `row`, which is not NULL, and returns its length. Nothing for kinds whose
    /// `textBytesMax` is 0.
    package func writeText(row: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        switch kind {
        case .null, .other, .bytes: return 0
        case .boolean:
            target.pointee = UInt8(ascii: "0") + boolean(row)
            return 1
        case .int8: return TextWriter.write(Int64(value(row, as: Int8.self, zero: 0)), to: target)
        case .int16: return TextWriter.write(Int64(value(row, as: Int16.self, zero: 0)), to: target)
        case .int32: return TextWriter.write(Int64(value(row, as: Int32.self, zero: 0)), to: target)
        case .int64: return TextWriter.write(value(row, as: Int64.self, zero: 0), to: target)
        case .uint8: return TextWriter.write(UInt64(value(row, as: UInt8.self, zero: 0)), to: target)
        case .uint16: return TextWriter.write(UInt64(value(row, as: UInt16.self, zero: 0)), to: target)
        case .uint32: return TextWriter.write(UInt64(value(row, as: UInt32.self, zero: 0)), to: target)
        case .uint64: return TextWriter.write(value(row, as: UInt64.self, zero: 0), to: target)
        case .float32: return TextWriter.write(value(row, as: Float.self, zero: 0), to: target)
        case .float64: return TextWriter.write(value(row, as: Double.self, zero: 0), to: target)
        case .decimal: return TextWriter.write(value(row, as: Int128.self, zero: 0), scale: scale, to: target)
        case .date: return TextWriter.write(days: Int64(value(row, as: Int32.self, zero: 0)), to: target)
        case .time:
            let moment = value(row, as: Int64.self, zero: 0)
            return TextWriter.write(seconds: moment / 1_000_000, fraction: moment % 1_000_000, digits: 6, to: target)
        case .timestampSecond:
            return TextWriter.write(timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1, digits: 0, to: target)
        case .timestampMillisecond:
            return TextWriter.write(
                timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1_000, digits: 3, to: target)
        case .timestampMicrosecond:
            return TextWriter.write(
                timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1_000_000, digits: 6, to: target)
        case .timestampNanosecond:
            return TextWriter.write(
                timestamp: value(row, as: Int64.self, zero: 0), perSecond: 1_000_000_000, digits: 9, to: target)
        }
    }

    /// Appends the text of the value at `row`, which is not NULL. Nothing for a kind of `other`.
    package func appendText(row: Int, to out: inout TextBuffer) {
        if kind == .bytes { return out.append(bytes(row)) }
        out.print { writeText(row: row, to: $0) }
    }
}
