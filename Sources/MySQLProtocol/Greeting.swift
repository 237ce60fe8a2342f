import NIOCore

/// The authentication plugins that the server speaks.
package enum AuthenticationPlugin: String, Sendable {
    case nativePassword = "mysql_native_password"
    case cachingSHA2 = "caching_sha2_password"
}

/// The server's first packet
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html).
struct Greeting {
    let serverVersion: String
    let connectionID: UInt32
    let nonce: Nonce
    let plugin: AuthenticationPlugin
    let offersTLS: Bool

    var payload: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(10))
        buffer.writeNullTerminatedString(serverVersion)
        buffer.writeInteger(connectionID, endianness: .little)
        buffer.writeBytes(nonce.bytes.prefix(8))
        buffer.writeInteger(UInt8(0))
        let capabilities = Capabilities.server(offersTLS: offersTLS).rawValue
        buffer.writeInteger(UInt16(truncatingIfNeeded: capabilities), endianness: .little)
        buffer.writeInteger(UInt8(Collation.utf8mb4))
        buffer.writeInteger(ServerStatus.autocommit.rawValue, endianness: .little)
        buffer.writeInteger(UInt16(truncatingIfNeeded: capabilities >> 16), endianness: .little)
        buffer.writeInteger(UInt8(Nonce.length + 1))
        buffer.writeRepeatingByte(0, count: 6)
        // MariaDB's extended capabilities, where MySQL has zeros.
        buffer.writeInteger(UInt32(truncatingIfNeeded: capabilities >> 32), endianness: .little)
        buffer.writeBytes(nonce.bytes.dropFirst(8))
        buffer.writeInteger(UInt8(0))
        buffer.writeNullTerminatedString(plugin.rawValue)
        return buffer
    }

    /// Asks the client to answer again, by another plugin or to the same nonce.
    static func switchRequest(to plugin: AuthenticationPlugin, nonce: Nonce) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0xFE))
        buffer.writeNullTerminatedString(plugin.rawValue)
        buffer.writeBytes(nonce.bytes)
        buffer.writeInteger(UInt8(0))
        return buffer
    }
}

/// The bytes a password is scrambled with: fresh for each connection, without bytes that the protocol's strings cannot
/// hold.
package struct Nonce: Sendable {
    static let length = 20
    let bytes: [UInt8]

    init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<Self.length).map { _ in UInt8.random(in: 0x21...0x7E, using: &generator) }
    }

    init(bytes: [UInt8]) { self.bytes = bytes }
}
