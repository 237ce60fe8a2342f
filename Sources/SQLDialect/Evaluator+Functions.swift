import LoonCore
import SQLFrontend

/// https://dev.mysql.com/doc/refman/8.0/en/functions.html
extension Evaluator {
    func call(_ name: String, _ values: [SQLValue]) throws(QueryError) -> SQLValue {
        if LocalFunctions.session.contains(name), values.isEmpty { return context.function(name) }
        if LocalFunctions.moment.contains(name) { return try moment(name, values) }
        let isSearch = name == "instr" || name == "locate" || name == "replace"
        try Self.checkSize(values, bytesMax: isSearch ? Limits.evaluatedTextBytesMax : Limits.commandBytesMax)
        switch (name, values.count) {
        case ("coalesce", 1...): return values.first { !$0.isNull } ?? .null
        case ("ifnull", 2): return values[0].isNull ? values[1] : values[0]
        case ("nullif", 2): return Self.compare(values[0], values[1], ignoringCase: false) == 0 ? .null : values[0]
        case ("isnull", 1): return .integer(values[0].isNull ? 1 : 0)
        case ("concat_ws", 2...):
            guard !values[0].isNull else { return .null }
            return .text(
                values.dropFirst().filter { !$0.isNull }.map(\.textValue).joined(separator: values[0].textValue))
        default: break
        }
        // All others make NULL of NULL.
        guard !values.contains(where: \.isNull) else { return .null }
        switch (name, values.count) {
        case ("concat", 1...): return .text(values.map(\.textValue).joined())
        case ("lower", 1), ("lcase", 1): return .text(values[0].textValue.lowercased())
        case ("upper", 1), ("ucase", 1): return .text(values[0].textValue.uppercased())
        case ("length", 1), ("octet_length", 1): return .integer(Int64(values[0].textValue.utf8.count))
        case ("char_length", 1), ("character_length", 1):
            return .integer(Int64(values[0].textValue.unicodeScalars.count))
        case ("trim", 1): return .text(Self.trimmed(values[0].textValue, left: true, right: true))
        case ("ltrim", 1): return .text(Self.trimmed(values[0].textValue, left: true, right: false))
        case ("rtrim", 1): return .text(Self.trimmed(values[0].textValue, left: false, right: true))
        case ("replace", 3): return try replace(values[0].textValue, values[1].textValue, with: values[2].textValue)
        case ("left", 2): return .text(Self.slice(values[0], from: 1, count: values[1].integerValue))
        case ("right", 2):
            let count = max(0, min(values[1].integerValue, Int64(values[0].textValue.unicodeScalars.count)))
            return count == 0 ? .text("") : .text(Self.slice(values[0], from: -count, count: nil))
        case ("substring", 2...3), ("substr", 2...3), ("mid", 2...3):
            return .text(
                Self.slice(
                    values[0], from: values[1].integerValue, count: values.count == 3 ? values[2].integerValue : nil))
        case ("instr", 2): return .integer(Self.place(of: values[1], in: values[0]))
        case ("locate", 2): return .integer(Self.place(of: values[0], in: values[1]))
        case ("locate", 3):
            let start = values[2].integerValue
            guard start > 0 else { return .integer(0) }
            let found = Self.place(of: values[0], in: .text(Self.slice(values[1], from: start, count: nil)))
            return .integer(found == 0 ? 0 : found + start - 1)
        case ("timediff", 2): return Self.timeDifference(values[0].textValue, values[1].textValue)
        case ("time_format", 2): return Self.timeFormat(values[0].textValue, values[1].textValue)
        case ("convert_tz", 3): return convertTimeZone(values)
        case ("cast_char", 1): return .text(values[0].textValue)
        case ("cast_signed", 1):
            // A text gives the whole number that it begins with; other values are rounded.
            guard case .text(let text) = values[0] else { return .integer(values[0].integerValue) }
            let digits = text.prefixMatch(of: /\s*([-+]?[0-9]+)/).map { String($0.1) } ?? "0"
            return .integer(Int64(digits) ?? (digits.hasPrefix("-") ? .min : .max))
        case ("cast_unsigned", 1): return .unsigned(UInt64(bitPattern: values[0].integerValue))
        default: throw QueryError(.wrongArguments, "Incorrect parameter count in the call to native function '\(name)'")
        }
    }

    // MARK: Text

    private func replace(_ text: String, _ part: String, with other: String) throws(QueryError) -> SQLValue {
        guard !part.isEmpty else { return .text(text) }
        // At most as many as there is room for.
        guard text.utf8.count / part.utf8.count * other.utf8.count <= Limits.answerBytesMax else {
            throw QueryError(.resultTooLarge, "The result of replace() has more than \(Limits.answerBytesMax) bytes")
        }
        return .text(text.replacing(part, with: other))
    }

