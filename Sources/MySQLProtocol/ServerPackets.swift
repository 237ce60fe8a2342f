import LoonCore
import NIOCore

/// OK, ERR and EOF (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html).
enum ServerPackets {
    static func ok(affectedRows: UInt64 = 0, status: UInt16, warnings: UInt16 = 0, info: String = "", header: UInt8 = 0) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(header)
        buffer.writeLengthEncoded(affectedRows)
        buffer.writeLengthEncoded(0)  // last insert id
        buffer.writeInteger(status, endianness: .little)
        buffer.writeInteger(warnings, endianness: .little)
        // Written even when empty: some clients read it unconditionally.
        buffer.writeLengthEncoded(info)
        return buffer
    }

    static func eof(status: UInt16, warnings: UInt16 = 0) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0xFE))
        buffer.writeInteger(warnings, endianness: .little)
        buffer.writeInteger(status, endianness: .little)
        return buffer
    }

    /// `withState` is false before the handshake's answer, when the peer's protocol is not known.
    static func error(_ error: QueryError, withState: Bool = true) -> ByteBuffer {
        let number = ErrorNumber(error.code)
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0xFF))
        buffer.writeInteger(number.number, endianness: .little)
        if withState { buffer.writeString("#" + number.sqlState) }
        // A cut inside of a character is mended by decoding.
        buffer.writeString(String(decoding: error.message.utf8.prefix(Limits.errorMessageBytesMax), as: UTF8.self))
        return buffer
    }
}
