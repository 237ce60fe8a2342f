import CDuckDB
import Foundation
package import LoonCore

/// An open database in memory. Its connections keep it.
///
/// `@unchecked`: a database handle may be used from any thread (https://duckdb.org/docs/stable/clients/c/connect), and
/// is not changed until nobody has it.
package final class DuckDBInstance: @unchecked Sendable {
    private(set) var handle: duckdb_database?
    /// The signed extension that reads Avro, a file: loaded for those who need it, as its signature takes a while.
    let avroExtension: String?

    /// Opens it with all that every statement may call, and without a thread of its own or a connection that lasts: the
    /// process is forked, and threads, and the state of random numbers, which connections have, must not be.
    ///
    /// `extensions`: the folder of signed extensions. `macros`: `name(a, b) AS …`.
    package convenience init(extensions: String, macros: [String]) throws(QueryError) {
        let avro = extensions + "/avro.duckdb_extension"
        try self.init(avroExtension: access(avro, R_OK) == 0 ? avro : nil)
        let settings =
            [
                "SET GLOBAL TimeZone = 'UTC'",
                "SET GLOBAL autoinstall_known_extensions = false",
                "SET GLOBAL autoload_known_extensions = false",
                "SET GLOBAL allow_community_extensions = false",
                // A division by zero is NULL.
                "SET GLOBAL ieee_floating_point_ops = false",
                // DuckDB 1.5.5 pushes what a join has found below a LIMIT now and then, and rows from beyond it come
                // out.
                "SET GLOBAL disabled_optimizers = 'join_filter_pushdown'",
            ] + MySQLFunctions.statements + macros.map { "CREATE MACRO memory.main." + $0 }
        let connection = try DuckDBConnection(self)
        try connection.registerFunctions()
        for setting in settings { try connection.execute(setting) }
        try warmUp(connection)
    }

    /// Has the engine make what it makes when it is first needed, so that every copy of the process has it: it parses a
    /// text, and reads a file.
    private func warmUp(_ connection: DuckDBConnection) throws(QueryError) {
        try connection.execute("SELECT json_serialize_sql('SELECT 1')")
        var path = Array("/tmp/loon-engine-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        // Slower at first is all that comes of it.
        guard descriptor >= 0 else { return }
        defer {
            close(descriptor)
            unlink(path)
        }
        _ = write(descriptor, "1\n", 2)
        let file = path.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        try connection.execute(
            "SELECT count(*) FROM read_csv(\(EngineText.literal(file)), columns = {'a': 'VARCHAR'}, "
                + "auto_detect = false, delim = ',', quote = '\"', escape = '\"', header = false)")
    }

    private init(avroExtension: String?) throws(QueryError) {
        self.avroExtension = avroExtension
        var config: duckdb_config?
        guard cduckdb_create_config(&config) == DuckDBSuccess,
            cduckdb_set_config(config, "threads", "1") == DuckDBSuccess
        else { throw QueryError(.engine, "The engine has no memory to start") }
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
