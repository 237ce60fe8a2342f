import LoonCore
import SQLFrontend

/// `loon.query_task`: the rows of `show full query_task` as a table.
enum TaskTable {
    static let schema = "loon"

    /// The part of a WHERE that the metadata file can look for itself. The file may choose more rows than the WHERE
    /// does, never fewer: names and words compare by the rules of the file, which know fewer letters to be alike.
    static func predicate(_ filter: Expression?) -> RowPredicate? {
        guard let filter else { return nil }
        if case .binary(.and, let left, let right) = filter {
            let parts = [predicate(left), predicate(right)].compactMap(\.self)
            return parts.isEmpty ? nil : .all(parts)
        }
        if let ids = filter.required("id") { return .isIn(column: "id", ids.map { .text($0.lowercased()) }) }
        if let states = filter.required("status") { return .isIn(column: "status", states.map(SQLValue.text)) }
        return time(filter)
    }

    /// From and to a time, both included.
    private static func time(_ filter: Expression) -> RowPredicate? {
        func column(_ expression: Expression) -> String? {
            guard case .column(_, let name) = expression, ["create_time", "update_time"].contains(name.lowercased())
            else { return nil }
            return name.lowercased()
        }
        switch filter {
        case .binary(let symbol, let left, .literal(.text(let text))):
            guard let column = column(left), CivilTime.microseconds(parsing: text) != nil else { return nil }
            switch symbol {
            case .greater, .greaterOrEqual: return .compare(column: column, .greaterOrEqual, .text(text))
            case .less, .lessOrEqual: return .compare(column: column, .lessOrEqual, .text(text))
            default: return nil
            }
        case .between(let inner, .literal(.text(let low)), .literal(.text(let high))):
            guard CivilTime.microseconds(parsing: low) != nil, CivilTime.microseconds(parsing: high) != nil else {
                return nil
            }
            return column(inner).map { .between(column: $0, .text(low), .text(high)) }
        default: return nil
        }
    }
}
