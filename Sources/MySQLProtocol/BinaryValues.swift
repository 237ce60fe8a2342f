import LoonCore

extension Cell {
    /// Appends a value in the binary form of its type. False, with nothing written, for those that are text there too.
    func appendBinary(row: Int, to out: inout TextBuffer) -> Bool {
        switch kind {
        case .boolean: out.append(boolean(row))
        case .int8, .uint8: out.append(value(row, as: UInt8.self, zero: 0))
        case .int16, .uint16: out.append(littleEndian: value(row, as: UInt16.self, zero: 0))
        case .int32, .uint32, .float32: out.append(littleEndian: value(row, as: UInt32.self, zero: 0))
        case .int64, .uint64, .float64: out.append(littleEndian: value(row, as: UInt64.self, zero: 0))
        case .date: out.append(binaryDate: Int64(value(row, as: Int32.self, zero: 0)))
        case .time: out.append(binaryTime: microseconds(row).value)
        case .timestampSecond, .timestampMillisecond, .timestampMicrosecond, .timestampNanosecond:
            let (moment, isInfinite) = microseconds(row)
            out.append(binaryDateTime: isInfinite ? nil : moment)
        case .null, .decimal, .bytes, .other: return false
        }
        return true
    }
}

extension SQLValue {
    /// Appends the value in the binary form of the column's type. False, with nothing written, where that is text.
    func appendBinary(as type: ColumnType, to out: inout TextBuffer) -> Bool {
        switch type {
        case .boolean, .int8, .uint8: out.append(UInt8(truncatingIfNeeded: integerValue))
        case .int16, .uint16: out.append(littleEndian: UInt16(truncatingIfNeeded: integerValue))
        case .int32, .uint32: out.append(littleEndian: UInt32(truncatingIfNeeded: integerValue))
        case .int64, .uint64: out.append(littleEndian: UInt64(truncatingIfNeeded: integerValue))
        case .float64: out.append(littleEndian: realValue.bitPattern)
        case .float32: out.append(littleEndian: Float(realValue).bitPattern)
        case .timestamp, .date:
            guard let moment = CivilTime.microseconds(parsing: textValue) else {
                out.append(binaryDateTime: nil)
                return true
            }
            if case .date = type { out.append(binaryDate: moment / 86_400_000_000) } else { out.append(binaryDateTime: moment) }
        case .time:
            let text = textValue
            let isNegative = text.hasPrefix("-")
            guard let moment = CivilTime.microseconds(parsing: "1970-01-01 " + (isNegative ? String(text.dropFirst()) : text)) else {
                out.append(binaryTime: 0)
                return true
            }
            out.append(binaryTime: isNegative ? -moment : moment)
        default: return false
        }
        return true
    }
}

extension TextBuffer {
    mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
        withUnsafeBytes(of: number.littleEndian) { append($0.bindMemory(to: UInt8.self)) }
    }

    /// Four bytes after their length; years that the form has no room for are the zero date, of length 0.
    mutating func append(binaryDate days: Int64) {
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        guard (1...9_999).contains(year) else { return append(0) }
        append(4)
        append(littleEndian: UInt16(year))
        append(UInt8(month))
        append(UInt8(day))
    }

    /// Length 4, 7 or 11, by what is not zero; `nil` and years out of range are the zero date.
    mutating func append(binaryDateTime microseconds: Int64?) {
        guard let microseconds else { return append(0) }
        let (seconds, fraction) = CivilTime.floorDivide(microseconds, by: 1_000_000)
        let (days, second) = CivilTime.floorDivide(seconds, by: 86_400)
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        guard (1...9_999).contains(year) else { return append(0) }
        append(fraction != 0 ? 11 : second != 0 ? 7 : 4)
        append(littleEndian: UInt16(year))
        append(UInt8(month))
        append(UInt8(day))
        guard fraction != 0 || second != 0 else { return }
        appendClock(second)
        if fraction != 0 { append(littleEndian: UInt32(fraction)) }
    }

    /// Length 0, 8 or 12: sign, days, and a clock.
    mutating func append(binaryTime microseconds: Int64) {
        guard microseconds != 0 else { return append(0) }
        let magnitude = Int64(clamping: microseconds.magnitude)
        let (seconds, fraction) = (magnitude / 1_000_000, magnitude % 1_000_000)
        append(fraction != 0 ? 12 : 8)
        append(microseconds < 0 ? 1 : 0)
        append(littleEndian: UInt32(truncatingIfNeeded: seconds / 86_400))
        appendClock(seconds % 86_400)
        if fraction != 0 { append(littleEndian: UInt32(fraction)) }
    }

    private mutating func appendClock(_ second: Int64) {
        append(UInt8(second / 3_600))
        append(UInt8(second / 60 % 60))
        append(UInt8(second % 60))
    }
}
