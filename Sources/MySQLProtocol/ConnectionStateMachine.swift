import LoonCore
import NIOCore

/// The server's side of one connection, without a socket: every event is answered with what the handler is to do.
///
/// Valid transitions: awaitingResponse → lookingUp → awaitingAnswer | awaitingSecret | opening; awaitingAnswer → awaitingSecret |
/// opening; awaitingSecret → verifying → opening; opening → ready; ready ↔ executing; each → closed.
struct ConnectionStateMachine: ~Copyable {
    /// Who is logging in, and what is known so far.
    struct Attempt: Sendable {
        let user: String
        let database: String?
        let capabilities: Capabilities
        let usesPassword: Bool
        var answer: [UInt8]
        /// The plugin that `answer` was made with.
        var plugin: AuthenticationPlugin?
    }

    private enum State {
        case awaitingResponse
        /// The backend was asked for the credentials.
        case lookingUp(Attempt)
        /// The client was asked to answer by the account's plugin.
        case awaitingAnswer(Attempt, StoredCredentials)
        /// The client was asked for the password itself; `keySent` when it was given the public key.
        case awaitingSecret(Attempt, keySent: Bool)
        /// The backend was asked whether the password is right.
        case verifying(Attempt)
        /// The backend was asked for a session.
        case opening(Attempt)
        case ready
        /// A command runs; what the client has sent meanwhile waits in `waiting`.
        case executing
        case closed
    }

    enum Action {
        case none
        case send(ByteBuffer)
        /// Send, then close; the error is what the packet says.
        case refuse(ByteBuffer, QueryError)
        case lookUp(user: String)
        case verify(user: String, proof: PasswordProof)
        case open(user: String, database: String?)
        case execute(Command, sequence: UInt8)
        /// Answer with an OK packet; the connection stays ready.
        case acknowledge(sequence: UInt8)
        /// Read no more until the running command is done.
        case pauseReading
        case close
    }

    private var state = State.awaitingResponse
    private var sequence: UInt8 = 0
    private var isDraining = false
    /// Commands sent ahead, from `firstWaiting` on: taken one at a time, each when the one before it is answered.
    private var waiting: [Packet] = []
    private var firstWaiting = 0
    private var waitingBytes = 0
    private let nonce: Nonce
    private let isLocal: Bool
    private let host: String
    private let publicPEM: String

    /// `isLocal`: the bytes never leave this machine, so that a password may come in the clear.
    init(nonce: Nonce, isLocal: Bool, host: String, publicPEM: String) {
        self.nonce = nonce
        self.isLocal = isLocal
        self.host = host
        self.publicPEM = publicPEM
    }

    var isAuthenticated: Bool {
        switch state {
        case .ready, .executing: true
        case .awaitingResponse, .lookingUp, .awaitingAnswer, .awaitingSecret, .verifying, .opening, .closed: false
        }
    }

    var hasEnded: Bool {
        if case .closed = state { return true }
        return false
    }

    // MARK: Packets

    mutating func received(_ packet: Packet) -> Action {
        switch state {
        case .ready: return command(packet)
        case .executing:
            waiting.append(packet)
            waitingBytes += packet.payload.readableBytes
            let isFull = waiting.count - firstWaiting >= Limits.pipelinedCommandsMax || waitingBytes >= Limits.pipelinedBytesMax
            return isFull ? .pauseReading : .none
        case .awaitingResponse: return authenticating(packet) { $0.response($1) }
        case .awaitingAnswer(var attempt, let credentials):
            return authenticating(packet) { machine, payload in
                attempt.answer = payload.getBytes(at: payload.readerIndex, length: payload.readableBytes) ?? []
                attempt.plugin = credentials.plugin
                return machine.check(attempt, credentials)
            }
        case .awaitingSecret(let attempt, let keySent):
            return authenticating(packet) { $0.secret($1, attempt, keySent: keySent) }
        case .lookingUp, .verifying, .opening:
            // It is the server's turn: a client that sends now does not speak the protocol.
            return refuse(QueryError(.packetsOutOfOrder, "Got packets out of order"))
        case .closed: return .none
        }
    }

