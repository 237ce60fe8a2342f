import Foundation
import GRDB
import LoonCore
import Synchronization

/// Puts the pages of SQLite's log back into the file (https://sqlite.org/wal.html#ckpt), on a connection of its own:
/// readers and the writer go on meanwhile, and who copies the file alone misses a minute of work at most.
final class Checkpoints: Sendable {
    private let connection: DatabaseQueue
    private let log: String
    /// The log as it was when all of it had been put back.
    private let done = Mutex<Date?>(nil)
    private let last = Mutex(ContinuousClock.now)

    init(path: String) throws {
        log = path + "-wal"
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        connection = try DatabaseQueue(path: path, configuration: configuration)
        try checkpoint()
    }

    /// Does nothing while the log is small and was looked at lately, or has not changed.
    func run(isDue: Bool = false) throws(QueryError) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: log) else { return }
        let (size, changed) = (attributes[.size] as? Int64 ?? 0, attributes[.modificationDate] as? Date)
        guard size > 0, changed != done.withLock({ $0 }) else { return }
        let isDue =
            isDue || size >= Limits.logBytesMax
            || last.withLock { $0.duration(to: .now) >= .milliseconds(Limits.checkpointMilliseconds) }
        guard isDue else { return }
        last.withLock { $0 = .now }
        do { if try checkpoint() { done.withLock { $0 = changed } } } catch { throw MetaStore.failure(error) }
    }

    func close() throws { try connection.close() }

    /// Copies what no reader still needs otherwise; waits for nobody. Returns whether that was all.
    @discardableResult
    private func checkpoint() throws -> Bool {
        try connection.writeWithoutTransaction { database in
            let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
            // busy, pages in the log, pages put back
            return row.map { ($0[1] as Int64?) == ($0[2] as Int64?) } ?? false
        }
    }
}
