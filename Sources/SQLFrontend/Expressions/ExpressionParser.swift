import LoonCore

/// Reads expressions and SELECTs that need no engine. Everything answers `nil` where it meets what it does not know:
/// the engine may know it.
struct ExpressionParser {
    var cursor: TokenCursor
    private var depth = 0
    private static let depthMax = 100

    init(_ cursor: TokenCursor) { self.cursor = cursor }

    // MARK: SELECT

    /// A whole statement, up to its end.
    mutating func select() throws(QueryError) -> LocalSelect? {
        // A long chain is a deep tree, and trees are walked by recursion.
        guard cursor.lexer.tokens.count <= Limits.localTokensMax, cursor.take("select") else { return nil }
        let isDistinct = cursor.take("distinct")
        _ = cursor.take("sql_no_cache")
        var items: [LocalSelect.Item] = []
        repeat {
            guard let item = try item() else { return nil }
            items.append(item)
        } while cursor.take(symbol: ",")
        var table: TableName?
        var alias: String?
        if cursor.take("from"), !cursor.take("dual") {
            guard let name = try name() else { return nil }
            table = TableName(schema: nil, table: name)
            if cursor.take(symbol: ".") {
                guard let second = try self.name() else { return nil }
                table = TableName(schema: name, table: second)
            }
            if cursor.take("as") || isAlias { alias = try self.name() }
        }
        var filter: Expression?
        if cursor.take("where") {
            filter = try expression()
            if filter == nil { return nil }
        }
        var having: Expression?
        if cursor.take("having") {
            having = try expression()
            if having == nil { return nil }
        }
        guard let order = try order(), let (limit, offset) = limit(), cursor.isAtEnd else { return nil }
        let select = LocalSelect(
            items: items, isDistinct: isDistinct, table: table, alias: alias, filter: filter, having: having,
            order: order, limit: limit,
            offset: offset)
        // A name that nothing stands for may mean something to the engine.
        return table == nil && select.namesColumns ? nil : select
    }

    private mutating func item() throws(QueryError) -> LocalSelect.Item? {
        if cursor.take(symbol: "*") { return .all }
        if cursor.token.kind == .word || cursor.token.kind == .quotedName, cursor.lexer.isSymbol(cursor.next, "."),
            cursor.lexer.isSymbol(cursor.token(after: 2), "*")
        {
            cursor.move(to: cursor.index + 3)
            return .all
        }
        let start = cursor.index
        guard let value = try expression() else { return nil }
        // MySQL names a column by its text; a string literal by its value, a column by its own name.
        let (low, high) = (
            cursor.lexer.place(of: start).lowerBound, cursor.lexer.place(of: max(start, cursor.index - 1)).upperBound
        )
        var name =
            low < high
            ? String(
                cursor.lexer.text(low..<high).unicodeScalars.prefix(Limits.columnNameCharactersMax).map(Character.init))
            : "?"
        if case .literal(.text(let text)) = value { name = text }
        if case .column(_, let column) = value { name = column }
        if ["null", "true", "false"].contains(name.lowercased()) { name = name.uppercased() }
        if cursor.take("as") {
            guard let alias = cursor.token.kind == .string ? try cursor.string() : try self.name() else { return nil }
            name = alias
        } else if isAlias || cursor.token.kind == .string {
            guard let alias = cursor.token.kind == .string ? try cursor.string() : try self.name() else { return nil }
            name = alias
        }
        return .value(value, name: name)
    }

    /// Words that end an item or a table, and so are no alias without AS.
    private static let clauses: Set<String> = [
        "from", "where", "having", "order", "limit", "group", "union", "intersect", "except", "join", "left", "right",
        "inner", "cross", "natural",
        "straight_join", "on", "using", "into", "for", "procedure", "window", "use", "force", "ignore", "partition",
        "collate", "div", "mod", "xor",
        "and",
        "or", "as", "regexp", "rlike", "sounds", "not", "is", "in", "like", "between", "asc", "desc", "offset",
        "qualify", "sample", "tablesample",
        "fetch", "lock",
    ]

    private var isAlias: Bool {
        switch cursor.token.kind {
        case .quotedName: true
        case .word: !Self.clauses.contains(cursor.lexer.text(cursor.token).lowercased())
        default: false
        }
    }

    private mutating func name() throws(QueryError) -> String? {
        guard cursor.token.kind == .word || cursor.token.kind == .quotedName else { return nil }
        let name = cursor.token.kind == .word ? cursor.lexer.text(cursor.token) : try cursor.lexer.string(cursor.token)
        cursor.advance()
        return name
    }

    private mutating func order() throws(QueryError) -> [LocalSelect.Order]? {
        guard cursor.take("order", "by") else { return [] }
        var order: [LocalSelect.Order] = []
        repeat {
            guard let expression = try expression() else { return nil }
            let isDescending = cursor.take("desc")
            if !isDescending { _ = cursor.take("asc") }
            order.append(.init(expression: expression, isDescending: isDescending))
        } while cursor.take(symbol: ",")
        return order
    }

