import CDuckDB
import Dispatch
import Foundation
package import LoonCore
package import QueryEngine
import Synchronization

/// DuckDB in this process: one instance, a connection for each running query.
///
/// The instance is the third wall (docs/invariants.md, 7): no file outside the object store, no extension, no change of
/// settings. In one that has failed on an assertion of its own nothing begins any more.
package final class DuckDBEngine: QueryEngine, Sendable {
    /// Bounds of the instance.
    package struct Options: Sendable {
        package let threads: Int
        /// The bound as DuckDB writes it, such as `4GiB`; `nil` leaves its default, 80 % of the machine's memory.
        package let memoryLimit: String?
        /// Where operators that outgrow the memory put their data.
        package let spillDirectory: String
        /// How much of it, such as `100GiB`; `nil` leaves DuckDB's default of 90 % of what is free.
        package let spillLimit: String?
        /// Where tables' files are written before they get their places.
        package let stagingDirectory: String
        /// Signed extensions that are loaded at the start: paths of files.
        package let extensions: [String]
        /// Macros that every statement may call: `name(a, b) AS …`.
        package let macros: [String]

        package init(
            threads: Int, memoryLimit: String?, spillDirectory: String, spillLimit: String?, stagingDirectory: String,
            extensions: [String], macros: [String]
        ) {
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.spillDirectory = spillDirectory
            self.spillLimit = spillLimit
            self.stagingDirectory = stagingDirectory
            self.extensions = extensions
            self.macros = macros
        }
    }

    private let root: String
    private let options: Options
    private let instance: Mutex<DuckDBInstance?>
    private let instancesOpened = Atomic<Int>(0)
    private let lastWorkspace = Atomic<Int>(0)
    private let workspaces = DuckDBWorkspaces()
    private let places: FilePlaces
    private let footers: ParquetFooters

    /// Opens an instance that can read below `root` and nowhere else.
    package init(root: String, options: Options) throws(QueryError) {
        self.root = root
        self.options = options
        places = FilePlaces(root: root, staging: options.stagingDirectory)
        footers = ParquetFooters(places: places)
        instance = Mutex(nil)
        let first = try open()
        instance.withLock { $0 = first }
    }

    private func open() throws(QueryError) -> DuckDBInstance {
        // A folder for each instance: the one before may still be at work, and takes its own away when it ends.
        let spill = "\(options.spillDirectory)/\(instancesOpened.wrappingAdd(1, ordering: .relaxed).newValue)"
        do {
            try FileManager.default.createDirectory(atPath: options.spillDirectory, withIntermediateDirectories: true)
        } catch {
            throw QueryError(
                .storage,
                "The folder '\(options.spillDirectory)' for what outgrows the memory cannot be made; see "
                    + "engine.spill-dir"
            )
        }
        let instance = try DuckDBInstance()
        let connection = try DuckDBConnection(instance)
        let quote = EngineText.literal
        var settings = [
            "SET GLOBAL threads = \(options.threads)",
            "SET GLOBAL temp_directory = \(quote(spill))",
            "SET GLOBAL TimeZone = 'UTC'",
            "SET GLOBAL autoinstall_known_extensions = false",
            "SET GLOBAL autoload_known_extensions = false",
            "SET GLOBAL allow_community_extensions = false",
            // DuckDB 1.5.5 pushes what a join has found below a LIMIT now and then, and rows from beyond it come out.
            "SET GLOBAL disabled_optimizers = 'join_filter_pushdown'",
            "SET GLOBAL allowed_directories = [\(quote(root + "/")), \(quote(options.stagingDirectory + "/"))]",
            // Settings that Loon itself makes for a connection; a user's statement is never a SET.
            "SET GLOBAL allowed_configs = ['enable_profiling', 'custom_profiling_settings', 'search_path', "
                + "'schema', 'enable_progress_bar', 'enable_progress_bar_print']",
        ]
        if let limit = options.memoryLimit { settings.append("SET GLOBAL memory_limit = \(quote(limit))") }
        if let limit = options.spillLimit { settings.append("SET GLOBAL max_temp_directory_size = \(quote(limit))") }
        settings += options.extensions.map { "LOAD \(quote($0))" }
        settings += MySQLFunctions.statements + options.macros.map { "CREATE MACRO memory.main." + $0 }
        settings += ["SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true"]
        try connection.registerFunctions()
        for setting in settings { try connection.execute(setting) }
        return instance
    }

    private func current() throws -> DuckDBInstance {
        try instance.withLock { instance in
            if let instance { return instance }
            let fresh = try open()
            instance = fresh
            return fresh
        }
    }

    /// Runs `body` on the instance of the moment. An instance in which a statement has failed an assertion of the
    /// engine's takes no more statements and is let go of at once; what runs in it goes on, and what was to begin in it
    /// begins again in the next. Errors come as a user may see them: objects by their places in the store. What the
    /// engine says when it is interrupted is not why.
    private func onInstance<Value>(
        _ cancellation: Cancellation? = nil, mayRepeat: () -> Bool = { true }, _ body: (DuckDBInstance) throws -> Value
    ) throws -> Value {
        var attempts = 0
        while true {
            attempts += 1
            let instance = try current()
            do { return try body(instance) } catch {
                var failure = (error as? QueryError).flatMap(EngineError.InstanceFailure.init)
                // After some failures of an assertion the instance lives; of some errors it does not say the reason.
                let mayBeBroken = failure != nil || (error as? QueryError)?.code == .engine
                let isBroken = mayBeBroken && !takesStatements(instance)
                if isBroken, failure == nil { failure = .ofAnother }
                if isBroken { drop(instance) }
                if let reason = cancellation?.reason { throw reason }
                guard let error = error as? QueryError else { throw error }
                switch failure {
                case .ofAnother where attempts < Limits.engineAttemptsMax && mayRepeat(): continue
                case .ofAnother:
                    throw QueryError(
                        .engine, "The engine was started again while this statement ran; run it again",
                        detail: error.detail)
                case .ofThis:
                    let restarted = isBroken ? " and was started again" : ""
                    throw QueryError(
                        .engine, "The engine failed on this statement\(restarted); write the statement otherwise",
                        detail: error.detail)
                case nil:
                    throw QueryError(
                        error.code, EngineError.withoutPaths(error.message, root: root), detail: error.detail)
                }
            }
        }
    }

    private func takesStatements(_ instance: DuckDBInstance) -> Bool {
        (try? DuckDBConnection(instance).execute("SELECT 1")) != nil
    }

    private func drop(_ broken: DuckDBInstance) {
        let isFirst = instance.withLock { instance in
            guard instance === broken else { return false }
            instance = nil
            return true
        }
        if isFirst { workspaces.removeAll() }
    }

    private func keepForLater(_ workspace: DuckDBWorkspace) {
        workspaces.keepForLater(workspace)
        // The instance may have been let go of: nothing of it is kept.
        if workspace.connection.instance !== instance.withLock({ $0 }) { workspaces.remove(workspace) }
    }

    package func parse(_ sql: String) throws -> [UInt8] {
        try onInstance { instance in
            let none = EngineQuery(sql: "", schema: nil, tables: [], isProfiled: false)
            let workspace =
                try workspaces.take(for: none, footers, on: instance)
                ?? makeWorkspace(for: none, on: instance, cancellation: Cancellation(), filled: false)
            let tree = try workspace.connection.serialize(sql)
            keepForLater(workspace)
            return tree
        }
    }

    package func rows(_ rows: [[String?]], of columns: [TableColumn], matching conditions: [ScanCondition]) throws
        -> [Int]?
    {
        let cancellation = Cancellation()
        // Planning waits for it, and nobody can stop it there.
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .milliseconds(Limits.conditionsMilliseconds))
        {
            cancellation.cancel(QueryError(.timeLimit, "The conditions take too long to try"))
        }
        return try onInstance(cancellation) { instance in
            let connection = try DuckDBConnection(instance)
            return try stoppable(connection, cancellation) {
                try RowConditions(connection: connection).select(conditions, columns: columns, rows: rows)
            }
        }
    }

    package func run(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile {
        let sink = BegunSink(sink)
        return try measured(query, cancellation: cancellation, mayRepeat: { !sink.hasBegun }) { connection in
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

    package func inferColumns(
        of files: [FileSource], format: TableFormat, cancellation: Cancellation
    ) throws -> (columns: [ResultColumn], format: TableFormat) {
        let list = "[" + files.map { EngineText.literal(places.path(of: $0)) }.joined(separator: ", ") + "]"
        return try onInstance(cancellation) { instance in
            let connection = try DuckDBConnection(instance)
            return try stoppable(connection, cancellation) {
                switch format {
                case .parquet:
                    (
                        try connection.columns(
                            of: "SELECT * FROM read_parquet(\(list), union_by_name = true, hive_partitioning = false)"),
                        format
                    )
                case .avro: (try connection.columns(of: "SELECT * FROM read_avro(\(list))"), format)
                case .json:
                    (
                        try connection.columns(
                            of:
                                "SELECT * FROM read_json(\(list), format = 'newline_delimited', "
                                + "hive_partitioning = false, union_by_name = true)"
                        ),
                        format
                    )
                case .text:
                    (
                        try connection.columns(
                            of: "SELECT * FROM read_csv(\(list), hive_partitioning = false, union_by_name = true)"),
                        .text(try files.first.map { try sniffed(places.path(of: $0), connection) } ?? TextLayout())
                    )
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
    ) throws -> (profile: QueryProfile, columns: [ResultColumn]) {
        let (profile, columns) = try measured(query, cancellation: cancellation) { connection in
            let columns = try connection.columns(of: query.sql)
            var profile = QueryProfile()
            profile.rowCount = try connection.copy(
                ResultScan.copy(
                    query, columns: columns, path: places.path(of: file), isShown: isShown, rowsMax: rowsMax))
            if query.isProfiled { connection.takeMeasures(into: &profile) }
            return (profile, columns)
        }
        return (profile, columns)
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
        _ query: EngineQuery, cancellation: Cancellation, mayRepeat: () -> Bool = { true },
        _ body: (DuckDBConnection) throws -> (profile: QueryProfile, value: Value)
    ) throws -> (profile: QueryProfile, value: Value) {
        try onInstance(cancellation, mayRepeat: mayRepeat) { instance in
            let workspace =
                try workspaces.take(for: query, footers, on: instance)
                ?? makeWorkspace(for: query, on: instance, cancellation: cancellation, filled: true)
            var (profile, value) = try stoppable(workspace.connection, cancellation) { try body(workspace.connection) }
            profile.malformedCount = EngineFunctions.takeCount(workspace.number)
            // An interrupt may still be under way to a connection that was to stop.
            if cancellation.reason == nil { keepForLater(workspace) }
            return (profile, value)
        }
    }
}

/// Knows whether rows have begun to come: from there on nothing can be run again.
private final class BegunSink: BatchSink {
    private let sink: any BatchSink
    private(set) var hasBegun = false

    init(_ sink: any BatchSink) { self.sink = sink }

    var looksAtColumnsFirst: Bool { sink.looksAtColumnsFirst }
    func look(at columns: [ResultColumn]) throws { try sink.look(at: columns) }
    func begin(_ columns: [ResultColumn]) throws {
        hasBegun = true
        try sink.begin(columns)
    }
    func write(_ batch: RecordBatch) throws { try sink.write(batch) }
}
