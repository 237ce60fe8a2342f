/// Which rows of a fixed table to answer with, and in what order: the WHERE, ORDER BY and LIMIT of `show query_task`.
package struct RowSelection: Sendable, Equatable {
    package var predicate: RowPredicate?
    package var order: [Order]
    package var limit: Int?
    package var offset: Int

    package struct Order: Sendable, Equatable {
        package let column: String
        package let descending: Bool
        package init(column: String, descending: Bool) {
            self.column = column
            self.descending = descending
        }
    }

    package init(predicate: RowPredicate? = nil, order: [Order] = [], limit: Int? = nil, offset: Int = 0) {
        self.predicate = predicate
        self.order = order
        self.limit = limit
        self.offset = offset
    }
}

/// A condition over columns by name. Column names are lower case.
package indirect enum RowPredicate: Sendable, Equatable {
    package enum Comparison: String, Sendable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        /// NULL is equal to NULL.
        case nullSafeEqual = "<=>"
    }

    case compare(column: String, Comparison, SQLValue)
    case isIn(column: String, [SQLValue])
    case between(column: String, SQLValue, SQLValue)
    /// `%` and `_` are wild, `\` escapes.
    case like(column: String, String)
    case isNull(column: String)
    case not(RowPredicate)
    case all([RowPredicate])
    case any([RowPredicate])
}
