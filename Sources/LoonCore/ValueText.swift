/// The text of a value, the same over the socket and in a result file.
///
/// Numbers and temporal values are as MySQL prints them; a boolean is 1 or 0 (MySQL's TINYINT(1)); lists, structures
/// and maps are JSON.
extension ColumnView {
    /// Appends the text of the value at `row`, which is not NULL.
    package func appendText(row: Int, to out: inout TextBuffer) {
        if let column = dictionary.first {
            column.appendText(row: dictionaryIndex(row), to: &out)
            return
        }
        switch type {
        case .interval: appendInterval(row: row, to: &out)
        case .list, .structure, .map: appendJSON(row: row, to: &out)
        default: Cell(self).appendText(row: row, to: &out)
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

    /// Appends the value at `row` as JSON (RFC 8259): numbers and truth values as they are, NULL as null, everything
    /// else as a string.
    package func appendJSON(row: Int, to out: inout TextBuffer) {
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