    private static func trimmed(_ text: String, left: Bool, right: Bool) -> String {
        var rest = text.unicodeScalars[...]
        while left, rest.first == " " { rest.removeFirst() }
        while right, rest.last == " " { rest.removeLast() }
        return String(rest)
    }

    /// MySQL counts from 1, and from the end where `start` is negative.
    private static func slice(_ value: SQLValue, from start: Int64, count: Int64?) -> String {
        let text = Array(value.textValue.unicodeScalars)
        let first = start > 0 ? start - 1 : start < 0 ? Int64(text.count) + start : Int64(text.count)
        guard first >= 0, first < Int64(text.count), count.map({ $0 > 0 }) ?? true else { return "" }
        let last = min(Int64(text.count), first + min(count ?? .max / 2, .max / 2))
        return String(String.UnicodeScalarView(text[Int(first)..<Int(last)]))
    }

    private static func place(of part: SQLValue, in value: SQLValue) -> Int64 {
        let (text, part) = (
            Array(value.textValue.lowercased().unicodeScalars), Array(part.textValue.lowercased().unicodeScalars)
        )
        guard part.count <= text.count else { return 0 }
        for start in 0...(text.count - part.count) where text[start..<start + part.count].elementsEqual(part) {
            return Int64(start + 1)
        }
        return 0
    }

    // MARK: Times

    private func moment(_ name: String, _ values: [SQLValue]) throws(QueryError) -> SQLValue {
        let isUTC = name.hasPrefix("utc_")
        let civil = CivilTime(milliseconds: context.now, offsetMinutes: isUTC ? 0 : context.timeZoneOffsetMinutes)
        switch name {
        case "curdate", "current_date", "utc_date": return .text(civil.date)
        case "curtime", "current_time", "utc_time": return .text(civil.time)
        case "unix_timestamp":
            guard let value = values.first else { return .integer(context.now / 1_000) }
            guard let microseconds = CivilTime.microseconds(parsing: value.textValue) else {
                return value.isNull ? .null : .integer(0)
            }
            return .integer(
                CivilTime.floorDivide(microseconds, by: 1_000_000).quotient - Int64(context.timeZoneOffsetMinutes) * 60)
        default: return .text(civil.dateTime)
        }
    }

    /// Microseconds of a date and time, or of a time alone.
    private static func microseconds(_ text: String) -> Int64? {
        if let value = CivilTime.microseconds(parsing: text) { return value }
        let isNegative = text.hasPrefix("-")
        return CivilTime.microseconds(parsing: "1970-01-01 " + (isNegative ? String(text.dropFirst()) : text)).map {
            isNegative ? -$0 : $0
        }
    }

    private static func timeDifference(_ left: String, _ right: String) -> SQLValue {
        guard let first = microseconds(left), let second = microseconds(right) else { return .null }
        let seconds = (first - second) / 1_000_000
        let clock = CivilTime(milliseconds: Int64(seconds.magnitude) % 3_600 * 1_000)
        let hours = seconds.magnitude / 3_600
        return .text((seconds < 0 ? "-" : "") + (hours < 10 ? "0" : "") + "\(hours)" + clock.time.dropFirst(2))
    }

    private static func timeFormat(_ time: String, _ format: String) -> SQLValue {
        guard let value = microseconds(time) else { return .null }
        let seconds = value.magnitude / 1_000_000
        func padded(_ number: UInt64) -> String { (number < 10 ? "0" : "") + "\(number)" }
        var text = value < 0 ? "-" : ""
        var isEscaped = false
        for character in format {
            guard isEscaped else {
                isEscaped = character == "%"
                if !isEscaped { text.append(character) }
                continue
            }
            isEscaped = false
            switch character {
            case "H": text += padded(seconds / 3_600)
            case "k": text += "\(seconds / 3_600)"
            case "i": text += padded(seconds / 60 % 60)
            case "s", "S": text += padded(seconds % 60)
            case "T": text += padded(seconds / 3_600) + ":" + padded(seconds / 60 % 60) + ":" + padded(seconds % 60)
            case "f": text += "000000"
            default: text.append(character)
            }
        }
        return .text(text)
    }

    /// Offsets, UTC and SYSTEM; NULL for zones that are known by name only, as on a MySQL without its zone tables.
    private func convertTimeZone(_ values: [SQLValue]) -> SQLValue {
        func minutes(_ zone: String) -> Int? {
            switch zone.uppercased() {
            case "SYSTEM": context.systemTimeZoneOffsetMinutes
            case "UTC", "GMT": 0
            default: TimeZoneOffset.minutes(zone)
            }
        }
        guard let moment = CivilTime.microseconds(parsing: values[0].textValue),
            let from = minutes(values[1].textValue),
            let to = minutes(values[2].textValue)
        else { return .null }
        return .text(
            CivilTime(milliseconds: CivilTime.floorDivide(moment, by: 1_000).quotient + Int64(to - from) * 60_000)
                .dateTime)
    }
}
