package import LoonCore

/// An expression that needs no engine: what drivers ask of the session, and what filters the daemon's own tables.
package indirect enum Expression: Sendable, Equatable {
    package enum UnaryOperator: Sendable { case minus, not }
    package enum BinaryOperator: Sendable {
        case add, subtract, multiply, modulo
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, nullSafeEqual
        case and, or
    }
    package struct Branch: Sendable, Equatable {
        package let condition: Expression
        package let result: Expression
    }

    case literal(SQLValue)
    /// Names as written.
    case column(table: String?, name: String)
    /// A column by its place in the rows, once it is resolved.
    case field(Int)
    /// Lower case.
    case systemVariable(name: String, isGlobal: Bool)
    /// Lower case, with its `@`.
    case userVariable(String)
    /// Lower case.
    case call(String, [Expression])
    case unary(UnaryOperator, Expression)
    case binary(BinaryOperator, Expression, Expression)
    case isNull(Expression)
    case isIn(Expression, [Expression])
    case between(Expression, Expression, Expression)
    case like(Expression, pattern: Expression)
    /// CASE
    case choice([Branch], otherwise: Expression?)

    /// Puts what `change` gives in place of each leaf that it gives something for.
    func mapLeaves(_ change: (Expression) throws(QueryError) -> Expression?) throws(QueryError) -> Expression {
        if let changed = try change(self) { return changed }
        func map(_ list: [Expression]) throws(QueryError) -> [Expression] {
            var mapped: [Expression] = []
            for item in list { mapped.append(try item.mapLeaves(change)) }
            return mapped
        }
        switch self {
        case .literal, .column, .field, .systemVariable, .userVariable: return self
        case .call(let name, let arguments): return .call(name, try map(arguments))
        case .unary(let symbol, let inner): return .unary(symbol, try inner.mapLeaves(change))
        case .binary(let symbol, let left, let right): return .binary(symbol, try left.mapLeaves(change), try right.mapLeaves(change))
        case .isNull(let inner): return .isNull(try inner.mapLeaves(change))
        case .isIn(let inner, let list): return .isIn(try inner.mapLeaves(change), try map(list))
        case .between(let inner, let low, let high):
            return .between(try inner.mapLeaves(change), try low.mapLeaves(change), try high.mapLeaves(change))
        case .like(let inner, let pattern): return .like(try inner.mapLeaves(change), pattern: try pattern.mapLeaves(change))
        case .choice(let branches, let otherwise):
            var changed: [Branch] = []
            for branch in branches {
                changed.append(Branch(condition: try branch.condition.mapLeaves(change), result: try branch.result.mapLeaves(change)))
            }
            var last: Expression?
            if let otherwise { last = try otherwise.mapLeaves(change) }
            return .choice(changed, otherwise: last)
        }
    }

    /// Whether the value depends on the row.
    var dependsOnRow: Bool {
        switch self {
        case .column, .field: true
        case .literal, .systemVariable, .userVariable: false
        case .call(_, let arguments): arguments.contains(where: \.dependsOnRow)
        case .unary(_, let inner), .isNull(let inner): inner.dependsOnRow
        case .binary(_, let left, let right): left.dependsOnRow || right.dependsOnRow
        case .isIn(let inner, let list): inner.dependsOnRow || list.contains(where: \.dependsOnRow)
        case .between(let inner, let low, let high): inner.dependsOnRow || low.dependsOnRow || high.dependsOnRow
        case .like(let inner, let pattern): inner.dependsOnRow || pattern.dependsOnRow
        case .choice(let branches, let otherwise):
            otherwise?.dependsOnRow == true || branches.contains { $0.condition.dependsOnRow || $0.result.dependsOnRow }
        }
    }

    /// What `column` must be for the whole to be true, as far as the parts that are joined by AND say so: `column = '…'` and `column IN (…)`.
    /// `nil` where they do not.
    package func required(_ column: String) -> [String]? {
        func isColumn(_ expression: Expression) -> Bool {
            if case .column(_, let name) = expression { return name.lowercased() == column }
            return false
        }
        switch self {
        case .binary(.and, let left, let right): return left.required(column) ?? right.required(column)
        case .binary(.equal, let left, .literal(.text(let text))) where isColumn(left): return [text]
        case .binary(.equal, .literal(.text(let text)), let right) where isColumn(right): return [text]
        case .isIn(let inner, let list) where isColumn(inner):
            let texts = list.compactMap { if case .literal(.text(let text)) = $0 { text } else { nil } }
            return texts.count == list.count ? texts : nil
        default: return nil
        }
    }
}

/// `SELECT … [FROM one table] [WHERE …] [HAVING …] [ORDER BY …] [LIMIT …]` that the daemon can answer itself: from nothing, or from one of its own tables.
package struct LocalSelect: Sendable, Equatable {
    package enum Item: Sendable, Equatable {
        /// `*` or `table.*`
        case all
        /// `name` is the name of the result's column.
        case value(Expression, name: String)
    }
    package struct Order: Sendable, Equatable {
        package let expression: Expression
        package let isDescending: Bool
    }

    package let items: [Item]
    package let isDistinct: Bool
    /// `nil` for none, and for DUAL.
    package let table: TableName?
    package let alias: String?
    package let filter: Expression?
    /// HAVING without GROUP BY: over the result's columns too.
    package let having: Expression?
    package let order: [Order]
    package let limit: Int?
    package let offset: Int

    /// Whether a column is named anywhere.
    var namesColumns: Bool {
        let values: [Expression] = items.compactMap { if case .value(let value, _) = $0 { value } else { nil } }
        let all = items.contains(.all)
        return all || (values + [filter, having].compactMap(\.self)).contains(where: \.dependsOnRow)
    }

    /// The same with at most `limit` rows.
    package func limited(to limit: Int) -> LocalSelect {
        LocalSelect(
            items: items, isDistinct: isDistinct, table: table, alias: alias, filter: filter, having: having, order: order, limit: limit, offset: 0)
    }

    /// Of SHOW … WHERE and the like: all columns of rows that somebody else makes.
    package static func all(where filter: Expression?) -> LocalSelect {
        LocalSelect(
            items: [.all], isDistinct: false, table: nil, alias: nil, filter: filter, having: nil, order: [], limit: nil, offset: 0)
    }
}
