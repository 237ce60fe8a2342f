package import LoonCore

/// The stored form that a password is checked against.
package enum StoredCredentials: Sendable {
    /// SHA1(SHA1(password))
    case native(doubleSHA1: [UInt8])
    /// A slow hash that `ConnectionBackend.verify` knows. `doubleSHA256` is there once the password was seen since the
    /// start. An unknown account looks like one of these.
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
    /// The client's attributes: `_client_name`, `program_name` …
    package let attributes: [String: String]
    /// Whether a person sits there, as far as the client says: the idle timeout is `interactive_timeout` then.
    package let isInteractive: Bool
    /// The cipher of the connection's TLS; `nil` where there is none.
    package let cipher: String?
    /// Closes the connection, from any thread.
    package let disconnect: @Sendable () -> Void

    package init(
        connectionID: UInt32, user: String, database: String?, host: String, attributes: [String: String],
        isInteractive: Bool, cipher: String?,
        disconnect: @escaping @Sendable () -> Void
    ) {
        self.connectionID = connectionID
        self.user = user
        self.database = database
        self.host = host
        self.attributes = attributes
        self.isInteractive = isInteractive
        self.cipher = cipher
        self.disconnect = disconnect
    }
}

/// A command that the session answers
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html).
package enum Command: Sendable {
    /// COM_QUERY. Several statements where `isMulti`.
    case query([UInt8], isMulti: Bool)
    /// COM_INIT_DB
    case useDatabase(String)
    /// COM_FIELD_LIST
    case listFields(table: String)
    /// COM_STATISTICS
    case statistics
    /// COM_PROCESS_KILL
    case kill(UInt32)
    /// COM_DEBUG
    case debug
    /// COM_RESET_CONNECTION
    case resetConnection
    /// COM_STMT_PREPARE, answered by `ResponseWriter.prepared`.
    case prepare(id: UInt32, [UInt8])
    /// COM_STMT_EXECUTE
    case executePrepared(id: UInt32, parameters: [ParameterValue])
    /// COM_STMT_FETCH
    case fetch(RowSpool, rows: Int)
}

/// The value of a statement's parameter.
package enum ParameterValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    /// Text, and whatever else is written in quotes: dates, times, blobs.
    case text([UInt8])
    /// Digits with a point.
    case decimal([UInt8])
}

/// The service behind the protocol. Completions are called once each, on any thread.
package protocol ConnectionBackend: Sendable {
    /// Finds what the account's password is checked against; later, where there were wrong ones for it or from the
    /// host.
    func credentials(of user: String, host: String, completion: @escaping @Sendable (StoredCredentials) -> Void)

    /// Checks a password against the account's slow hash; `nil` where too many are being checked. `password` decrypts
    /// it, on a thread that may block.
    func verify(
        password: @escaping @Sendable () -> [UInt8]?, of user: String, completion: @escaping @Sendable (Bool?) -> Void)

    /// A login as the account was refused.
    func loginFailed(as user: String, host: String)

    /// Opens the session of an account that has proved itself, in the schema that it asked for.
    func openSession(_ login: Login, completion: @escaping @Sendable (Result<any ProtocolSession, QueryError>) -> Void)
}

/// One client's session. Called on the connection's event loop, one command at a time.
package protocol ProtocolSession: AnyObject, Sendable {
    /// Answers the command through `response`, now or later and from any thread, with exactly one ending call.
    func execute(_ command: Command, response: ResponseWriter)

    /// The client will not execute the statement any more.
    func closePrepared(id: UInt32)

    /// The status flags of this session's answers.
    var serverStatus: ServerStatus { get }

    /// Whether one of the places kept for administrators is for this session.
    var isAdministrator: Bool { get }

    /// Seconds without a command after which the connection is closed (MySQL's `wait_timeout`).
    var idleSecondsMax: Int { get }

    /// The client is gone: what runs for it is to stop.
    func close()
}
