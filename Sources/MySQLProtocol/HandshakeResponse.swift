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
    let attributes: [String: String]

    /// Whether the packet is the short form that asks for TLS first: the response's head alone.
    static func isTLSRequest(_ payload: ByteBuffer) -> Bool {
        guard payload.readableBytes == 32,
            let flags = payload.getInteger(at: payload.readerIndex, endianness: .little, as: UInt32.self)
        else { return false }
        return Capabilities(rawValue: UInt64(flags)).contains([.tls, .protocol41])
    }

    init(_ payload: ByteBuffer, offersTLS: Bool) throws(QueryError) {
        var buffer = payload
        let malformed = QueryError(.malformedPacket, "Bad handshake")
        guard let flags = buffer.readInteger(endianness: .little, as: UInt32.self) else { throw malformed }
        var claimed = Capabilities(rawValue: UInt64(flags))
        guard claimed.contains(.protocol41) else {
            throw QueryError(.authenticationFailed, "The client is older than MySQL 4.1 and cannot log in here")
        }
        // The largest packet and the character set do not matter: text is UTF-8 either way.
        guard buffer.readSlice(length: 4 + 1 + 19) != nil,
            let extended = buffer.readInteger(endianness: .little, as: UInt32.self),
            let user = buffer.readNullTerminated()
        else { throw malformed }
        if !claimed.contains(.longPassword) {
            claimed.formUnion(Capabilities(rawValue: UInt64(extended) << 32))
            if claimed.contains(.olderProgress) { claimed.insert(.progress) }
        }
        let capabilities = claimed.intersection(.server(offersTLS: offersTLS))
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
        if capabilities.contains(.connectWithDatabase), buffer.readableBytes > 0 {
            database = buffer.readNullTerminated(orRest: true)
        }
        var plugin: [UInt8]?
        if capabilities.contains(.pluginAuthentication), buffer.readableBytes > 0 {
            plugin = buffer.readNullTerminated(orRest: true)
        }
        self.capabilities = capabilities
        self.user = String(decoding: user, as: UTF8.self)
        authentication = answer
        self.database = database.flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
        self.plugin = plugin.map { String(decoding: $0, as: UTF8.self) }
        attributes = capabilities.contains(.connectAttributes) ? Self.attributes(&buffer) : [:]
    }

    /// COM_CHANGE_USER: the response's strings in another order
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_change_user.html).
    init(changeUser payload: ByteBuffer, capabilities: Capabilities) throws(QueryError) {
        var buffer = payload
        let malformed = QueryError(.malformedCommand, "Malformed communication packet")
        guard let user = buffer.readNullTerminated(), let length = buffer.readInteger(as: UInt8.self),
            let answer = buffer.readBytes(length: Int(length)), let database = buffer.readNullTerminated(orRest: true)
        else { throw malformed }
        self.capabilities = capabilities
        self.user = String(decoding: user, as: UTF8.self)
        authentication = answer
        self.database = database.isEmpty ? nil : String(decoding: database, as: UTF8.self)
        var plugin: [UInt8]?
        if buffer.readSlice(length: 2) != nil, capabilities.contains(.pluginAuthentication), buffer.readableBytes > 0 {
            plugin = buffer.readNullTerminated(orRest: true)
        }
        self.plugin = plugin.map { String(decoding: $0, as: UTF8.self) }
        attributes = capabilities.contains(.connectAttributes) ? Self.attributes(&buffer) : [:]
    }

    /// Names and values for the operator's eyes; what is malformed there is passed over.
    private static func attributes(_ buffer: inout ByteBuffer) -> [String: String] {
        guard let bytes = buffer.readLengthEncodedBytes() else { return [:] }
        var pairs = ByteBuffer(bytes: bytes)
        var attributes: [String: String] = [:]
        while attributes.count < Limits.connectAttributesMax, let name = pairs.readLengthEncodedBytes(),
            let value = pairs.readLengthEncodedBytes()
        {
            attributes[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return attributes
    }
}
