import Foundation
import LoonCore
import QueryEngine
import Synchronization

/// One worker, as the daemon has it. Used by one request at a time.
final class EngineWorker: Sendable {
    /// Why the daemon killed it.
    enum Verdict: Sendable {
        case memory(Int64)
        case deaf
        /// A worker tells of itself while it works, however busy its engine is.
        case silent

        /// Its name in the log.
        var name: String {
            switch self {
            case .memory: "memory"
            case .deaf: "deaf"
            case .silent: "silent"
            }
        }
    }

    private struct State {
        /// The request that it works on.
        var request: Int64?
        var lastRequest: Int64 = 0
        var verdict: Verdict?
        /// Bytes that its request may hold.
        var memoryBytesMax: Int64 = .max
        /// When its request is to stop.
        var deadline: ContinuousClock.Instant?
        var hasExpired = false
        var lastShare: WorkerShare?
    }

    let number: Int64
    let access: AccessSet
    /// A folder of its own, for what outgrows its memory.
    let folder: String
    let socket: FrameSocket
    private let parent: WorkerParentProcess
    private let state = Mutex(State())

    /// Binds a forked process, which then may touch what `access` has and nothing else.
    init(
        _ forked: (worker: Int64, socket: FrameSocket), _ access: AccessSet, _ binding: WorkerBinding,
        _ parent: WorkerParentProcess
    )
        throws
    {
        number = forked.worker
        socket = forked.socket
        folder = binding.spill
        self.access = access
        self.parent = parent
        try socket.send(.bind, binding.frameBytes)
        guard socket.waitForBytes(milliseconds: Int32(Limits.workerBindMilliseconds)) else {
            throw FrameSocket.Ended()
        }
        try socket.next { kind, payload in
            switch kind {
            case .bound: return
            case .failed: throw try Failure(payload: payload).error
            default: throw MalformedFrame()
            }
        }
    }

    /// The share of the last request that had one.
    var lastShare: WorkerShare? { state.withLock { $0.lastShare } }

    var process: Int32? { parent.process(of: number) }

    /// Whether it holds more than one that waits may.
    var isLarge: Bool { process.flatMap(ProcessMemory.bytes).map { $0 > Limits.idleWorkerBytesMax } ?? false }

