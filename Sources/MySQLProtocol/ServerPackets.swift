import LoonCore
import NIOCore

/// OK, ERR and EOF (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html).
enum ServerPackets {
    static func ok(
        affectedRows: UInt64 = 0, status: ServerStatus, warnings: UInt16 = 0, info: String = "", header: UInt8 = 0
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(16 + info.utf8.count)
        buffer.writeInteger(header)
        buffer.writeLengthEncoded(affectedRows)
        buffer.writeLengthEncoded(0)  // last insert id
        buffer.writeInteger(status.rawValue, endianness: .little)
        buffer.writeInteger(warnings, endianness: .little)
        // Written even when empty: some clients read it unconditionally.
        buffer.writeLengthEncoded(info)
        return buffer
    }

    static func eof(status: ServerStatus, warnings: UInt16 = 0) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0xFE))
        buffer.writeInteger(warnings, endianness: .little)
        buffer.writeInteger(status.rawValue, endianness: .little)
        return buffer
    }

    /// The packet that ends rows or column definitions: EOF, or an OK in its place.
    static func terminator(deprecatesEOF: Bool, status: ServerStatus, warnings: UInt16 = 0) -> ByteBuffer {
        deprecatesEOF ? ok(status: status, warnings: warnings, header: 0xFE) : eof(status: status, warnings: warnings)
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

    /// MariaDB's progress report (https://mariadb.com/kb/en/err_packet/): an error of number 65535. The server writes
    /// one byte more than the page says, the number of strings, and libmariadb reads `progress` in thousandths of a
    /// percent.
    static func progress(fraction: Double, stage: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0xFF))
        buffer.writeInteger(UInt16(0xFFFF), endianness: .little)
        buffer.writeInteger(UInt8(1))  // strings
        buffer.writeInteger(UInt8(1))  // stage
        buffer.writeInteger(UInt8(1))  // of stages
        let thousandths = UInt32(max(0, min(1, fraction)) * 100_000)
        buffer.writeInteger(UInt16(truncatingIfNeeded: thousandths), endianness: .little)
        buffer.writeInteger(UInt8(truncatingIfNeeded: thousandths >> 16))
        buffer.writeLengthEncoded(stage)
        return buffer
    }

    /// The head of the answer to COM_STMT_PREPARE
    /// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_prepare.html).
    static func prepared(id: UInt32, columns: Int, parameters: Int, warnings: UInt16) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(id, endianness: .little)
        buffer.writeInteger(UInt16(clamping: columns), endianness: .little)
        buffer.writeInteger(UInt16(clamping: parameters), endianness: .little)
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(warnings, endianness: .little)
        return buffer
    }
}
