import Dispatch
import GRDB
import GRDBSQLite
import LoonCore
import Synchronization

/// Look-ups of single tasks: what gathers while some are read is read next, on one thread, so that many who look cost
/// one change of threads.
final class TaskLookUps: Sendable {
    struct Request: Sendable {
        let id: String
        let scope: TaskScope
        let full: Bool
        /// Called on the look-ups' thread, with `nil` where there is no such task to see.
        let completion: @Sendable (Result<[SQLValue]?, QueryError>) -> Void
    }

    private struct State {
        var waiting: [Request] = []
        var isScheduled = false
    }

    private let pool: DatabasePool
    private let display: TaskColumns
    private let recent: RecentTaskRows
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "loon.metastore.lookups")

    init(_ pool: DatabasePool, _ display: TaskColumns, _ recent: RecentTaskRows) {
        self.pool = pool
        self.display = display
        self.recent = recent
    }

    /// False where too many wait.
    func add(_ request: Request) -> Bool {
        let (isFull, mustSchedule) = state.withLock { state in
            guard state.waiting.count < Limits.storeQueueMax else { return (true, false) }
            state.waiting.append(request)
            defer { state.isScheduled = true }
            return (false, !state.isScheduled)
        }
        if mustSchedule { queue.async { self.readBatch() } }
        return !isFull
    }

    private func readBatch() {
        let batch = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        var answered = 0
        do {
            // Each is one statement, and needs no transaction of its own.
            try pool.unsafeRead { database in
                for request in batch {
                    let result = Result { try row(request, database) }.mapError(MetaStore.failure)
                    answered += 1
                    request.completion(result)
                }
            }
        } catch {
            for request in batch.dropFirst(answered) { request.completion(.failure(MetaStore.failure(error))) }
        }
        let hasMore = state.withLock { state in
            state.isScheduled = !state.waiting.isEmpty
            return state.isScheduled
        }
        if hasMore { queue.async { self.readBatch() } }
    }

    /// By SQLite's own calls: a row of GRDB's costs as much again as the look-up
    /// (https://www.sqlite.org/c3ref/column_blob.html).
    private func row(_ request: Request, _ database: Database) throws -> [SQLValue]? {
        let count = request.full ? display.names.count : TaskColumns.shortCount
        let commits = recent.commits
        let statement = try database.cachedStatement(
            sql:
                "SELECT \(request.full ? display.fullList : display.shortList), n, account, account_number "
                + "FROM task WHERE id = ?"
        )
        try statement.setArguments([request.id])
        let handle = statement.sqliteStatement
        defer { sqlite3_reset(handle) }
        let code = sqlite3_step(handle)
        guard code == SQLITE_ROW else {
            guard code == SQLITE_DONE else {
                throw QueryError(.storage, "The metadata file cannot be used: error \(code)")
            }
            return nil
        }
        let values = (0..<count).map { Self.value(handle, Int32($0)) }
        guard case .text(let account) = Self.value(handle, Int32(count + 1)) else { return nil }
        let owner = AccountIdentity(name: account, number: sqlite3_column_int64(handle, Int32(count + 2)))
        recent.keep(
            .init(number: sqlite3_column_int64(handle, Int32(count)), owner: owner, values: values), id: request.id,
            since: commits)
        return request.scope.contains(owner) ? values : nil
    }

    private static func value(_ handle: OpaquePointer, _ index: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            let text = UnsafeBufferPointer(
                start: sqlite3_column_text(handle, index), count: Int(sqlite3_column_bytes(handle, index)))
            return .text(String(decoding: text, as: UTF8.self))
        default: return .null
        }
    }
}
