package import Logging
import LoonCore
package import NIOCore
import NIOPosix
import Synchronization

/// What every connection of a server shares.
struct ServerEnvironment: Sendable {
    let serverVersion: String
    let backend: any ConnectionBackend
    let key: PasswordKey
    let log: Logger
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

    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var lastConnectionID: UInt32 = 0
        var isDraining = false
        var onEmpty: EventLoopPromise<Void>?
    }

    private let state = Mutex(State())
    private let loop: any EventLoop
    private let connectionsMax: Int
    private let environment: ServerEnvironment

    package init(
        loop: any EventLoop, connectionsMax: Int, serverVersion: String, backend: any ConnectionBackend, key: PasswordKey, log: Logger
    ) {
        self.loop = loop
        self.connectionsMax = connectionsMax
        environment = ServerEnvironment(serverVersion: serverVersion, backend: backend, key: key, log: log)
    }

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
        case .unixSocket(let path): listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
        state.withLock { $0.listeners.append(listener) }
        return listener.localAddress?.port ?? 0
    }

    /// Takes no more connections, lets what runs end within `seconds`, then closes what is left.
    package func drain(seconds: Int64) async throws {
        let listeners = state.withLock { state in
            state.isDraining = true
            return state.listeners
        }
        for listener in listeners { try? await listener.close() }
        let promise = loop.makePromise(of: Void.self)
        let open = state.withLock { state in
            state.onEmpty = promise
            return Array(state.connections.values)
        }
        if open.isEmpty { promise.succeed() }
        for channel in open { channel.pipeline.fireUserInboundEventTriggered(ConnectionHandler.Drain()) }
        let timer = loop.scheduleTask(in: .seconds(seconds)) { for channel in open { channel.close(promise: nil) } }
        try await promise.futureResult.get()
        timer.cancel()
    }

    private func accept(_ channel: any Channel, isUnixSocket: Bool) -> EventLoopFuture<Void> {
        let admitted: UInt32? = state.withLock { state in
            guard !state.isDraining, state.connections.count < connectionsMax else { return nil }
            state.lastConnectionID = state.lastConnectionID == .max ? 1 : state.lastConnectionID + 1
            state.connections[ObjectIdentifier(channel)] = channel
            return state.lastConnectionID
        }
        guard let connectionID = admitted else {
            return channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(RefusalHandler()) }
        }
        channel.closeFuture.whenComplete { _ in self.closed(channel) }
        let host = isUnixSocket ? "localhost" : channel.remoteAddress?.ipAddress ?? "unknown"
        let bound = PayloadBound(bytesMax: Limits.handshakePacketBytesMax)
        let handler = ConnectionHandler(
            connectionID: connectionID, isLocal: isUnixSocket || host.hasPrefix("127.") || host == "::1", host: host, bound: bound,
            environment: environment)
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(PacketDecoder(bound: bound)), handler])
        }
    }

    private func closed(_ channel: any Channel) {
        let promise: EventLoopPromise<Void>? = state.withLock { state in
            state.connections[ObjectIdentifier(channel)] = nil
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
