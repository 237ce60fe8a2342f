import AccessControl
import LoonCore
import LoonLake
import LoonTasks
import MySQLProtocol
import QueryEngine
import SQLFrontend
import Synchronization
import SystemTables

/// The system's tables as a session sees them, for queries that the daemon cannot answer alone.
struct SessionTables: SystemTableSource {
    let session: Session

    var reader: SystemTableReader {
        SystemTableReader(store: session.context.store, viewer: self, now: session.context.clock.now())
    }

    func valueTable(schema: String, name: String, predicates: [ScanPredicate]) throws -> ValueTable {
        guard let table = SystemTables.table(schema: schema, name: name) else {
            throw SystemTables.missing(schema: schema, name: name)
        }
        let (reader, engineSchema) = (reader, SystemSchema.engineName(schema) ?? schema)
        return ValueTable(schema: engineSchema, name: table.name, columns: table.resultColumns) { body in
            try reader.forEachRow(of: table, SystemTableScope(predicates), body)
        }
    }
}

extension SessionTables: SystemTableViewer {
    var account: AccountIdentity { session.account }
    var rights: AccountRights { session.rights }
    var isAdministrator: Bool { session.isAdministrator }
    var status: [(String, String)] { ServerStatistics(session.context).status(of: session) }

    func variables(isGlobal: Bool) -> [(name: String, value: SQLValue)] {
        session.state.withLock { $0.variables.listed(isGlobal: isGlobal) }
    }

    func processes(full: Bool) -> [[SQLValue]] { ProcessList(session: session).rows(full: full) }

    var connectAttributes: [[SQLValue]] {
        session.context.sessions.all.filter { isAdministrator || $0.account == account }.flatMap { other in
            other.login.attributes.sorted { $0.key < $1.key }.enumerated().map { place, attribute in
                [
                    .integer(Int64(other.login.connectionID)), .text(attribute.key), .text(attribute.value),
                    .integer(Int64(place)),
                ]
            }
        }
    }

    func withProgress(_ row: [SQLValue]) -> [SQLValue] { session.context.scheduler.withProgress(row) }

    func checkCancelled() throws {
        if let reason = session.state.withLock({ $0.running?.cancellation.reason }) { throw reason }
    }
}
