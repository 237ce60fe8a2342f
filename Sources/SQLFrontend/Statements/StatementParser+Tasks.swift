import LoonCore

/// The statements about tasks: SHOW, CANCEL and WAIT QUERY_TASK, RESEND QUERY_TASK MESSAGE.
extension StatementParser {
    /// `QUERY_TASK 'id' | QUERY_TASK WHERE …`
    mutating func cancel() throws(QueryError) -> Statement {
        try cursor.expect("query_task")
        if cursor.token.kind == .string { return try ending(.cancelQueryTask(id: try cursor.string())) }
        guard cursor.take("where") else { throw cursor.unexpected("a task's id in quotes, or WHERE, is expected") }
        return try ending(.cancelQueryTasks(try disjunction(depth: 0)))
    }

    /// `QUERY_TASK 'id' [TIMEOUT seconds]`
    mutating func wait() throws(QueryError) -> Statement {
        try cursor.expect("query_task")
        let id = try cursor.string()
        let seconds = cursor.take("timeout") ? try cursor.integer(0...Limits.waitSecondsMax) : nil
        return try ending(.waitQueryTask(id: id, seconds: seconds, isStrict: false))
    }

    /// `SELECT * FROM loon.wait('id'[, seconds[, TRUE | FALSE]])`, for drivers that take rows from a SELECT alone; the
    /// last says whether it fails where the task did. `nil` where another query stands.
    mutating func waitQuery() throws(QueryError) -> Statement? {
        let start = cursor.index
        guard cursor.take("select"), cursor.take(symbol: "*"), cursor.take("from"), cursor.take("loon"),
            cursor.take(symbol: "."), cursor.take("wait"), cursor.take(symbol: "(")
        else {
            cursor.move(to: start)
            return nil
        }
        let id = try cursor.string()
        let seconds = cursor.take(symbol: ",") ? try cursor.integer(0...Limits.waitSecondsMax) : nil
        var isStrict = true
        if cursor.take(symbol: ",") {
            isStrict = cursor.take("true")
            if !isStrict, !cursor.take("false") { throw cursor.unexpected("TRUE or FALSE is expected") }
        }
        try cursor.expect(symbol: ")")
        return try ending(.waitQueryTask(id: id, seconds: seconds, isStrict: isStrict))
    }

    /// `QUERY_TASK MESSAGE 'id'`
    mutating func resend() throws(QueryError) -> Statement {
        try cursor.expect("query_task")
        try cursor.expect("message")
        return try ending(.resendMessage(id: try cursor.string()))
    }

    /// `[FOR 'account'] [WHERE …] [ORDER BY column [ASC|DESC], …] [LIMIT [offset,] n | LIMIT n OFFSET offset]`
    mutating func showQueryTask(full: Bool) throws(QueryError) -> Statement {
        let account = cursor.take("for") ? try cursor.string() : nil
        return try ending(.showQueryTask(account: account, try selection(), full: full))
    }

    /// `[FOR 'account'] [LIKE 'label'] [WHERE …] [ORDER BY …] [LIMIT …]`
    mutating func showTasks() throws(QueryError) -> Statement {
        let account = cursor.take("for") ? try cursor.string() : nil
        let pattern = cursor.take("like") ? try cursor.string() : nil
        var selection = try selection()
        if let pattern {
            let isLike = RowPredicate.like(column: "label", pattern)
            selection.predicate = selection.predicate.map { .all([isLike, $0]) } ?? isLike
        }
        if selection.order.isEmpty { selection.order = [.init(column: "create_time", descending: true)] }
        if selection.limit == nil { selection.limit = Limits.shownTasksMax }
        return try ending(.showTasks(account: account, selection))
    }

