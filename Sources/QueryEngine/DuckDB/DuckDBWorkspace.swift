import LoonCore
import Synchronization

/// A connection where a query finds its tables under their names, and no others: in a catalog of its own. Made for one query, and kept for later ones over
/// the very same tables and files.
///
/// `@unchecked`: used by one thread at a time; what is kept is with nobody (`DuckDBWorkspaces`).
final class DuckDBWorkspace: @unchecked Sendable {
    let connection: DuckDBConnection
    /// What malformed fields are counted by.
    let number: Int64
    private let schema: String?
    private let tables: [TableBinding]
    private let views: [ViewBinding]
    private let isProfiled: Bool
    /// Whether a later query may find the same here: not the daemon's rows, and not where the view of a table says what its files were like.
    let isLasting: Bool
    private var catalog: String?

    /// `filled`: with the daemon's own rows in their tables.
    init(_ connection: DuckDBConnection, number: Int64, for query: EngineQuery, cancellation: Cancellation, filled: Bool) throws {
        self.connection = connection
        self.number = number
        (schema, tables, views, isProfiled) = (query.schema, query.tables, query.views, query.isProfiled)
        isLasting =
            query.valueTables.isEmpty && query.results.isEmpty && !tables.contains { $0.table.format == .avro }
            && tables.reduce(0) { $0 + $1.files.count } <= Limits.workspaceFilesMax
            && tables.reduce(0) { $0 + $1.partitions.count } <= Limits.workspacePartitionsMax
            && views.reduce(0) { $0 + $1.sql.utf8.count } <= Limits.workspaceViewBytesMax
        // What the engine counts its progress by; nothing is printed.
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
        let views = TableViews(catalog: catalog, queryNumber: number) { try connection.columns(of: $0).map(\.name) }
        for statement in ["ATTACH ':memory:' AS \(catalog)"] + (try views.statements(for: query)) {
            if let reason = cancellation.reason { throw reason }
            try connection.execute(statement)
        }
        if filled { for table in query.valueTables { try connection.fill(table, catalog: catalog, cancellation: cancellation) } }
    }

    deinit {
        _ = EngineFunctions.takeCount(number)
        guard let catalog else { return }
        try? connection.execute("USE memory")
        try? connection.execute("DETACH DATABASE IF EXISTS \(catalog)")
    }

    func suits(_ other: EngineQuery) -> Bool {
        other.isProfiled == isProfiled && other.schema == schema && other.valueTables.isEmpty && other.results.isEmpty && other.tables == tables
            && other.views == views
    }
}

/// Workspaces that wait for a query like their last one: each is here or with one query.
final class DuckDBWorkspaces: Sendable {
    private let kept = Mutex<[DuckDBWorkspace]>([])

    func take(for query: EngineQuery, on instance: DuckDBInstance) -> DuckDBWorkspace? {
        kept.withLock { kept in
            guard let index = kept.lastIndex(where: { $0.connection.instance === instance && $0.suits(query) }) else { return nil }
            return kept.remove(at: index)
        }
    }

    /// To be called where nothing has gone wrong and nothing was interrupted. The one that was used least lately makes room.
    func keep(_ workspace: DuckDBWorkspace) {
        guard workspace.isLasting else { return }
        let oldest: DuckDBWorkspace? = kept.withLock { kept in
            kept.append(workspace)
            return kept.count > Limits.engineWorkspacesMax ? kept.removeFirst() : nil
        }
        // Taken down outside of the lock.
        withExtendedLifetime(oldest) {}
    }

    func removeAll() {
        let all = kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
        withExtendedLifetime(all) {}
    }
}
