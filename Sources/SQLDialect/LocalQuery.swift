package import LoonCore
package import SQLFrontend

/// Runs a `LocalSelect` over rows that somebody hands it one by one: filters, projects, sorts, cuts.
package struct LocalQuery {
    private let select: LocalSelect
    private let evaluator: Evaluator
    private let items: [(name: String, expression: Expression, type: ColumnType?)]
    private let filter: Expression?
    private let having: Expression?
    private let order: [(expression: Expression, isDescending: Bool)]

    private var rows: [(values: [SQLValue], keys: [SQLValue])] = []
    private var seen: Set<[SQLValue]> = []
    private var bytes = 0

    /// Throws where the statement names a column that `columns` does not have.
    package init(_ select: LocalSelect, columns: [ResultColumn], context: DialectContext) throws(QueryError) {
        self.select = select
        evaluator = Evaluator(context)
        let places = Dictionary(
            columns.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        let qualifiers: Set<String> = Set([select.alias ?? select.table?.table].compactMap { $0?.lowercased() })
        func resolve(
            _ expression: Expression, _ clause: String, aliases: [(String, Expression)] = [],
            prefersAliases: Bool = false
        ) throws(QueryError) -> Expression {
            try expression.mapLeaves { leaf throws(QueryError) in
                guard case .column(let table, let name) = leaf else { return nil }
                if prefersAliases, table == nil,
                    let alias = aliases.first(where: { $0.0.lowercased() == name.lowercased() })
                {
                    return alias.1
                }
                if let place = places[name.lowercased()], table == nil || qualifiers.contains(table?.lowercased() ?? "")
                {
                    return .field(place)
                }
                if table == nil, let alias = aliases.first(where: { $0.0.lowercased() == name.lowercased() }) {
                    return alias.1
                }
                throw QueryError(
                    .unknownColumn, "Unknown column '\(table.map { $0 + "." } ?? "")\(name)' in '\(clause)'")
            }
        }
        var items: [(name: String, expression: Expression, type: ColumnType?)] = []
        for item in select.items {
            switch item {
            case .all: items += columns.enumerated().map { ($1.name, .field($0), $1.type) }
            case .value(let expression, let name):
                let resolved = try resolve(expression, "field list")
                var type = Self.type(of: resolved)
                if case .field(let place) = resolved { type = columns[place].type }
                items.append((name, resolved, type))
            }
        }
        let aliases = items.map { ($0.name, $0.expression) }
        self.items = items
        filter = try select.filter.map { filter throws(QueryError) in try resolve(filter, "where clause") }
        having = try select.having.map { having throws(QueryError) in
            try resolve(having, "having clause", aliases: aliases)
        }
        var order: [(Expression, Bool)] = []
        for item in select.order {
            if case .literal(.integer(let place)) = item.expression {
                guard place >= 1, place <= items.count else {
                    throw QueryError(.unknownColumn, "Unknown column '\(place)' in 'order clause'")
                }
                order.append((items[Int(place) - 1].expression, item.isDescending))
            } else {
                order.append(
                    (
                        try resolve(item.expression, "order clause", aliases: aliases, prefersAliases: true),
                        item.isDescending
                    ))
            }
        }
        self.order = order
    }

    /// The type of an expression, as far as it is known before its values are.
    private static func type(of expression: Expression) -> ColumnType? {
        switch expression {
        case .literal(let value): return value.columnType
        case .binary, .unary, .isNull, .isIn, .between, .like: return number(expression)
        case .choice(_, let branches, let otherwise):
            return (branches.map(\.result) + [otherwise].compactMap(\.self)).lazy.compactMap(type).first { $0 != .null }
        case .call(let name, let arguments): return type(of: name, arguments)
        case .column, .field, .systemVariable, .userVariable: return nil
        }
    }

    /// Comparisons are whole numbers; what is computed is known by its values alone.
    private static func number(_ expression: Expression) -> ColumnType? {
        switch expression {
        case .binary(.add, _, _), .binary(.subtract, _, _), .binary(.multiply, _, _), .binary(.modulo, _, _),
            .unary(.minus, _):
            nil
        default: .int64
        }
    }

    private static func type(of name: String, _ arguments: [Expression]) -> ColumnType? {
        switch name {
        case "nullif": return arguments.first.flatMap(type)
        case "ifnull", "coalesce": return arguments.lazy.compactMap(type).first { $0 != .null }
        case "if": return arguments.dropFirst().lazy.compactMap(type).first { $0 != .null }
        case "concat", "concat_ws", "left", "right", "substring", "substr", "mid", "lower", "lcase", "upper", "ucase",
            "trim", "ltrim", "rtrim",
            "replace",
            "time_format", "cast_char", "database", "schema", "version", "user", "current_user", "session_user",
            "system_user":
            return .text
        case "length", "octet_length", "char_length", "character_length", "instr", "locate", "isnull", "connection_id",
            "cast_signed",
            "unix_timestamp":
            return .int64
        case "timediff": return .time
        case "now", "current_timestamp", "localtime", "localtimestamp", "sysdate", "utc_timestamp", "convert_tz":
            return .timestamp(.second)
        case "curdate", "current_date", "utc_date": return .date
        case "curtime", "current_time", "utc_time": return .time
        default: return nil
        }
    }

    package mutating func add(_ row: [SQLValue]) throws(QueryError) {
        if let filter, Evaluator.truth(try evaluator.value(filter, row: row)) != true { return }
        if let having, Evaluator.truth(try evaluator.value(having, row: row)) != true { return }
        if let limit = select.limit, order.isEmpty,
            rows.count >= (limit > .max - select.offset ? .max : limit + select.offset)
        {
            return
        }
        var values: [SQLValue] = []
        values.reserveCapacity(items.count)
        for item in items {
            let value = try evaluator.value(item.expression, row: row)
            if case .text(let text) = value { bytes += text.utf8.count }
            values.append(value)
        }
        if select.isDistinct, !seen.insert(values).inserted { return }
        var keys: [SQLValue] = []
        for key in order { keys.append(try evaluator.value(key.expression, row: row)) }
        bytes += 32 * (values.count + keys.count)
        guard bytes <= Limits.answerBytesMax else {
            throw QueryError(
                .resultTooLarge,
                "The answer has more than \(Limits.answerBytesMax) bytes; name a schema or a table in its WHERE")
        }
        rows.append((values, keys))
    }

    /// The columns and rows of the result.
    package mutating func finish() -> (columns: [ResultColumn], rows: [[SQLValue]]) {
        if !order.isEmpty {
            let descending = order.map(\.isDescending)
            // By place where the keys are equal: the order of the rows is kept.
            rows = rows.enumerated().sorted { left, right in
                for (index, isDescending) in descending.enumerated() {
                    let order = Self.order(left.element.keys[index], right.element.keys[index])
                    if order != 0 { return isDescending ? order > 0 : order < 0 }
                }
                return left.offset < right.offset
            }.map(\.element)
        }
        let wanted = rows.dropFirst(select.offset).prefix(select.limit ?? .max).map(\.values)
        let columns = items.enumerated().map { place, item in
            ResultColumn(name: item.name, type: item.type ?? Self.type(of: wanted.lazy.map { $0[place] }))
        }
        return (columns, Array(wanted))
    }

    /// NULL comes first.
    private static func order(_ left: SQLValue, _ right: SQLValue) -> Int {
        Evaluator.compare(left, right, ignoringCase: true) ?? (left.isNull ? (right.isNull ? 0 : -1) : 1)
    }

    private static func type(of values: some Sequence<SQLValue>) -> ColumnType {
        var type = ColumnType.null
        for value in values where !value.isNull {
            if type == .null { type = value.columnType } else if type != value.columnType { return .text }
        }
        return type
    }
}