    private mutating func limit() -> (Int?, Int)? {
        guard cursor.take("limit") else { return (nil, 0) }
        guard let first = count() else { return nil }
        if cursor.take(symbol: ",") { return count().map { ($0, first) } }
        if cursor.take("offset") { return count().map { (first, $0) } }
        return (first, 0)
    }

    private mutating func count() -> Int? {
        guard cursor.token.kind == .number, let count = UInt64(cursor.lexer.text(cursor.token)) else { return nil }
        cursor.advance()
        return Int(clamping: count)
    }

    // MARK: Expressions, by precedence (https://dev.mysql.com/doc/refman/8.0/en/operator-precedence.html)

    mutating func expression() throws(QueryError) -> Expression? {
        guard depth < Self.depthMax else { return nil }
        depth += 1
        defer { depth -= 1 }
        guard var left = try conjunction() else { return nil }
        while cursor.take("or") {
            guard let right = try conjunction() else { return nil }
            left = .binary(.or, left, right)
        }
        return left
    }

    private mutating func conjunction() throws(QueryError) -> Expression? {
        guard var left = try negation() else { return nil }
        while cursor.take("and") || cursor.take(symbol: "&&") {
            guard let right = try negation() else { return nil }
            left = .binary(.and, left, right)
        }
        return left
    }

    private mutating func negation() throws(QueryError) -> Expression? {
        var negations = 0
        while cursor.take("not") || cursor.take(symbol: "!") { negations += 1 }
        guard negations < Self.depthMax else { return nil }
        guard let inner = try predicate() else { return nil }
        // Twice is not nothing: NOT NOT 5 is 1.
        return (0..<negations).reduce(inner) { inner, _ in .unary(.not, inner) }
    }

    private mutating func predicate() throws(QueryError) -> Expression? {
        guard var left = try sum() else { return nil }
        while let next = try comparison(left) { left = next }
        return failed ? nil : left
    }

    /// Set where the rest of a predicate is unknown.
    private var failed = false

    private mutating func comparison(_ left: Expression) throws(QueryError) -> Expression? {
        let operators: [(StaticString, Expression.BinaryOperator)] = [
            ("=", .equal), ("<=>", .nullSafeEqual), ("<>", .notEqual), ("!=", .notEqual), ("<=", .lessOrEqual),
            (">=", .greaterOrEqual), ("<", .less),
            (">", .greater),
        ]
        if cursor.token.kind == .symbol, let found = operators.first(where: { cursor.isAt(symbol: $0.0) }) {
            cursor.advance()
            return try need(sum()).map { .binary(found.1, left, $0) }
        }
        if cursor.take("is") {
            let isNegated = cursor.take("not")
            guard cursor.take("null") else { return fail() }
            return isNegated ? .unary(.not, .isNull(left)) : .isNull(left)
        }
        let isNegated =
            cursor.isAt("not") && ["in", "like", "between"].contains(cursor.lexer.text(cursor.next).lowercased())
        if isNegated { cursor.advance() }
        guard let positive = try wordComparison(left) else { return nil }
        return isNegated ? .unary(.not, positive) : positive
    }

    private mutating func wordComparison(_ left: Expression) throws(QueryError) -> Expression? {
        if cursor.take("like") {
            guard let pattern = try need(sum()), !cursor.isAt("escape") else { return fail() }
            return .like(left, pattern: pattern)
        }
        if cursor.take("between") {
            guard let low = try need(sum()), cursor.take("and"), let high = try need(sum()) else { return fail() }
            return .between(left, low, high)
        }
        if cursor.take("in") {
            guard cursor.take(symbol: "("), !cursor.isAt("select"), let list = try arguments() else { return fail() }
            return .isIn(left, list)
        }
        return nil
    }

    private mutating func need(_ expression: Expression?) -> Expression? {
        if expression == nil { failed = true }
        return expression
    }

    private mutating func fail() -> Expression? {
        failed = true
        return nil
    }

    private mutating func sum() throws(QueryError) -> Expression? {
        guard var left = try product() else { return nil }
        while true {
            let isAddition = cursor.isAt(symbol: "+")
            guard isAddition || cursor.isAt(symbol: "-") else { return left }
            cursor.advance()
            guard let right = try product() else { return nil }
            left = .binary(isAddition ? .add : .subtract, left, right)
        }
    }

    private mutating func product() throws(QueryError) -> Expression? {
        guard var left = try factor() else { return nil }
        while true {
            let isProduct = cursor.isAt(symbol: "*")
            guard isProduct || cursor.isAt(symbol: "%") else { return left }
            cursor.advance()
            guard let right = try factor() else { return nil }
            left = .binary(isProduct ? .multiply : .modulo, left, right)
        }
    }

