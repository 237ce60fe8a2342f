import Logging
import LoonCore
import NIOCore
import NIOSSL

/// Does what the connection's state machine decides. Confined to the connection's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: ConnectionStateMachine
    private let connectionID: UInt32
    private let nonce: Nonce
    private let host: String
    private let environment: ServerEnvironment
    private var session: (any ProtocolSession)?
    private var context: ChannelHandlerContext?
    private var isPaused = false
    private var isAdvancing = false
    /// The loop will come back for the rest of what was read.
    private var hasTurnComing = false
    private let connected = NIODeadline.now()

    // Bytes that came in, on their way to the machine.
    private var decoder = PacketDecoder()
    private var inbound = ByteBuffer()
    private var isDecoding = false
    /// Set while the connection is compressed.
    private var decompressor: Decompressor?

    /// When the client was last heard of, or last answered: what the timeouts are counted from.
    private var lastActivity = NIODeadline.now()

    init(connectionID: UInt32, isUnixSocket: Bool, host: String, environment: ServerEnvironment) {
        nonce = Nonce()
        self.connectionID = connectionID
        self.host = host
        self.environment = environment
        machine = ConnectionStateMachine(
            .init(
                nonce: nonce, host: host, publicPEM: environment.key.publicPEM, offersTLS: environment.tls != nil,
                isLocal: isUnixSocket || host.hasPrefix("127.") || host == "::1", isUnixSocket: isUnixSocket,
                requiresSecureTransport: environment.requiresSecureTransport))
    }

    // MARK: Events

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let greeting = Greeting(
            serverVersion: environment.serverVersion, connectionID: connectionID, nonce: nonce, plugin: .cachingSHA2,
            offersTLS: environment.tls != nil)
        var packets = ByteBuffer()
        _ = packets.writePackets(greeting.payload, sequence: 0)
        context.writeAndFlush(wrapOutboundOut(packets), promise: nil)
        machine.greeted()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastActivity = .now()
        var bytes = unwrapInboundIn(data)
        if decompressor != nil {
            // Not moved out of the optional: it is needed for the sequence ids of answers given meanwhile.
            guard decompressor?.read(bytes, into: &inbound) == true else { return drop() }
        } else if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.writeBuffer(&bytes)
        }
        decode()
    }

    /// Hands whole packets to the machine, some at a time: others wait for their turn on the loop, too. What a packet
    /// sets off may come back here.
    private func decode() {
        guard !isDecoding, !hasTurnComing, let channel = context?.channel else { return }
        isDecoding = true
        var taken = 0
        while !machine.isFull, channel.isWritable, taken < Limits.commandsPerTurn,
            let packet = decoder.next(
                &inbound, bytesMax: machine.isAuthenticated ? Limits.commandBytesMax : Limits.handshakePacketBytesMax)
        {
            perform(machine.received(packet))
            taken += 1
        }
        isDecoding = false
        if taken == Limits.commandsPerTurn, inbound.readableBytes > 0 {
            hasTurnComing = true
            pauseReading()
            let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
            channel.eventLoop.execute { handler.value.takeTurn() }
        }
        // The allocator's block is not held by a connection that waits.
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    private func takeTurn() {
        hasTurnComing = false
        decode()
        resumeReading()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        self.context = nil
        context.fireChannelInactive()
    }

    private func end() {
        machine.disconnected()
        session?.close()
        session = nil
    }

    /// Ends the session at once: closing the channel may take some seconds, in which TLS waits for a peer that no
    /// longer answers.
    private func drop() {
        end()
        context?.close(promise: nil)
    }

    /// A client that does not read its answers is asked nothing more.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            decode()
            resumeReading()
        } else {
            pauseReading()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            // The client said goodbye and will not read an answer.
            drop()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        environment.log.debug("connection.error", metadata: ["connection": "\(connectionID)", "error": "\(error)"])
        drop()
    }

    /// The daemon stops.
    func drain() { perform(machine.drain()) }

    /// Looks whether a time has run out.
    func sweep(now: NIODeadline) {
        let silence = now - lastActivity
        if !machine.isAuthenticated {
            if now - connected > .seconds(Limits.handshakeSecondsMax) { perform(machine.handshakeTimedOut()) }
        } else if machine.isChangingUser {
            if silence > .seconds(Limits.handshakeSecondsMax) { drop() }
        } else if machine.isIdle {
            if decoder.isWithinPacket || inbound.readableBytes > 0 {
                if silence > .seconds(Limits.readStallSecondsMax) { drop() }
            } else if let session, silence > .seconds(Int64(session.idleSecondsMax)) {
                perform(machine.idleTimedOut())
            }
        }
    }

    // MARK: Actions

    private func perform(_ action: ConnectionStateMachine.Action) {
        guard let context else { return }
        switch action {
        case .none: break
        case .send(let packets): write(packets, context)
        case .refuse(let packets, let error): refuse(packets, error, context)
        case .startTLS: startTLS(context)
        case .lookUp(let user):
            environment.backend.credentials(
                of: user, host: host, completion: onLoop { $0.perform($0.machine.found($1)) })
        case .verify(let user, let proof):
            let key = environment.key
            environment.backend.verify(
                password: { key.password(proof) }, of: user, completion: onLoop { $0.perform($0.machine.verified($1)) })
        case .open(let user, let database, let attributes, let isInteractive):
            let channel = context.channel
            let login = Login(
                connectionID: connectionID, user: user, database: database, host: host, attributes: attributes,
                isInteractive: isInteractive,
                cipher: machine.isEncrypted ? "TLS" : nil, disconnect: { channel.close(promise: nil) })
            environment.backend.openSession(login, completion: onLoop { $0.opened($1) })
        case .execute(let command, let shape): execute(command, shape, context)
        case .acknowledge(let sequence): answer(ServerPackets.ok(status: status), sequence, context)
        case .terminate(let sequence):
            answer(
                ServerPackets.terminator(deprecatesEOF: machine.capabilities.contains(.deprecateEOF), status: status),
                sequence, context)
        case .closeStatement(let id): session?.closePrepared(id: id)
        case .pauseReading: pauseReading()
        case .close: drop()
        }
    }

    private var status: ServerStatus { session?.serverStatus ?? .autocommit }

    private func answer(_ payload: ByteBuffer, _ sequence: UInt8, _ context: ChannelHandlerContext) {
        var packets = ByteBuffer()
        _ = packets.writePackets(payload, sequence: sequence)
        write(packets, context)
    }

    private func write(_ packets: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(framed(packets)), promise: nil)
    }

    private func framed(_ packets: ByteBuffer) -> ByteBuffer {
        guard var sequence = frameSequence else { return packets }
        return packets.withUnsafeReadableBytes { Compression.frame($0.bindMemory(to: UInt8.self), sequence: &sequence) }
    }

    /// Of the next frame to the client; `nil` where the connection is not compressed.
    private var frameSequence: UInt8? { decompressor.map { $0.sequence &+ 1 } }

    private func refuse(_ packets: ByteBuffer, _ error: QueryError, _ context: ChannelHandlerContext) {
        environment.log.info(
            "connection.refused",
            metadata: [
                "connection": "\(connectionID)", "host": "\(host)", "code": "\(ErrorNumber(error.code).number)",
                "error": "\(error)",
            ])
        if error.code == .authenticationFailed, let user = machine.attemptedUser {
            environment.backend.loginFailed(as: user, host: host)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(framed(packets))).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Puts TLS between this handler and the socket. What came in one piece with the request belongs to TLS already.
    private func startTLS(_ context: ChannelHandlerContext) {
        guard let tls = environment.tls else { return }
        let rest = inbound
        inbound = ByteBuffer()
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        } catch { return errorCaught(context: context, error: error) }
        if rest.readableBytes > 0 { context.pipeline.fireChannelRead(rest) }
    }

    private func opened(_ result: Result<any ProtocolSession, QueryError>) {
        switch result {
        case .success(let session):
            guard context != nil else { return session.close() }
            if self.session == nil, !environment.admit(connectionID, session.isAdministrator) {
                session.close()
                return perform(machine.opened(QueryError(.tooManyConnections, "Too many connections")))
            }
            self.session?.close()
            self.session = session
            perform(machine.opened(nil))
            // From the first command on. A connection that changes its user is compressed already.
            if machine.capabilities.contains(.compress), decompressor == nil { decompressor = Decompressor() }
            advance()
        case .failure(let error): perform(machine.opened(error))
        }
    }

    private func execute(_ command: Command, _ shape: ResponseWriter.Shape, _ context: ChannelHandlerContext) {
        guard let session else { return }
        let response = ResponseWriter(
            channel: context.channel, shape: shape, frameSequence: frameSequence,
            spoolDirectory: environment.spoolDirectory,
            status: { session.serverStatus },
            onEnd: { [loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)] in loopBound.value.finished($0) })
        session.execute(command, response: response)
    }

    private func finished(_ outcome: ResponseWriter.Outcome) {
        lastActivity = .now()
        perform(machine.finished(outcome))
        advance()
    }

    /// Takes up what was sent ahead. An answer may be out before the call that began it returns, and then comes back
    /// here: the loop below goes on.
    private func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        while let action = machine.nextWaiting() { perform(action) }
        isAdvancing = false
        decode()
        resumeReading()
    }

    /// Reads on when there is room for what comes, and for the answers to it.
    private func resumeReading() {
        guard isPaused, !machine.hasWaiting, !hasTurnComing, let channel = context?.channel, channel.isWritable else {
            return
        }
        isPaused = false
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }

    private func pauseReading() {
        guard !isPaused, let channel = context?.channel else { return }
        isPaused = true
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }

    /// A completion that may come on any thread, carried to this handler's event loop.
    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (ConnectionHandler, Value) -> Void)
        -> @Sendable (Value) -> Void
    {
        guard let loop = context?.eventLoop else { return { _ in } }
        let handler = NIOLoopBound(self, eventLoop: loop)
        return { value in loop.execute { body(handler.value, value) } }
    }
}
