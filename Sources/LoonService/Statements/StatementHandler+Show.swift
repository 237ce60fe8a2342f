import LoonCore
import MetaStore
import MySQLProtocol
import SQLFrontend
import Synchronization

/// SHOW and DESCRIBE, in the shapes that MySQL's clients read.
extension StatementHandler {
    func showDatabases(like pattern: String?) throws {
        let names = try context.store.schemas().map(\.name).filter { matches($0, pattern) }
        response.rows([ResultColumn(name: "Database", type: .text)], names.map { [.text($0)] })
    }

    func showTables(full: Bool, schema: String?, like pattern: String?) throws {
        let schema = try schemaInUse(schema)
        var columns = [ResultColumn(name: "Tables_in_\(schema)", type: .text)]
        if full { columns.append(ResultColumn(name: "Table_type", type: .text)) }
        let names = try context.store.tables(schema: schema).map(\.name).filter { matches($0, pattern) }
        response.rows(columns, names.map { full ? [.text($0), .text("BASE TABLE")] : [.text($0)] })
    }

    func showColumns(_ name: TableName, full: Bool) throws {
        let table = try table(name)
        let names =
            full
            ? ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
            : ["Field", "Type", "Null", "Key", "Default", "Extra"]
        let rows: [[SQLValue]] = table.columns.map { column in
            let head: [SQLValue] = [.text(column.name), .text(column.type.ddl)]
            let middle: [SQLValue] = [.text("YES"), .text(""), .null, .text("")]
            return full ? head + [.null] + middle + [.text("select"), .text(column.comment ?? "")] : head + middle
        }
        response.rows(names.map { ResultColumn(name: $0, type: .text) }, rows)
    }

    func showCreateTable(_ name: TableName) throws {
        let table = try table(name)
        response.rows(
            [ResultColumn(name: "Table", type: .text), ResultColumn(name: "Create Table", type: .text)],
            [[.text(table.name), .text(DefinitionText.createTable(table))]])
    }

    func showCreateSchema(_ name: String) throws {
        guard let schema = try context.store.schema(name) else { throw QueryError(.unknownDatabase, "Unknown database '\(name)'") }
        response.rows(
            [ResultColumn(name: "Database", type: .text), ResultColumn(name: "Create Database", type: .text)],
            [[.text(schema.name), .text(DefinitionText.createSchema(schema))]])
    }

    /// An account sees its own tasks, an administrator all.
    func showQueryTask(account: String?, _ selection: RowSelection, full: Bool) throws {
        let own = session.login.user
        guard session.isAdmin || account == nil || account == own else {
            throw QueryError(.accessDenied, "Access denied; only an administrator sees the tasks of another account")
        }
        let rows = try context.store.taskRows(
            selection, account: session.isAdmin ? account : own, full: full, offsetMinutes: context.configuration.timeZoneOffsetMinutes)
        response.rows(full ? MetaStore.fullTaskColumns : MetaStore.taskColumns, rows)
    }

    func showWarnings() {
        let rows: [[SQLValue]] = session.state.withLock(\.warnings).map {
            [.text("Warning"), .integer(Int64(ErrorNumber($0.code).number)), .text($0.message)]
        }
        response.rows(
            [
                ResultColumn(name: "Level", type: .text), ResultColumn(name: "Code", type: .int64),
                ResultColumn(name: "Message", type: .text),
            ], rows)
    }

    func showVariables(like pattern: String?) {
        let variables = session.state.withLock(\.variables)
        let names = (Array(SystemVariables.defaults.keys) + Hints.known).filter { matches($0, pattern) }.sorted()
        let rows: [[SQLValue]] = names.map { name in
            switch variables.value(name) {
            case .integer(let number)?: [.text(name), .text(String(number))]
            case let value: [.text(name), value ?? .null]
            }
        }
        response.rows([ResultColumn(name: "Variable_name", type: .text), ResultColumn(name: "Value", type: .text)], rows)
    }

    // MARK: Names

    private func schemaInUse(_ name: String?) throws -> String {
        guard let name = name ?? session.state.withLock(\.schema) else { throw QueryError(.noDatabaseSelected, "No database selected") }
        guard let schema = try context.store.schema(name) else { throw QueryError(.unknownDatabase, "Unknown database '\(name)'") }
        return schema.name
    }

    private func table(_ name: TableName) throws -> ExternalTable {
        let schema = try schemaInUse(name.schema)
        guard let table = try context.store.table(schema: schema, name: name.table) else {
            throw QueryError(.unknownTable, "Table '\(schema).\(name.table)' doesn't exist")
        }
        return table
    }

    private func matches(_ name: String, _ pattern: String?) -> Bool { pattern.map { LikePattern($0).matches(name) } ?? true }
}