    private mutating func authenticating(_ packet: Packet, _ body: (inout ConnectionStateMachine, ByteBuffer) -> Action) -> Action {
        guard packet.sequence == sequence, !packet.isTooLarge else {
            return refuse(QueryError(.packetsOutOfOrder, "Got packets out of order"))
        }
        sequence = packet.sequence &+ 1
        return body(&self, packet.payload)
    }

    /// The greeting went out.
    mutating func greeted() { sequence = 1 }

    private mutating func response(_ payload: ByteBuffer) -> Action {
        do {
            let response = try HandshakeResponse(payload)
            let attempt = Attempt(
                user: response.user, database: response.database, capabilities: response.capabilities,
                usesPassword: !response.authentication.isEmpty, answer: response.authentication,
                plugin: response.plugin.flatMap(AuthenticationPlugin.init) ?? (response.plugin == nil ? .nativePassword : nil))
            capabilities = response.capabilities
            state = .lookingUp(attempt)
            return .lookUp(user: attempt.user)
        } catch {
            return refuse(error)
        }
    }

    /// What both sides can do; empty before the client's answer.
    private(set) var capabilities: Capabilities = []

    // MARK: Authentication

    mutating func found(_ credentials: StoredCredentials) -> Action {
        guard case .lookingUp(let attempt) = state else { return .none }
        return check(attempt, credentials)
    }

    private mutating func check(_ attempt: Attempt, _ credentials: StoredCredentials) -> Action {
        guard attempt.plugin == credentials.plugin else {
            guard attempt.capabilities.contains(.pluginAuthentication) else { return deny(attempt) }
            state = .awaitingAnswer(attempt, credentials)
            return send(Greeting.switchRequest(to: credentials.plugin, nonce: nonce))
        }
        // Loon has no account without a password.
        if attempt.answer.isEmpty || attempt.answer == [0] { return deny(attempt) }
        switch credentials {
        case .native(let doubleSHA1):
            return Scramble.nativeMatches(answer: attempt.answer, nonce: nonce, doubleSHA1: doubleSHA1) ? open(attempt) : deny(attempt)
        case .cachingSHA2(let doubleSHA256):
            if let doubleSHA256, Scramble.sha2Matches(answer: attempt.answer, nonce: nonce, doubleSHA256: doubleSHA256) {
                let action = open(attempt)
                pendingFastSuccess = true
                return action
            }
            state = .awaitingSecret(attempt, keySent: false)
            return send(ByteBuffer(bytes: [0x01, 0x04]))  // perform full authentication
        }
    }

    /// `caching_sha2_password` says 01 03 before the OK that follows.
    private var pendingFastSuccess = false

    private mutating func secret(_ payload: ByteBuffer, _ attempt: Attempt, keySent: Bool) -> Action {
        var payload = payload
        let bytes = payload.readBytes(length: payload.readableBytes) ?? []
        if bytes == [0x02], !keySent {
            state = .awaitingSecret(attempt, keySent: true)
            return send(ByteBuffer(bytes: [0x01] + Array(publicPEM.utf8)))
        }
        // A client that has the key already encrypts without asking for it.
        if keySent || bytes.count == PasswordKey.cipherBytes { return verify(attempt, .encrypted(bytes, nonce: nonce)) }
        // Clients send the password itself on a Unix socket; libmariadb 3.3 over loopback too, even without TLS.
        if isLocal, bytes.last == 0 { return verify(attempt, .clear(bytes.dropLast())) }
        return deny(attempt)
    }

    private mutating func verify(_ attempt: Attempt, _ proof: PasswordProof) -> Action {
        state = .verifying(attempt)
        return .verify(user: attempt.user, proof: proof)
    }

    mutating func verified(_ isRight: Bool) -> Action {
        guard case .verifying(let attempt) = state else { return .none }
        return isRight ? open(attempt) : deny(attempt)
    }

    private mutating func open(_ attempt: Attempt) -> Action {
        state = .opening(attempt)
        return .open(user: attempt.user, database: attempt.database)
    }

