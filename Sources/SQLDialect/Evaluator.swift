package import LoonCore
package import SQLFrontend

/// Computes expressions by MySQL's rules. Text compares as the engine compares it, byte by byte, but for the daemon's
/// own tables, where letters compare without regard to case as in MySQL's information_schema.
package struct Evaluator {
    let context: DialectContext

    package init(_ context: DialectContext) { self.context = context }

    package func value(_ expression: Expression, row: [SQLValue] = []) throws(QueryError) -> SQLValue {
        switch expression {
        case .literal(let value): return value
        case .column(_, let name): throw QueryError(.unknownColumn, "Unknown column '\(name)' in 'field list'")
        case .field(let place): return row[place]
        case .systemVariable(let name, let isGlobal):
            guard let value = context.variable(name, isGlobal) else {
                throw QueryError(.unknownVariable, "Unknown system variable '\(name)'")
            }
            return value
        case .userVariable(let name): return context.userVariable(name)
        case .call(let name, let arguments):
            // IF looks at one of its values only.
            if name == "if", arguments.count == 3 {
                return try value(
                    Self.truth(try value(arguments[0], row: row)) == true ? arguments[1] : arguments[2], row: row)
            }
            var values: [SQLValue] = []
            for argument in arguments { values.append(try value(argument, row: row)) }
            return try call(name, values)
        case .unary(.minus, let inner): return try minus(try value(inner, row: row))
        case .unary(.not, let inner): return Self.boolean(Self.truth(try value(inner, row: row)).map { !$0 })
        case .binary(let symbol, let left, let right): return try binary(symbol, left, right, row)
        case .isNull(let inner): return .integer(try value(inner, row: row).isNull ? 1 : 0)
        case .isIn(let inner, let list): return try isIn(inner, list, row)
        case .between(let inner, let low, let high):
            let ignoresCase = expression.dependsOnRow
            let middle = try value(inner, row: row)
            let first = Self.compare(middle, try value(low, row: row), ignoringCase: ignoresCase).map { $0 >= 0 }
            let second = Self.compare(middle, try value(high, row: row), ignoringCase: ignoresCase).map { $0 <= 0 }
            if first == false || second == false { return .integer(0) }
            return first == nil || second == nil ? .null : .integer(1)
        case .like(let inner, let pattern):
            let (text, pattern) = (try value(inner, row: row), try value(pattern, row: row))
            guard !text.isNull, !pattern.isNull else { return .null }
            try Self.checkSize([text, pattern], bytesMax: Limits.evaluatedTextBytesMax)
            return .integer(
                LikePattern(pattern.textValue, ignoresCase: expression.dependsOnRow).matches(text.textValue) ? 1 : 0)
        case .choice(let operand, let branches, let otherwise):
            let ignoresCase = expression.dependsOnRow
            let compared = try operand.map { operand throws(QueryError) in try value(operand, row: row) }
            for branch in branches {
                let condition = try value(branch.condition, row: row)
                let holds =
                    compared.map { Self.compare($0, condition, ignoringCase: ignoresCase) == 0 }
                    ?? (Self.truth(condition) == true)
                if holds { return try value(branch.result, row: row) }
            }
            guard let otherwise else { return .null }
            return try value(otherwise, row: row)
        }
    }

    /// Functions that look through texts do so for short ones only, and no text grows without end: nothing here can be
    /// interrupted.
    static func checkSize(_ values: [SQLValue], bytesMax: Int) throws(QueryError) {
        let bytes = values.reduce(0) { sum, value in
            if case .text(let text) = value { sum + text.utf8.count } else { sum }
        }
        guard bytes <= bytesMax else {
            throw QueryError(
                .resultTooLarge, "Texts of more than \(bytesMax) bytes are computed with in queries of tables only")
        }
    }

    /// `nil` for NULL.
    package static func truth(_ value: SQLValue) -> Bool? { value.isNull ? nil : value.realValue != 0 }

    private static func boolean(_ truth: Bool?) -> SQLValue { truth.map { .integer($0 ? 1 : 0) } ?? .null }

    // MARK: Operators

    private func binary(_ symbol: Expression.BinaryOperator, _ left: Expression, _ right: Expression, _ row: [SQLValue])
        throws(QueryError)
        -> SQLValue
    {
        let first = try value(left, row: row)
        if symbol == .and || symbol == .or {
            // The second operand is not looked at where the first decides.
            let truth = Self.truth(first)
            if truth == (symbol == .or) { return Self.boolean(truth) }
            let other = Self.truth(try value(right, row: row))
            if other == (symbol == .or) { return Self.boolean(other) }
            return Self.boolean(truth == nil || other == nil ? nil : symbol == .and)
        }
        let second = try value(right, row: row)
        switch symbol {
        case .add, .subtract, .multiply, .modulo: return try arithmetic(symbol, first, second)
        case .nullSafeEqual where first.isNull || second.isNull: return .integer(first.isNull && second.isNull ? 1 : 0)
        default: break
        }
        guard let order = Self.compare(first, second, ignoringCase: left.dependsOnRow || right.dependsOnRow) else {
            return .null
        }
        switch symbol {
        case .equal, .nullSafeEqual: return Self.boolean(order == 0)
        case .notEqual: return Self.boolean(order != 0)
        case .less: return Self.boolean(order < 0)
        case .lessOrEqual: return Self.boolean(order <= 0)
        case .greater: return Self.boolean(order > 0)
        default: return Self.boolean(order >= 0)
        }
    }

    private func isIn(_ inner: Expression, _ list: [Expression], _ row: [SQLValue]) throws(QueryError) -> SQLValue {
        let first = try value(inner, row: row)
        guard !first.isNull else { return .null }
        var hasNull = false
        for item in list {
            guard let order = Self.compare(first, try value(item, row: row), ignoringCase: inner.dependsOnRow) else {
                hasNull = true
                continue
            }
            if order == 0 { return .integer(1) }
        }
        return hasNull ? .null : .integer(0)
    }

    /// Negative, zero or positive; `nil` where one is NULL. Text against text as text, all else as numbers.
    package static func compare(_ left: SQLValue, _ right: SQLValue, ignoringCase: Bool) -> Int? {
        switch (left, right) {
        case (.null, _), (_, .null): return nil
        case (.integer(let a), .integer(let b)): return a < b ? -1 : a > b ? 1 : 0
        case (.unsigned(let a), .unsigned(let b)): return a < b ? -1 : a > b ? 1 : 0
        case (.unsigned(let a), .integer(let b)): return b < 0 || a > UInt64(b) ? 1 : a < UInt64(b) ? -1 : 0
        case (.integer, .unsigned): return compare(right, left, ignoringCase: ignoringCase).map { -$0 }
        case (.text(let a), .text(let b)):
            let (a, b) = ignoringCase ? (a.lowercased(), b.lowercased()) : (a, b)
            return a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        default:
            let (a, b) = (left.realValue, right.realValue)
            return a < b ? -1 : a > b ? 1 : 0
        }
    }

    private func arithmetic(_ symbol: Expression.BinaryOperator, _ left: SQLValue, _ right: SQLValue) throws(QueryError)
        -> SQLValue
    {
        guard !left.isNull, !right.isNull else { return .null }
        if case .integer(let a) = left, case .integer(let b) = right {
            if symbol == .modulo, b == 0 { return .null }
            let (result, overflows) =
                switch symbol {
                case .add: a.addingReportingOverflow(b)
                case .subtract: a.subtractingReportingOverflow(b)
                case .multiply: a.multipliedReportingOverflow(by: b)
                default: a.remainderReportingOverflow(dividingBy: b)
                }
            guard !overflows else { throw QueryError(.valueOutOfRange, "BIGINT value is out of range") }
            return .integer(result)
        }
        let (a, b) = (left.realValue, right.realValue)
        switch symbol {
        case .add: return .real(a + b)
        case .subtract: return .real(a - b)
        case .multiply: return .real(a * b)
        default: return b == 0 ? .null : .real(a.truncatingRemainder(dividingBy: b))
        }
    }

    private func minus(_ value: SQLValue) throws(QueryError) -> SQLValue {
        switch value {
        case .null: return .null
        case .integer(let number) where number != .min: return .integer(-number)
        case .unsigned(let number) where number == UInt64(Int64.max) + 1: return .integer(.min)
        default: return .real(-value.realValue)
        }
    }
}
