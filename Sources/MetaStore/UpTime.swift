import Foundation
import GRDB
import LoonCore
import Synchronization

/// How long daemons have worked on a metadata file, one after the other: what a message's age is counted in. No step of
/// the machine's clock and no time without a daemon changes it. After a crash it is behind by what was not stored yet,
/// a minute at most.
final class UpTime: Sendable {
    private static let name = "up_time"
    private let base = Atomic<Int64>(0)
    private let stored = Atomic<Int64>(0)
    private let start = UpTime.monotonic()

    private static func monotonic() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// In milliseconds.
    var now: Int64 { base.load(ordering: .relaxed) + Self.monotonic() - start }

    /// The SQL function `up_time()`.
    var function: DatabaseFunction { DatabaseFunction("up_time", argumentCount: 0) { [unowned self] _ in self.now } }

    /// Goes on from where the last daemon was.
    func load(_ database: Database) throws {
        let before =
            try String.fetchOne(database, sql: "SELECT value FROM setting WHERE name = ?", arguments: [Self.name])
            .flatMap(Int64.init) ?? 0
        base.store(before, ordering: .relaxed)
        stored.store(before, ordering: .relaxed)
    }

    /// Whether it is worth storing.
    var isDue: Bool { now - stored.load(ordering: .relaxed) >= Limits.upTimeStoredMilliseconds }

    func store(_ database: Database) throws {
        let now = now
        try database.execute(sql: "INSERT OR REPLACE INTO setting VALUES (?, ?)", arguments: [Self.name, String(now)])
        stored.store(now, ordering: .relaxed)
    }
}
