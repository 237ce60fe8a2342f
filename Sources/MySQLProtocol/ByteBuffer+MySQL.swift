import MySQLRows
import NIOCore

/// The protocol's basic data types
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_data_types.html).
extension ByteBuffer {
    /// Bytes up to a NUL, which is taken too; the rest where there is none and `orRest` is set.
    mutating func readNullTerminated(orRest: Bool = false) -> [UInt8]? {
        guard let end = readableBytesView.firstIndex(of: 0) else {
            return orRest ? readBytes(length: readableBytes) : nil
        }
        let bytes = readBytes(length: end - readerIndex)
        moveReaderIndex(forwardBy: 1)
        return bytes
    }

    mutating func readLengthEncodedInteger() -> UInt64? {
        guard let first = readInteger(as: UInt8.self) else { return nil }
        switch first {
        case 0..<0xFB: return UInt64(first)
        case 0xFC: return readInteger(endianness: .little, as: UInt16.self).map(UInt64.init)
        case 0xFD:
            guard let low = readInteger(endianness: .little, as: UInt16.self), let high = readInteger(as: UInt8.self)
            else { return nil }
            return UInt64(low) | UInt64(high) << 16
        case 0xFE: return readInteger(endianness: .little, as: UInt64.self)
        default: return nil
        }
    }

    mutating func readLengthEncodedBytes() -> [UInt8]? {
        guard let length = readLengthEncodedInteger(), length <= UInt64(readableBytes) else { return nil }
        return readBytes(length: Int(length))
    }

    mutating func writeLengthEncoded(_ value: UInt64) {
        switch value {
        case 0..<0xFB: writeInteger(UInt8(value))
        case 0..<0x1_0000:
            writeInteger(UInt8(0xFC))
            writeInteger(UInt16(value), endianness: .little)
        case 0..<0x100_0000:
            writeInteger(UInt8(0xFD))
            writeInteger(UInt16(truncatingIfNeeded: value), endianness: .little)
            writeInteger(UInt8(value >> 16))
        default:
            writeInteger(UInt8(0xFE))
            writeInteger(value, endianness: .little)
        }
    }

    mutating func writeLengthEncoded(_ text: String) {
        writeLengthEncoded(UInt64(text.utf8.count))
        writeString(text)
    }

    /// Writes `payload` as the packets it takes, and returns the sequence id after them. A payload of exactly 2^24−1
    /// bytes, or a multiple, is followed by an empty packet.
    mutating func writePackets(_ payload: ByteBuffer, sequence: UInt8) -> UInt8 {
        var payload = payload
        var sequence = sequence
        while true {
            let length = min(payload.readableBytes, PacketBuffer.continuedLength)
            writeInteger(UInt32(length) | UInt32(sequence) << 24, endianness: .little)
            if var part = payload.readSlice(length: length) { writeBuffer(&part) }
            sequence &+= 1
            if length < PacketBuffer.continuedLength { return sequence }
        }
    }
}
