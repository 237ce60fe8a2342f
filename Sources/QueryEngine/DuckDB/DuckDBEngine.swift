import CDuckDB
package import LoonCore
import Synchronization

/// DuckDB in this process: one instance, a connection for each running query.
///
/// The instance is the third wall (design: invariant 7): no file outside the object store, no extension, no change of settings. One that has
/// failed on an assertion of its own takes no more statements; the next statement gets a new one.
package final class DuckDBEngine: QueryEngine, Sendable {
    /// Bounds of the instance.
    package struct Options: Sendable {
        package let threads: Int
        /// As DuckDB writes it, such as `4GiB`; `nil` leaves DuckDB's default of 80 % of the memory.
        package let memoryLimit: String?
        /// Where operators that outgrow the memory put their data.
        package let spillDirectory: String
        /// How much of it, such as `100GiB`; `nil` leaves DuckDB's default of 90 % of what is free.
        package let spillLimit: String?
        /// Where tables' files are written before they get their places.
        package let stagingDirectory: String
        /// Signed extensions that are loaded at the start: paths of files.
        package let extensions: [String]

        package init(threads: Int, memoryLimit: String?, spillDirectory: String, spillLimit: String?, stagingDirectory: String, extensions: [String])
        {
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.spillDirectory = spillDirectory
            self.spillLimit = spillLimit
            self.stagingDirectory = stagingDirectory
            self.extensions = extensions
        }
    }

    private let root: String
    private let options: Options
    private let instance: Mutex<DuckDBInstance?>
    private let lastWorkspace = Atomic<Int>(0)
    private let workspaces = DuckDBWorkspaces()

    /// Opens an instance that can read below `root` and nowhere else.
    package init(root: String, options: Options) throws(QueryError) {
        self.root = root
        self.options = options
        instance = Mutex(try Self.open(root, options))
    }

    private static func open(_ root: String, _ options: Options) throws(QueryError) -> DuckDBInstance {
        let instance = try DuckDBInstance()
        let connection = try DuckDBConnection(instance)
        let quote = EngineText.literal
        var settings = [
            "SET GLOBAL threads = \(options.threads)",
            "SET GLOBAL temp_directory = \(quote(options.spillDirectory))",
            "SET GLOBAL TimeZone = 'UTC'",
            "SET GLOBAL autoinstall_known_extensions = false",
            "SET GLOBAL autoload_known_extensions = false",
            "SET GLOBAL allow_community_extensions = false",
            // DuckDB 1.5.5 pushes what a join has found below a LIMIT now and then, and rows from beyond it come out.
            "SET GLOBAL disabled_optimizers = 'join_filter_pushdown'",
            "SET GLOBAL allowed_directories = [\(quote(root + "/")), \(quote(options.stagingDirectory + "/"))]",
            // What Loon itself sets for a connection; a user's statement is never a SET.
            "SET GLOBAL allowed_configs = ['enable_profiling', 'custom_profiling_settings', 'search_path', 'schema', 'enable_progress_bar', 'enable_progress_bar_print']",
        ]
        if let limit = options.memoryLimit { settings.append("SET GLOBAL memory_limit = \(quote(limit))") }
        if let limit = options.spillLimit { settings.append("SET GLOBAL max_temp_directory_size = \(quote(limit))") }
        settings += options.extensions.map { "LOAD \(quote($0))" }
        settings += MySQLFunctions.statements
        settings += ["SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true"]
        try connection.registerFunctions()
        for setting in settings { try connection.execute(setting) }
        return instance
    }

    private func current() throws -> DuckDBInstance {
        try instance.withLock { instance in
            if let instance { return instance }
            let fresh = try Self.open(root, options)
            instance = fresh
            return fresh
        }
    }

    private func connect() throws -> DuckDBConnection { try DuckDBConnection(try current()) }

    /// Errors as a user sees them: objects by their places in the store, not by their paths. An instance that is of no use any more is let go of.
    private func shown<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as QueryError {
            // The engine's own word for it, and at its beginning: what follows may be a user's text. After other errors, internal ones too, the instance lives.
            if let detail = error.detail, detail.hasPrefix("FATAL Error") {
                instance.withLock { $0 = nil }
                workspaces.removeAll()
                throw QueryError(.engine, "The engine failed on this statement and was started again; write the statement otherwise", detail: detail)
            }
            throw QueryError(error.code, error.message.replacing(root + "/", with: "oss://"), detail: error.detail)
        }
    }

    package func parse(_ sql: String) throws -> [UInt8] {
        try shown {
            let instance = try current()
            let none = EngineQuery(sql: "", schema: nil, tables: [], isProfiled: false)
            let workspace = try workspaces.take(for: none, on: instance) ?? makeWorkspace(for: none, on: instance, cancellation: Cancellation(), filled: false)
            let tree = try workspace.connection.serialize(sql)
            workspaces.keep(workspace)
            return tree
        }
    }

    package func run(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile {
        try shown {
            try measured(query, cancellation: cancellation) { connection in
                (try connection.stream(query.sql, isProfiled: query.isProfiled, cancellation: cancellation, sink: sink), ())
            }
        }.profile
    }

    package func describe(_ query: EngineQuery, cancellation: Cancellation) throws -> [ResultColumn] {
        try shown {
            let workspace = try makeWorkspace(for: query, on: try current(), cancellation: cancellation, filled: false)
            defer { withExtendedLifetime(workspace) {} }
            return try stoppable(workspace.connection, cancellation) { try workspace.connection.columns(of: query.sql) }
        }
    }

    package func explain(_ query: EngineQuery, isAnalyze: Bool, cancellation: Cancellation) throws -> String {
        try shown {
            let workspace = try makeWorkspace(for: query, on: try current(), cancellation: cancellation, filled: isAnalyze)
            defer { withExtendedLifetime(workspace) {} }
            return try stoppable(workspace.connection, cancellation) {
                // What is explained must be a SELECT, like what is run.
                _ = try workspace.connection.columns(of: query.sql)
                return try workspace.connection.plan(of: query.sql, isAnalyze: isAnalyze).replacing(root + "/", with: "oss://")
            }
        }
    }

    package func inferColumns(
        of files: [String], format: TableFormat, cancellation: Cancellation
    ) throws -> (columns: [ResultColumn], format: TableFormat) {
        let list = "[" + files.map(EngineText.literal).joined(separator: ", ") + "]"
        let connection = try connect()
        return try shown {
            try stoppable(connection, cancellation) {
                switch format {
                case .parquet:
                    (try connection.columns(of: "SELECT * FROM read_parquet(\(list), union_by_name = true, hive_partitioning = false)"), format)
                case .avro: (try connection.columns(of: "SELECT * FROM read_avro(\(list))"), format)
                case .json:
                    (
                        try connection.columns(
                            of: "SELECT * FROM read_json(\(list), format = 'newline_delimited', hive_partitioning = false, union_by_name = true)"),
                        format
                    )
                case .text:
                    (
                        try connection.columns(of: "SELECT * FROM read_csv(\(list), hive_partitioning = false, union_by_name = true)"),
                        .text(try sniffed(files.first ?? "", connection))
                    )
                case .orc, .rcFile:
                    throw QueryError(.notSupported, "The embedded engine does not read \(format.storedAs); write the columns out")
                }
            }
        }
    }

    /// How a file of delimited text is laid out.
    private func sniffed(_ file: String, _ connection: DuckDBConnection) throws -> TextLayout {
        let fields = "[Delimiter, coalesce(nullif(Quote, '\\0'), ''), CAST(HasHeader AS VARCHAR)]"
        let text = try connection.text(of: "SELECT array_to_string(\(fields), chr(1)) FROM sniff_csv(\(EngineText.literal(file)))")
        let parts = text.split(separator: "\u{1}", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let delimiter = parts.first, delimiter.unicodeScalars.count == 1 else {
            throw QueryError(.malformedData, "The delimiter of the files was not found; write the columns out")
        }
        let quote = parts[1].unicodeScalars.count == 1 ? parts[1] : "\""
        return TextLayout(serDe: .openCSV, delimiter: delimiter, quote: quote, escape: quote, headerLines: parts[2] == "true" ? 1 : 0)
    }

    package func export(_ query: EngineQuery, to target: ExportTarget, cancellation: Cancellation) throws -> QueryProfile {
        try shown {
            try measured(query, cancellation: cancellation) { connection in
                let count = try connection.columns(of: query.sql).count
                let expected = target.sources.count { $0 != nil }
                guard count == expected else {
                    throw QueryError(
                        .columnCount, "Column count doesn't match value count: the table takes \(expected) and the query has \(count)")
                }
                var profile = QueryProfile()
                let copy = TableCopy(query: query.sql, target: target)
                profile.rowCount = try connection.copy(copy.statement)
                if target.partitionCount > 0 { try FileSplitter(copy: copy, connection: connection).run() }
                if query.isProfiled { connection.takeMeasures(into: &profile) }
                return (profile, ())
            }
        }.profile
    }

    package func keep(
        _ query: EngineQuery, inFile path: String, isShown: Bool, rowsMax: Int?, cancellation: Cancellation
    ) throws -> (profile: QueryProfile, columns: [ResultColumn]) {
        try shown {
            let (profile, columns) = try measured(query, cancellation: cancellation) { connection in
                let columns = try connection.columns(of: query.sql)
                var profile = QueryProfile()
                profile.rowCount = try connection.copy(ResultScan.copy(query.sql, columns: columns, path: path, isShown: isShown, rowsMax: rowsMax))
                if query.isProfiled { connection.takeMeasures(into: &profile) }
                return (profile, columns)
            }
            return (profile, columns)
        }
    }

    package func changeableFunctions() throws -> Set<String> {
        let sql = "SELECT string_agg(DISTINCT lower(function_name), chr(1)) FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
        return try shown { Set(try connect().text(of: sql).split(separator: "\u{1}").map(String.init)) }
    }

    private func makeWorkspace(
        for query: EngineQuery, on instance: DuckDBInstance, cancellation: Cancellation, filled: Bool
    ) throws -> DuckDBWorkspace {
        let number = Int64(lastWorkspace.wrappingAdd(1, ordering: .relaxed).newValue)
        return try DuckDBWorkspace(
            try DuckDBConnection(instance), number: number, for: query, cancellation: cancellation, filled: filled)
    }

    /// Runs `body` so that it can be stopped. What the engine says when it is interrupted is not why.
    private func stoppable<Value>(_ connection: DuckDBConnection, _ cancellation: Cancellation, _ body: () throws -> Value) throws -> Value {
        connection.begin()
        defer { connection.end() }
        do {
            return try cancellation.run(stoppingWith: { connection.interrupt() }, progress: { connection.progress }, body)
        } catch { throw cancellation.reason ?? error }
    }

    /// Runs `body` on a connection that has the query's tables and counts its progress, and adds the malformed fields to the profile that it gives.
    private func measured<Value>(
        _ query: EngineQuery, cancellation: Cancellation, _ body: (DuckDBConnection) throws -> (profile: QueryProfile, value: Value)
    ) throws -> (profile: QueryProfile, value: Value) {
        do {
            let instance = try current()
            let workspace =
                try workspaces.take(for: query, on: instance) ?? makeWorkspace(for: query, on: instance, cancellation: cancellation, filled: true)
            var (profile, value) = try stoppable(workspace.connection, cancellation) { try body(workspace.connection) }
            profile.malformedCount = EngineFunctions.takeCount(workspace.number)
            // An interrupt may still be under way to a connection that was to stop.
            if cancellation.reason == nil, instance === self.instance.withLock({ $0 }) { workspaces.keep(workspace) }
            return (profile, value)
        } catch {
            throw cancellation.reason ?? error
        }
    }
}
