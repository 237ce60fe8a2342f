import LoonCore
import LoonLake
import QueryEngine
import SQLFrontend

/// The system's tables as a session sees them, for queries that the daemon cannot answer alone.
struct SessionTables: SystemTableSource {
    let session: Session

    func valueTable(schema: String, name: String, predicates: [ScanPredicate]) throws -> ValueTable {
        guard let table = SystemTables.table(schema: schema, name: name) else {
            throw SystemTables.missing(schema: schema, name: name)
        }
        let (session, engineSchema) = (session, SystemSchema.engineName(schema) ?? schema)
        return ValueTable(schema: engineSchema, name: table.name, columns: table.resultColumns) { body in
            try SystemTableReader(session: session).forEachRow(of: table, SystemTableScope(predicates), body)
        }
    }
}
