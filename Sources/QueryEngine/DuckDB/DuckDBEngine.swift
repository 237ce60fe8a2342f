import CDuckDB
package import LoonCore
import Synchronization

/// DuckDB in this process: one instance, a connection for each running query.
///
/// The instance is the third wall (design: invariant 7): no file outside the object store, no extension, no change of settings.
///
/// `@unchecked`: a database handle may be used from any thread (https://duckdb.org/docs/stable/clients/c/connect).
package final class DuckDBEngine: QueryEngine, @unchecked Sendable {
    /// Bounds of the instance.
    package struct Options: Sendable {
        package let threads: Int
        /// As DuckDB writes it, such as `4GiB`; `nil` leaves DuckDB's default of 80 % of the memory.
        package let memoryLimit: String?
        /// Where operators that outgrow the memory put their data.
        package let spillDirectory: String

        package init(threads: Int, memoryLimit: String?, spillDirectory: String) {
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.spillDirectory = spillDirectory
        }
    }

    private var database: duckdb_database?
    private let root: String
    private let lastCatalog = Atomic<Int>(0)

    /// Opens an instance that can read below `root` and nowhere else.
    package init(root: String, options: Options) throws(QueryError) {
        self.root = root
        var config: duckdb_config?
        guard cduckdb_create_config(&config) == DuckDBSuccess else { throw QueryError(.engine, "The engine has no memory to start") }
        defer { cduckdb_destroy_config(&config) }
        var message: UnsafeMutablePointer<CChar>?
        guard cduckdb_open_ext(nil, &database, config, &message) == DuckDBSuccess else {
            let reason = message.map { String(cString: $0) } ?? "unknown reason"
            cduckdb_free(message)
            throw QueryError(.engine, "The engine does not start: \(reason)")
        }
        let connection = try connect()
        let quote = EngineText.literal
        var settings = [
            "SET GLOBAL threads = \(options.threads)",
            "SET GLOBAL temp_directory = \(quote(options.spillDirectory))",
            "SET GLOBAL TimeZone = 'UTC'",
            "SET GLOBAL autoinstall_known_extensions = false",
            "SET GLOBAL autoload_known_extensions = false",
            "SET GLOBAL allow_community_extensions = false",
            "SET GLOBAL allowed_directories = [\(quote(root + "/"))]",
            // What Loon itself sets for a connection; a user's statement is never a SET.
            "SET GLOBAL allowed_configs = ['enable_profiling', 'search_path', 'schema']",
        ]
        if let limit = options.memoryLimit { settings.append("SET GLOBAL memory_limit = \(quote(limit))") }
        settings += ["SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true"]
        for setting in settings { try connection.execute(setting) }
    }

    deinit { cduckdb_close(&database) }

    private func connect() throws(QueryError) -> DuckDBConnection { try DuckDBConnection(database) }

    package func parse(_ sql: String) throws -> [UInt8] { try connect().serialize(sql) }

    package func run(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile {
        do { return try perform(query, cancellation: cancellation, sink: sink) } catch let error as QueryError {
            // A user knows an object by its place in the store, not by its path.
            throw QueryError(error.code, error.message.replacing(root + "/", with: "oss://"), detail: error.detail)
        }
    }

    private func perform(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile {
        let connection = try connect()
        guard !query.tables.isEmpty || query.schema != nil else { return try run(query, on: connection, preparing: [], cancellation, sink) }
        // A catalog of the query's own, so that it finds its tables under their names and no others.
        let catalog = "loon_\(lastCatalog.wrappingAdd(1, ordering: .relaxed).newValue)"
        defer {
            try? connection.execute("USE memory")
            try? connection.execute("DETACH DATABASE IF EXISTS \(catalog)")
        }
        let views = TableViews.statements(catalog: catalog, schema: query.schema, tables: query.tables)
        return try run(query, on: connection, preparing: ["ATTACH ':memory:' AS \(catalog)"] + views, cancellation, sink)
    }

    private func run(
        _ query: EngineQuery, on connection: DuckDBConnection, preparing statements: [String], _ cancellation: Cancellation, _ sink: any BatchSink
    ) throws -> QueryProfile {
        defer { connection.end() }
        do {
            return try cancellation.run(stoppingWith: { connection.interrupt() }) {
                for statement in statements + (query.isProfiled ? ["SET enable_profiling = 'no_output'"] : []) {
                    if let reason = cancellation.reason { throw reason }
                    try connection.execute(statement)
                }
                return try connection.stream(query.sql, isProfiled: query.isProfiled, cancellation: cancellation, sink: sink)
            }
        } catch {
            // What the engine says when it is interrupted is not why.
            throw cancellation.reason ?? error
        }
    }
}
