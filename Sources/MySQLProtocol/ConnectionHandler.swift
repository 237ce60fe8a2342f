import Logging
import LoonCore
import NIOCore

/// Does what the connection's state machine decides. Confined to the connection's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = Packet
    typealias OutboundOut = ByteBuffer

    /// Tells a connection that the daemon stops.
    struct Drain: Sendable {}

    private var machine: ConnectionStateMachine
    private let connectionID: UInt32
    private let nonce: Nonce
    private let host: String
    private let serverVersion: String
    private let backend: any ConnectionBackend
    private let bound: PayloadBound
    private let key: PasswordKey
    private let log: Logger
    private var session: (any ProtocolSession)?
    private var context: ChannelHandlerContext?
    private var handshakeTimer: Scheduled<Void>?
    private var isPaused = false

    init(connectionID: UInt32, isLocal: Bool, host: String, bound: PayloadBound, environment: ServerEnvironment) {
        nonce = Nonce()
        key = environment.key
        machine = ConnectionStateMachine(nonce: nonce, isLocal: isLocal, host: host, publicPEM: environment.key.publicPEM)
        self.connectionID = connectionID
        self.host = host
        self.bound = bound
        serverVersion = environment.serverVersion
        backend = environment.backend
        log = environment.log
    }

    // MARK: Events

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let greeting = Greeting(serverVersion: serverVersion, connectionID: connectionID, nonce: nonce, plugin: .cachingSHA2)
        var packets = ByteBuffer()
        _ = packets.writePackets(greeting.payload, sequence: 0)
        context.writeAndFlush(wrapOutboundOut(packets), promise: nil)
        machine.greeted()
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        handshakeTimer = context.eventLoop.scheduleTask(in: .seconds(Limits.handshakeSecondsMax)) {
            handler.value.perform(handler.value.machine.handshakeTimedOut())
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(machine.received(unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.disconnected()
        handshakeTimer?.cancel()
        session?.close()
        session = nil
        self.context = nil
        context.fireChannelInactive()
    }

    /// A client that does not read its answers is asked nothing more.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { resumeReading() } else { pauseReading() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is Drain {
            perform(machine.drain())
        } else if case ChannelEvent.inputClosed = event {
            // The client said goodbye and will not read an answer.
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        log.debug("connection.error", metadata: ["connection": "\(connectionID)", "error": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: Actions

    private func perform(_ action: ConnectionStateMachine.Action) {
        guard let context else { return }
        switch action {
        case .none: break
        case .send(let packets):
            context.writeAndFlush(wrapOutboundOut(packets), promise: nil)
            if machine.isAuthenticated { handshakeTimer?.cancel() }
        case .refuse(let packets, let error):
            log.info(
                "connection.refused",
                metadata: ["connection": "\(connectionID)", "host": "\(host)", "code": "\(ErrorNumber(error.code).number)", "error": "\(error)"])
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(packets)).whenComplete { _ in channel.close(promise: nil) }
        case .lookUp(let user):
            backend.credentials(of: user, completion: onLoop { $0.perform($0.machine.found($1)) })
        case .verify(let user, let proof):
            let key = key
            backend.verify(password: { key.password(proof) }, of: user, completion: onLoop { $0.perform($0.machine.verified($1)) })
        case .open(let user, let database):
            let login = Login(connectionID: connectionID, user: user, database: database, host: host)
            backend.openSession(login, completion: onLoop { $0.opened($1) })
        case .execute(let command, let sequence): execute(command, sequence: sequence)
        case .acknowledge(let sequence):
            var packets = ByteBuffer()
            _ = packets.writePackets(ServerPackets.ok(status: session?.serverStatus ?? ServerStatus.autocommit), sequence: sequence)
            context.writeAndFlush(wrapOutboundOut(packets), promise: nil)
        case .pauseReading: pauseReading()
        case .close: context.close(promise: nil)
        }
    }

    private func opened(_ result: Result<any ProtocolSession, QueryError>) {
        switch result {
        case .success(let session):
            guard context != nil else { return session.close() }
            self.session = session
            bound.bytesMax = Limits.commandBytesMax
            perform(machine.opened(nil))
        case .failure(let error): perform(machine.opened(error))
        }
    }

    private func execute(_ command: Command, sequence: UInt8) {
        guard let context, let session else { return }
        let response = ResponseWriter(
            channel: context.channel, capabilities: machine.capabilities, status: { session.serverStatus }, sequence: sequence,
            onEnd: onLoop { $0.finished() })
        session.execute(command, response: response)
    }

    private func finished() {
        perform(machine.finished())
        while let action = machine.nextWaiting() { perform(action) }
        resumeReading()
    }

    /// Reads on when there is room for what comes, and for the answers to it.
    private func resumeReading() {
        guard isPaused, !machine.hasWaiting, let channel = context?.channel, channel.isWritable else { return }
        isPaused = false
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }

    private func pauseReading() {
        guard !isPaused, let channel = context?.channel else { return }
        isPaused = true
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }

    /// A completion that may come on any thread, carried to this handler's event loop.
    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (ConnectionHandler, Value) -> Void) -> @Sendable (Value) -> Void {
        guard let loop = context?.eventLoop else { return { _ in } }
        let handler = NIOLoopBound(self, eventLoop: loop)
        return { value in loop.execute { body(handler.value, value) } }
    }

    private func onLoop(_ body: @escaping @Sendable (ConnectionHandler) -> Void) -> @Sendable () -> Void {
        guard let loop = context?.eventLoop else { return {} }
        let handler = NIOLoopBound(self, eventLoop: loop)
        return { loop.execute { body(handler.value) } }
    }
}
