import LoonCore

/// Which partitions of a table a query can find rows in: its predicates tried on the partitions' values. What is not
/// certain is kept.
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
    private let test: Test

    /// Of which columns alone something is said.
    private struct Limitation: OptionSet {
        let rawValue: UInt8
        static let texts = Limitation(rawValue: 1)
        static let oneType = Limitation(rawValue: 2)
    }

    /// Takes the predicate on the rows of one scan of the table. `mixed`: names in lower case of columns that have
    /// other types in other tables of the query.
    init(columns: [TableColumn], predicate: ScanPredicate, mixed: Set<String> = [], isCollated: Bool = false) {
        let indices = Dictionary(columns.enumerated().map { ($1.name.lowercased(), $0) }) { first, _ in first }
        func index(_ column: String, _ limits: Limitation) -> Int? {
            guard let index = indices[column.lowercased()],
                !(limits.contains(.oneType) && mixed.contains(column.lowercased()))
            else { return nil }
            switch columns[index].type {
            case .string, .varchar: return index
            default: return limits.contains(.texts) ? nil : index
            }
        }
        func test(_ predicate: ScanPredicate, _ limits: Limitation) -> Test {
            switch predicate {
            case .unknown: return .unknown
            case .not(let inner): return .not(test(inner, limits))
            case .all(let parts): return .all(parts.map { test($0, limits) })
            case .any(let parts): return .any(parts.map { test($0, limits) })
            case .ofTexts(let inner): return isCollated ? .unknown : test(inner, limits.union(.texts))
            case .ofOneType(let inner): return test(inner, limits.union(.oneType))
            case .isNull(let column): return index(column, limits).map { .isNull($0) } ?? .unknown
            case .isIn(_, let constants) where constants.count > Limits.prunedConstantsMax: return .unknown
            case .isIn(let column, let constants):
                return .any(constants.map { test(.compare(column: column, .equal, $0), limits) })
            // With binary values a UNION's texts are binary, and this an escape.
            case .compare(_, _, .text(let text))
            where limits.contains(.texts) && text.utf8.contains(UInt8(ascii: "\\")): return .unknown
            case .compare(let column, let comparison, let constant):
                return index(column, limits).map { .compare($0, columns[$0].type, comparison, constant) } ?? .unknown
            }
        }
        self.test = test(predicate, [])
    }

    /// By their numbers, ascending.
    func select(_ partitions: [TablePartition]) -> [Int] {
        if case .unknown = test { return Array(partitions.indices) }
        return partitions.indices.filter { truth(test, partitions[$0].values).contains(.yes) }
    }

    /// The truth values that a test may come to.
    private struct Truth: OptionSet {
        let rawValue: UInt8
        static let yes = Truth(rawValue: 1)
        static let no = Truth(rawValue: 2)
        static let null = Truth(rawValue: 4)
        static let unknown: Truth = [.yes, .no, .null]

        var negated: Truth {
            var result = intersection(.null)
            if contains(.yes) { result.insert(.no) }
            if contains(.no) { result.insert(.yes) }
            return result
        }
    }

    private func truth(_ test: Test, _ values: [String?]) -> Truth {
        switch test {
        case .unknown: return .unknown
        case .not(let inner): return truth(inner, values).negated
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

    /// AND and OR: one part that is decisive decides; else one that is NULL does.
    private func combined(_ parts: [Test], _ values: [String?], decisive: Truth, otherwise: Truth) -> Truth {
        var (result, mayBeOtherwise, hasNull): (Truth, Bool, Bool) = ([], true, false)
        for part in parts {
            let truth = truth(part, values)
            if truth == decisive { return decisive }
            result.formUnion(truth.intersection(decisive))
            if !truth.contains(otherwise) { mayBeOtherwise = false }
            if truth.contains(.null) { hasNull = true }
        }
        if mayBeOtherwise { result.insert(otherwise) }
        if hasNull { result.insert(.null) }
        return result
    }

    /// Below, at or above the constant; `nil` where the engine might compare otherwise.
    private func order(_ value: String, _ type: HiveType, _ constant: ScanPredicate.Constant) -> Int? {
        switch (type, constant) {
        case (.tinyint, .integer(let number)), (.smallint, .integer(let number)), (.int, .integer(let number)),
            (.bigint, .integer(let number)):
            return Int64(value).map { $0 < number ? -1 : $0 > number ? 1 : 0 }
        case (.tinyint, .text(let text)), (.smallint, .text(let text)), (.int, .text(let text)),
            (.bigint, .text(let text)):
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
        return bytes.enumerated().allSatisfy {
            $0 == 4 || $0 == 7 ? $1 == UInt8(ascii: "-") : (0x30...0x39).contains($1)
        }
    }
}
