/// The text of a value, the same over the socket and in a result file.
///
/// Numbers and temporal values are as MySQL prints them; a boolean is 1 or 0 (MySQL's TINYINT(1)); lists, structures and maps are JSON.
extension ColumnView {
    /// Appends the text of the value at `row`, which is not NULL.
    package func appendText(row: Int, to out: inout TextBuffer) {
        if let column = dictionary.first {
            column.appendText(row: dictionaryIndex(row), to: &out)
            return
        }
        switch type {
        case .null: break
        case .boolean:
            let position = offset + row
            let byte = values?.load(fromByteOffset: position >> 3, as: UInt8.self) ?? 0
            out.append(byte >> UInt8(position & 7) & 1 == 1 ? UInt8(ascii: "1") : UInt8(ascii: "0"))
        case .int8: out.append(decimal: Int64(value(row, as: Int8.self) ?? 0))
        case .int16: out.append(decimal: Int64(value(row, as: Int16.self) ?? 0))
        case .int32: out.append(decimal: Int64(value(row, as: Int32.self) ?? 0))
        case .int64: out.append(decimal: value(row, as: Int64.self) ?? 0)
        case .uint8: out.append(decimal: UInt64(value(row, as: UInt8.self) ?? 0))
        case .uint16: out.append(decimal: UInt64(value(row, as: UInt16.self) ?? 0))
        case .uint32: out.append(decimal: UInt64(value(row, as: UInt32.self) ?? 0))
        case .uint64: out.append(decimal: value(row, as: UInt64.self) ?? 0)
        case .float32: out.append(number: (value(row, as: Float.self) ?? 0).description)
        case .float64: out.append(number: (value(row, as: Double.self) ?? 0).description)
        case .decimal(_, let scale): out.append(decimal: value(row, as: Int128.self) ?? 0, scale: scale)
        case .text, .binary: out.append(bytes(row))
        case .date: out.append(days: Int64(value(row, as: Int32.self) ?? 0))
        case .time: out.append(timeOfDay: value(row, as: Int64.self) ?? 0)
        case .timestamp(let unit): out.append(timestamp: value(row, as: Int64.self) ?? 0, unit: unit)
        case .interval: appendInterval(row: row, to: &out)
        case .list, .structure, .map: appendJSON(row: row, to: &out)
        }
    }

    private func dictionaryIndex(_ row: Int) -> Int {
        switch type {
        case .uint8: Int(value(row, as: UInt8.self) ?? 0)
        case .uint16: Int(value(row, as: UInt16.self) ?? 0)
        case .int32: Int(value(row, as: Int32.self) ?? 0)
        default: Int(value(row, as: UInt32.self) ?? 0)
        }
    }

    /// As the engine prints an INTERVAL: `1 year 2 months 3 days 04:05:06`.
    private func appendInterval(row: Int, to out: inout TextBuffer) {
        struct MonthDayNano { var months: Int32, days: Int32, nanoseconds: Int64 }
        guard let interval = value(row, as: MonthDayNano.self) else { return }
        var parts: [String] = []
        func add(_ amount: Int32, _ unit: String) {
            if amount != 0 { parts.append("\(amount) \(unit)\(amount.magnitude == 1 ? "" : "s")") }
        }
        add(interval.months / 12, "year")
        add(interval.months % 12, "month")
        add(interval.days, "day")
        out.append(parts.joined(separator: " "))
        guard interval.nanoseconds != 0 || parts.isEmpty else { return }
        if !parts.isEmpty { out.append(UInt8(ascii: " ")) }
        if interval.nanoseconds < 0 { out.append(UInt8(ascii: "-")) }
        out.append(timeOfDay: Int64(clamping: interval.nanoseconds.magnitude / 1_000))
    }

    // MARK: Nested values

