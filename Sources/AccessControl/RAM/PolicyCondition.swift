import Foundation

/// One key of a statement's Condition: true where the context's value is, by the operator, like one of the values
/// (unlike all of them, for a negated one). Of a circumstance that is not known neither can be said.
struct PolicyCondition: Sendable {
    private enum Comparison: Sendable {
        case text(ignoresCase: Bool)
        case like
        case number(@Sendable (Double, Double) -> Bool)
        case date(@Sendable (Double, Double) -> Bool)
        case truth
        case address
    }

    private let comparison: Comparison
    private let isNegated: Bool
    private let key: String
    private let values: [String]

    /// `nil` where the operator is none of the vendor's, or a value none that it takes.
    init?(operator name: String, key: String, values: [String]) {
        guard !values.isEmpty, let (comparison, isNegated) = Self.operators[name] else { return nil }
        let areReadable = values.allSatisfy { value in
            switch comparison {
            case .text, .like: true
            case .number: Double(value) != nil
            case .date: Self.moment(value) != nil
            case .truth: Bool(value.lowercased()) != nil
            case .address: AddressBlock(value) != nil
            }
        }
        guard areReadable else { return nil }
        self.comparison = comparison
        self.isNegated = isNegated
        self.key = key.lowercased()
        self.values = values
    }

    /// `unknown`: the answer where the context has no such key.
    func holds(in context: [String: String], unknown: Bool) -> Bool {
        guard let actual = context.first(where: { $0.key.lowercased() == key })?.value else { return unknown }
        return values.contains { Self.compare(actual, $0, comparison) } != isNegated
    }

    private static let operators: [String: (Comparison, isNegated: Bool)] = {
        var operators: [String: (Comparison, isNegated: Bool)] = [
            "StringEquals": (.text(ignoresCase: false), false), "StringNotEquals": (.text(ignoresCase: false), true),
            "StringEqualsIgnoreCase": (.text(ignoresCase: true), false),
            "StringNotEqualsIgnoreCase": (.text(ignoresCase: true), true),
            "StringLike": (.like, false), "StringNotLike": (.like, true), "Bool": (.truth, false),
            "IpAddress": (.address, false),
            "NotIpAddress": (.address, true),
        ]
        let orders: [(String, @Sendable (Double, Double) -> Bool, Bool)] = [
            ("Equals", { $0 == $1 }, false), ("NotEquals", { $0 == $1 }, true), ("LessThan", { $0 < $1 }, false),
            ("LessThanEquals", { $0 <= $1 }, false), ("GreaterThan", { $0 > $1 }, false),
            ("GreaterThanEquals", { $0 >= $1 }, false),
        ]
        for (name, order, isNegated) in orders {
            operators["Numeric" + name] = (.number(order), isNegated)
            operators["Date" + name] = (.date(order), isNegated)
        }
        return operators
    }()

    private static func compare(_ actual: String, _ value: String, _ comparison: Comparison) -> Bool {
        switch comparison {
        case .text(let ignoresCase): return ignoresCase ? actual.lowercased() == value.lowercased() : actual == value
        case .like: return Wildcard.matches(value, actual)
        case .number(let order):
            guard let left = Double(actual), let right = Double(value) else { return false }
            return order(left, right)
        case .date(let order):
            guard let left = moment(actual), let right = moment(value) else { return false }
            return order(left, right)
        case .truth: return actual.lowercased() == value.lowercased()
        case .address:
            guard let block = AddressBlock(value), let address = AddressBlock(actual) else { return false }
            return block.contains(address)
        }
    }

    /// `2026-11-22T14:54:00Z` or with an offset.
    private static func moment(_ text: String) -> Double? {
        (try? Date(text, strategy: .iso8601))?.timeIntervalSince1970
    }
}

/// `10.0.0.0/8`, `fd00::/8`, or one address.
private struct AddressBlock {
    private let bytes: [UInt8]
    private let length: Int

    init?(_ text: String) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var (v4, v6) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, halves[0], &v4) == 1 {
            bytes = withUnsafeBytes(of: v4) { Array($0) }
        } else if inet_pton(AF_INET6, halves[0], &v6) == 1 {
            bytes = withUnsafeBytes(of: v6) { Array($0) }
        } else {
            return nil
        }
        guard halves.count == 2 else {
            length = bytes.count * 8
            return
        }
        guard let bits = Int(halves[1]), (0...bytes.count * 8).contains(bits) else { return nil }
        length = bits
    }

    func contains(_ other: AddressBlock) -> Bool {
        guard bytes.count == other.bytes.count, other.length >= length else { return false }
        return (0..<length).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit & 7)
            return bytes[bit >> 3] & mask == other.bytes[bit >> 3] & mask
        }
    }
}