    /// The session is there, or the schema is not.
    mutating func opened(_ failure: QueryError?) -> Action {
        guard case .opening = state else { return .none }
        if let failure { return refuse(failure) }
        state = .ready
        var packets = ByteBuffer()
        if pendingFastSuccess { sequence = packets.writePackets(ByteBuffer(bytes: [0x01, 0x03]), sequence: sequence) }
        sequence = packets.writePackets(ServerPackets.ok(status: ServerStatus.autocommit), sequence: sequence)
        return .send(packets)
    }

    private mutating func deny(_ attempt: Attempt) -> Action {
        let used = attempt.usesPassword ? "YES" : "NO"
        return refuse(
            QueryError(.authenticationFailed, "Access denied for user '\(attempt.user)'@'\(host)' (using password: \(used))"))
    }

    // MARK: Commands

    private mutating func command(_ packet: Packet) -> Action {
        guard packet.sequence == 0 || packet.payload.readableBytes >= PacketDecoder.continuedLength || packet.isTooLarge else {
            return fail(QueryError(.packetsOutOfOrder, "Got packets out of order"), after: packet.sequence)
        }
        if packet.isTooLarge {
            return fail(
                QueryError(.packetTooLarge, "Got a packet bigger than 'max_allowed_packet' (\(Limits.commandBytesMax) bytes)"), after: packet.sequence
            )
        }
        var payload = packet.payload
        let code = payload.readInteger(as: UInt8.self)
        switch code {
        case 0x01:  // COM_QUIT
            state = .closed
            return .close
        case 0x02, 0x03:  // COM_INIT_DB, COM_QUERY
            let text = payload.readBytes(length: payload.readableBytes) ?? []
            state = .executing
            return .execute(
                code == 0x03 ? .query(text) : .useDatabase(String(decoding: text, as: UTF8.self)), sequence: packet.sequence &+ 1)
        case 0x0E: return .acknowledge(sequence: packet.sequence &+ 1)  // COM_PING
        default:
            return fail(QueryError(.unknownCommand, "Unknown command"), after: packet.sequence)
        }
    }

    /// The answer to the running command is out.
    mutating func finished() -> Action {
        guard case .executing = state else { return .none }
        state = .ready
        return isDraining ? refuse(QueryError(.shuttingDown, "Server shutdown in progress")) : .none
    }

    /// The next command that was sent ahead, if its turn has come.
    mutating func nextWaiting() -> Action? {
        guard case .ready = state, firstWaiting < waiting.count else { return nil }
        let packet = waiting[firstWaiting]
        firstWaiting += 1
        waitingBytes -= packet.payload.readableBytes
        // What was taken is let go of in batches, also while something always waits.
        if firstWaiting * 2 >= waiting.count {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        }
        return command(packet)
    }

    var hasWaiting: Bool { firstWaiting < waiting.count }

    private func fail(_ error: QueryError, after sequence: UInt8) -> Action {
        var packets = ByteBuffer()
        _ = packets.writePackets(ServerPackets.error(error), sequence: sequence &+ 1)
        return .send(packets)
    }

    // MARK: Ends

    /// The daemon stops: what is idle goes now, what runs goes when it is done.
    mutating func drain() -> Action {
        isDraining = true
        switch state {
        case .executing, .closed: return .none
        case .ready, .awaitingResponse, .lookingUp, .awaitingAnswer, .awaitingSecret, .verifying, .opening:
            state = .closed
            return .close
        }
    }

    /// The peer took too long to log in.
    mutating func handshakeTimedOut() -> Action {
        guard !isAuthenticated, !hasEnded else { return .none }
        state = .closed
        return .close
    }

    mutating func disconnected() {
        state = .closed
        waiting = []
        firstWaiting = 0
    }

    private mutating func send(_ payload: ByteBuffer) -> Action {
        var packets = ByteBuffer()
        sequence = packets.writePackets(payload, sequence: sequence)
        return .send(packets)
    }

    private mutating func refuse(_ error: QueryError) -> Action {
        state = .closed
        var packets = ByteBuffer()
        sequence = packets.writePackets(ServerPackets.error(error), sequence: sequence)
        return .refuse(packets, error)
    }
}
