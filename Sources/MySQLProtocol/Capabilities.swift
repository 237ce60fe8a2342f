/// The capability flags of the handshake
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html).
struct Capabilities: OptionSet, Sendable {
    let rawValue: UInt32

    static let longPassword = Capabilities(rawValue: 1 << 0)
    static let foundRows = Capabilities(rawValue: 1 << 1)
    static let longFlag = Capabilities(rawValue: 1 << 2)
    static let connectWithDatabase = Capabilities(rawValue: 1 << 3)
    static let protocol41 = Capabilities(rawValue: 1 << 9)
    static let tls = Capabilities(rawValue: 1 << 11)
    static let transactions = Capabilities(rawValue: 1 << 13)
    static let secureConnection = Capabilities(rawValue: 1 << 15)
    static let multiResults = Capabilities(rawValue: 1 << 17)
    static let preparedMultiResults = Capabilities(rawValue: 1 << 18)
    static let pluginAuthentication = Capabilities(rawValue: 1 << 19)
    static let connectAttributes = Capabilities(rawValue: 1 << 20)
    static let lengthEncodedAuthentication = Capabilities(rawValue: 1 << 21)
    static let deprecateEOF = Capabilities(rawValue: 1 << 24)

    /// What this server offers.
    static let server: Capabilities = [
        .longPassword, .foundRows, .longFlag, .connectWithDatabase, .protocol41, .transactions, .secureConnection, .multiResults,
        .preparedMultiResults, .pluginAuthentication, .connectAttributes, .lengthEncodedAuthentication, .deprecateEOF,
    ]
}

/// The server status flags of OK and EOF packets.
enum ServerStatus {
    static let autocommit: UInt16 = 0x0002
    static let noBackslashEscapes: UInt16 = 0x0200
}

/// Ids of collations (information_schema.COLLATIONS): what a column definition and the greeting name a character set with.
enum Collation {
    static let binary: UInt16 = 63
    static let utf8mb4: UInt16 = 45
}
