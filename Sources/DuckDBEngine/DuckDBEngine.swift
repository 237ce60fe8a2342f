import CDuckDB
import Foundation
package import LoonCore
package import QueryEngine
import Synchronization

/// DuckDB in this process, bound to what one worker may touch: a connection for each query.
///
/// The instance is the third wall (docs/invariants.md, 7): no file outside of the worker's, no extension, no change of
/// settings.
package final class DuckDBEngine: BatchEngine, Sendable {
    /// All that the engine may touch, fixed once.
    package struct Bounds: Sendable {
        /// The folders of the store's buckets and of what is not whole yet.
        package let root: String
        package let staging: String
        /// Folders and files that are read.
        package let readable: [String]
        /// Folders that are written to as well.
        package let writable: [String]
        /// Where operators that outgrow the memory put their data, and how much of it, such as `100GiB`; `nil`:
        /// DuckDB's default of 90 % of what is free.
        package let spill: String
        package let spillLimit: String?
        /// Whether Avro files are read: their extension is loaded, where it is there.
        package let readsAvro: Bool

        package init(
            root: String, staging: String, readable: [String], writable: [String], spill: String, spillLimit: String?,
            readsAvro: Bool
        ) {
            self.root = root
            self.staging = staging
            self.readable = readable
            self.writable = writable
            self.spill = spill
            self.spillLimit = spillLimit
            self.readsAvro = readsAvro
        }
    }

    private let root: String
    private let instance: DuckDBInstance
    private let lastWorkspace = Atomic<Int>(0)
    private let workspaces = DuckDBWorkspaces()
    private let places: StorePlaces
    private let footers: ParquetFooters
    private let broken = Atomic<Bool>(false)
    private let part = Mutex((threads: 1, memoryBytes: Int64(0)))

    /// Whether the instance has failed on an assertion of its own: it takes no more statements.
    package var isBroken: Bool { broken.load(ordering: .relaxed) }

    /// Fixes what the instance may touch.
    package init(_ instance: DuckDBInstance, _ bounds: Bounds) throws(QueryError) {
        self.instance = instance
        root = bounds.root
        places = StorePlaces(root: bounds.root, staging: bounds.staging)
        footers = ParquetFooters(places: places)
        let quote = EngineText.literal
        let isFolder: (String) -> Bool = { $0.hasSuffix("/") }
        let folders = bounds.readable.filter(isFolder) + bounds.writable
        // A folder that is written to is also asked for by its own name.
        let files = bounds.readable.filter { !isFolder($0) } + bounds.writable.map { String($0.dropLast()) }
        var settings = bounds.readsAvro ? instance.avroExtension.map { ["LOAD \(quote($0))"] } ?? [] : []
        settings += [
            "SET GLOBAL temp_directory = \(quote(bounds.spill))",
            "SET GLOBAL allowed_directories = [\(folders.map(quote).joined(separator: ", "))]",
            "SET GLOBAL allowed_paths = [\(files.map(quote).joined(separator: ", "))]",
            // Settings that Loon itself makes; a user's statement is never a SET.
            "SET GLOBAL allowed_configs = ['enable_profiling', 'custom_profiling_settings', 'search_path', "
                + "'schema', 'enable_progress_bar', 'enable_progress_bar_print', 'threads', 'memory_limit']",
        ]
        if let limit = bounds.spillLimit { settings.append("SET GLOBAL max_temp_directory_size = \(quote(limit))") }
        settings += ["SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true"]
        let connection = try DuckDBConnection(instance)
        for setting in settings { try connection.execute(setting) }
    }

    /// Where a file lies on this machine.
    package func path(of source: FileSource) -> String { places.path(of: source) }

    /// Gives the next statement its part of the cluster's memory and threads; with 0 threads it has those of the one
    /// before.
    package func take(threads: Int, memoryBytes: Int64) throws(QueryError) {
        let before = part.withLock { $0 }
        guard memoryBytes != before.memoryBytes || threads > 0 && threads != before.threads else { return }
        let connection = try DuckDBConnection(instance)
        if memoryBytes != before.memoryBytes {
            try connection.execute("SET GLOBAL memory_limit = '\(memoryBytes / 1024)KiB'")
            part.withLock { $0.memoryBytes = memoryBytes }
        }
        if threads > 0, threads != before.threads {
            try connection.execute("SET GLOBAL threads = \(threads)")
            part.withLock { $0.threads = threads }
        }
    }

    /// Runs `body` on the instance. Errors come as a user may see them: objects by their places in the store. What the
    /// engine says when it is interrupted is not why.
    private func onInstance<Value>(
        _ cancellation: Cancellation? = nil, _ body: (DuckDBInstance) throws -> Value
    ) throws -> Value {
        do { return try body(instance) } catch {
            let isFailure = (error as? QueryError).flatMap(EngineError.isFailureOfItsOwn) ?? false
            if isFailure || (error as? QueryError)?.code == .engine, !takesStatements {
                broken.store(true, ordering: .relaxed)
            }
            if let reason = cancellation?.reason { throw reason }
            guard let error = error as? QueryError else { throw error }
            guard !isFailure else {
                throw QueryError(
                    .engine, "The engine failed on this statement; write the statement otherwise",
                    detail: error.detail)
            }
            throw QueryError(error.code, EngineError.withoutPaths(error.message, root: root), detail: error.detail)
        }
    }

    private var takesStatements: Bool { (try? DuckDBConnection(instance).execute("SELECT 1")) != nil }

    package func parse(_ sql: String) throws -> [UInt8] {
        try onInstance { instance in
            let none = EngineQuery(
                sql: "", schema: nil, tables: [], isProfiled: false, account: AccountIdentity(name: "", number: 0))
            let workspace =
                try workspaces.take(for: none, footers, on: instance)
                ?? makeWorkspace(for: none, on: instance, cancellation: Cancellation(), filled: false)
            let tree = try workspace.connection.serialize(sql)
            workspaces.keepForLater(workspace)
            return tree
        }
    }

    package func rows(
        _ rows: [[String?]], of columns: [TableColumn], matching conditions: [ScanCondition],
        cancellation: Cancellation
    ) throws -> [Int]? {
        try onInstance(cancellation) { instance in
            let connection = try DuckDBConnection(instance)
            return try stoppable(connection, cancellation) {
                try RowConditions(connection: connection).select(conditions, columns: columns, rows: rows)
            }
        }
    }

    package func run(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile {
        try measured(query, cancellation: cancellation) { connection in
            (try connection.stream(query, cancellation: cancellation, sink: sink), ())
        }.profile
    }

    package func describe(_ query: EngineQuery, cancellation: Cancellation) throws -> [ResultColumn] {
        try onInstance(cancellation) { instance in
            let workspace = try makeWorkspace(for: query, on: instance, cancellation: cancellation, filled: false)
            defer { withExtendedLifetime(workspace) {} }
            return try stoppable(workspace.connection, cancellation) { try workspace.connection.columns(of: query.sql) }
        }
    }

    package func explain(_ query: EngineQuery, isAnalyze: Bool, cancellation: Cancellation) throws -> String {
        try onInstance(cancellation) { instance in
            let workspace = try makeWorkspace(for: query, on: instance, cancellation: cancellation, filled: isAnalyze)
            defer { withExtendedLifetime(workspace) {} }
            return try stoppable(workspace.connection, cancellation) {
                // An explained statement must be a SELECT, as one that is run.
                _ = try workspace.connection.columns(of: query.sql)
                let plan = PlanText.withoutFiles(try workspace.connection.plan(of: query.sql, isAnalyze: isAnalyze))
                return EngineError.withoutPaths(plan, root: root)
            }
        }
    }

    package func inferColumns(of files: [FileSource], format: TableFormat, cancellation: Cancellation) throws
        -> InferredColumns
    {
        let list = "[" + files.map { EngineText.literal(places.path(of: $0)) }.joined(separator: ", ") + "]"
        return try onInstance(cancellation) { instance in
            let connection = try DuckDBConnection(instance)
            return try stoppable(connection, cancellation) {
                func inferred(_ reader: String, _ format: TableFormat) throws -> InferredColumns {
                    InferredColumns(columns: try connection.columns(of: "SELECT * FROM \(reader)"), format: format)
                }
                switch format {
                case .parquet:
                    return try inferred(
                        "read_parquet(\(list), union_by_name = true, hive_partitioning = false)", format)
                case .avro: return try inferred("read_avro(\(list))", format)
                case .json:
                    return try inferred(
                        "read_json(\(list), format = 'newline_delimited', hive_partitioning = false, "
                            + "union_by_name = true)", format)
                case .text:
                    return try inferred(
                        "read_csv(\(list), hive_partitioning = false, union_by_name = true)",
                        .text(try files.first.map { try sniffed(places.path(of: $0), connection) } ?? TextLayout()))
                case .orc, .rcFile:
                    throw QueryError(
                        .notSupported, "The embedded engine does not read \(format.storedAs); write the columns out")
                }
            }
        }
    }

    /// How a file of delimited text is laid out.
    private func sniffed(_ file: String, _ connection: DuckDBConnection) throws -> TextLayout {
        let fields = "[Delimiter, coalesce(nullif(Quote, '\\0'), ''), CAST(HasHeader AS VARCHAR)]"
        let text = try connection.text(
            of: "SELECT array_to_string(\(fields), chr(1)) FROM sniff_csv(\(EngineText.literal(file)))")
        let parts = text.split(separator: "\u{1}", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let delimiter = parts.first, delimiter.unicodeScalars.count == 1 else {
            throw QueryError(.malformedData, "The delimiter of the files was not found; write the columns out")
        }
        let quote = parts[1].unicodeScalars.count == 1 ? parts[1] : "\""
        return TextLayout(
            serDe: .openCSV, delimiter: delimiter, quote: quote, escape: quote, headerLines: parts[2] == "true" ? 1 : 0)
    }

    package func export(_ query: EngineQuery, to target: ExportTarget, cancellation: Cancellation) throws
        -> QueryProfile
    {
        try measured(query, cancellation: cancellation) { connection in
            let count = try connection.columns(of: query.sql).count
            let expected = target.sources.count { $0 != nil }
            guard count == expected else {
                throw QueryError(
                    .columnCount,
                    "Column count doesn't match value count: the table takes \(expected) and the query has \(count)")
            }
            var profile = QueryProfile()
            // Files of an earlier attempt are removed.
            let folder = places.path(of: target.folder)
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                try? FileManager.default.removeItem(atPath: folder + "/" + name)
            }
            let copy = TableCopy(query: query.sql, target: target, folder: folder)
            profile.rowCount = try connection.copy(copy.statement)
            if target.partitionCount > 0 { try FileSplitter(copy: copy, connection: connection).run() }
            if query.isProfiled { connection.takeMeasures(into: &profile) }
            return (profile, ())
        }.profile
    }

    package func keepRows(
        _ query: EngineQuery, in file: FileSource, isShown: Bool, rowsMax: Int?, cancellation: Cancellation
    ) throws -> KeptRows {
        let (profile, columns) = try measured(query, cancellation: cancellation) { connection in
            let columns = try connection.columns(of: query.sql)
            var profile = QueryProfile()
            profile.rowCount = try connection.copy(
                ResultScan.copy(
                    query, columns: columns, path: places.path(of: file), isShown: isShown, rowsMax: rowsMax))
            if query.isProfiled { connection.takeMeasures(into: &profile) }
            return (profile, columns)
        }
        return KeptRows(profile: profile, columns: columns)
    }

    package func volatileFunctions() throws -> Set<String> {
        let sql =
            "SELECT string_agg(DISTINCT lower(function_name), chr(1)) FROM duckdb_functions() WHERE stability "
            + "<> 'CONSISTENT'"
        return try onInstance { Set(try DuckDBConnection($0).text(of: sql).split(separator: "\u{1}").map(String.init)) }
    }

    private func makeWorkspace(
        for query: EngineQuery, on instance: DuckDBInstance, cancellation: Cancellation, filled: Bool
    ) throws -> DuckDBWorkspace {
        let number = Int64(lastWorkspace.wrappingAdd(1, ordering: .relaxed).newValue)
        return try DuckDBWorkspace(
            try DuckDBConnection(instance), number: number, for: query, footers, cancellation: cancellation,
            filled: filled)
    }

    /// Runs `body` so that it can be stopped.
    private func stoppable<Value>(
        _ connection: DuckDBConnection, _ cancellation: Cancellation, _ body: () throws -> Value
    ) throws -> Value {
        connection.begin()
        defer { connection.end() }
        return try cancellation.run(stoppingWith: { connection.interrupt() }, progress: { connection.progress }, body)
    }

    /// Runs `body` on a connection that has the query's tables and counts its progress, and adds the malformed fields
    /// to the profile that it gives.
    private func measured<Value>(
        _ query: EngineQuery, cancellation: Cancellation,
        _ body: (DuckDBConnection) throws -> (profile: QueryProfile, value: Value)
    ) throws -> (profile: QueryProfile, value: Value) {
        try onInstance(cancellation) { instance in
            let workspace =
                try workspaces.take(for: query, footers, on: instance)
                ?? makeWorkspace(for: query, on: instance, cancellation: cancellation, filled: true)
            var (profile, value) = try stoppable(workspace.connection, cancellation) { try body(workspace.connection) }
            profile.malformedCount = EngineFunctions.takeCount(workspace.number)
            // An interrupt may still be under way to a connection that was to stop.
            if cancellation.reason == nil { workspaces.keepForLater(workspace) }
            return (profile, value)
        }
    }
}
