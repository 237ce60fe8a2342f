import LoonCore
import NIOCore

/// The server's side of one connection, without a socket: every event is answered with what the handler is to do.
///
/// Valid transitions: awaitingResponse → awaitingResponse (TLS) | lookingUp → awaitingAnswer | awaitingSecret |
/// opening; awaitingAnswer → awaitingSecret | opening; awaitingSecret → verifying → opening; opening → ready; ready ↔
/// executing; ready → lookingUp (COM_CHANGE_USER); each → closed.
struct ConnectionStateMachine: ~Copyable {
    /// A login on its way, and what is known so far.
    struct Attempt: Sendable {
        let user: String
        let database: String?
        let attributes: [String: String]
        let usesPassword: Bool
        var answer: [UInt8]
        /// The plugin that `answer` was made with.
        var plugin: AuthenticationPlugin?
    }

    enum State {
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
        case executing(statement: UInt32)
        case closed
    }

    enum Action {
        case none
        case send(ByteBuffer)
        /// Send, then close; the error is what the packet says.
        case refuse(ByteBuffer, QueryError)
        /// The client begins TLS with its next byte.
        case startTLS
        case lookUp(user: String)
        case verify(user: String, proof: PasswordProof)
        case open(user: String, database: String?, attributes: [String: String], isInteractive: Bool)
        case execute(Command, ResponseWriter.Shape)
        /// Answer with an OK packet; the connection stays ready.
        case acknowledge(sequence: UInt8)
        /// Answer with an EOF packet; the connection stays ready.
        case terminate(sequence: UInt8)
        case closeStatement(UInt32)
        /// Read no more until the running command is done.
        case pauseReading
        case close
    }

    /// Facts that do not change while the connection lives.
    struct Terms {
        let nonce: Nonce
        let host: String
        let publicPEM: String
        let offersTLS: Bool
        /// The bytes never leave this machine, so that a password may come in the clear.
        let isLocal: Bool
        /// On the Unix socket.
        let isUnixSocket: Bool
        let requiresSecureTransport: Bool
    }

    let terms: Terms
    var state = State.awaitingResponse
    var sequence: UInt8 = 0
    private(set) var isEncrypted = false
    /// The capabilities of both sides; empty before the client's answer.
    var capabilities: Capabilities = []
    /// Whether a COM_QUERY may hold several statements: COM_SET_OPTION changes it.
    var allowsMultiStatements = false
    /// The account is known. (A COM_CHANGE_USER in between does not take that back.)
    private(set) var isAuthenticated = false
    /// `caching_sha2_password` says 01 03 before the OK that follows.
    var pendingFastSuccess = false
    /// The user that wanted to log in last.
    var attemptedUser: String?
    var statements: [UInt32: PreparedStatement] = [:]
    var lastStatementID: UInt32 = 0

    private var isDraining = false
    /// Commands sent ahead, from `firstWaiting` on: taken one at a time, each when the one before it is answered.
    private var waiting: [Packet] = []
    private var firstWaiting = 0
    private var waitingBytes = 0

    init(_ terms: Terms) { self.terms = terms }

    var hasEnded: Bool {
        if case .closed = state { return true }
        return false
    }

    /// Nothing runs, and it is the client's turn.
    var isIdle: Bool {
        if case .ready = state { return true }
        return false
    }

    /// The account of an open connection is about to be another.
    var isChangingUser: Bool {
        switch state {
        case .lookingUp, .awaitingAnswer, .awaitingSecret, .verifying, .opening: isAuthenticated
        case .awaitingResponse, .ready, .executing, .closed: false
        }
    }

    /// Whether the transport keeps others from reading along.
    var isSecure: Bool { isEncrypted || terms.isUnixSocket }

    // MARK: Packets

    mutating func received(_ packet: Packet) -> Action {
        switch state {
        // Commands that were sent before go before.
        case .ready where !hasWaiting: return command(packet)
        case .ready, .executing:
            waiting.append(packet)
            waitingBytes += packet.payload.readableBytes
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
            // The turn is the server's: a client that sends now does not speak the protocol.
            return refuse(QueryError(.packetsOutOfOrder, "Got packets out of order"))
        case .closed: return .none
        }
    }

