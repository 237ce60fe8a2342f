package import LoonCore

/// What a password is checked against.
package enum StoredCredentials: Sendable {
    /// SHA1(SHA1(password))
    case native(doubleSHA1: [UInt8])
    /// A slow hash that `ConnectionBackend.verify` knows. `doubleSHA256` is there once the password was seen since the start. An unknown
    /// account looks like one of these.
    case cachingSHA2(doubleSHA256: [UInt8]?)

    var plugin: AuthenticationPlugin {
        switch self {
        case .native: .nativePassword
        case .cachingSHA2: .cachingSHA2
        }
    }
}

/// A connection whose account is known.
package struct Login: Sendable {
    package let connectionID: UInt32
    package let user: String
    package let database: String?
    /// The peer's address, `localhost` on the Unix socket.
    package let host: String

    package init(connectionID: UInt32, user: String, database: String?, host: String) {
        self.connectionID = connectionID
        self.user = user
        self.database = database
        self.host = host
    }
}

/// A command of the protocol's text side.
package enum Command: Sendable {
    case query([UInt8])
    case useDatabase(String)
}

/// What stands behind the protocol. Completions are called once each, on any thread.
package protocol ConnectionBackend: Sendable {
    /// Finds what the account's password is checked against.
    func credentials(of user: String, completion: @escaping @Sendable (StoredCredentials) -> Void)

    /// Checks a password against the account's slow hash. `password` decrypts it, on a thread that may block.
    func verify(password: @escaping @Sendable () -> [UInt8]?, of user: String, completion: @escaping @Sendable (Bool) -> Void)

    /// Opens the session of an account that has proved itself, in the schema that it asked for.
    func openSession(_ login: Login, completion: @escaping @Sendable (Result<any ProtocolSession, QueryError>) -> Void)
}

/// One client's session. Called on the connection's event loop, one command at a time.
package protocol ProtocolSession: AnyObject, Sendable {
    /// Answers the command through `response`, now or later and from any thread, with exactly one ending call.
    func execute(_ command: Command, response: ResponseWriter)

    /// Whether `\` is a plain character in this session's strings: clients escape accordingly.
    var hasNoBackslashEscapes: Bool { get }

    /// The client is gone: what runs for it is to stop.
    func close()
}

extension ProtocolSession {
    /// The status flags of this session's answers.
    var serverStatus: UInt16 { ServerStatus.autocommit | (hasNoBackslashEscapes ? ServerStatus.noBackslashEscapes : 0) }
}
