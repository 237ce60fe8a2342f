import LoonCore

/// Which partitions of a table a query can find rows in: its predicates tried on the partitions' values. What is not certain is kept.
struct PartitionPruning {
    private let columns: [TableColumn]
    private let indices: [String: Int]
    private let predicates: [ScanPredicate]

    /// One predicate for each scan of the table.
    init(columns: [TableColumn], predicates: [ScanPredicate]) {
        self.columns = columns
        indices = Dictionary(columns.enumerated().map { ($1.name.lowercased(), $0) }) { first, _ in first }
        self.predicates = predicates
    }

    func select(_ partitions: [TablePartition]) -> [TablePartition] {
        guard !predicates.contains(.unknown) else { return partitions }
        return partitions.filter { partition in predicates.contains { result($0, partition.values) != false } }
    }

    /// Whether the predicate holds for the partition's rows; `nil` where that is not known, or not the same for all.
    /// NULL is as good as false here, but not below NOT: that is why it is one of `Truth`.
    private func result(_ predicate: ScanPredicate, _ values: [String?]) -> Bool? {
        switch truth(predicate, values) {
        case .yes: true
        case .no, .null: false
        case .unknown: nil
        }
    }

    private enum Truth { case yes, no, null, unknown }

    private func truth(_ predicate: ScanPredicate, _ values: [String?]) -> Truth {
        switch predicate {
        case .unknown: return .unknown
        case .not(let inner):
            switch truth(inner, values) {
            case .yes: return .no
            case .no: return .yes
            case .null: return .null
            case .unknown: return .unknown
            }
        case .all(let parts):
            let truths = parts.map { truth($0, values) }
            if truths.contains(.no) { return .no }
            if truths.contains(.unknown) { return .unknown }
            return truths.contains(.null) ? .null : .yes
        case .any(let parts):
            let truths = parts.map { truth($0, values) }
            if truths.contains(.yes) { return .yes }
            if truths.contains(.unknown) { return .unknown }
            return truths.contains(.null) ? .null : .no
        case .isNull(let column):
            guard let index = indices[column.lowercased()] else { return .unknown }
            return values[index] == nil ? .yes : .no
        case .isIn(_, let constants) where constants.count > Limits.prunedConstantsMax: return .unknown
        case .isIn(let column, let constants):
            return truth(.any(constants.map { .compare(column: column, .equal, $0) }), values)
        case .compare(let column, let comparison, let constant):
            guard let index = indices[column.lowercased()] else { return .unknown }
            guard let value = values[index] else { return .null }
            guard let order = order(value, columns[index].type, constant) else { return .unknown }
            switch comparison {
            case .equal: return order == 0 ? .yes : .no
            case .notEqual: return order != 0 ? .yes : .no
            case .less: return order < 0 ? .yes : .no
            case .lessOrEqual: return order <= 0 ? .yes : .no
            case .greater: return order > 0 ? .yes : .no
            case .greaterOrEqual: return order >= 0 ? .yes : .no
            }
        }
    }

    /// Below, at or above the constant; `nil` where the engine might compare otherwise.
    private func order(_ value: String, _ type: HiveType, _ constant: ScanPredicate.Constant) -> Int? {
        switch (type, constant) {
        case (.tinyint, .integer(let number)), (.smallint, .integer(let number)), (.int, .integer(let number)), (.bigint, .integer(let number)):
            return Int64(value).map { $0 < number ? -1 : $0 > number ? 1 : 0 }
        case (.tinyint, .text(let text)), (.smallint, .text(let text)), (.int, .text(let text)), (.bigint, .text(let text)):
            guard let number = Int64(text), let own = Int64(value) else { return nil }
            return own < number ? -1 : own > number ? 1 : 0
        case (.string, .text(let text)), (.varchar, .text(let text)):
            if value.utf8.elementsEqual(text.utf8) { return 0 }
            return value.utf8.lexicographicallyPrecedes(text.utf8) ? -1 : 1
        case (.string, .integer(let number)), (.varchar, .integer(let number)):
            return Int64(value).map { $0 < number ? -1 : $0 > number ? 1 : 0 }
        case (.date, .date(let text)), (.date, .text(let text)):
            guard Self.isDate(value), Self.isDate(text) else { return nil }
            return value == text ? 0 : value < text ? -1 : 1
        case (.boolean, .boolean(let flag)): return value.lowercased() == (flag ? "true" : "false") ? 0 : nil
        default: return nil
        }
    }

    /// `yyyy-MM-dd`: as text these compare like the days they are.
    private static func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 else { return false }
        return bytes.enumerated().allSatisfy { $0 == 4 || $0 == 7 ? $1 == UInt8(ascii: "-") : (0x30...0x39).contains($1) }
    }
}
