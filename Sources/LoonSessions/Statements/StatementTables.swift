import AccessControl
import LoonCore
import LoonLake
import LoonTasks
import MySQLProtocol
import QueryEngine
import SQLFrontend
import SystemTables

/// The system's tables as a statement sees them, for queries that the daemon cannot answer alone.
struct StatementTables: SystemTableSource {
    let caller: StatementContext

    var reader: SystemTableReader {
        SystemTableReader(store: caller.services.store, viewer: self, now: caller.now)
    }

    func valueTable(schema: String, name: String, predicates: [ScanPredicate]) throws -> ValueTable {
        guard let table = SystemCatalog.table(schema: schema, name: name) else {
            throw SystemCatalog.missing(schema: schema, name: name)
        }
        let (reader, engineSchema) = (reader, SystemSchema.engineName(schema) ?? schema)
        return ValueTable(schema: engineSchema, name: table.name, columns: table.resultColumns) { body in
            try reader.forEachRow(of: table, SystemTableScope(predicates), body)
        }
    }
}

extension StatementTables: SystemTableViewer {
    var account: AccountIdentity { caller.account }
    var rights: AccountRights { caller.rights }
    var isAdministrator: Bool { caller.isAdministrator }
    var status: [(String, String)] { ServerStatistics(caller.services).status(of: caller.login) }

    func variables(isGlobal: Bool) -> [(name: String, value: SQLValue)] {
        caller.variables.listed(isGlobal: isGlobal)
    }

    func processes(full: Bool) -> [[SQLValue]] { ProcessList(caller: caller).rows(full: full) }

    var connectAttributes: [[SQLValue]] {
        caller.services.sessions.all.filter { isAdministrator || $0.account == account }.flatMap { other in
            other.login.attributes.sorted { $0.key < $1.key }.enumerated().map { place, attribute in
                [
                    .integer(Int64(other.login.connectionID)), .text(attribute.key), .text(attribute.value),
                    .integer(Int64(place)),
                ]
            }
        }
    }

    func withProgress(_ row: [SQLValue]) -> [SQLValue] {
        caller.services.scheduler.withProgress(row, isAdministrator: caller.isAdministrator)
    }

    func checkCancelled() throws {
        if let reason = caller.cancellation.reason { throw reason }
    }
}