    private mutating func authenticating(_ packet: Packet, _ body: (inout ConnectionStateMachine, ByteBuffer) -> Action)
        -> Action
    {
        guard packet.sequence == sequence, !packet.isTooLarge else {
            return refuse(QueryError(.packetsOutOfOrder, "Got packets out of order"))
        }
        sequence = packet.sequence &+ 1
        return body(&self, packet.payload)
    }

    /// The greeting went out.
    mutating func greeted() { sequence = 1 }

    private mutating func response(_ payload: ByteBuffer) -> Action {
        if HandshakeResponse.isTLSRequest(payload) {
            guard terms.offersTLS, !isEncrypted else {
                return refuse(QueryError(.malformedPacket, "The client asked for TLS, which this server did not offer"))
            }
            isEncrypted = true
            return .startTLS
        }
        do {
            let response = try HandshakeResponse(payload, offersTLS: terms.offersTLS)
            capabilities = response.capabilities
            allowsMultiStatements = capabilities.contains(.multiStatements)
            guard isSecure || !terms.requiresSecureTransport else {
                return refuse(
                    QueryError(
                        .insecureTransport,
                        "Connections using insecure transport are prohibited while "
                            + "--require_secure_transport=ON; connect with TLS"
                    ))
            }
            return lookUp(response)
        } catch {
            return refuse(error)
        }
    }

    /// The session is there, or the schema is not.
    mutating func opened(_ failure: QueryError?) -> Action {
        guard case .opening = state else { return .none }
        if let failure { return refuse(failure) }
        state = .ready
        isAuthenticated = true
        var packets = ByteBuffer()
        if pendingFastSuccess { sequence = packets.writePackets(ByteBuffer(bytes: [0x01, 0x03]), sequence: sequence) }
        pendingFastSuccess = false
        sequence = packets.writePackets(ServerPackets.ok(status: .autocommit), sequence: sequence)
        return .send(packets)
    }

    // MARK: Turns

    /// The answer to the running command is out.
    mutating func finished(_ outcome: ResponseWriter.Outcome) -> Action {
        guard case .executing(let statement) = state else { return .none }
        switch outcome {
        case .answered: break
        case .prepared(let count): statements[statement] = PreparedStatement(parameterCount: count)
        case .cursor(let spool): statements[statement]?.cursor = spool
        }
        state = .ready
        guard isDraining else { return .none }
        // Nobody has asked for it: clients know such an error by this number, as MariaDB sends it.
        sequence = 0
        return refuse(QueryError(.shuttingDown, "Server shutdown in progress"))
    }

    /// The next command that was sent ahead, if its turn has come.
    mutating func nextWaiting() -> Action? {
        guard case .ready = state, firstWaiting < waiting.count else { return nil }
        let packet = waiting[firstWaiting]
        firstWaiting += 1
        waitingBytes -= packet.payload.readableBytes
        // Commands that were taken are let go of in batches, also while something always waits.
        if firstWaiting * 2 >= waiting.count {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        }
        return command(packet)
    }

    /// As much is waiting as may wait.
    var isFull: Bool {
        waiting.count - firstWaiting >= Limits.pipelinedCommandsMax || waitingBytes >= Limits.pipelinedBytesMax
    }

    var hasWaiting: Bool { firstWaiting < waiting.count }

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

    /// No command came for as long as the session allows.
    mutating func idleTimedOut() -> Action {
        guard case .ready = state else { return .none }
        sequence = 0
        return refuse(
            QueryError(
                .idleTooLong,
                "The client was disconnected by the server because of inactivity. See wait_timeout and "
                    + "interactive_timeout for configuring this behavior."
            ))
    }

    mutating func disconnected() {
        state = .closed
        waiting = []
        firstWaiting = 0
        statements = [:]
    }

    mutating func send(_ payload: ByteBuffer) -> Action {
        var packets = ByteBuffer()
        sequence = packets.writePackets(payload, sequence: sequence)
        return .send(packets)
    }

    mutating func refuse(_ error: QueryError) -> Action {
        state = .closed
        var packets = ByteBuffer()
        sequence = packets.writePackets(ServerPackets.error(error), sequence: sequence)
        return .refuse(packets, error)
    }
}
