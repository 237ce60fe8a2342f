import CSandbox
import Foundation
package import Logging
package import LoonCore
package import QueryEngine
import Synchronization

/// The program `loon-engine`, which the daemon starts once and which forks the workers: asks it for one, has one
/// killed, and hears how each has ended. Started again when it has ended itself.
///
/// `@unchecked`: everything mutable is guarded by `condition`.
package final class WorkerParentProcess: @unchecked Sendable {
    /// How a worker has ended: the signal's number or 0, and the exit code.
    struct End: Sendable {
        let signal: Int32
        let code: Int32
    }

    private let program: String
    private let library: String
    private let acceptsAnyVersion: Bool
    private let log: Logger
    private let condition = NSCondition()
    /// The socket to the program; -1 while there is none.
    private var control: Int32 = -1
    private var process: Int32 = 0
    /// Whether its engine is open.
    private var isReady = false
    /// Why it cannot be opened.
    private var fault: QueryError?
    private var lastWorker: Int64 = 0
    private var processes: [Int64: Int32] = [:]
    private var ends: [Int64: End] = [:]
    /// Workers that somebody asks after.
    private var watched: Set<Int64> = []
    private var isStopping = false
    let statistics = WorkerStatistics()
    package var counts: EngineProcessCounts { statistics.counts }

    /// `program`: the path of `loon-engine`. `library`: the engine's library, a path or a name that the loader knows.
    package init(program: String, library: String, acceptsAnyVersion: Bool, log: Logger) {
        self.program = program
        self.library = library
        self.acceptsAnyVersion = acceptsAnyVersion
        self.log = log
        // A write to a worker that has ended is an error, and no signal.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Starts the program, which opens its engine meanwhile.
    package func start() throws(QueryError) {
        condition.lock()
        defer { condition.unlock() }
        try startIfNeeded()
    }

    /// Waits until the program's engine is open.
    package func awaitReady() throws(QueryError) {
        condition.lock()
        defer { condition.unlock() }
        try requireReady()
    }

    /// Ends the program, and all workers with it.
    package func stop() {
        condition.lock()
        isStopping = true
        if control >= 0 { shutdown(control, Int32(SHUT_RDWR)) }
        condition.unlock()
    }

    /// A worker that is not bound yet. Where it cannot be forked its socket ends.
    func fork() throws(QueryError) -> (worker: Int64, socket: FrameSocket) {
        condition.lock()
        defer { condition.unlock() }
        try startIfNeeded()
        var (ours, theirs): (Int32, Int32) = (-1, -1)
        guard csandbox_pair(false, &ours, &theirs) == 0 else {
            throw QueryError(
                .engine, "There are no descriptors for another worker: \(String(cString: strerror(errno)))")
        }
        defer { close(theirs) }
        lastWorker += 1
        let worker = lastWorker
        watched.insert(worker)
        guard Self.send(ForkRequest.start(worker), with: theirs, to: control) else {
            close(ours)
            throw fault ?? QueryError(.engine, "loon-engine has ended; try again")
        }
        statistics.started.add(1, ordering: .relaxed)
        return (worker, FrameSocket(ours))
    }

    func kill(_ worker: Int64) {
        condition.withLock { if control >= 0 { _ = Self.send(ForkRequest.kill(worker), with: -1, to: control) } }
    }

    /// The worker's process, where it has been forked and has not ended.
    func process(of worker: Int64) -> Int32? { condition.withLock { processes[worker] } }

    /// Waits for the end of a worker that was killed or whose socket has ended; `nil` where it does not come.
    func waitForEnd(of worker: Int64) -> End? {
        condition.withLock {
            _ = condition.wait(seconds: Limits.workerEndSeconds) { ends[worker] != nil || !watched.contains(worker) }
            return ends[worker]
        }
    }

    /// Nobody asks after the worker any more.
    func forget(_ worker: Int64) {
        condition.withLock {
            watched.remove(worker)
            ends[worker] = nil
        }
    }

    func logKill(of worker: Int64, for verdict: EngineWorker.Verdict, account: AccountIdentity) {
        log.warning(
            "worker.killed",
            metadata: ["worker": "\(worker)", "account": "\(account.name)", "reason": "\(verdict.name)"])
    }

    func logDeath(of worker: Int64, signal: Int32, code: Int32, account: AccountIdentity) {
        log.warning(
            "worker.died",
            metadata: [
                "worker": "\(worker)", "account": "\(account.name)", "signal": "\(signal)", "code": "\(code)",
            ])
    }

    // MARK: Within the lock

    private func startIfNeeded() throws(QueryError) {
        guard control < 0 else { return }
        guard !isStopping else { throw QueryError(.shuttingDown, "Server shutdown in progress") }
        var (ours, theirs): (Int32, Int32) = (-1, -1)
        guard csandbox_pair(true, &ours, &theirs) == 0 else {
            throw QueryError(.startUp, "No sockets can be made: \(String(cString: strerror(errno)))")
        }
        let arguments = [program, "--library", library] + (acceptsAnyVersion ? ["--any-version"] : [])
        var texts = arguments.map { strdup($0) }
        texts.append(nil)
        let problem = csandbox_spawn(program, &texts, theirs, &process)
        for text in texts { free(text) }
        close(theirs)
        guard problem == 0 else {
            close(ours)
            throw QueryError(
                .startUp,
                "loon-engine cannot be started from '\(program)' (\(String(cString: strerror(problem)))); it lies "
                    + "beside loond, or engine.program names it")
        }
        (control, isReady, fault) = (ours, false, nil)
        let reader = Thread { [self, socket = ours, process] in
            listen(socket)
            waitpid(process, nil, 0)
        }
        reader.name = "loon.workers"
        reader.start()
    }

    private func requireReady() throws(QueryError) {
        _ = condition.wait(seconds: Double(Limits.engineStartSeconds)) { isReady || fault != nil || control < 0 }
        guard !isReady else { return }
        if control >= 0 { _ = Foundation.kill(process, SIGKILL) }
        throw fault ?? QueryError(.startUp, "loon-engine at '\(program)' does not start")
    }

    // MARK: The reader's thread

    private func listen(_ socket: Int32) {
        while let report = Self.receive(socket) {
            condition.withLock {
                switch report {
                case .started(let worker, let process): processes[worker] = process
                case .ended(let worker, let signal, let code):
                    processes[worker] = nil
                    if watched.contains(worker) { ends[worker] = End(signal: signal, code: code) }
                case .ready(ServiceVersion.text): isReady = true
                case .ready(let version):
                    fault = QueryError(
                        .startUp,
                        "loon-engine at '\(program)' is of version \(version), and loond of \(ServiceVersion.text)")
                    shutdown(socket, Int32(SHUT_RDWR))
                case .failed(let error): fault = error
                }
                condition.broadcast()
            }
        }
        condition.withLock {
            control = -1
            close(socket)
            processes = [:]
            // The workers end with their parent.
            for worker in watched where ends[worker] == nil { ends[worker] = End(signal: SIGKILL, code: 0) }
            condition.broadcast()
            if !isStopping, isReady { log.error("engine.ended", metadata: ["process": "\(process)"]) }
            isReady = false
        }
    }

    private static func send(_ request: ForkRequest, with descriptor: Int32, to socket: Int32) -> Bool {
        request.frameBytes.withUnsafeBytes { csandbox_send(socket, $0.baseAddress, $0.count, descriptor) }
    }

    private static func receive(_ socket: Int32) -> ForkReport? {
        var bytes = [UInt8](repeating: 0, count: ForkReport.bytesMax)
        let count = recv(socket, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return try? ForkReport(frameBytes: Array(bytes.prefix(count)))
    }
}
