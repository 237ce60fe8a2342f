/// The capability flags of the handshake
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html), and from bit 32 on
/// MariaDB's own (https://mariadb.com/kb/en/connection/#capabilities), which a server has that does not set
/// `longPassword`.
struct Capabilities: OptionSet, Sendable {
    let rawValue: UInt64

    static let longPassword = Capabilities(rawValue: 1 << 0)
    static let foundRows = Capabilities(rawValue: 1 << 1)
    static let longFlag = Capabilities(rawValue: 1 << 2)
    static let connectWithDatabase = Capabilities(rawValue: 1 << 3)
    static let compress = Capabilities(rawValue: 1 << 5)
    static let ignoreSpace = Capabilities(rawValue: 1 << 8)
    static let protocol41 = Capabilities(rawValue: 1 << 9)
    static let interactive = Capabilities(rawValue: 1 << 10)
    static let tls = Capabilities(rawValue: 1 << 11)
    static let transactions = Capabilities(rawValue: 1 << 13)
    static let secureConnection = Capabilities(rawValue: 1 << 15)
    static let multiStatements = Capabilities(rawValue: 1 << 16)
    static let multiResults = Capabilities(rawValue: 1 << 17)
    static let preparedMultiResults = Capabilities(rawValue: 1 << 18)
    static let pluginAuthentication = Capabilities(rawValue: 1 << 19)
    static let connectAttributes = Capabilities(rawValue: 1 << 20)
    static let lengthEncodedAuthentication = Capabilities(rawValue: 1 << 21)
    static let deprecateEOF = Capabilities(rawValue: 1 << 24)
    /// MariaDB: progress reports while a statement runs. libmariadb says so with the older bit alone.
    static let olderProgress = Capabilities(rawValue: 1 << 29)
    static let progress = Capabilities(rawValue: 1 << 32)

    /// The capabilities of this server. Without `longPassword`, which says that the server is not MariaDB's kin: its
    /// clients take no progress reports then.
    static func server(offersTLS: Bool) -> Capabilities {
        let all: Capabilities = [
            .foundRows, .longFlag, .connectWithDatabase, .compress, .ignoreSpace, .protocol41, .interactive,
            .transactions, .secureConnection,
            .multiStatements, .multiResults, .preparedMultiResults, .pluginAuthentication, .connectAttributes,
            .lengthEncodedAuthentication,
            .deprecateEOF, .olderProgress, .progress,
        ]
        return offersTLS ? all.union(.tls) : all
    }
}

/// The server status flags of OK and EOF packets
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/mysql__com_8h.html, SERVER_STATUS_flags_enum).
package struct ServerStatus: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let inTransaction = ServerStatus(rawValue: 0x0001)
    package static let autocommit = ServerStatus(rawValue: 0x0002)
    package static let inReadOnlyTransaction = ServerStatus(rawValue: 0x2000)
    static let moreResults = ServerStatus(rawValue: 0x0008)
    static let cursorExists = ServerStatus(rawValue: 0x0040)
    static let lastRowSent = ServerStatus(rawValue: 0x0080)
    package static let noBackslashEscapes = ServerStatus(rawValue: 0x0200)
}

/// Ids of collations (information_schema.COLLATIONS): what a column definition and the greeting name a character set
/// with.
enum Collation {
    static let binary: UInt16 = 63
    static let utf8mb4: UInt16 = 45
}
