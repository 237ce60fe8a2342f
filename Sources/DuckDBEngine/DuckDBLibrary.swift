import CDuckDB
package import LoonCore

/// The engine's shared library, found and checked when the daemon starts.
package enum DuckDBLibrary {
    /// The release that Loon is made for. The C API's unstable part (Arrow) may differ in another.
    package static let version = "v1.5.5"

    /// Opens the library at `path`, a file's path or a name that the loader knows. Call it once.
    package static func load(_ path: String, anyVersion: Bool) throws(QueryError) {
        let remedy = "run scripts/setup, or name it with --libduckdb, LOON_ENGINE_LIBRARY or engine.library"
        if let problem = cduckdb_load(path) {
            throw QueryError(
                .engine, "libduckdb cannot be loaded from '\(path)' (\(String(cString: problem))); \(remedy)")
        }
        let found = String(cString: cduckdb_library_version())
        guard found == version || anyVersion else {
            throw QueryError(
                .engine,
                "libduckdb at '\(path)' is \(found), not \(version); \(remedy), or set engine.any-version to try it")
        }
    }
}
