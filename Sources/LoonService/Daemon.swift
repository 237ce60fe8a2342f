import EngineWorkers
import Foundation
import Logging
package import LoonCore
import LoonLake
import LoonSessions
import LoonTasks
import MetaStore
import MySQLProtocol
import NIOCore
import NIOPosix
import Notifier
import ObjectStore
import QueryEngine
import ServiceLifecycle
import SystemTables
import UnixSignals

/// The daemon: its parts in the order of their start, and in the reverse order of their stop.
package struct Daemon: Service {
    private let configuration: Configuration
    private let output: LogOutput
    private let auditOutput: LogOutput?
    private let log: Logger

    package init(_ configuration: Configuration) throws(QueryError) {
        self.configuration = configuration
        let output = try LogOutput(path: configuration.logFile)
        self.output = output
        // The audit log may lie in it.
        _ = try DataDirectory(configuration.dataDirectory)
        auditOutput = try configuration.auditPath.map { path throws(QueryError) in try LogOutput(path: path) }
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        log = Logger(label: "loond") { _ in EventLogHandler(output: output, level: level, clock: .system) }
    }

    /// Runs until SIGTERM or SIGINT, and then until everything has come to its end.
    package func runUntilSignal() async throws {
        // The lifecycle library's own lines say nothing to an operator.
        let quiet = Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: self),
                .init(service: LogRotation(outputs: [output] + (auditOutput.map { [$0] } ?? []), log: log)),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        group.maximumGracefulShutdownDuration = .seconds(configuration.drainSeconds + 10)
        try await ServiceGroup(configuration: group).run()
    }

    package func run() async throws {
        let directory = try DataDirectory(configuration.dataDirectory)
        try directory.lock()
        // Refused here rather than at each task's end.
        _ = try ObjectKey(bucket: configuration.resultBucket, key: "")
        let (connectionsMax, handshakesMax) = OpenFiles.raiseLimit(for: configuration.connectionsMax)
        let engines = try startEngines()
        defer { engines.stop() }
        let roles = Roles(configuration, clock: .system)
        let sender = try SenderIdentity(configuration, roles: roles)
        let audit = AuditLog(
            auditOutput.map { output in
                Logger(label: "audit") { _ in EventLogHandler(output: output, level: .info, clock: .system) }
            })
        let (tasks, accounts) = try makeTasks(directory, engines, audit)
        let store = tasks.store
        let messages = TaskMessage(
            source: "/loon/\(store.instanceID)", offsetMinutes: configuration.timeZoneOffsetMinutes)
        let recovered = try store.recover(now: WallClock.system.now())
        if let file = try Accounts.createRootIfNeeded(in: store, directory: directory) {
            try accounts.reload()
            log.info("account.created", metadata: ["account": "root", "password_file": "\(file)"])
        }
        let key = try passwordKey(directory)
        let notifier = try Notifier(
            outbox: store, sender: sender, options: notifierOptions, clock: .system, log: log)
        let scheduler = Scheduler(
            context: tasks, runner: TaskRunner(context: tasks, notifier: notifier, messages: messages))
        try scheduler.start()
        notifier.start()
        let housekeeping = Housekeeping(context: tasks, settings: .init(configuration))
        housekeeping.start()
        let sessions = makeSessions(
            scheduler, accounts, audit, roles, sender, engines, connectionsMax: connectionsMax,
            socket: socketPath(directory))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = MySQLServer(
            loop: group.next(),
            options: .init(
                serverVersion: SystemVariables.version, connectionsMax: connectionsMax, handshakesMax: handshakesMax,
                key: key,
                tls: try certificate(directory).map { try $0.context() },
                requiresSecureTransport: configuration.requiresSecureTransport,
                spoolDirectory: directory.path + "/spill"),
            backend: LoginBackend(context: sessions, secret: key.privatePEM), log: log)
        let port = try await listen(server)
        // A client that connects before waits for a moment.
        try engines.awaitReady()
        if recovered > 0 { log.info("server.recovered", metadata: ["tasks": "\(recovered)"]) }
        log.info(
            "server.ready",
            metadata: ["host": "\(configuration.host)", "port": "\(port)", "socket": "\(socketPath(directory))"])
        try? await gracefulShutdown()
        log.info("server.stopping")
        housekeeping.stop()
        let isIdle = try await stop(server, scheduler, notifier)
        do {
            try store.queueInterrupted(now: WallClock.system.now())
            try store.close()
        } catch {
            // Interrupted tasks are put back at the next start.
            log.error("server.stopping", metadata: ["error": "\(error)"])
        }
        log.info("server.stopped")
        // A thread that cannot be stopped must not be there when the process's parts are taken down; the engines'
        // processes end when this one does.
        if !isIdle { _exit(0) }
        try await group.shutdownGracefully()
    }

    // MARK: Start

    /// Starts the program that engines' processes are forked from, and says what walls the kernel has for them.
    private func startEngines() throws -> WorkerParentProcess {
        let version = KernelWalls.version(highest: configuration.landlockMax)
        guard configuration.sandbox != .required || version > 0 else {
            throw QueryError(
                .startUp,
                "This kernel has no Landlock, and engine.sandbox is required: boot it with lsm=landlock,…, or set "
                    + "engine.sandbox: available")
        }
        let parent = WorkerParentProcess(
            program: EngineFactory.program(configuration), library: configuration.library,
            acceptsAnyVersion: configuration.acceptsAnyEngineVersion, log: log)
        // Opens its engine while the daemon opens its files.
        try parent.start()
        let isUsed = configuration.sandbox != .off && version > 0
        log.log(
            level: isUsed ? .info : .warning, "engine.sandbox",
            metadata: ["landlock": "\(isUsed ? version : 0)", "seccomp": "true"])
        return parent
    }

    /// `nil` where TLS is not to be offered.
    private func certificate(_ directory: DataDirectory) throws(QueryError) -> ServerCertificate? {
        guard configuration.offersTLS else {
            guard configuration.requiresSecureTransport else { return nil }
            throw QueryError(
                .wrongVariableValue,
                "listen.tls is false, and TCP without TLS is refused: set listen.tls, or, where the network is "
                    + "trusted, listen.require-secure-transport: false"
            )
        }
        let certificate = try ServerCertificate(configuration, directory)
        log.info("tls.ready", metadata: ["certificate": "\(certificate.path)", "sha256": "\(certificate.fingerprint)"])
        return certificate
    }

    /// Opens the store and the metadata, and finishes what the last daemon had decided.
    private func makeTasks(
        _ directory: DataDirectory, _ parent: WorkerParentProcess, _ audit: AuditLog
    ) throws -> (TaskContext, AccountDirectory) {
        let objects = try LocalObjectStore(root: directory.path + "/oss", staging: directory.path + "/staging")
        let store = try directory.openStore(configuration)
        let engines = try EngineFactory(configuration, directory, objects, instance: store.instanceID, parent)
        let clusters = try engines.clusters()
        let moved = try store.moveQueued(from: clusters.all.map(\.name), to: clusters.standard.name)
        if moved > 0 {
            log.warning("scheduler.moved", metadata: ["tasks": "\(moved)", "cluster": "\(clusters.standard.name)"])
        }
        try objects.sweepStaging(except: Publisher.stagedFolders(try store.publications()))
        let accounts = try AccountDirectory(store)
        let lake = LakeContext(
            store: store, objects: objects, accounts: accounts, engine: clusters.standard.engine,
            resultBucket: configuration.resultBucket, clock: .system, log: log)
        let hostPaths = HostPaths(configuration, root: objects.root)
        let tasks = TaskContext(
            lake: lake, accounts: accounts, audit: audit, clusters: clusters,
            timeZoneOffsetMinutes: configuration.timeZoneOffsetMinutes, release: ServiceVersion.text,
            redacted: hostPaths.hidden)
        try Publisher(context: lake).recover()
        try objects.sweepStaging(except: Publisher.stagedFolders(lake.openPublications.all))
        return (tasks, accounts)
    }

    private func makeSessions(
        _ scheduler: Scheduler, _ accounts: AccountDirectory, _ audit: AuditLog, _ roles: Roles,
        _ sender: SenderIdentity, _ engines: WorkerParentProcess, connectionsMax: Int, socket: String
    ) -> SessionContext {
        SessionContext(
            scheduler: scheduler,
            submitter: TaskSubmitter(
                scheduler: scheduler, notifications: NotificationHints(configuration, sender: sender)),
            accounts: accounts, audit: audit,
            variables: SystemVariables(configuration, connectionsMax: connectionsMax, socket: socket),
            timeZoneOffsetMinutes: configuration.timeZoneOffsetMinutes, roles: { roles.report() },
            engineProcesses: { engines.counts })
    }

    private var notifierOptions: Notifier.Options {
        Notifier.Options(
            retry: RetryPolicy(
                baseMilliseconds: Int64(configuration.retryBaseMilliseconds),
                capMilliseconds: Int64(configuration.retryCapMilliseconds),
                giveUpMilliseconds: Int64(configuration.giveUpSeconds) * 1_000, attemptsMax: configuration.attemptsMax),
            connectMilliseconds: configuration.connectTimeoutMilliseconds,
            totalMilliseconds: configuration.requestTimeoutMilliseconds,
            authoritiesFile: configuration.authoritiesFile)
    }

    /// The key that passwords are sent under, made at the first start: it takes some tenths of a second.
    private func passwordKey(_ directory: DataDirectory) throws -> PasswordKey {
        let name = DataDirectory.passwordKeyFile
        if let stored = directory.read(name) {
            guard let key = try? PasswordKey(privatePEM: stored) else {
                throw QueryError(
                    .startUp, "The file '\(directory.path)/\(name)' holds no key; remove it, and a new one is made")
            }
            return key
        }
        let key = try PasswordKey()
        try directory.write(key.privatePEM, to: name)
        return key
    }

    private func socketPath(_ directory: DataDirectory) -> String {
        configuration.socket ?? directory.path + "/loond.sock"
    }

    private func listen(_ server: MySQLServer) async throws -> Int {
        let socket = socketPath(try DataDirectory(configuration.dataDirectory))
        // sockaddr_un has room for 107 bytes and a NUL.
        guard socket.utf8.count <= 107 else {
            throw QueryError(
                .startUp,
                "The path of the Unix socket, '\(socket)', is longer than 107 bytes; name a shorter one with --socket")
        }
        guard !Self.isInUse(socket: socket) else {
            throw QueryError(
                .startUp,
                "Another process listens on the Unix socket '\(socket)'; stop it, or name another with --socket")
        }
        do {
            let port = try await server.listen(on: .tcp(host: configuration.host, port: configuration.port))
            _ = try await server.listen(on: .unixSocket(path: socket))
            return port
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw QueryError(
                .startUp,
                "Port \(configuration.port) of \(configuration.host) is in use; stop what listens there, or "
                    + "choose another with --port (0 picks a free one)"
            )
        } catch {
            throw QueryError(.startUp, "Cannot listen on \(configuration.host):\(configuration.port): \(error)")
        }
    }

    /// Whether somebody answers there: a socket file that is left over is replaced, and no other.
    private static func isInUse(socket path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            } == 0
        }
    }

    // MARK: Stop

    /// New work is refused, what runs may end, then it is interrupted; messages that wait are sent at the next start.
    /// False where the engine works on all the same.
    private func stop(_ server: MySQLServer, _ scheduler: Scheduler, _ notifier: Notifier) async throws -> Bool {
        let seconds = Int64(configuration.drainSeconds)
        async let drained: Void = server.drain(seconds: seconds)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let idle = loop.makePromise(of: Bool.self)
        // The later of the two finds the promise kept, which does nothing.
        let interruption = loop.scheduleTask(in: .seconds(seconds)) { scheduler.interrupt() }
        let patience = loop.scheduleTask(in: .seconds(seconds + Self.interruptSeconds)) { idle.succeed(false) }
        scheduler.stop { idle.succeed(true) }
        let isIdle = try await idle.futureResult.get()
        interruption.cancel()
        patience.cancel()
        try await drained
        await withCheckedContinuation { continuation in notifier.stop { continuation.resume() } }
        return isIdle
    }

    /// How long the engine may take to notice an interrupt: a scalar function is not interrupted within a batch.
    private static let interruptSeconds: Int64 = 2
}

extension MetaStore: Outbox {}

/// Opens the log file anew on SIGHUP, as logrotate asks.
private struct LogRotation: Service {
    let outputs: [LogOutput]
    let log: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            for output in outputs {
                do { try output.reopen() } catch { log.error("log.reopen", metadata: ["error": "\(error)"]) }
            }
        }
    }
}