    private mutating func factor() throws(QueryError) -> Expression? {
        if cursor.take(symbol: "-") {
            guard depth < Self.depthMax else { return nil }
            depth += 1
            defer { depth -= 1 }
            return try factor().map { .unary(.minus, $0) }
        }
        if cursor.take(symbol: "+") { return try primary() }
        _ = cursor.take("binary")
        guard let value = try primary() else { return nil }
        // How text compares is decided by what it is compared with, not by a name.
        if cursor.take("collate") { _ = try name() }
        return value
    }

    private mutating func primary() throws(QueryError) -> Expression? {
        let token = cursor.token
        switch token.kind {
        case .number:
            guard let value = Self.number(cursor.lexer.text(token)) else { return nil }
            cursor.advance()
            return .literal(value)
        case .string:
            cursor.advance()
            return .literal(.text(try cursor.lexer.string(token)))
        case .systemVariable:
            cursor.advance()
            let (name, isGlobal) = StatementParser.variableName(cursor.lexer.text(token))
            return .systemVariable(name: name, isGlobal: isGlobal)
        case .userVariable:
            cursor.advance()
            return .userVariable(StatementParser.userVariableName(cursor.lexer.text(token)))
        case .symbol where cursor.isAt(symbol: "("):
            cursor.advance()
            guard !cursor.isAt("select"), let inner = try expression(), cursor.take(symbol: ")") else { return nil }
            return inner
        case .word: return try word()
        case .quotedName: return try column()
        case .symbol, .end: return nil
        }
    }

    private static func number(_ text: String) -> SQLValue? {
        if let value = Int64(text) { return .integer(value) }
        if let value = UInt64(text) { return .unsigned(value) }
        // A number with a point is DECIMAL, and its arithmetic the engine's; with an exponent it is DOUBLE.
        return text.lowercased().contains("e") ? Double(text).map(SQLValue.real) : nil
    }

    private mutating func word() throws(QueryError) -> Expression? {
        let name = cursor.lexer.text(cursor.token).lowercased()
        switch name {
        case "null": cursor.advance(); return .literal(.null)
        case "true": cursor.advance(); return .literal(.integer(1))
        case "false": cursor.advance(); return .literal(.integer(0))
        case "case": cursor.advance(); return try choice()
        case "interval", "exists", "select", "distinct", "match", "row": return nil
        default: break
        }
        if name.hasPrefix("_"), cursor.next.kind == .string {
            // A character set's introducer: _utf8mb4'…'
            cursor.advance()
            return try primary()
        }
        if cursor.lexer.isSymbol(cursor.next, "(") {
            // The evaluator's functions are MySQL's.
            let isMySQL = cursor.lexer.mode.dialect == .mysql
            guard LocalFunctions.names(isMySQL: isMySQL).contains(name) || isMySQL && name == "cast" else { return nil }
            cursor.move(to: cursor.index + 2)
            if name == "cast" { return try cast() }
            return try arguments().map { .call(name, $0) }
        }
        if LocalFunctions.bareNames.contains(name), !cursor.lexer.isSymbol(cursor.next, ".") {
            cursor.advance()
            return .call(name, [])
        }
        // DATE '2024-02-29', X'1F': literals of types that are the engine's.
        if Self.clauses.contains(name) || cursor.next.kind == .string { return nil }
        return try column()
    }

    /// `name`, `table.name` or `schema.table.name`.
    private mutating func column() throws(QueryError) -> Expression? {
        guard var name = try name() else { return nil }
        var table: String?
        while cursor.take(symbol: ".") {
            guard let next = try self.name() else { return nil }
            table = name
            name = next
        }
        return .column(table: table, name: name)
    }

    /// Behind the opening parenthesis.
    private mutating func arguments() throws(QueryError) -> [Expression]? {
        var list: [Expression] = []
        if cursor.take(symbol: ")") { return list }
        repeat {
            guard let argument = try expression() else { return nil }
            list.append(argument)
        } while cursor.take(symbol: ",")
        return cursor.take(symbol: ")") ? list : nil
    }

    private mutating func cast() throws(QueryError) -> Expression? {
        guard let value = try expression(), cursor.take("as"), cursor.token.kind == .word else { return nil }
        let type = cursor.lexer.text(cursor.token).lowercased()
        guard ["char", "signed", "unsigned"].contains(type) else { return nil }
        cursor.advance()
        if type != "char" { _ = cursor.take("integer") }
        guard cursor.take(symbol: ")") else { return nil }
        return .call("cast_" + type, [value])
    }

    private mutating func choice() throws(QueryError) -> Expression? {
        var operand: Expression?
        if !cursor.isAt("when") {
            operand = try expression()
            if operand == nil { return nil }
        }
        var branches: [Expression.Branch] = []
        while cursor.take("when") {
            guard let condition = try expression(), cursor.take("then"), let result = try expression() else {
                return nil
            }
            branches.append(.init(condition: condition, result: result))
        }
        var otherwise: Expression?
        if cursor.take("else") {
            otherwise = try expression()
            if otherwise == nil { return nil }
        }
        guard cursor.take("end"), !branches.isEmpty else { return nil }
        return .choice(operand, branches, otherwise: otherwise)
    }
}
