import LoonCore
import MySQLRows
import NIOCore

/// A payload, put together from the packets that it was spread over.
struct Packet: Sendable {
    /// The sequence id of the last of its packets.
    let sequence: UInt8
    let payload: ByteBuffer
    /// The payload passed the bound; it was read to its end and thrown away.
    let isTooLarge: Bool
}

/// Cuts the inbound stream into payloads
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html): a packet is a 3-byte length, a
/// sequence id and as many bytes; one of 2^24−1 bytes is continued by the next. What passes the bound is read past, so
/// that the peer can be told.
struct PacketDecoder {
    private var gathered = ByteBuffer()
    private var isTooLarge = false
    /// Bytes of the present packet that are still to come, and its header.
    private var remaining = 0
    private var header: (length: Int, sequence: UInt8)?

    /// The peer owes the rest of a packet.
    var isWithinPacket: Bool { header != nil || gathered.readableBytes > 0 }

    /// The next whole payload; takes what there is of an unfinished one.
    mutating func next(_ buffer: inout ByteBuffer, bytesMax: Int) -> Packet? {
        while true {
            if header == nil {
                guard buffer.readableBytes >= 4, let word = buffer.readInteger(endianness: .little, as: UInt32.self)
                else { return nil }
                let length = Int(word & 0xFF_FFFF)
                header = (length, UInt8(word >> 24))
                remaining = length
                if gathered.readableBytes + length > bytesMax { isTooLarge = true }
            }
            guard let (length, sequence) = header else { return nil }
            if isTooLarge {
                let skipped = min(remaining, buffer.readableBytes)
                buffer.moveReaderIndex(forwardBy: skipped)
                remaining -= skipped
                gathered.clear()
            } else if length < PacketBuffer.continuedLength, gathered.readableBytes == 0, buffer.readableBytes >= length
            {
                header = nil
                guard let payload = buffer.readSlice(length: length) else { return nil }
                return Packet(sequence: sequence, payload: payload, isTooLarge: false)
            } else if var part = buffer.readSlice(length: min(remaining, buffer.readableBytes)) {
                remaining -= part.readableBytes
                gathered.writeBuffer(&part)
            }
            guard remaining == 0 else { return nil }
            header = nil
            guard length < PacketBuffer.continuedLength else { continue }
            defer {
                gathered = ByteBuffer()
                isTooLarge = false
            }
            return Packet(sequence: sequence, payload: gathered, isTooLarge: isTooLarge)
        }
    }
}
