import Foundation
package import LoonCore

/// The value of a partition column, as a folder's name has it.
package enum PartitionValue {
    /// The value as it is stored, or an error where it is none of the column's type. An empty text is NULL, as in Hive.
    package static func checked(_ value: String?, _ column: TableColumn) throws(QueryError) -> String? {
        guard let value, !value.isEmpty, value != TablePartition.nullName else { return nil }
        guard value.utf8.count <= 255, !value.utf8.contains(0) else {
            throw QueryError(
                .location, "The value of the partition column '\(column.name)' is longer than 255 bytes or holds \\0")
        }
        guard fits(value, column.type) else {
            throw QueryError(
                .malformedData,
                "Incorrect value '\(value)' of the partition column '\(column.name)', which is "
                    + "\(column.type.ddl.uppercased())"
            )
        }
        return canonical(value, column.type)
    }

    /// The stored values of a partition, each as `checked` would write it.
    package static func canonical(_ values: [String?], _ columns: [TableColumn]) -> [String?] {
        zip(values, columns).map { value, column in
            value.map { fits($0, column.type) ? canonical($0, column.type) : $0 }
        }
    }

    /// The one text of a value, as the engine writes it: two texts of one value would be two partitions.
    private static func canonical(_ value: String, _ type: HiveType) -> String {
        switch type {
        case .tinyint, .smallint, .int, .bigint: return Int64(value).map(String.init) ?? value
        case .boolean: return value.lowercased()
        case .float: return Float(value).map { "\($0)" } ?? value
        case .double: return Double(value).map { "\($0)" } ?? value
        case .decimal(_, let scale):
            let isNegative = value.hasPrefix("-")
            let parts = value.drop { $0 == "-" || $0 == "+" }.split(separator: ".", omittingEmptySubsequences: false)
            let whole = parts.first.map { $0.drop { $0 == "0" } } ?? ""
            let fraction = (parts.count > 1 ? String(parts[1]) : "").padding(
                toLength: scale, withPad: "0", startingAt: 0)
            let number = (whole.isEmpty ? "0" : String(whole)) + (scale > 0 ? "." + fraction : "")
            return isNegative && number.contains(where: { $0 != "0" && $0 != "." }) ? "-" + number : number
        case .timestamp:
            guard value.count > 10 else { return value + " 00:00:00" }
            guard value.contains(".") else { return value }
            let trimmed = value.reversed().drop { $0 == "0" }.reversed()
            return trimmed.last == "." ? String(trimmed.dropLast()) : String(trimmed)
        default: return value
        }
    }

    package static func fits(_ value: String, _ type: HiveType) -> Bool {
        switch type {
        case .boolean: return ["true", "false"].contains(value.lowercased())
        case .tinyint: return Int8(value) != nil
        case .smallint: return Int16(value) != nil
        case .int: return Int32(value) != nil
        case .bigint: return Int64(value) != nil
        case .float, .double: return value.wholeMatch(of: /[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?/) != nil
        case .decimal(let precision, let scale):
            guard let match = value.wholeMatch(of: /[+-]?0*([0-9]*)(?:\.([0-9]*?)0*)?/),
                value.utf8.contains(where: { (0x30...0x39).contains($0) })
            else {
                return false
            }
            return match.1.count <= precision - scale && (match.2?.count ?? 0) <= scale
        case .date: return isDate(value)
        case .timestamp:
            let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            return isDate(String(parts.first ?? ""))
                && (parts.count == 1
                    || parts[1].wholeMatch(of: /([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?/) != nil)
        case .string, .varchar, .char: return true
        case .binary, .array, .map, .structure: return false
        }
    }

    private static func isDate(_ value: String) -> Bool {
        guard let match = value.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/), let year = Int(match.1),
            let month = Int(match.2),
            let day = Int(match.3),
            (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }
}
