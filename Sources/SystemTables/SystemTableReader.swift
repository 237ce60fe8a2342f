package import AccessControl
package import LoonCore
package import MetaStore
import SQLFrontend

/// The session that a system table is read for: who asks, and what only the sessions know.
package protocol SystemTableViewer: Sendable {
    var account: AccountIdentity { get }
    /// The account's rights at this moment.
    var rights: AccountRights { get }
    var isAdministrator: Bool { get }
    /// The value of each system variable, by name.
    func variables(isGlobal: Bool) -> [(name: String, value: SQLValue)]
    /// The status variables of MySQL, by name.
    var status: [(String, String)] { get }
    /// The rows of SHOW PROCESSLIST that the account may see.
    func processes(full: Bool) -> [[SQLValue]]
    /// The rows of `performance_schema.session_connect_attrs` that the account may see.
    var connectAttributes: [[SQLValue]] { get }
    /// A row of `show full query_task` with the progress of a task that runs.
    func withProgress(_ row: [SQLValue]) -> [SQLValue]
    /// Throws where the statement that reads is to stop.
    func checkCancelled() throws
}

/// Makes the rows of the system's tables: from the catalog, the sessions and the variables, for one session's eyes.
package struct SystemTableReader {
    private let store: MetaStore
    private let viewer: any SystemTableViewer
    /// Milliseconds since 1970.
    private let now: Int64

    package init(store: MetaStore, viewer: any SystemTableViewer, now: Int64) {
        self.store = store
        self.viewer = viewer
        self.now = now
    }

    /// Hands over the rows of `table` that `scope` asks for, and perhaps others.
    package func forEachRow(of table: SystemTable, _ scope: SystemTableScope, _ body: ([SQLValue]) throws -> Void)
        throws
    {
        switch (table.schema, table.name.uppercased()) {
        case ("information_schema", "SCHEMATA"): try schemata(scope, body)
        case ("information_schema", "TABLES"): try tables(scope, body)
        case ("information_schema", "COLUMNS"): try columns(scope, body)
        case ("information_schema", "ENGINES"):
            try body(StorageEngine.row)
        case ("information_schema", "CHARACTER_SETS"):
            for row in Self.characterSets { try body([row[0], row[1], row[2], row[3]]) }
        case ("information_schema", "COLLATIONS"): for row in Self.collations { try body(row) }
        case ("information_schema", "COLLATION_CHARACTER_SET_APPLICABILITY"):
            for row in Self.collations { try body([row[0], row[1]]) }
        case ("information_schema", "KEYWORDS"): for row in Self.keywords { try body(row) }
        case ("information_schema", "PROCESSLIST"):
            for row in viewer.processes(full: true) { try body(Array(row.prefix(table.columns.count))) }
        case ("information_schema", "USER_PRIVILEGES"):
            let own = viewer.rights.privileges(at: .everything)
            for (privilege, name) in Privileges.named where own.contains(privilege) {
                try body([
                    .text("'\(viewer.account.name)'@'%'"), .text("def"), .text(name),
                    .text(own.contains(.grantOption) ? "YES" : "NO"),
                ])
            }
            if own.isEmpty {
                try body([.text("'\(viewer.account.name)'@'%'"), .text("def"), .text("USAGE"), .text("NO")])
            }
        case ("performance_schema", "SESSION_VARIABLES"), ("performance_schema", "GLOBAL_VARIABLES"):
            let isGlobal = table.name.lowercased() == "global_variables"
            for row in viewer.variables(isGlobal: isGlobal) {
                try body([.text(row.name), row.value])
            }
        case ("performance_schema", "SESSION_STATUS"), ("performance_schema", "GLOBAL_STATUS"):
            for (name, value) in viewer.status {
                try body([.text(name), .text(value)])
            }
        case ("performance_schema", "SESSION_CONNECT_ATTRS"): for row in viewer.connectAttributes { try body(row) }
        case ("loon", "QUERY_TASK"): try tasks(scope.tasks, body)
        case ("mysql", "USER") where viewer.isAdministrator: try accounts(table, body)
        default: break
        }
    }

    // MARK: The catalog

    private func schemata(_ scope: SystemTableScope, _ body: ([SQLValue]) throws -> Void) throws {
        for name in ["information_schema"] + (try schemaNames(scope)) where scope.has(schema: name) {
            try body([.text("def"), .text(name), .text("utf8mb4"), .text("utf8mb4_0900_ai_ci"), .null, .text("NO")])
        }
    }

    private func schemaNames(_ scope: SystemTableScope) throws -> [String] {
        let rights = viewer.rights
        return try store.schemas().map(\.name).filter { scope.has(schema: $0) && rights.sees(schema: $0) }
    }

    private func tables(_ scope: SystemTableScope, _ body: ([SQLValue]) throws -> Void) throws {
        func row(_ schema: String, _ name: String, type: String, engine: SQLValue, comment: String) -> [SQLValue] {
            [
                .text("def"), .text(schema), .text(name), .text(type), engine, .integer(10), .text("Dynamic"), .null,
                .null, .null, .null, .null,
                .null, .null,
                .null, .null, .null, .text("utf8mb4_0900_ai_ci"), .null, .text(""), .text(comment),
            ]
        }
        for schema in SystemSchema.names where scope.has(schema: schema) {
            for table in SystemCatalog.tables(of: schema) where scope.has(table: table.name) {
                try body(row(schema, table.name, type: table.tableType, engine: .null, comment: ""))
            }
        }
        let rights = viewer.rights
        for schema in try schemaNames(scope) {
            for (name, comment, isView) in try store.tableComments(schema: schema)
            where scope.has(table: name) && rights.sees(schema: schema, table: name) {
                try body(
                    row(
                        schema, name, type: isView ? "VIEW" : "BASE TABLE",
                        engine: isView ? .null : .text(StorageEngine.name),
                        comment: comment ?? ""))
            }
        }
    }

    private func columns(_ scope: SystemTableScope, _ body: ([SQLValue]) throws -> Void) throws {
        for schema in SystemSchema.names where scope.has(schema: schema) {
            for table in SystemCatalog.tables(of: schema) where scope.has(table: table.name) {
                for (place, column) in table.columns.enumerated() {
                    let dataType = column.type.prefix { $0 != "(" && $0 != " " }
                    try body(
                        columnRow(
                            schema, table.name, column.name, place, isNullable: column.isNullable,
                            dataType: String(dataType),
                            columnType: column.type,
                            characters: column.isText ? 64 : nil, precision: nil, scale: nil, comment: ""))
                }
            }
        }
        let rights = viewer.rights
        for schema in try schemaNames(scope) {
            for table in try store.tables(schema: schema, named: scope.tables)
            where rights.sees(schema: schema, table: table.name) {
                for (place, column) in table.allColumns.enumerated() {
                    let type = MySQLColumnType(column.type)
                    try body(
                        columnRow(
                            schema, table.name, column.name, place, isNullable: true, dataType: type.dataType,
                            columnType: type.columnType,
                            characters: type.characters, precision: type.precision, scale: type.scale,
                            comment: column.comment ?? ""))
                }
            }
        }
    }

    private func columnRow(
        _ schema: String, _ table: String, _ column: String, _ place: Int, isNullable: Bool, dataType: String,
        columnType: String, characters: Int64?,
        precision: Int64?, scale: Int64?, comment: String
    ) -> [SQLValue] {
        [
            .text("def"), .text(schema), .text(table), .text(column), .integer(Int64(place + 1)), .null,
            .text(isNullable ? "YES" : "NO"),
            .text(dataType),
            .optional(characters), .optional(characters.map { $0 * 4 }), .optional(precision), .optional(scale),
            dataType == "datetime" ? .integer(6) : .null, characters == nil ? .null : .text("utf8mb4"),
            characters == nil ? .null : .text("utf8mb4_0900_ai_ci"), .text(columnType), .text(""), .text(""),
            .text("select"), .text(comment),
            .text(""), .null,
        ]
    }

    // MARK: Sessions and accounts

    /// An account sees its own, an administrator all.
    private func tasks(_ predicate: RowPredicate?, _ body: ([SQLValue]) throws -> Void) throws {
        let scope = viewer.isAdministrator ? TaskScope.everybody : .owned(viewer.account)
        try store.forEachTask(RowSelection(predicate: predicate), in: scope, full: true) { row in
            try viewer.checkCancelled()
            try body(viewer.withProgress(row))
        }
    }

    /// mysql.user without anything that could be cracked.
    private func accounts(_ table: SystemTable, _ body: ([SQLValue]) throws -> Void) throws {
        for account in try store.accounts() {
            try body(
                table.columns.map { column in
                    switch column.name.lowercased() {
                    case "host": .text("%")
                    case "user": .text(account.name)
                    case "plugin": .text(account.plugin)
                    case "password_expired": .text(account.isExpired(now: now) ? "Y" : "N")
                    case "account_locked": .text(account.isLocked ? "Y" : "N")
                    case "max_user_connections": .integer(account.limits.connections)
                    case let name where name.hasSuffix("_priv"):
                        .text(has(String(name.dropLast(5)), account) ? "Y" : "N")
                    default: column.isNullable ? .null : column.isText ? .text("") : .integer(0)
                    }
                })
        }
    }

    /// Whether an account has, on everything, the privilege that a column of mysql.user is named after.
    private func has(_ name: String, _ account: AccountRecord) -> Bool {
        let own = account.grants[.everything] ?? []
        if name == "grant" { return own.contains(.grantOption) }
        guard let known = Privileges.named.first(where: { $0.name.lowercased() == name }) else {
            return account.isAdministrator
        }
        return own.contains(known.privilege)
    }

    // MARK: Tables of facts

    private static func rows(_ text: String, numbers: Set<Int>) -> [[SQLValue]] {
        text.split(separator: "\n").map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).enumerated().map { place, field in
                numbers.contains(place) ? .integer(Int64(field) ?? 0) : .text(String(field))
            }
        }
    }

    /// Name, default collation, description, bytes of a character.
    package static let characterSets = rows(CharacterSetTable.characterSets, numbers: [3])
    /// Name, character set, id, default, compiled, sort length, padding.
    package static let collations = rows(CharacterSetTable.collations, numbers: [2, 5])
    /// Word, reserved.
    private static let keywords: [[SQLValue]] = {
        let reserved =
            KeywordTable.reserved.split(separator: " ").map { ($0, 1) }
            + KeywordTable.others.split(separator: " ").map { ($0, 0) }
        return reserved.sorted { $0.0 < $1.0 }.map { [.text(String($0.0)), .integer(Int64($0.1))] }
    }()
}
