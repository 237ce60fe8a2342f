import LoonCore
import NIOCore

/// The client's answer to the greeting
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html).
struct HandshakeResponse: Sendable {
    let capabilities: Capabilities
    let user: String
    let authentication: [UInt8]
    let database: String?
    let plugin: String?

    init(_ payload: ByteBuffer) throws(QueryError) {
        var buffer = payload
        let malformed = QueryError(.malformedPacket, "Bad handshake")
        guard let flags = buffer.readInteger(endianness: .little, as: UInt32.self) else { throw malformed }
        let claimed = Capabilities(rawValue: flags)
        guard claimed.contains(.protocol41) else {
            throw QueryError(.authenticationFailed, "The client is older than MySQL 4.1 and cannot log in here")
        }
        if claimed.contains(.tls) { throw QueryError(.malformedPacket, "The client asked for TLS, which this server did not offer") }
        guard buffer.readSlice(length: 4 + 1 + 23) != nil, let user = buffer.readNullTerminated() else { throw malformed }
        let capabilities = claimed.intersection(.server)
        let answer: [UInt8]?
        if capabilities.contains(.lengthEncodedAuthentication) {
            answer = buffer.readLengthEncodedBytes()
        } else if capabilities.contains(.secureConnection) {
            answer = buffer.readInteger(as: UInt8.self).flatMap { buffer.readBytes(length: Int($0)) }
        } else {
            answer = buffer.readNullTerminated(orRest: true)
        }
        guard let answer else { throw malformed }
        var database: [UInt8]?
        if capabilities.contains(.connectWithDatabase), buffer.readableBytes > 0 { database = buffer.readNullTerminated(orRest: true) }
        var plugin: [UInt8]?
        if capabilities.contains(.pluginAuthentication), buffer.readableBytes > 0 { plugin = buffer.readNullTerminated(orRest: true) }
        self.capabilities = capabilities
        self.user = String(decoding: user, as: UTF8.self)
        authentication = answer
        self.database = database.flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
        self.plugin = plugin.map { String(decoding: $0, as: UTF8.self) }
    }
}
