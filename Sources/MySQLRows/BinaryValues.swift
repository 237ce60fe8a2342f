package import LoonCore

/// Writes values in the binary form of result rows at a pointer, as `TextWriter` does their text
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html#sect_protocol_binary_resultset_row_value).
/// Each function returns how many bytes it wrote, at most `bytesMax`, for which the caller has made room.
enum BinaryWriter {
    typealias Target = UnsafeMutablePointer<UInt8>

    /// A time with its length.
    static let bytesMax = 13

    @inline(__always)
    static func write<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, to target: Target) -> Int {
        UnsafeMutableRawPointer(target).storeBytes(of: number.littleEndian, as: Number.self)
        return MemoryLayout<Number>.size
    }

    /// Four bytes after their length; years that the form has no room for are the zero date, of length 0.
    @inline(__always)
    static func write(date days: Int64, to target: Target) -> Int {
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        guard (1...9_999).contains(year) else { return write(UInt8(0), to: target) }
        // Year, month and day are one number of 32 bits, least significant first.
        let date =
            UInt32(truncatingIfNeeded: year) | UInt32(truncatingIfNeeded: month) << 16 | UInt32(truncatingIfNeeded: day)
            << 24
        return write(UInt8(4), to: target) + write(date, to: target + 1)
    }

    /// Length 4, 7 or 11, by what is not zero; `nil` and years out of range are the zero date.
    @inline(__always)
    static func write(dateTime microseconds: Int64?, to target: Target) -> Int {
        guard let microseconds else { return write(UInt8(0), to: target) }
        let (days, ofDay) = CivilTime.floorDivide(microseconds, by: 86_400_000_000)
        guard write(date: days, to: target) > 1 else { return 1 }
        guard ofDay != 0 else { return 5 }
        let (second, fraction) = UInt64(ofDay).quotientAndRemainder(dividingBy: 1_000_000)
        writeClock(UInt32(truncatingIfNeeded: second), to: target + 5)
        guard fraction != 0 else { return write(UInt8(7), to: target) + 7 }
        return write(UInt8(11), to: target) + 7 + write(UInt32(truncatingIfNeeded: fraction), to: target + 8)
    }

    /// Length 0, 8 or 12: sign, days, and a clock.
    static func write(time microseconds: Int64, to target: Target) -> Int {
        guard microseconds != 0 else { return write(UInt8(0), to: target) }
        let (seconds, fraction) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        target[1] = microseconds < 0 ? 1 : 0
        _ = write(UInt32(truncatingIfNeeded: seconds / 86_400), to: target + 2)
        writeClock(UInt32(truncatingIfNeeded: seconds % 86_400), to: target + 6)
        guard fraction != 0 else { return write(UInt8(8), to: target) + 8 }
        return write(UInt8(12), to: target) + 8 + write(UInt32(truncatingIfNeeded: fraction), to: target + 9)
    }

    @inline(__always)
    private static func writeClock(_ second: UInt32, to target: Target) {
        target[0] = UInt8(truncatingIfNeeded: second / 3_600)
        target[1] = UInt8(truncatingIfNeeded: second / 60 % 60)
        target[2] = UInt8(truncatingIfNeeded: second % 60)
    }
}

extension Cell {
    /// Writes the value at `row`, which is not NULL, in the binary form of its type; 0 for those that are text there
    /// too.
    @inline(__always)
    func writeBinary(row: Int, to target: BinaryWriter.Target) -> Int {
        switch kind {
        case .boolean: BinaryWriter.write(boolean(row), to: target)
        case .int8, .uint8: BinaryWriter.write(value(row, as: UInt8.self, zero: 0), to: target)
        case .int16, .uint16: BinaryWriter.write(value(row, as: UInt16.self, zero: 0), to: target)
        case .int32, .uint32, .float32: BinaryWriter.write(value(row, as: UInt32.self, zero: 0), to: target)
        case .int64, .uint64, .float64: BinaryWriter.write(value(row, as: UInt64.self, zero: 0), to: target)
        case .date: BinaryWriter.write(date: Int64(value(row, as: Int32.self, zero: 0)), to: target)
        case .time: BinaryWriter.write(time: microseconds(row).value, to: target)
        case .timestampSecond, .timestampMillisecond, .timestampMicrosecond, .timestampNanosecond:
            BinaryWriter.write(dateTime: moment(row), to: target)
        case .null, .decimal, .bytes, .other: 0
        }
    }

    /// `nil` for the engine's infinities.
    @inline(__always)
    private func moment(_ row: Int) -> Int64? {
        let (value, isInfinite) = microseconds(row)
        return isInfinite ? nil : value
    }
}

extension SQLValue {
    /// Writes the value in the binary form of the column's type; 0 where that is text.
    func writeBinary(as type: ColumnType, to target: BinaryWriter.Target) -> Int {
        switch type {
        case .boolean, .int8, .uint8: return BinaryWriter.write(UInt8(truncatingIfNeeded: integerValue), to: target)
        case .int16, .uint16: return BinaryWriter.write(UInt16(truncatingIfNeeded: integerValue), to: target)
        case .int32, .uint32: return BinaryWriter.write(UInt32(truncatingIfNeeded: integerValue), to: target)
        case .int64, .uint64: return BinaryWriter.write(UInt64(truncatingIfNeeded: integerValue), to: target)
        case .float64: return BinaryWriter.write(realValue.bitPattern, to: target)
        case .float32: return BinaryWriter.write(Float(realValue).bitPattern, to: target)
        case .timestamp: return BinaryWriter.write(dateTime: CivilTime.microseconds(parsing: textValue), to: target)
        case .date:
            guard let moment = CivilTime.microseconds(parsing: textValue) else {
                return BinaryWriter.write(dateTime: nil, to: target)
            }
            return BinaryWriter.write(date: CivilTime.floorDivide(moment, by: 86_400_000_000).quotient, to: target)
        case .time:
            let text = textValue
            let isNegative = text.hasPrefix("-")
            let moment =
                CivilTime.microseconds(parsing: "1970-01-01 " + (isNegative ? String(text.dropFirst()) : text)) ?? 0
            return BinaryWriter.write(time: isNegative ? -moment : moment, to: target)
        default: return 0
        }
    }
}

extension TextBuffer {
    /// Writes a number's bytes, the least significant first.
    package mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(littleEndian number: Number) {
        advance(BinaryWriter.write(number, to: tail(MemoryLayout<Number>.size)))
    }
}
