import LoonCore

extension StatementParser {
    mutating func show() throws(QueryError) -> Statement {
        cursor.advance()
        _ = cursor.take("extended")
        let full = cursor.take("full")
        if cursor.take("query_task") { return try showQueryTask(full: full) }
        if cursor.take("tasks") { return try showTasks() }
        guard let subject = try showSubject(full: full) else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(kind: "SHOW " + cursor.lexer.text(cursor.token).uppercased())
        }
        let filter = try showFilter()
        return try ending(
            .show(subject == .databases && cursor.take("extra") ? .schemasExtra : subject, filter: filter))
    }

    private mutating func showFilter() throws(QueryError) -> ShowFilter {
        if let pattern = try cursor.likePattern() { return .like(pattern) }
        if cursor.take("where") { return .matching(try expression()) }
        return .none
    }

    /// Reads the subject between SHOW and its LIKE or WHERE; `nil` where it is not known.
    private mutating func showSubject(full: Bool) throws(QueryError) -> Show? {
        if cursor.take("databases") || cursor.take("schemas") { return .databases }
        if cursor.take("partitions") {
            _ = cursor.take("from") || cursor.take("in")
            return .partitions(try cursor.tableName())
        }
        if cursor.take("table", "status") { return .tableStatus(schema: try schema()) }
        if cursor.take("open", "tables") { return .openTables(schema: try schema()) }
        if cursor.take("tables") { return .tables(schema: try schema(), full: full) }
        if cursor.take("columns") || cursor.take("fields") { return .columns(try ofTable(), full: full, isHive: false) }
        if cursor.take("index") || cursor.take("indexes") || cursor.take("keys") { return .index(try ofTable()) }
        if cursor.take("create", "table") || cursor.take("create", "view") {
            return .createTable(try cursor.tableName())
        }
        if cursor.take("create", "database") || cursor.take("create", "schema") {
            _ = try cursor.ifNotExists()
            return .createSchema(try cursor.name())
        }
        if cursor.take("triggers") { return .triggers(schema: try schema()) }
        if cursor.take("events") { return .events(schema: try schema()) }
        if cursor.take("procedure", "status") || cursor.take("function", "status") { return .routineStatus }
        if cursor.take("ram", "roles") { return .ramRoles }
        if cursor.take("processlist") { return .processList(full: full) }
        if let messages = try messages() { return messages }
        if cursor.take("engines") || cursor.take("storage", "engines") { return .engines }
        if cursor.take("character", "set") || cursor.take("charset") { return .characterSets }
        if cursor.take("collation") { return .collations }
        if cursor.take("plugins") { return .plugins }
        if cursor.take("privileges") { return .privileges }
        if cursor.take("profiles") { return .profiles }
        if cursor.take("grants") { return .grants(account: cursor.take("for") ? try account() : nil) }
        if cursor.take("slave", "status") || cursor.take("replica", "status") { return .replicaStatus }
        if cursor.take("slave", "hosts") || cursor.isAt("replicas") {
            _ = cursor.take("replicas")
            return .replicas
        }
        if cursor.take("master", "status") { return .binaryLogStatus }
        if cursor.take("binary", "logs") || cursor.take("master", "logs") { return .binaryLogs }
        let isGlobal = cursor.take("global")
        if !isGlobal { _ = cursor.take("session") || cursor.take("local") }
        if cursor.take("variables") { return .variables(isGlobal: isGlobal) }
        return cursor.take("status") ? .status(isGlobal: isGlobal) : nil
    }

    private mutating func messages() throws(QueryError) -> Show? {
        if cursor.take("count") {
            try cursor.expect(symbol: "(")
            try cursor.expect(symbol: "*")
            try cursor.expect(symbol: ")")
            if cursor.take("warnings") { return .warnings(count: true) }
            try cursor.expect("errors")
            return .errors(count: true)
        }
        let isWarnings = cursor.take("warnings")
        guard isWarnings || cursor.take("errors") else { return nil }
        // There are never more than a few.
        if cursor.take("limit") {
            _ = try cursor.integer(0...Int.max)
            if cursor.take(symbol: ",") { _ = try cursor.integer(0...Int.max) }
        }
        return isWarnings ? .warnings(count: false) : .errors(count: false)
    }

    private mutating func schema() throws(QueryError) -> String? {
        cursor.take("from") || cursor.take("in") ? try cursor.name() : nil
    }

    /// `FROM [schema.]table [FROM schema]`
    private mutating func ofTable() throws(QueryError) -> TableName {
        guard cursor.take("from") || cursor.take("in") else { throw cursor.unexpected("FROM is expected") }
        let table = try cursor.tableName()
        return TableName(schema: try schema() ?? table.schema, table: table.table)
    }
}
