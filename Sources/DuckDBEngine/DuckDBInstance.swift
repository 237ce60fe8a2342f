import CDuckDB
import LoonCore

/// An open database in memory. Its connections keep it.
///
/// `@unchecked`: a database handle may be used from any thread (https://duckdb.org/docs/stable/clients/c/connect), and
/// is not changed until nobody has it.
final class DuckDBInstance: @unchecked Sendable {
    private(set) var handle: duckdb_database?

    init() throws(QueryError) {
        var config: duckdb_config?
        guard cduckdb_create_config(&config) == DuckDBSuccess else {
            throw QueryError(.engine, "The engine has no memory to start")
        }
        defer { cduckdb_destroy_config(&config) }
        var message: UnsafeMutablePointer<CChar>?
        guard cduckdb_open_ext(nil, &handle, config, &message) == DuckDBSuccess else {
            let reason = message.map { String(cString: $0) } ?? "unknown reason"
            cduckdb_free(message)
            throw QueryError(.engine, "The engine does not start: \(reason)")
        }
    }

    deinit { cduckdb_close(&handle) }
}