    /// Ends it, and waits for nothing.
    func retire() {
        socket.shutDown()
        parent.kill(number)
        parent.forget(number)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Bytes that it may hold beyond which it is killed, while it works on a request.
    var memoryBytesMax: Int64? { state.withLock { $0.request == nil ? nil : $0.memoryBytesMax } }

    /// Stops its request where that has had its time.
    func stopIfLate(_ moment: ContinuousClock.Instant) {
        let request = state.withLock { state -> Int64? in
            guard let deadline = state.deadline, deadline < moment, !state.hasExpired else { return nil }
            state.hasExpired = true
            return state.request
        }
        if let request { stop(request) }
    }

    /// Whether a request has had its time.
    var hasExpired: Bool { state.withLock { $0.hasExpired } }

    func kill(_ verdict: Verdict) {
        let isFirst = state.withLock { state in
            defer { state.verdict = state.verdict ?? verdict }
            return state.verdict == nil
        }
        parent.kill(number)
        if isFirst { parent.logKill(of: number, for: verdict, account: access.account) }
        // A thread that waits for it waits no longer, even where the kernel takes long to end the process.
        socket.shutDown()
    }

    /// Sends a request, and the rows of its query's value tables, and calls `take` with each frame that comes back
    /// until that returns something.
    func exchange<Answer>(
        _ operation: EngineRequest.Operation, share: WorkerShare, milliseconds: Int?, valueTables: [ValueTable],
        cancellation: Cancellation, take: (FrameKind, UnsafeRawBufferPointer) throws -> Answer?
    ) throws -> Answer {
        let request = state.withLock { state in
            state.lastRequest += 1
            state.deadline = milliseconds.map { .now + .milliseconds($0) }
            state.request = state.lastRequest
            state.memoryBytesMax = share.memoryBytes
            if share.threads > 0 { state.lastShare = share }
            return state.lastRequest
        }
        defer { state.withLock { $0.request = nil } }
        return try send(request, operation, share, valueTables, cancellation, take)
    }

    private func send<Answer>(
        _ request: Int64, _ operation: EngineRequest.Operation, _ share: WorkerShare, _ valueTables: [ValueTable],
        _ cancellation: Cancellation, _ take: (FrameKind, UnsafeRawBufferPointer) throws -> Answer?
    ) throws -> Answer {
        let progress = Progress()
        return try cancellation.run(
            stoppingWith: { [self] in stop(request) }, progress: { progress.fraction },
            process: { [self] in
                process.flatMap { id in
                    ProcessMemory.bytes(of: id).map { EngineProcess(id: id, memoryBytes: $0) }
                }
            }
        ) {
            try socket.send(
                .request,
                EngineRequest(
                    number: request, threads: share.threads, memoryBytes: share.memoryBytes, operation
                ).frameBytes)
            for table in valueTables { try send(table, cancellation) }
            var failure: (any Error)?
            while true {
                if !socket.waitForBytes(milliseconds: Int32(Limits.workerSilenceMilliseconds)) { kill(.silent) }
                let answer = try socket.next { kind, payload -> Answer? in
                    if kind == .progress { return progress.take(payload) }
                    do { return try failure == nil || kind.isLast ? take(kind, payload) : nil } catch let error
                        as MalformedFrame
                    {
                        // Nothing that follows is worth reading.
                        throw failure ?? error
                    } catch {
                        // The rest of the answer has to be read, to where the worker has stopped.
                        if kind.isLast { throw failure ?? error }
                        failure = error
                        stop(request)
                        return nil
                    }
                }
                if let failure, answer != nil { throw failure }
                if let answer { return answer }
            }
        }
    }

    private func send(_ table: ValueTable, _ cancellation: Cancellation) throws {
        var rows: [[SQLValue]] = []
        var bytes = 0
        func flush() throws {
            var frame = FrameWriter()
            frame.write(list: rows) { $0.write(list: $1) }
            try socket.send(.valueRows, frame.bytes)
            (rows, bytes) = ([], 0)
        }
        try table.forEachRow { row in
            rows.append(row)
            bytes += row.reduce(0) { size, value in
                if case .text(let text) = value { size + text.utf8.count + 9 } else { size + 9 }
            }
            guard bytes >= Limits.rowBufferBytes else { return }
            if let reason = cancellation.reason { throw reason }
            try flush()
        }
        if !rows.isEmpty { try flush() }
        try socket.send(.valueEnd)
    }

    /// Asks it to stop, and kills it where it does not. Called from any thread, perhaps several times.
    private func stop(_ request: Int64) {
        let queue = DispatchQueue.global(qos: .userInitiated)
        queue.async { [self] in
            var frame = FrameWriter()
            frame.write(request)
            try? socket.sendIfFree(.cancel, frame.bytes)
        }
        queue.asyncAfter(deadline: .now() + .milliseconds(Limits.workerStopMilliseconds)) { [self] in
            let isDeaf = state.withLock { $0.request == request && $0.verdict == nil }
            guard isDeaf else { return }
            parent.statistics.killedForTime.add(1, ordering: .relaxed)
            kill(.deaf)
        }
    }

    /// Why its socket has ended, or why it is not to be listened to any longer.
    func death() -> QueryError {
        let end = parent.waitForEnd(of: number)
        let verdict = state.withLock { $0.verdict }
        switch verdict {
        case .memory(let bytes):
            return QueryError(
                .outOfMemory,
                "The statement holds more memory than its part of the cluster's, \(bytes >> 20) MiB; ask for less, or "
                    + "give the cluster more (memory)")
        case .deaf: return QueryError(.interrupted, "Query execution was interrupted")
        case .silent, nil: break
        }
        parent.statistics.died.add(1, ordering: .relaxed)
        // One that was stopped, and killed for it, has died as by a fault.
        let signal = verdict == nil ? end?.signal ?? 0 : SIGSTOP
        parent.logDeath(of: number, signal: signal, code: end?.code ?? -1, account: access.account)
        return QueryError(
            signal == SIGKILL ? .engineKilled : .engineDied,
            "The engine's process ended while this statement ran; "
                + (signal == SIGKILL ? "run it again" : "write the statement otherwise"),
            detail: signal != 0 ? "signal \(signal)" : "exit \(end?.code ?? -1)")
    }
}

/// How far a request is, as the worker tells it.
private final class Progress: Sendable {
    private let thousandths = Atomic<Int>(-1)

    var fraction: Double? {
        let seen = thousandths.load(ordering: .relaxed)
        return seen < 0 ? nil : Double(min(seen, 1_000)) / 1_000
    }

    func take<Answer>(_ payload: UnsafeRawBufferPointer) -> Answer? {
        var frame = FrameReader(Array(payload))
        if let seen = try? frame.integer(), seen >= 0 { thousandths.store(seen, ordering: .relaxed) }
        return nil
    }
}

extension FrameKind {
    /// Whether it ends a request.
    fileprivate var isLast: Bool { self == .answer || self == .failed || self == .notPlain }
}
