package import Logging
import LoonCore
package import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

/// The environment that every connection of a server shares.
struct ServerEnvironment: Sendable {
    let serverVersion: String
    let backend: any ConnectionBackend
    let key: PasswordKey
    let tls: NIOSSLContext?
    let requiresSecureTransport: Bool
    let spoolDirectory: String
    let log: Logger
    /// Takes a place for a connection that has logged in, where there is one; administrators have some of their own. It
    /// is given back when the connection closes.
    let admit: @Sendable (_ connectionID: UInt32, _ isAdministrator: Bool) -> Bool
}

/// The listeners and their connections. All of them live on one event loop: the work is done elsewhere.
package final class MySQLServer: Sendable {
    /// Where clients are waited for.
    package enum Endpoint: Sendable {
        /// Port 0 picks a free one.
        case tcp(host: String, port: Int)
        /// A file that is replaced if it is a socket, even one that somebody listens on.
        case unixSocket(path: String)
    }

    /// Options of the server: what it offers and asks of its clients.
    package struct Options: Sendable {
        package let serverVersion: String
        /// Connections, those kept for administrators aside.
        package let connectionsMax: Int
        /// Connections that have not logged in.
        package let handshakesMax: Int
        package let key: PasswordKey
        /// `nil`: TLS is not offered.
        package let tls: NIOSSLContext?
        /// Whether TCP without TLS is refused.
        package let requiresSecureTransport: Bool
        /// Where cursors that outgrow the memory put their rows.
        package let spoolDirectory: String

        package init(
            serverVersion: String, connectionsMax: Int, handshakesMax: Int, key: PasswordKey, tls: NIOSSLContext?,
            requiresSecureTransport: Bool,
            spoolDirectory: String
        ) {
            self.serverVersion = serverVersion
            self.connectionsMax = connectionsMax
            self.handshakesMax = handshakesMax
            self.key = key
            self.tls = tls
            self.requiresSecureTransport = requiresSecureTransport
            self.spoolDirectory = spoolDirectory
        }
    }

    private struct State {
        var listeners: [any Channel] = []
        var connections: [UInt32: Connection] = [:]
        /// Connections that have logged in.
        var admitted: Set<UInt32> = []
        /// Connections that have not logged in, in the order of their coming; some of them may have gone meanwhile, or
        /// logged in.
        var strangers = CircularBuffer<UInt32>()
        var lastConnectionID: UInt32 = 0
        var isDraining = false
        var onEmpty: EventLoopPromise<Void>?

        /// Connections that do not log in take each other's places: the one that has waited longest goes. `nil` where
        /// there is room.
        mutating func displaceStranger(beyond most: Int) -> Connection? {
            while let first = strangers.first, connections[first] == nil || admitted.contains(first) {
                strangers.removeFirst()
            }
            guard connections.count - admitted.count > most, let first = strangers.popFirst() else { return nil }
            return connections[first]
        }
    }

    private struct Connection {
        let channel: any Channel
        let handler: NIOLoopBound<ConnectionHandler>
    }

    private let loop: any EventLoop
    private let options: Options
    private let environment: ServerEnvironment

    package init(loop: any EventLoop, options: Options, backend: any ConnectionBackend, log: Logger) {
        self.loop = loop
        self.options = options
        let state = SharedState()
        shared = state
        environment = ServerEnvironment(
            serverVersion: options.serverVersion, backend: backend, key: options.key, tls: options.tls,
            requiresSecureTransport: options.requiresSecureTransport, spoolDirectory: options.spoolDirectory, log: log,
            admit: { connectionID, isAdministrator in
                state.value.withLock { state in
                    let most = options.connectionsMax + (isAdministrator ? Limits.reservedConnections : 0)
                    guard state.admitted.count < most else { return false }
                    state.admitted.insert(connectionID)
                    return true
                }
            })
    }

    private final class SharedState: Sendable { let value = Mutex(State()) }
    private let shared: SharedState

    /// Listens. Returns the port for TCP, 0 for a socket file. Throws NIO's error where the place is taken.
    package func listen(on endpoint: Endpoint) async throws -> Int {
        let isUnixSocket = if case .unixSocket = endpoint { true } else { false }
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Above what a result's buffers come to, so that only answers nobody reads reach it.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 8 << 20))
            .childChannelInitializer { channel in
                if !isUnixSocket { try? channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1) }
                return self.accept(channel, isUnixSocket: isUnixSocket)
            }
        let listener: any Channel
        switch endpoint {
        case .tcp(let host, let port): listener = try await bootstrap.bind(host: host, port: port).get()
        case .unixSocket(let path):
            listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
        let isFirst = shared.value.withLock { state in
            state.listeners.append(listener)
            return state.listeners.count == 1
        }
        if isFirst {
            let interval = TimeAmount.milliseconds(Limits.sweepMilliseconds)
            loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] task in
                guard let self else { return task.cancel() }
                self.sweep()
            }
        }
        return listener.localAddress?.port ?? 0
    }

    /// One look at every connection, instead of a timer for each.
    private func sweep() {
        let now = NIODeadline.now()
        for connection in shared.value.withLock({ Array($0.connections.values) }) {
            connection.handler.value.sweep(now: now)
        }
    }

    /// Takes no more connections, lets what runs end within `seconds`, then closes what is left.
    package func drain(seconds: Int64) async throws {
        let listeners = shared.value.withLock { state in
            state.isDraining = true
            return state.listeners
        }
        for listener in listeners { try? await listener.close() }
        let promise = loop.makePromise(of: Void.self)
        let open = shared.value.withLock { state in
            state.onEmpty = promise
            return Array(state.connections.values)
        }
        if open.isEmpty { promise.succeed() }
        loop.execute { for connection in open { connection.handler.value.drain() } }
        let timer = loop.scheduleTask(in: .seconds(seconds)) {
            for connection in open { connection.channel.close(promise: nil) }
        }
        try await promise.futureResult.get()
        timer.cancel()
    }

    private func accept(_ channel: any Channel, isUnixSocket: Bool) -> EventLoopFuture<Void> {
        let admitted: UInt32? = shared.value.withLock { state in
            guard !state.isDraining, state.admitted.count < options.connectionsMax + Limits.reservedConnections else {
                return nil
            }
            repeat {
                state.lastConnectionID = state.lastConnectionID &+ 1
            } while state.lastConnectionID == 0
                || state.connections[state.lastConnectionID] != nil
            return state.lastConnectionID
        }
        guard let connectionID = admitted else {
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(RefusalHandler())
            }
        }
        let host = isUnixSocket ? "localhost" : channel.remoteAddress?.ipAddress ?? "unknown"
        let handler = ConnectionHandler(
            connectionID: connectionID, isUnixSocket: isUnixSocket, host: host, environment: environment)
        let connection = Connection(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
        let displaced = shared.value.withLock { state in
            state.connections[connectionID] = connection
            state.strangers.append(connectionID)
            return state.displaceStranger(beyond: options.handshakesMax)
        }
        displaced?.channel.close(promise: nil)
        channel.closeFuture.whenComplete { _ in self.closed(connectionID) }
        return channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler) }
    }

    private func closed(_ connectionID: UInt32) {
        let promise: EventLoopPromise<Void>? = shared.value.withLock { state in
            state.connections[connectionID] = nil
            state.admitted.remove(connectionID)
            return state.isDraining && state.connections.isEmpty ? state.onEmpty : nil
        }
        promise?.succeed()
    }
}

/// Tells a client that there is no place for it: in place of a greeting, and so without an SQLSTATE.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    // Not before: a channel takes no writes until it is active.
    func channelActive(context: ChannelHandlerContext) {
        var packets = ByteBuffer()
        _ = packets.writePackets(
            ServerPackets.error(QueryError(.tooManyConnections, "Too many connections"), withState: false), sequence: 0)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(packets)).whenComplete { _ in channel.close(promise: nil) }
    }
}
