import Foundation
import GRDB
package import LoonCore
import Synchronization

/// The one SQLite file with everything the daemon must remember. The only module that knows of SQLite.
///
/// Writes go through one writer that commits what has gathered in one durable transaction (`Writer`); reads have
/// connections of their own. Reading blocks on the disk: not for an event loop.
package final class MetaStore: Sendable {
    let pool: DatabasePool
    let writer: Writer
    let recentTaskRows = RecentTaskRows()
    let lookUps: TaskLookUps
    let partitionLists = PartitionLists()
    /// Whether no daemon works on the file beside this process.
    private let isAlone: Bool
    let display: TaskColumns
    let clock: UpTime
    /// The connection that checkpoints the log, beside the writer.
    private let checkpoints: Checkpoints
    /// 8 lower-case hex digits, made once for a data directory and part of every task id.
    package let instanceID: String
    /// Whether a task has come that announces its start: then claims are synced, as a number that a message had must
    /// not be given twice.
    let claimsAnnounce: Atomic<Bool>

    /// Opens the file at `path`, makes or migrates it: after a copy of it was made beside it. A file of a newer version
    /// is refused. `region` and `offsetMinutes` shape task ids; tasks expire after `keepDays`, or never. Without
    /// `migrates` an older file is refused: a daemon of that age works on it. `nil` where the file has never been one
    /// of these and `mayCreate` is false.
    package init?(
        path: String, region: String, offsetMinutes: Int, keepDays: Int? = nil, migrates: Bool = true, mayCreate: Bool
    ) throws(QueryError) {
        let clock = UpTime()
        self.clock = clock
        display = TaskColumns(offsetMinutes: offsetMinutes, keepDays: keepDays)
        do {
            var configuration = Configuration()
            configuration.maximumReaderCount = 4
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { $0.add(function: clock.function) }
            pool = try DatabasePool(path: path, configuration: configuration)
            try Self.makeDurable(pool)
            isAlone = migrates
            guard try Self.migrate(pool, path: path, mayChange: migrates, mayCreate: mayCreate) else { return nil }
            let (instance, state, announces) = try pool.write { database in
                let announces = try Bool.fetchOne(
                    database,
                    sql:
                        "SELECT EXISTS (SELECT 1 FROM task WHERE status IN ('QUEUED', 'RUNNING') AND target "
                        + "->> '$.events' IS NOT NULL)"
                )
                try clock.load(database)
                return try (Self.instanceID(database), Self.sequenceState(database), announces ?? false)
            }
            instanceID = instance
            checkpoints = try Checkpoints(path: path)
            claimsAnnounce = Atomic(announces)
            pool.add(transactionObserver: recentTaskRows, extent: .databaseLifetime)
            lookUps = TaskLookUps(pool, display, recentTaskRows)
            writer = Writer(
                pool: pool,
                sequence: TaskIDSequence(state: state, region: region, instance: instance, offsetMinutes: offsetMinutes)
            )
        } catch {
            throw Self.failure(error)
        }
    }

    /// False where there is nothing to migrate and nothing may be made.
    private static func migrate(_ pool: DatabasePool, path: String, mayChange: Bool, mayCreate: Bool) throws -> Bool {
        let migrator = Schema.migrator
        let (isNewer, isOlder, applied) = try pool.read { database in
            (
                try migrator.hasBeenSuperseded(database), try !migrator.hasCompletedMigrations(database),
                try migrator.appliedMigrations(database).count
            )
        }
        guard applied > 0 || mayCreate else { return false }
        guard !isNewer else {
            throw QueryError(
                .storage,
                "The metadata file '\(path)' is of a newer loond; start that one, or put back the copy that it "
                    + "made beside the file before it changed it"
            )
        }
        guard mayChange || !isOlder else {
            throw QueryError(
                .storage,
                "The metadata file '\(path)' is of an older loond, which works on it; start that daemon in "
                    + "this version first"
            )
        }
        if isOlder, applied > 0 {
            let copy = "\(path).before-\(applied + 1)"
            try? FileManager.default.removeItem(atPath: copy)
            try Self.copy(pool, to: copy)
        }
        try migrator.migrate(pool)
        return true
    }

    private static func copy(_ pool: DatabasePool, to path: String) throws {
        let target = try DatabaseQueue(path: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try pool.backup(to: target)
        try target.close()
    }

    /// Copies the file, as it is at one moment, to `path`, where nothing may be. Others may write meanwhile.
    package func backUp(to path: String) throws(QueryError) {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw QueryError(.storage, "There is a file '\(path)' already")
        }
        do { try Self.copy(pool, to: path) } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw Self.failure(error)
        }
    }

    /// GRDB sets `synchronous = NORMAL` when it opens a WAL pool, after any hook of the configuration, and a commit
    /// would then not survive a power cut. Set here, on the one connection that writes, and checked.
    private static func makeDurable(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // Pages of the log after which a commit puts them back into the file, if nobody has done so beside it: 32
            // MiB.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 8192")
        }
        guard try synchronousMode(pool) == 2 else {
            throw QueryError(
                .storage, "SQLite does not sync its commits on this file system; the data directory must allow it")
        }
    }

    private static func synchronousMode(_ pool: DatabasePool) throws -> Int? {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// The writer's `PRAGMA synchronous`: 2 is FULL.
    package func synchronousMode() throws -> Int? { try Self.synchronousMode(pool) }

    private static func instanceID(_ database: Database) throws -> String {
        if let stored = try String.fetchOne(database, sql: "SELECT value FROM setting WHERE name = 'instance'") {
            return stored
        }
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        let instance = String(repeating: "0", count: 8 - digits.count) + digits
        try database.execute(sql: "INSERT INTO setting VALUES ('instance', ?)", arguments: [instance])
        return instance
    }

    private static func sequenceState(_ database: Database) throws -> TaskIDSequence.State {
        guard let row = try Row.fetchOne(database, sql: "SELECT minute, counter FROM task_sequence") else {
            return .init()
        }
        return .init(minute: row["minute"], counter: row["counter"])
    }

    /// Maintenance beside everything else, now and then: the log goes back into the file, the up-time is stored.
    package func maintain() throws(QueryError) {
        if clock.isDue {
            writer.submit({ [clock] in try clock.store($0.database) }, until: .written, completion: { _ in })
        }
        try checkpoints.run()
    }

    /// Puts the log back into the file now.
    package func checkpoint() throws(QueryError) { try checkpoints.run(isDue: true) }

    /// Waits for the writes that were accepted, puts the log back into the file and closes it: it is whole by itself
    /// from then on.
    package func close() throws(QueryError) {
        _ = try? writer.perform { [clock] in try clock.store($0.database) }
        writer.drain()
        do {
            try checkpoints.close()
            // Another process that reads holds this up, and then the log stays as it is.
            if isAlone { _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
            try pool.close()
        } catch { throw Self.failure(error) }
    }

    /// How SQLite would go about a statement.
    package func queryPlan(_ sql: String) throws(QueryError) -> String {
        try read { database in
            try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }.joined(
                separator: "; ")
        }
    }

    // MARK: For the extensions

    func read<Value>(_ body: (Database) throws -> Value) throws(QueryError) -> Value {
        do { return try pool.read(body) } catch { throw Self.failure(error) }
    }

    /// JSON of texts by their names, sorted.
    static func json(_ texts: [String: String]) -> String {
        var out = TextBuffer(capacity: 256)
        for (index, (key, value)) in texts.sorted(by: { $0.key < $1.key }).enumerated() {
            out.append(index == 0 ? "{" : ",")
            out.append(jsonString: key)
            out.append(":")
            out.append(jsonString: value)
        }
        out.append(texts.isEmpty ? "{}" : "}")
        return String(decoding: out.bytes, as: UTF8.self)
    }

    static func failure(_ error: any Error) -> QueryError {
        if let error = error as? QueryError { return error }
        if let error = error as? DatabaseError {
            // Beside a full disk SQLite cannot make the file that its processes share, either.
            if error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
                return QueryError(
                    .diskFull, "The disk of the metadata file is full; make room on it", detail: "\(error)")
            }
            let reason = error.message ?? "error \(error.resultCode)"
            return QueryError(.storage, "The metadata file cannot be used: \(reason)", detail: "\(error)")
        }
        return QueryError(.storage, "The metadata file cannot be used", detail: "\(error)")
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decoded<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    /// Targets and hints of tasks, and definitions of tables: the same few come with each task.
    static let targets = DecodedTexts<NotificationTarget>()
    static let hints = DecodedTexts<[String: String]>()
    static let tables = DecodedTexts<ExternalTable>()
    static let sessionValues = DecodedTexts<SessionValues>()
}
