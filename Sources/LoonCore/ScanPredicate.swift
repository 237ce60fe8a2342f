/// The meaning of a query's WHERE for one table's columns, as far as it can be told without running it. Whatever is not
/// understood is `unknown`.
package indirect enum ScanPredicate: Sendable, Equatable {
    package enum Comparison: Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

        /// With the sides changed.
        package var flipped: Comparison {
            switch self {
            case .equal, .notEqual: self
            case .less: .greater
            case .lessOrEqual: .greaterOrEqual
            case .greater: .less
            case .greaterOrEqual: .lessOrEqual
            }
        }
    }

    package enum Constant: Sendable, Equatable {
        case integer(Int64)
        case text(String)
        /// `yyyy-MM-dd`, or whatever stands in its place.
        case date(String)
        case boolean(Bool)

        package func isLike(_ other: Constant) -> Bool {
            switch (self, other) {
            case (.integer, .integer), (.text, .text), (.date, .date), (.boolean, .boolean): true
            default: false
            }
        }

        /// Byte by byte: letters that look alike are two texts to the engine.
        package static func == (one: Constant, other: Constant) -> Bool {
            switch (one, other) {
            case (.integer(let one), .integer(let other)): one == other
            case (.text(let one), .text(let other)), (.date(let one), .date(let other)):
                one.utf8.elementsEqual(other.utf8)
            case (.boolean(let one), .boolean(let other)): one == other
            default: false
            }
        }
    }

    /// Columns by name, in the case that the query has.
    case compare(column: String, Comparison, Constant)
    case isIn(column: String, [Constant])
    case isNull(column: String)
    case not(ScanPredicate)
    case all([ScanPredicate])
    case any([ScanPredicate])
    /// Holds of columns that are texts. Others it says nothing about: what it was said of may have been made a text of
    /// first.
    case ofTexts(ScanPredicate)
    /// Holds of columns that have one type in all tables of the query: what it was said of is a column that a join
    /// holds equal to the table's.
    case ofOneType(ScanPredicate)
    case unknown

    /// The texts that `column`, in lower case, must be one of for the whole to be true; `nil` where it may be any.
    package func required(_ column: String) -> Set<String>? {
        switch self {
        case .compare(column: let name, .equal, .text(let text)) where name.lowercased() == column: return [text]
        case .isIn(column: let name, let constants) where name.lowercased() == column:
            let texts = constants.compactMap { if case .text(let text) = $0 { text } else { nil } }
            return texts.count == constants.count ? Set(texts) : nil
        case .all(let parts): return parts.lazy.compactMap { $0.required(column) }.first
        case .any(let parts):
            let sets = parts.compactMap { $0.required(column) }
            return sets.count == parts.count ? sets.reduce([]) { $0.union($1) } : nil
        default: return nil
        }
    }

    /// The whole numbers that `column`, in lower case, lies between for the whole to be true, both included; `nil`
    /// where that is not known.
    package func range(of column: String) -> ClosedRange<Int64>? {
        switch self {
        case .compare(column: let name, let comparison, .integer(let number)) where name.lowercased() == column:
            switch comparison {
            case .equal: return number...number
            case .less, .lessOrEqual: return .min...number
            case .greater, .greaterOrEqual: return number...(.max)
            case .notEqual: return nil
            }
        case .isIn(column: let name, let constants) where name.lowercased() == column:
            let numbers = constants.compactMap { if case .integer(let number) = $0 { number } else { nil } }
            guard numbers.count == constants.count, let low = numbers.min(), let high = numbers.max() else {
                return nil
            }
            return low...high
        case .all(let parts):
            let ranges = parts.compactMap { $0.range(of: column) }
            guard let first = ranges.first else { return nil }
            // Of two that have nothing in common either says enough.
            return ranges.dropFirst().reduce(first) { $0.overlaps($1) ? $0.clamped(to: $1) : $0 }
        case .any(let parts):
            let ranges = parts.compactMap { $0.range(of: column) }
            guard ranges.count == parts.count, let first = ranges.first else { return nil }
            return ranges.dropFirst().reduce(first) {
                min($0.lowerBound, $1.lowerBound)...max($0.upperBound, $1.upperBound)
            }
        default: return nil
        }
    }

    /// Whether nothing of it is unknown.
    package var isUnderstood: Bool {
        switch self {
        case .compare, .isIn, .isNull: true
        case .unknown: false
        case .not(let inner), .ofTexts(let inner), .ofOneType(let inner): inner.isUnderstood
        case .all(let parts), .any(let parts): parts.allSatisfy(\.isUnderstood)
        }
    }

    /// As it is handed on from query to query within a statement: unknown where it is large, as it may be handed on
    /// thousands of times.
    package var handedOn: ScanPredicate {
        var parts = Limits.handedOnPartsMax
        return fits(in: &parts, depth: Limits.handedOnDepthMax) ? self : .unknown
    }

    private func fits(in parts: inout Int, depth: Int) -> Bool {
        parts -= 1
        guard parts >= 0, depth > 0 else { return false }
        switch self {
        case .compare, .isNull, .unknown: return true
        case .isIn(_, let constants):
            parts -= constants.count
            return parts >= 0
        case .not(let inner), .ofTexts(let inner), .ofOneType(let inner):
            return inner.fits(in: &parts, depth: depth - 1)
        case .all(let inner), .any(let inner): return inner.allSatisfy { $0.fits(in: &parts, depth: depth - 1) }
        }
    }

    /// The predicate on a row that several places read: that one of them asks for it.
    package static func said(by places: [ScanPredicate]) -> ScanPredicate {
        var different: [ScanPredicate] = []
        for place in places where !different.contains(place) {
            if place == .unknown || different.count == Limits.handedOnPartsMax { return .unknown }
            different.append(place)
        }
        return different.count == 1
            ? different[0] : different.isEmpty ? .unknown : ScanPredicate.any(different).handedOn
    }

    /// With other names for the columns; what is said of a column that has none is unknown. Without `mayBeNull` nothing
    /// is said of NULLs.
    package func renamed(mayBeNull: Bool, _ name: (String) -> String?) -> ScanPredicate {
        switch self {
        case .compare(let column, let comparison, let constant):
            name(column).map { .compare(column: $0, comparison, constant) } ?? .unknown
        case .isIn(let column, let constants): name(column).map { .isIn(column: $0, constants) } ?? .unknown
        case .isNull(let column): mayBeNull ? name(column).map { .isNull(column: $0) } ?? .unknown : .unknown
        case .not(let inner): .not(inner.renamed(mayBeNull: mayBeNull, name))
        case .all(let parts): .all(parts.map { $0.renamed(mayBeNull: mayBeNull, name) })
        case .any(let parts): .any(parts.map { $0.renamed(mayBeNull: mayBeNull, name) })
        case .ofTexts(let inner): .ofTexts(inner.renamed(mayBeNull: mayBeNull, name))
        // Under other names nothing is known of the types.
        case .ofOneType: .unknown
        case .unknown: .unknown
        }
    }
}