    private mutating func selection() throws(QueryError) -> RowSelection {
        var selection = RowSelection()
        if cursor.take("where") { selection.predicate = try disjunction(depth: 0) }
        if cursor.take("order", "by") {
            repeat {
                let column = try cursor.name().lowercased()
                let descending = cursor.take("desc")
                if !descending { _ = cursor.take("asc") }
                selection.order.append(.init(column: column, descending: descending))
            } while cursor.take(symbol: ",")
        }
        if cursor.take("limit") {
            let first = try cursor.integer(0...Int.max)
            if cursor.take(symbol: ",") {
                selection.offset = first
                selection.limit = try cursor.integer(0...Int.max)
            } else {
                selection.limit = first
                if cursor.take("offset") { selection.offset = try cursor.integer(0...Int.max) }
            }
        }
        return selection
    }

    private static let depthMax = 64

    private mutating func disjunction(depth: Int) throws(QueryError) -> RowPredicate {
        guard depth < Self.depthMax else { throw cursor.unexpected("the condition nests too deep") }
        var parts = [try conjunction(depth: depth)]
        while cursor.take("or") { parts.append(try conjunction(depth: depth)) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction(depth: Int) throws(QueryError) -> RowPredicate {
        var parts = [try condition(depth: depth)]
        while cursor.take("and") { parts.append(try condition(depth: depth)) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func condition(depth: Int) throws(QueryError) -> RowPredicate {
        if cursor.take("not") {
            guard depth < Self.depthMax else { throw cursor.unexpected("the condition nests too deep") }
            return .not(try condition(depth: depth + 1))
        }
        if cursor.take(symbol: "(") {
            let inner = try disjunction(depth: depth + 1)
            try cursor.expect(symbol: ")")
            return inner
        }
        conditionCount += 1
        guard conditionCount <= Limits.conditionsMax else {
            throw cursor.unexpected("at most \(Limits.conditionsMax) conditions")
        }
        let column = try cursor.name().lowercased()
        if cursor.take("is") {
            let negated = cursor.take("not")
            try cursor.expect("null")
            return negated ? .not(.isNull(column: column)) : .isNull(column: column)
        }
        if cursor.take("not") { return .not(try wordCondition(column)) }
        if cursor.isAt("like") || cursor.isAt("in") || cursor.isAt("between") { return try wordCondition(column) }
        return .compare(column: column, try comparison(), try literal())
    }

    private mutating func wordCondition(_ column: String) throws(QueryError) -> RowPredicate {
        if cursor.take("like") { return .like(column: column, try cursor.string()) }
        if cursor.take("between") {
            let low = try literal()
            try cursor.expect("and")
            return .between(column: column, low, try literal())
        }
        try cursor.expect("in")
        try cursor.expect(symbol: "(")
        var values: [SQLValue] = []
        repeat {
            values.append(try literal())
            guard values.count <= Limits.conditionsMax else {
                throw cursor.unexpected("at most \(Limits.conditionsMax) values")
            }
        } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
        return .isIn(column: column, values)
    }

    private mutating func comparison() throws(QueryError) -> RowPredicate.Comparison {
        if cursor.take(symbol: "!=") { return .notEqual }
        guard cursor.token.kind == .symbol,
            let comparison = RowPredicate.Comparison(rawValue: cursor.lexer.text(cursor.token))
        else {
            throw cursor.unexpected("a comparison with a literal is expected")
        }
        cursor.advance()
        return comparison
    }

    private mutating func literal() throws(QueryError) -> SQLValue {
        if cursor.take("null") { return .null }
        if cursor.token.kind == .string { return .text(try cursor.string()) }
        let negative = cursor.take(symbol: "-")
        guard cursor.token.kind == .number, let number = SQLValue(digits: cursor.lexer.text(cursor.token)) else {
            throw cursor.unexpected("a string or a number is expected")
        }
        cursor.advance()
        return negative ? number.negated : number
    }
}

extension SQLValue {
    /// A number as it is written, without a sign.
    fileprivate init?(digits: String) {
        if let number = Int64(digits) {
            self = .integer(number)
        } else if let number = Double(digits) {
            self = .real(number)
        } else {
            return nil
        }
    }

    fileprivate var negated: SQLValue {
        switch self {
        case .integer(let number): .integer(-number)
        case .real(let number): .real(-number)
        default: self
        }
    }
}
