import LoonCore

/// The value of a partition column, as a folder's name has it.
enum PartitionValue {
    /// The value as it is stored, or an error where it is none of the column's type. An empty text is NULL, as in Hive.
    static func checked(_ value: String?, _ column: TableColumn) throws(QueryError) -> String? {
        guard let value, !value.isEmpty, value != TablePartition.nullName else { return nil }
        guard value.utf8.count <= 255, !value.utf8.contains(0) else {
            throw QueryError(.location, "The value of the partition column '\(column.name)' is longer than 255 bytes or holds \\0")
        }
        guard fits(value, column.type) else {
            throw QueryError(
                .malformedData, "Incorrect value '\(value)' of the partition column '\(column.name)', which is \(column.type.ddl.uppercased())")
        }
        return value
    }

    static func fits(_ value: String, _ type: HiveType) -> Bool {
        switch type {
        case .boolean: return ["true", "false"].contains(value.lowercased())
        case .tinyint: return Int8(value) != nil
        case .smallint: return Int16(value) != nil
        case .int: return Int32(value) != nil
        case .bigint: return Int64(value) != nil
        case .float, .double: return Double(value) != nil
        case .decimal: return value.wholeMatch(of: /[+-]?[0-9]+(\.[0-9]*)?/) != nil
        case .date: return isDate(value)
        case .timestamp:
            let parts = value.split(separator: " ", maxSplits: 1)
            return isDate(String(parts.first ?? ""))
                && (parts.count == 1 || parts[1].wholeMatch(of: /[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?/) != nil)
        case .string, .varchar, .char: return true
        case .binary, .array, .map, .structure: return false
        }
    }

    private static func isDate(_ value: String) -> Bool {
        guard let match = value.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/), let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3),
            (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }
}
