import LoonCore
import QueryEngine
import Synchronization

/// A connection where a query finds its tables under their names, and no others: in a catalog of its own. Made for one
/// query, and kept for later ones over the very same tables and files.
///
/// `@unchecked`: used by one thread at a time; what is kept is with nobody (`DuckDBWorkspaces`).
final class DuckDBWorkspace: @unchecked Sendable {
    let connection: DuckDBConnection
    /// The number that malformed fields are counted under.
    let number: Int64
    /// The key that a later query must have for this to be its workspace; `nil` where none may.
    fileprivate let key: [UInt8]?
    private var catalog: String?

    /// `filled`: with the daemon's own rows in their tables.
    init(
        _ connection: DuckDBConnection, number: Int64, for query: EngineQuery, _ footers: ParquetFooters,
        cancellation: Cancellation, filled: Bool
    ) throws {
        self.connection = connection
        self.number = number
        key = try Self.key(of: query, footers) { connection }
        // The engine counts its progress by this; nothing is printed.
        try connection.execute("SET enable_progress_bar = true")
        try connection.execute("SET enable_progress_bar_print = false")
        if query.isProfiled {
            try connection.execute("SET enable_profiling = 'no_output'")
            let metrics = DuckDBConnection.metrics.map { "\"\($0)\": \"true\"" }.joined(separator: ", ")
            try connection.execute("SET custom_profiling_settings = '{\(metrics)}'")
        }
        let isAlone = query.tables.isEmpty && query.valueTables.isEmpty && query.views.isEmpty && query.results.isEmpty
        guard !isAlone || query.schema != nil else { return }
        let catalog = "loon_\(number)"
        self.catalog = catalog
        let views = TableViews(
            catalog: catalog, places: footers.places, queryNumber: number, fileColumns: connection.storedColumns,
            parquetGroups: { try footers.groups(of: $0) { connection } })
        for statement in ["ATTACH ':memory:' AS \(catalog)"] + (try views.statements(for: query)) {
            if let reason = cancellation.reason { throw reason }
            try connection.execute(statement)
        }
        if filled {
            for table in query.valueTables { try connection.fill(table, catalog: catalog, cancellation: cancellation) }
        }
    }

    deinit {
        _ = EngineFunctions.takeCount(number)
        guard let catalog else { return }
        try? connection.execute("USE memory")
        try? connection.execute("DETACH DATABASE IF EXISTS \(catalog)")
    }

    /// The statements that make the workspace, in bytes: what is written alike and is not the same, as texts are to
    /// Swift, are two. `nil` for what does not last: the daemon's rows, and tables whose views say what their files
    /// were like.
    fileprivate static func key(
        of query: EngineQuery, _ footers: ParquetFooters, _ connection: @escaping () throws -> DuckDBConnection
    ) throws -> [UInt8]? {
        guard query.valueTables.isEmpty, query.results.isEmpty,
            !query.tables.contains(where: { $0.table.format == .avro }),
            query.tables.reduce(0, { $0 + $1.files.count }) <= Limits.workspaceFilesMax
        else { return nil }
        let statements = try TableViews(
            catalog: "loon", places: footers.places, queryNumber: 0, fileColumns: { _ in [] },
            parquetGroups: { try footers.groups(of: $0, connection) }
        ).statements(for: query)
        guard statements.reduce(0, { $0 + $1.utf8.count }) <= Limits.workspaceKeyBytesMax else { return nil }
        return [query.isProfiled ? 1 : 0, query.schema == nil ? 0 : 1] + statements.joined(separator: "\0").utf8
    }
}

/// Workspaces that wait for a query like their last one: each is here or with one query.
final class DuckDBWorkspaces: Sendable {
    private let kept = Mutex<[DuckDBWorkspace]>([])

    func take(for query: EngineQuery, _ footers: ParquetFooters, on instance: DuckDBInstance) throws
        -> DuckDBWorkspace?
    {
        guard let key = try DuckDBWorkspace.key(of: query, footers, { try DuckDBConnection(instance) }) else {
            return nil
        }
        return kept.withLock { kept in
            guard let index = kept.lastIndex(where: { $0.connection.instance === instance && $0.key == key }) else {
                return nil
            }
            return kept.remove(at: index)
        }
    }

    /// To be called where nothing has gone wrong and nothing was interrupted. The one that was used least lately makes
    /// room.
    func keepForLater(_ workspace: DuckDBWorkspace) {
        guard workspace.key != nil else { return }
        let oldest: DuckDBWorkspace? = kept.withLock { kept in
            kept.append(workspace)
            return kept.count > Limits.engineWorkspacesMax ? kept.removeFirst() : nil
        }
        // Taken down outside of the lock.
        withExtendedLifetime(oldest) {}
    }
}
