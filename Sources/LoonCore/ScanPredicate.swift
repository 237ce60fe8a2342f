/// What a query's WHERE says about one table's columns, as far as it can be told without running it. Whatever is not understood is `unknown`.
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
    }

    /// Columns by name, in the case that the query has.
    case compare(column: String, Comparison, Constant)
    case isIn(column: String, [Constant])
    case isNull(column: String)
    case not(ScanPredicate)
    case all([ScanPredicate])
    case any([ScanPredicate])
    /// Holds of columns that are texts. Others it says nothing about: what it was said of may have been made a text of first.
    case ofTexts(ScanPredicate)
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

    /// With other names for the columns; what is said of a column that has none is unknown. Without `mayBeNull` nothing is said of NULLs.
    package func renamed(mayBeNull: Bool, _ name: (String) -> String?) -> ScanPredicate {
        switch self {
        case .compare(let column, let comparison, let constant): name(column).map { .compare(column: $0, comparison, constant) } ?? .unknown
        case .isIn(let column, let constants): name(column).map { .isIn(column: $0, constants) } ?? .unknown
        case .isNull(let column): mayBeNull ? name(column).map { .isNull(column: $0) } ?? .unknown : .unknown
        case .not(let inner): .not(inner.renamed(mayBeNull: mayBeNull, name))
        case .all(let parts): .all(parts.map { $0.renamed(mayBeNull: mayBeNull, name) })
        case .any(let parts): .any(parts.map { $0.renamed(mayBeNull: mayBeNull, name) })
        case .ofTexts(let inner): .ofTexts(inner.renamed(mayBeNull: mayBeNull, name))
        case .unknown: .unknown
        }
    }
}
