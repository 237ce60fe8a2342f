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
    /// CASE, with the operand that the branches' conditions are compared with.
    case choice(Expression?, [Branch], otherwise: Expression?)

    /// Puts what `change` gives in place of each leaf that it gives something for.
    package func mapLeaves(_ change: (Expression) throws(QueryError) -> Expression?) throws(QueryError) -> Expression {
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
        case .binary(let symbol, let left, let right):
            return .binary(symbol, try left.mapLeaves(change), try right.mapLeaves(change))
        case .isNull(let inner): return .isNull(try inner.mapLeaves(change))
        case .isIn(let inner, let list): return .isIn(try inner.mapLeaves(change), try map(list))
        case .between(let inner, let low, let high):
            return .between(try inner.mapLeaves(change), try low.mapLeaves(change), try high.mapLeaves(change))
        case .like(let inner, let pattern):
            return .like(try inner.mapLeaves(change), pattern: try pattern.mapLeaves(change))
        case .choice(let operand, let branches, let otherwise):
            var changed: [Branch] = []
            for branch in branches {
                changed.append(
                    Branch(
                        condition: try branch.condition.mapLeaves(change), result: try branch.result.mapLeaves(change)))
            }
            var last: Expression?
            if let otherwise { last = try otherwise.mapLeaves(change) }
            var first: Expression?
            if let operand { first = try operand.mapLeaves(change) }
            return .choice(first, changed, otherwise: last)
        }
    }

    /// Whether the value depends on the row.
    package var dependsOnRow: Bool {
        hasLeaf {
            switch $0 {
            case .column, .field: true
            default: false
            }
        }
    }

    /// Whether the value depends on what SET has put into a user variable.
    package var readsUserVariables: Bool { hasLeaf { if case .userVariable = $0 { true } else { false } } }

    private func hasLeaf(_ isSought: (Expression) -> Bool) -> Bool {
        switch self {
        case .column, .field, .literal, .systemVariable, .userVariable: isSought(self)
        case .call(_, let arguments): arguments.contains { $0.hasLeaf(isSought) }
        case .unary(_, let inner), .isNull(let inner): inner.hasLeaf(isSought)
        case .binary(_, let left, let right): left.hasLeaf(isSought) || right.hasLeaf(isSought)
        case .isIn(let inner, let list): inner.hasLeaf(isSought) || list.contains { $0.hasLeaf(isSought) }
        case .between(let inner, let low, let high):
            inner.hasLeaf(isSought) || low.hasLeaf(isSought) || high.hasLeaf(isSought)
        case .like(let inner, let pattern): inner.hasLeaf(isSought) || pattern.hasLeaf(isSought)
        case .choice(let operand, let branches, let otherwise):
            operand?.hasLeaf(isSought) == true || otherwise?.hasLeaf(isSought) == true
                || branches.contains { $0.condition.hasLeaf(isSought) || $0.result.hasLeaf(isSought) }
        }
    }

    /// The values that `column` must have for the whole to be true, as far as the parts that are joined by AND say so:
    /// `column = '…'` and `column IN (…)`. `nil` where they do not.
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

/// `SELECT … [FROM one table] [WHERE …] [HAVING …] [ORDER BY …] [LIMIT …]` that the daemon can answer itself: from
/// nothing, or from one of its own tables.
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
    var namesColumns: Bool { items.contains(.all) || expressions.contains(where: \.dependsOnRow) }

    package var readsUserVariables: Bool { expressions.contains(where: \.readsUserVariables) }

    private var expressions: [Expression] {
        items.compactMap { if case .value(let value, _) = $0 { value } else { nil } }
            + [filter, having].compactMap(\.self) + order.map(\.expression)
    }

    /// The same with at most `limit` rows.
    package func limited(to limit: Int) -> LocalSelect {
        LocalSelect(
            items: items, isDistinct: isDistinct, table: table, alias: alias, filter: filter, having: having,
            order: order, limit: limit, offset: 0)
    }

    /// Of SHOW … WHERE and the like: all columns of rows that somebody else makes.
    package static func all(where filter: Expression?) -> LocalSelect {
        LocalSelect(
            items: [.all], isDistinct: false, table: nil, alias: nil, filter: filter, having: nil, order: [],
            limit: nil, offset: 0)
    }
}