    private func appendJSON(row: Int, to out: inout TextBuffer) {
        if isNull(row) { return out.append("null") }
        switch type {
        case .list:
            out.append(UInt8(ascii: "["))
            for (position, element) in elements(row).enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                children.first?.appendJSON(row: element, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .structure(let fields):
            out.append(UInt8(ascii: "{"))
            for (position, field) in zip(fields, children).enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                out.append(jsonString: field.0.name)
                out.append(UInt8(ascii: ":"))
                field.1.appendJSON(row: row + offset, to: &out)
            }
            out.append(UInt8(ascii: "}"))
        case .map:
            out.append(UInt8(ascii: "{"))
            for (position, element) in elements(row).enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                appendMapKey(element, to: &out)
                out.append(UInt8(ascii: ":"))
                children.last?.appendJSON(row: element, to: &out)
            }
            out.append(UInt8(ascii: "}"))
        case .boolean:
            let position = offset + row
            let byte = values?.load(fromByteOffset: position >> 3, as: UInt8.self) ?? 0
            out.append(byte >> UInt8(position & 7) & 1 == 1 ? "true" : "false")
        case .float32, .float64:
            let number = type == .float32 ? Double(value(row, as: Float.self) ?? 0) : value(row, as: Double.self) ?? 0
            if number.isFinite { appendText(row: row, to: &out) } else { out.append(jsonString: number.description) }
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .decimal:
            if dictionary.isEmpty { appendText(row: row, to: &out) } else { appendQuoted(row: row, to: &out) }
        case .text, .binary, .date, .time, .timestamp, .interval, .null: appendQuoted(row: row, to: &out)
        }
    }

    private func appendMapKey(_ row: Int, to out: inout TextBuffer) {
        guard let keys = children.first else { return out.append("null") }
        keys.appendQuoted(row: row, to: &out)
    }

    private func appendQuoted(row: Int, to out: inout TextBuffer) {
        var text = TextBuffer(capacity: 64)
        appendText(row: row, to: &text)
        out.append(jsonString: String(decoding: text.bytes, as: UTF8.self))
    }
}

extension TextBuffer {
    /// A number as Swift prints it (the shortest text that reads back the same), in MySQL's spelling: no zero fraction, no plus sign or leading
    /// zero in an exponent.
    fileprivate mutating func append(number text: String) {
        var text = text
        if let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) {
            append(number: String(text[..<mark]))
            append(UInt8(ascii: "e"))
            return append(decimal: Int64(exponent))
        }
        text.withUTF8 { bytes in
            let whole = bytes.count > 2 && bytes[bytes.count - 2] == UInt8(ascii: ".") && bytes[bytes.count - 1] == UInt8(ascii: "0")
            append(whole ? UnsafeBufferPointer(rebasing: bytes.dropLast(2)) : bytes)
        }
    }

    fileprivate mutating func append(decimal value: Int128, scale: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let digits = String(value.magnitude)
        guard scale > 0 else { return append(digits) }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
        append(String(padded.dropLast(scale)))
        append(UInt8(ascii: "."))
        append(String(padded.suffix(scale)))
    }

    fileprivate mutating func append(days: Int64) {
        // The engine's infinities are the two ends of the range.
        if days == Int32.max || days == -Int64(Int32.max) { return append(days > 0 ? "infinity" : "-infinity") }
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        if year < 0 { append(UInt8(ascii: "-")) }
        append(padded: Swift.abs(year), width: max(4, String(Swift.abs(year)).utf8.count))
        append(UInt8(ascii: "-"))
        append(padded: month, width: 2)
        append(UInt8(ascii: "-"))
        append(padded: day, width: 2)
    }

    /// `HH:mm:ss`, with six digits of fraction where there is one.
    fileprivate mutating func append(timeOfDay microseconds: Int64) {
        append(seconds: microseconds / 1_000_000, fraction: Int(microseconds % 1_000_000), digits: 6)
    }

    fileprivate mutating func append(timestamp value: Int64, unit: ColumnType.TimeUnit) {
        let (perSecond, digits): (Int64, Int) =
            switch unit {
            case .second: (1, 0)
            case .millisecond: (1_000, 3)
            case .microsecond: (1_000_000, 6)
            case .nanosecond: (1_000_000_000, 9)
            }
        // The engine's infinities are the two ends of the range.
        if value == .max || value == -.max { return append(value > 0 ? "infinity" : "-infinity") }
        let (seconds, fraction) = CivilTime.floorDivide(value, by: perSecond)
        let (days, secondOfDay) = CivilTime.floorDivide(seconds, by: 86_400)
        append(days: days)
        append(UInt8(ascii: " "))
        append(seconds: secondOfDay, fraction: Int(fraction), digits: digits)
    }

    private mutating func append(seconds: Int64, fraction: Int, digits: Int) {
        let hours = Int(seconds / 3_600)
        append(padded: hours, width: hours < 100 ? 2 : String(hours).utf8.count)
        append(UInt8(ascii: ":"))
        append(padded: Int(seconds / 60 % 60), width: 2)
        append(UInt8(ascii: ":"))
        append(padded: Int(seconds % 60), width: 2)
        guard fraction != 0 else { return }
        append(UInt8(ascii: "."))
        append(padded: fraction, width: digits)
    }

    /// A JSON string with its quotes (RFC 8259 §7).
    package mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                append("\\u00" + (hex.utf8.count == 1 ? "0" : "") + hex)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
