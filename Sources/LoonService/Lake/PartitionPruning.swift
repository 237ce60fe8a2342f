import LoonCore

/// Which partitions of a table a query can find rows in: its predicates tried on the partitions' values. What is not certain is kept.
struct PartitionPruning {
    /// A predicate with its columns found, so that a partition costs little: there may be tens of thousands.
    private indirect enum Test {
        case compare(Int, HiveType, ScanPredicate.Comparison, ScanPredicate.Constant)
        case isNull(Int)
        case not(Test)
        case all([Test])
        case any([Test])
        case unknown
    }
    private let tests: [Test]
    private let keepsAll: Bool

    /// One predicate for each scan of the table.
    init(columns: [TableColumn], predicates: [ScanPredicate]) {
        let indices = Dictionary(columns.enumerated().map { ($1.name.lowercased(), $0) }) { first, _ in first }
        func test(_ predicate: ScanPredicate) -> Test {
            switch predicate {
            case .unknown: return .unknown
            case .not(let inner): return .not(test(inner))
            case .all(let parts): return .all(parts.map(test))
            case .any(let parts): return .any(parts.map(test))
            case .isNull(let column): return indices[column.lowercased()].map { .isNull($0) } ?? .unknown
            case .isIn(_, let constants) where constants.count > Limits.prunedConstantsMax: return .unknown
            case .isIn(let column, let constants): return .any(constants.map { test(.compare(column: column, .equal, $0)) })
            case .compare(let column, let comparison, let constant):
                return indices[column.lowercased()].map { .compare($0, columns[$0].type, comparison, constant) } ?? .unknown
            }
        }
        tests = predicates.map(test)
        keepsAll = predicates.contains(.unknown)
    }

    func select(_ partitions: [TablePartition]) -> [TablePartition] {
        guard !keepsAll else { return partitions }
        return partitions.filter { partition in
            tests.contains { test in
                switch truth(test, partition.values) {
                case .yes, .unknown: true
                // NULL is as good as false here, but not below NOT.
                case .no, .null: false
                }
            }
        }
    }

    private enum Truth { case yes, no, null, unknown }

    private func truth(_ test: Test, _ values: [String?]) -> Truth {
        switch test {
        case .unknown: return .unknown
        case .not(let inner):
            switch truth(inner, values) {
            case .yes: return .no
            case .no: return .yes
            case .null: return .null
            case .unknown: return .unknown
            }
        case .all(let parts): return combined(parts, values, decisive: .no, otherwise: .yes)
        case .any(let parts): return combined(parts, values, decisive: .yes, otherwise: .no)
        case .isNull(let index): return values[index] == nil ? .yes : .no
        case .compare(let index, let type, let comparison, let constant):
            guard let value = values[index] else { return .null }
            guard let order = order(value, type, constant) else { return .unknown }
            let holds =
                switch comparison {
                case .equal: order == 0
                case .notEqual: order != 0
                case .less: order < 0
                case .lessOrEqual: order <= 0
                case .greater: order > 0
                case .greaterOrEqual: order >= 0
                }
            return holds ? .yes : .no
        }
    }

    /// AND and OR of three values and one that is not known.
    private func combined(_ parts: [Test], _ values: [String?], decisive: Truth, otherwise: Truth) -> Truth {
        var (hasUnknown, hasNull) = (false, false)
        for part in parts {
            let truth = truth(part, values)
            if truth == decisive { return decisive }
            if truth == .unknown { hasUnknown = true }
            if truth == .null { hasNull = true }
        }
        return hasUnknown ? .unknown : hasNull ? .null : otherwise
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
