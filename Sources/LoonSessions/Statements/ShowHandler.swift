import AccessControl
import LoonCore
import MetaStore
import MySQLProtocol
import SQLDialect
import SQLFrontend
import SystemTables

/// SHOW and DESCRIBE, in the shapes that MySQL's clients read (https://dev.mysql.com/doc/refman/8.0/en/show.html).
struct ShowHandler {
    typealias Answer = (columns: [ResultColumn], rows: [[SQLValue]])

    let caller: StatementContext
    var context: SessionContext { caller.services }

    init(_ caller: StatementContext) { self.caller = caller }

    func answer(_ subject: Show, _ filter: ShowFilter) throws -> Answer {
        let answer = try unfiltered(subject)
        switch filter {
        case .none: return answer
        case .like(let pattern):
            let like = LikePattern(pattern)
            return (answer.columns, answer.rows.filter { row in row.first.map { like.matches($0.textValue) } ?? false })
        case .matching(let expression):
            var query = try LocalQuery(
                .all(where: expression), columns: answer.columns, context: caller.dialect)
            for row in answer.rows { try query.add(row) }
            return query.finish()
        }
    }

    private func unfiltered(_ subject: Show) throws -> Answer {
        switch subject {
        case .databases:
            let names = ["information_schema"] + (try visibleSchemas().map(\.name))
            return (texts("Database"), names.map { [.text($0)] })
        case .schemasExtra:
            let rows = try visibleSchemas().map { [SQLValue.text("oss"), .text($0.name), .text($0.creator)] }
            return (texts("CATALOG_NAME", "TABLE_SCHEMA", "CREATOR_ID"), rows)
        case .partitions(let name): return try partitions(name)
        case .tableDescription(let name): return try description(name)
        case .tables(let schema, let full): return try tables(schema, full: full)
        case .columns(let name, let full, let isHive): return try columns(name, full: full, isHive: isHive)
        case .tableStatus(let schema): return try tableStatus(schema)
        case .createTable(let name): return try createTable(name)
        case .createSchema(let name): return try createSchema(name)
        case .variables(let isGlobal):
            let rows = caller.variables.listed(isGlobal: isGlobal)
            return (texts("Variable_name", "Value"), rows.map { [.text($0.name), $0.value] })
        case .status:
            return (
                texts("Variable_name", "Value"),
                ServerStatistics(context).status(of: caller.login).map { [.text($0), .text($1)] }
            )
        case .warnings(let count), .errors(let count):
            return messages(isWarnings: subject == .warnings(count: count), count: count)
        case .engines: return engines
        case .characterSets:
            return (
                texts("Charset", "Description", "Default collation") + [ResultColumn(name: "Maxlen", type: .int64)],
                SystemTableReader.characterSets.map { [$0[0], $0[2], $0[1], $0[3]] }
            )
        case .collations:
            return (
                [
                    ResultColumn(name: "Collation", type: .text), ResultColumn(name: "Charset", type: .text),
                    ResultColumn(name: "Id", type: .int64),
                    ResultColumn(name: "Default", type: .text), ResultColumn(name: "Compiled", type: .text),
                    ResultColumn(name: "Sortlen", type: .int64), ResultColumn(name: "Pad_attribute", type: .text),
                ], SystemTableReader.collations
            )
        case .grants(let account): return try grants(account)
        case .processList(let full): return processList(full: full)
        case .ramRoles: return try ramRoles()
        case .privileges: return privileges
        case .index(let name):
            _ = try columns(of: name)
            return empty(subject)
        case .openTables(let schema), .triggers(let schema), .events(let schema):
            if schema != nil { _ = try schemaInUse(schema) }
            return empty(subject)
        case .plugins, .routineStatus, .replicaStatus, .binaryLogStatus, .binaryLogs, .replicas, .profiles, .help:
            return empty(subject)
        }
    }

    private var engines: Answer {
        (
            texts("Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"),
            [StorageEngine.row]
        )
    }

    private var privileges: Answer {
        (
            texts("Privilege", "Context", "Comment"),
            [
                [.text("Alter"), .text("Tables"), .text("To alter the table")],
                [.text("Create"), .text("Databases,Tables"), .text("To create new tables and views")],
                [.text("Drop"), .text("Tables"), .text("To drop tables and views")],
                [
                    .text("Grant option"), .text("Databases,Tables"),
                    .text("To give to other users those privileges you possess"),
                ],
                [.text("Insert"), .text("Tables"), .text("To insert data into tables")],
                [.text("Select"), .text("Tables"), .text("To retrieve rows from table")],
                [.text("Show"), .text("Databases,Tables"), .text("To see definitions, and the text of views")],
                [.text("Usage"), .text("Server Admin"), .text("No privileges - allow connect only")],
            ]
        )
    }

    /// An empty answer for a kind of object that is never there, with MySQL's columns.
    private func empty(_ subject: Show) -> Answer {
        let names: [String] =
            switch subject {
            case .index:
                [
                    "Table", "Non_unique", "Key_name", "Seq_in_index", "Column_name", "Collation", "Cardinality",
                    "Sub_part", "Packed", "Null",
                    "Index_type",
                    "Comment", "Index_comment", "Visible", "Expression",
                ]
            case .openTables: ["Database", "Table", "In_use", "Name_locked"]
            case .triggers:
                [
                    "Trigger", "Event", "Table", "Statement", "Timing", "Created", "sql_mode", "Definer",
                    "character_set_client",
                    "collation_connection",
                    "Database Collation",
                ]
            case .events:
                [
                    "Db", "Name", "Definer", "Time zone", "Type", "Execute at", "Interval value", "Interval field",
                    "Starts", "Ends", "Status",
                    "Originator",
                    "character_set_client", "collation_connection", "Database Collation",
                ]
            case .routineStatus:
                [
                    "Db", "Name", "Type", "Definer", "Modified", "Created", "Security_type", "Comment",
                    "character_set_client",
                    "collation_connection",
                    "Database Collation",
                ]
            case .plugins: ["Name", "Status", "Type", "Library", "License"]
            case .replicaStatus:
                [
                    "Replica_IO_State", "Source_Host", "Source_User", "Source_Port", "Replica_IO_Running",
                    "Replica_SQL_Running",
                ]
            case .binaryLogStatus: ["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB", "Executed_Gtid_Set"]
            case .binaryLogs: ["Log_name", "File_size", "Encrypted"]
            case .replicas: ["Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"]
            case .profiles: ["Query_ID", "Duration", "Query"]
            default: ["name", "description", "example"]
            }
        return (names.map { ResultColumn(name: $0, type: .text) }, [])
    }

