import Dispatch
import Foundation
import GRDB
import LoonCore
import Synchronization

/// Group commit: all writes that gather while one transaction is made durable share the next one. Each is a savepoint
/// of it, so that one that fails leaves the others alone. A completion is called after the commit, by whoever has
/// committed.
///
/// `@unchecked`: the state is touched below the lock alone. That is Foundation's and no `Mutex`: where many threads
/// wait for one of those the kernel hands it on, which ThreadSanitizer does not see, and reports.
package final class Writer: @unchecked Sendable {
    /// The arguments of every write: the connection, and the ids of tasks.
    struct Context {
        let database: Database
        var sequence: TaskIDSequence
    }

    /// The failure that a write has to survive once its completion is called.
    enum Durability {
        /// A power cut.
        case synced
        /// The end of the process. After a power cut it may be as if it had not been, and everything before it and
        /// nothing behind it is there: for what is done again without harm.
        case written
    }

    private struct Operation: Sendable {
        let durability: Durability
        /// Runs in its savepoint. The closure it returns tells the submitter, once it is known whether the commit held.
        let perform: @Sendable (inout Context) -> (_ commitFailure: QueryError?) -> Void
        /// Tells the submitter that the write never ran.
        let reject: @Sendable (QueryError) -> Void
    }

    private struct State {
        var waiting: [Operation] = []
        var isScheduled = false
    }

    private let pool: DatabasePool
    private let lock = NSLock()
    private var state = State()
    /// Where what gathers is committed: blocking calls belong neither on an event loop nor in the cooperative pool. One
    /// batch at a time, whoever commits it (`State.isScheduled`).
    private let queue = DispatchQueue(label: "loon.metastore.writer")
    /// Touched by who commits alone.
    private let sequence: Mutex<TaskIDSequence>
    /// Up to where ids may be given without the file being told: those that are left at a start are skipped.
    private let reserved: Mutex<TaskIDSequence.State>
    /// The durability that the connection's `synchronous` gives now.
    private let durability = Mutex(Durability.synced)

    init(pool: DatabasePool, sequence: TaskIDSequence) {
        self.pool = pool
        self.sequence = Mutex(sequence)
        reserved = Mutex(sequence.state)
    }

    private func withState<Value>(_ body: (inout State) -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return body(&state)
    }

    /// Queues a write. `completion` is called once, after the commit or its failure. With `mayBlock` the calling thread
    /// commits itself where nobody does, which saves two threads from being woken: it must hold no lock that a
    /// completion takes.
    func submit<Value: Sendable>(
        _ body: @escaping @Sendable (inout Context) throws -> Value, until durability: Durability = .synced,
        mayBlock: Bool = false,
        completion: @escaping @Sendable (Result<Value, QueryError>) -> Void
    ) {
        let operation = Operation(
            durability: durability,
            perform: { context in
                var result: Result<Value, QueryError>
                do {
                    result = .success(try Self.inSavepoint(context.database) { try body(&context) })
                } catch {
                    result = .failure(MetaStore.failure(error))
                }
                return { commitFailure in
                    if let commitFailure { result = .failure(commitFailure) }
                    completion(result)
                }
            }, reject: { completion(.failure($0)) })
        let (isFull, mustSchedule) = withState { state in
            guard state.waiting.count < Limits.storeQueueMax else { return (true, false) }
            state.waiting.append(operation)
            defer { state.isScheduled = true }
            return (false, !state.isScheduled)
        }
        if isFull {
            return completion(
                .failure(QueryError(.queueFull, "Too many writes are waiting for the metadata file; try again")))
        }
        guard mustSchedule else { return }
        if mayBlock { commitBatch() } else { queue.async { self.commitBatch() } }
    }

    /// The same, blocking until it is committed. For statement threads, never for an event loop.
    func perform<Value: Sendable>(_ body: @escaping @Sendable (inout Context) throws -> Value) throws(QueryError)
        -> Value
    {
        let done = DispatchSemaphore(value: 0)
        let box = Mutex<Result<Value, QueryError>?>(nil)
        submit(body, mayBlock: true) { result in
            box.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = box.withLock({ $0 }) else { throw QueryError(.internalFault, "A write was lost") }
        return try result.get()
    }

    /// Returns when everything that was queued before is committed.
    func drain() { _ = try? perform { _ in } }

    /// As GRDB's `inSavepoint`, which reads its statements anew each time.
    private static func inSavepoint<Value>(_ database: Database, _ body: () throws -> Value) throws -> Value {
        try database.cachedStatement(sql: "SAVEPOINT write").execute()
        do {
            let value = try body()
            try database.cachedStatement(sql: "RELEASE SAVEPOINT write").execute()
            return value
        } catch {
            // Where SQLite has rolled everything back itself (a full disk), there is no savepoint any more.
            if database.isInsideTransaction {
                try database.cachedStatement(sql: "ROLLBACK TO SAVEPOINT write").execute()
                try database.cachedStatement(sql: "RELEASE SAVEPOINT write").execute()
            }
            throw error
        }
    }

    private func commitBatch() {
        let batch = withState { state in
            let batch = Array(state.waiting.prefix(Limits.storeBatchMax))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        var answers: [(QueryError?) -> Void] = []
        var failure: QueryError?
        var reserved = reserved.withLock { $0 }
        do {
            try pool.writeWithoutTransaction { database in
                // One that must survive takes the others along: SQLite syncs its log up to there.
                try sync(batch.contains { $0.durability == .synced } ? .synced : .written, database)
                try database.inTransaction(.immediate) {
                    var context = Context(database: database, sequence: sequence.withLock { $0 })
                    let before = context.sequence.state
                    for operation in batch { answers.append(operation.perform(&context)) }
                    let state = context.sequence.state
                    if state != before {
                        // Kept even if the commit fails: an id is rather skipped than used twice.
                        sequence.withLock { $0 = context.sequence }
                    }
                    if state.minute != reserved.minute || state.counter > reserved.counter {
                        reserved = .init(
                            minute: state.minute,
                            counter: min(state.counter + Limits.taskIDsReserved, TaskIDSequence.counterMax))
                        try database.cachedStatement(sql: "UPDATE task_sequence SET minute = ?, counter = ?").execute(
                            arguments: [reserved.minute, reserved.counter])
                    }
                    return .commit
                }
            }
            self.reserved.withLock { [reserved] in $0 = reserved }
        } catch {
            failure = MetaStore.failure(error)
        }
        // Where not even the transaction began, no operation has run.
        if let failure { for operation in batch.dropFirst(answers.count) { operation.reject(failure) } }
        for answer in answers { answer(failure) }
        let hasMore = withState { state in
            state.isScheduled = !state.waiting.isEmpty
            return state.isScheduled
        }
        if hasMore { queue.async { self.commitBatch() } }
    }

    /// Has the next commits synced, or written alone (https://sqlite.org/pragma.html#pragma_synchronous).
    private func sync(_ wanted: Durability, _ database: Database) throws {
        guard durability.withLock({ $0 != wanted }) else { return }
        try database.execute(sql: wanted == .synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        durability.withLock { $0 = wanted }
    }
}
