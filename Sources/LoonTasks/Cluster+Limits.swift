package import LoonCore
package import SQLFrontend

/// Limits of statements in a cluster: the hints may say less than the configuration, not more.
extension Cluster {
    /// Seconds that a task with these hints may run; without any where they cannot be read.
    func runningSecondsMax(_ hints: StatementHints?) -> Int {
        min(hints?.runningSecondsMax ?? settings.runningSecondsMax, settings.runningSecondsMax)
    }

    /// Runs `body`, and says which limit it was where the engine ran out of memory.
    package func explaining<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as QueryError where error.code == .outOfMemory {
            throw QueryError(
                .limitExceeded,
                "The limit memory = \(settings.memory ?? "80 % of the machine's") of the cluster '\(name)', "
                    + "with spill = "
                    + "\(settings.spill ?? "90 % of the disk"), is exceeded: \(error.message)", detail: error.detail)
        }
    }

    /// Throws where a query would read more than it may.
    package func checkScan(_ bytes: Int64, _ hints: StatementHints) throws(QueryError) {
        let limits = [hints.scanBytesMax, settings.scanBytesMax == 0 ? nil : settings.scanBytesMax].compactMap(
            \.self)
        guard let limit = limits.min(), bytes > Int64(limit) else { return }
        throw QueryError(
            .limitExceeded, "The limit max-scan-bytes = \(limit) is exceeded: the query would read \(bytes) bytes")
    }
}