    // MARK: The session and the server

    private func messages(isWarnings: Bool, count: Bool) -> Answer {
        let found = caller.diagnostics.all.filter { isWarnings || !$0.isWarning }
        if count {
            let name = isWarnings ? "@@session.warning_count" : "@@session.error_count"
            return ([ResultColumn(name: name, type: .int64)], [[.integer(Int64(found.count))]])
        }
        let rows: [[SQLValue]] = found.map {
            [
                .text($0.isWarning ? "Warning" : "Error"), .integer(Int64(ErrorNumber($0.error.code).number)),
                .text($0.error.message),
            ]
        }
        return (texts("Level") + [ResultColumn(name: "Code", type: .int64)] + texts("Message"), rows)
    }

    private func grants(_ account: String?) throws -> Answer {
        let user = account ?? caller.login.user
        guard user == caller.login.user || caller.isAdministrator else {
            throw QueryError(.accessDenied, "Access denied; only an administrator sees the grants of another account")
        }
        guard let record = try context.store.account(user) else {
            throw QueryError(.noSuchGrant, "There is no such grant defined for user '\(user)' on host '%'")
        }
        // USAGE on everything comes first, as on MySQL, where there is nothing else on that level.
        var lines = [(GrantLevel.everything, record.grants[.everything] ?? [])]
        lines += record.grants.filter { $0.key != .everything && !$0.value.isEmpty }.sorted {
            $0.key.text < $1.key.text
        }.map { ($0.key, $0.value) }
        return (
            texts("Grants for \(user)@%"),
            lines.map { level, privileges in
                let rest = privileges.contains(.grantOption) ? " WITH GRANT OPTION" : ""
                return [.text("GRANT \(privileges.text) ON \(level.text) TO `\(user)`@`%`\(rest)")]
            }
        )
    }

    /// With what decides whether the daemon may send in each role.
    private func ramRoles() throws(QueryError) -> Answer {
        guard caller.isAdministrator else {
            throw QueryError(
                .accessDenied, "Access denied; only an administrator sees the roles that messages are sent in")
        }
        let report = context.roles()
        return (
            texts("Role", "Trusted_services", "Policies", "Allowed", "Decision"),
            report.map {
                [
                    .text($0.role), .text($0.services), .text($0.policies), .text($0.decision.isAllowed ? "YES" : "NO"),
                    .text($0.decision.reason),
                ]
            }
        )
    }

    private func processList(full: Bool) -> Answer {
        let columns = [
            ResultColumn(name: "Id", type: .int64), ResultColumn(name: "User", type: .text),
            ResultColumn(name: "Host", type: .text),
            ResultColumn(name: "db", type: .text), ResultColumn(name: "Command", type: .text),
            ResultColumn(name: "Time", type: .int64),
            ResultColumn(name: "State", type: .text), ResultColumn(name: "Info", type: .text),
            ResultColumn(name: "Progress", type: .float64), ResultColumn(name: "Memory", type: .int64),
            ResultColumn(name: "Process", type: .int64),
        ]
        return (columns, ProcessList(caller: caller).rows(full: full))
    }

    // MARK: Names

    func visibleSchemas() throws -> [SchemaDefinition] {
        let rights = caller.rights
        return try context.store.schemas().filter { rights.sees(schema: $0.name) }
    }

    /// A view's text names tables that those who may only read it need not know.
    func requireText(of view: ExternalTable) throws(QueryError) {
        guard view.owner != caller.account else { return }
        try caller.rights.require(.show, schema: view.schema, table: view.name)
    }

    func texts(_ names: String...) -> [ResultColumn] { names.map { ResultColumn(name: $0, type: .text) } }

    func schemaInUse(_ name: String?) throws -> String {
        guard let name = name ?? caller.schema else {
            throw QueryError(.noDatabaseSelected, "No database selected")
        }
        if SystemSchema.names.contains(name.lowercased()) { return name.lowercased() }
        try caller.rights.requireSight(schema: name)
        guard let schema = try context.store.schema(name) else {
            throw QueryError(.unknownDatabase, "Unknown database '\(name)'")
        }
        return schema.name
    }

    func systemTable(_ name: TableName) throws -> SystemTable? {
        let schema = try schemaInUse(name.schema)
        guard SystemSchema.names.contains(schema) else { return nil }
        guard let table = SystemCatalog.table(schema: schema, name: name.table) else {
            throw SystemCatalog.missing(schema: schema, name: name.table)
        }
        return table
    }

    func table(_ name: TableName) throws -> ExternalTable {
        let schema = try schemaInUse(name.schema)
        try caller.rights.requireSight(schema: schema, table: name.table)
        guard let table = try context.store.table(schema: schema, name: name.table) else {
            throw QueryError(.unknownTable, "Table '\(schema).\(name.table)' doesn't exist")
        }
        return table
    }
}
