import LoonCore
import NIOCore
import Testing

@testable import MySQLProtocol

@Suite struct PacketTests {
    private func decode(_ chunks: [ByteBuffer], bytesMax: Int = 1 << 30) -> [Packet] {
        var decoder = PacketDecoder()
        var buffer = ByteBuffer()
        var packets: [Packet] = []
        for var chunk in chunks {
            buffer.writeBuffer(&chunk)
            while let packet = decoder.next(&buffer, bytesMax: bytesMax) { packets.append(packet) }
        }
        return packets
    }

    @Test func isReadWhereverTheStreamIsCut() {
        var stream = ByteBuffer()
        for text in ["", "a", "hello"] { _ = stream.writePackets(ByteBuffer(string: text), sequence: 0) }
        for cut in 0...stream.readableBytes {
            let parts = [
                stream.getSlice(at: 0, length: cut), stream.getSlice(at: cut, length: stream.readableBytes - cut),
            ].compactMap(\.self)
            #expect(decode(parts).map { String(buffer: $0.payload) } == ["", "a", "hello"])
        }
    }

    @Test(arguments: [0xFFFFFF - 1, 0xFFFFFF, 0xFFFFFF + 1, 2 * 0xFFFFFF])
    func isSplitAndPutTogether(_ length: Int) {
        var stream = ByteBuffer()
        let after = stream.writePackets(ByteBuffer(repeating: 7, count: length), sequence: 254)
        #expect(stream.readableBytes == length + 4 * (length / 0xFFFFFF + 1))
        let packets = decode([stream])
        #expect(packets.map(\.payload.readableBytes) == [length])
        #expect(packets.first.map { $0.sequence &+ 1 } == after)
    }

    @Test func thatIsTooLargeIsReadPast() {
        var stream = ByteBuffer()
        _ = stream.writePackets(ByteBuffer(repeating: 7, count: 0xFFFFFF + 9), sequence: 0)
        _ = stream.writePackets(ByteBuffer(string: "next"), sequence: 0)
        let packets = decode([stream], bytesMax: 1000)
        #expect(packets.map(\.isTooLarge) == [true, false])
        #expect(packets.last.map { String(buffer: $0.payload) } == "next")
    }

    @Test(arguments: [UInt64(0), 250, 251, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000, .max])
    func lengthEncodedIntegersComeBack(_ value: UInt64) {
        var buffer = ByteBuffer()
        buffer.writeLengthEncoded(value)
        #expect(buffer.readLengthEncodedInteger() == value)
        #expect(buffer.readableBytes == 0)
    }

    @Test func aHandshakeCutAnywhereIsAnError() throws {
        var full = ByteBuffer()
        full.writeInteger(
            UInt32(truncatingIfNeeded: Capabilities.server(offersTLS: false).rawValue), endianness: .little)
        full.writeBytes([0, 0, 0, 1, 45] + [UInt8](repeating: 0, count: 23))
        full.writeNullTerminatedString("user")
        full.writeLengthEncoded(20)
        full.writeBytes([UInt8](repeating: 1, count: 20))
        full.writeNullTerminatedString("db")
        full.writeNullTerminatedString("caching_sha2_password")
        let response = try HandshakeResponse(full, offersTLS: false)
        #expect((response.user, response.database, response.plugin) == ("user", "db", "caching_sha2_password"))
        for length in 0..<(4 + 28 + 5 + 21) {
            guard let part = full.getSlice(at: 0, length: length) else { continue }
            #expect(throws: QueryError.self) { try HandshakeResponse(part, offersTLS: false) }
        }
    }
}
