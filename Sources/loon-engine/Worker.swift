import CSandbox
import DuckDBEngine
import Foundation
import LoonCore
import QueryEngine
import Synchronization

/// A process that serves one account: bound once to what it may touch, it then answers requests, one at a time. The
/// main thread reads the socket, so that a cancellation is heard while another works on the request.
struct Worker {
    private let socket: FrameSocket
    private let engine: DuckDBEngine
    private let statements = StatementThread()

    /// Serves until the daemon closes the socket, or breaks the protocol.
    static func run(_ socket: FrameSocket, _ instance: DuckDBInstance) {
        guard
            let binding = try? socket.next({ kind, payload -> WorkerBinding? in
                kind == .bind ? try WorkerBinding(payload: payload) : nil
            })
        else { return }
        do throws(QueryError) {
            let engine = try bind(binding, instance)
            guard (try? socket.send(.bound)) != nil else { return }
            Worker(socket: socket, engine: engine).serve()
        } catch {
            _ = try? socket.send(.failed, Failure(error: error, isLast: true).frameBytes)
        }
    }

    private init(socket: FrameSocket, engine: DuckDBEngine) {
        self.socket = socket
        self.engine = engine
    }

    /// The walls: the engine's, then the kernel's, which hold for the threads that are started later.
    private static func bind(_ binding: WorkerBinding, _ instance: DuckDBInstance) throws(QueryError) -> DuckDBEngine {
        guard binding.version == ServiceVersion.text else {
            throw QueryError(
                .startUp, "loon-engine is of version \(ServiceVersion.text), and loond of \(binding.version)")
        }
        let engine = try DuckDBEngine(
            instance,
            .init(
                root: binding.root, staging: binding.staging, readable: binding.readable, writable: binding.writable,
                spill: binding.spill + "engine", spillLimit: binding.spillLimit, readsAvro: binding.readsAvro))
        guard csandbox_thread_count() == 1 else {
            throw QueryError(.internalFault, "A worker has threads before it is bound")
        }
        guard csandbox_limit_descriptors(UInt64(Limits.workerDescriptorsMax)),
            csandbox_limit_data(UInt64(binding.dataBytesMax))
        else { throw QueryError(.internalFault, "A worker cannot be limited") }
        let version = csandbox_landlock_version(Int32(truncatingIfNeeded: binding.landlockMax))
        if version > 0 {
            let readable = binding.readable + Self.systemFiles
            let problem = withPaths(readable) { readable in
                withPaths(binding.writable + [binding.spill]) { csandbox_bound_files(version, readable, $0) }
            }
            guard problem == 0 else {
                throw QueryError(
                    .internalFault, "A worker cannot be bound to its files: \(String(cString: strerror(problem)))")
            }
        }
        let problem = csandbox_bound_calls()
        guard problem == 0 else {
            throw QueryError(
                .internalFault, "A worker's calls cannot be bound: \(String(cString: strerror(problem)))")
        }
        return engine
    }

    /// Files of the system that the engine reads, and those of iconv.
    private static let systemFiles = [
        "/dev/urandom", "/dev/null", "/usr/lib/x86_64-linux-gnu/gconv/", "/usr/lib/aarch64-linux-gnu/gconv/",
        "/usr/lib64/gconv/",
    ]

    /// Paths as C has them; those that are not there are left out.
    private static func withPaths(_ paths: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32) -> Int32 {
        let copies = paths.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let list = copies.map { UnsafePointer($0) } + [nil]
        return list.withUnsafeBufferPointer { $0.baseAddress.map(body) ?? 0 }
    }

    private func serve() {
        do {
            while true {
                guard socket.waitForBytes(milliseconds: Int32(Limits.workerProgressMilliseconds)) else {
                    try tellProgress()
                    continue
                }
                try socket.next(take)
            }
        } catch {
            // The daemon is gone, or does not speak the protocol: what runs here is for nobody.
            _exit(0)
        }
    }

    private func take(_ kind: FrameKind, _ payload: UnsafeRawBufferPointer) throws {
        switch kind {
        case .request:
            let request = try EngineRequest(payload: payload)
            let run = RequestRun(request, engine: engine, socket: socket)
            guard statements.begin(run) else { throw MalformedFrame() }
        case .valueRows:
            var frame = FrameReader(Array(payload))
            let rows = try frame.list { (frame) throws(MalformedFrame) in try frame.list(of: SQLValue.self) }
            try frame.end()
            statements.current?.values.append(rows)
        case .valueEnd: statements.current?.values.endTable()
        case .cancel:
            var frame = FrameReader(Array(payload))
            let number = try frame.number()
            if let run = statements.current, run.request.number == number {
                run.cancellation.cancel(QueryError(.interrupted, "Query execution was interrupted"))
                run.values.endAll()
            }
        default: throw MalformedFrame()
        }
    }

    private func tellProgress() throws {
        // Without a number it says that it lives.
        guard let run = statements.current else { return }
        var frame = FrameWriter()
        frame.write(run.cancellation.progress.map { Int($0 * 1_000) } ?? -1)
        try socket.sendIfFree(.progress, frame.bytes)
    }
}

/// Works on requests, with a stack that the engine's parser does not run out of soon.
///
/// `@unchecked`: everything mutable is guarded by `condition`.
private final class StatementThread: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: RequestRun?
    private var run: RequestRun?
    private var hasThread = false

    var current: RequestRun? { condition.withLock { run } }

    /// False where the request before has not been answered.
    func begin(_ run: RequestRun) -> Bool {
        condition.withLock {
            guard self.run == nil else { return false }
            (self.run, waiting) = (run, run)
            condition.signal()
            if !hasThread {
                hasThread = true
                let thread = Thread { self.work() }
                thread.stackSize = WorkerThreads.engineStackBytes
                thread.start()
            }
            return true
        }
    }

    private func work() {
        while true {
            condition.lock()
            while waiting == nil { condition.wait() }
            let next = waiting
            waiting = nil
            condition.unlock()
            // The answer allows the next request: by then this one must be over.
            next?.run { self.condition.withLock { self.run = nil } }
        }
    }
}
