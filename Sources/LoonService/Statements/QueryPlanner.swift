import AccessControl
import LoonCore
import MetaStore
import ObjectStore
import QueryEngine
import SQLFrontend

/// A query that is ready to run.
struct PlannedQuery: Sendable {
    let query: EngineQuery
    /// Stored bytes of each file handed to a scan, once a scan.
    let scannedBytes: Int64

    /// The schema of the first table that the query names.
    var firstSchema: String? { query.tables.first?.table.schema }
}

/// Turns a user's query into one for the engine: into its dialect, past the gate, with the tables that it names and their files.
struct QueryPlanner: Sendable {
    let context: ServiceContext

    /// `sql` is in the engine's dialect. Blocks on the engine's parser, the metadata and the disk.
    /// `session` is whose eyes the system's tables are seen with; without one there are none.
    func plan(_ sql: String, schema: String?, isProfiled: Bool, session: Session? = nil) throws -> PlannedQuery {
        var bindings: [TableBinding] = []
        var valueTables: [ValueTable] = []
        let engineSchema = schema.map { SystemSchema.engineName($0) ?? $0 }
        var scannedBytes: Int64 = 0
        for reference in try StatementGate().examine(serialized: try context.engine.parse(sql)) {
            if let name = (reference.schema ?? engineSchema).flatMap(SystemSchema.name(ofEngineName:)) {
                let table = try valueTable(name, reference.table, session)
                if !valueTables.contains(where: { $0.schema == table.schema && $0.name == table.name }) { valueTables.append(table) }
                continue
            }
            let table = try table(reference, schema: schema)
            let files = try files(of: table)
            for file in files {
                // Sparse files may claim any size.
                let bytes = file.size.multipliedReportingOverflow(by: Int64(reference.scans))
                let sum = scannedBytes.addingReportingOverflow(bytes.partialValue)
                scannedBytes = bytes.overflow || sum.overflow ? .max : sum.partialValue
            }
            let isBound = bindings.contains { $0.table.schema == table.schema && $0.table.name == table.name }
            if !isBound { bindings.append(TableBinding(table: table, files: files.map(\.path))) }
        }
        return PlannedQuery(
            query: EngineQuery(sql: sql, schema: engineSchema, tables: bindings, valueTables: valueTables, isProfiled: isProfiled),
            scannedBytes: scannedBytes)
    }

    /// One of the system's tables, for a query that the daemon cannot answer alone.
    private func valueTable(_ schema: String, _ name: String, _ session: Session?) throws -> ValueTable {
        guard let table = SystemTables.table(schema: schema, name: name), let session else {
            throw SystemTables.missing(schema: schema, name: name)
        }
        return ValueTable(schema: SystemSchema.engineName(schema) ?? schema, name: table.name, columns: table.resultColumns) { body in
            try SystemTableReader(session: session).forEachRow(of: table, .everything, body)
        }
    }

    private func table(_ reference: StatementGate.TableReference, schema: String?) throws -> ExternalTable {
        guard let place = reference.schema ?? schema else {
            throw QueryError(.noDatabaseSelected, "No database selected; write schema.\(reference.table) or USE a schema")
        }
        if let table = try context.store.table(schema: place, name: reference.table) { return table }
        if try context.store.schema(place) == nil { throw QueryError(.unknownDatabase, "Unknown database '\(place)'") }
        // Of the tables that the account may see, which is all of them so far.
        let suggestion = NameSuggestion.text(reference.table, among: try context.store.tableNames(schema: place))
        throw QueryError(.unknownTable, "Table '\(place).\(reference.table)' doesn't exist\(suggestion)")
    }

    /// The files that a table's location holds now, hidden ones (`_…`, `.…`) left out.
    private func files(of table: ExternalTable) throws -> [ObjectSummary] {
        let location = try ObjectKey(table.location)
        let files: [ObjectSummary]
        if location.isFolder {
            let isRecursive = table.properties["recursive.directories"]?.lowercased() == "true"
            files = try context.objects.list(location, recursive: isRecursive).filter { object in
                let name = object.key.key.split(separator: "/").last ?? ""
                return !name.hasPrefix("_") && !name.hasPrefix(".") && object.size > 0
            }
        } else {
            guard let object = try context.objects.stat(location) else {
                throw QueryError(.missingObject, "The file '\(location)' of the table \(table.schema).\(table.name) does not exist")
            }
            files = object.size > 0 ? [object] : []
        }
        guard files.count <= Limits.filesPerScanMax else {
            throw QueryError(
                .resultTooLarge, "The table \(table.schema).\(table.name) has \(files.count) files; \(Limits.filesPerScanMax) can be read at a time")
        }
        // The engine would take these characters for a pattern.
        if let odd = files.first(where: { $0.key.key.unicodeScalars.contains { "*?[]{}".unicodeScalars.contains($0) } }) {
            throw QueryError(.location, "The file '\(odd.key)' cannot be read: its name holds one of * ? [ ] { }; rename it")
        }
        return files
    }
}
