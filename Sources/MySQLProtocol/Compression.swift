import CZlib
import LoonCore
import NIOCore

/// The frames of a compressed connection
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression_packet.html): three bytes of
/// length, a sequence id of their own, and three bytes of the length before compression, which is 0 where the payload
/// is as it was. Packets and frames begin and end where they like.
enum Compression {
    static let headerBytes = 7
    /// Below this a payload is sent as it is.
    private static let bytesMin = 50
    /// Of 2^24−1 that a frame may hold: frames that stay small keep both sides' buffers small.
    private static let framePayloadMax = 1 << 20
    /// zlib's fastest: the network of a client that asks for compression is slow, but hardly that slow.
    private static let level: Int32 = 1

    /// Puts bytes into frames, counting `sequence` on.
    static func frame(_ bytes: UnsafeBufferPointer<UInt8>, sequence: inout UInt8) -> ByteBuffer {
        var frames = ByteBuffer()
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeBufferPointer(rebasing: rest.prefix(framePayloadMax))
            rest = rest.dropFirst(framePayloadMax)
            append(part, sequence: sequence, to: &frames)
            sequence &+= 1
        }
        return frames
    }

    private static func append(_ part: UnsafeBufferPointer<UInt8>, sequence: UInt8, to frames: inout ByteBuffer) {
        let start = frames.writerIndex
        frames.writeRepeatingByte(0, count: headerBytes)
        var isCompressed = false
        if part.count >= bytesMin {
            let bound = Int(compressBound(uLong(part.count)))
            frames.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
                var length = uLongf(bound)
                let result = compress2(
                    target.baseAddress?.assumingMemoryBound(to: UInt8.self), &length, part.baseAddress,
                    uLong(part.count), level)
                guard result == Z_OK, Int(length) < part.count else { return 0 }
                isCompressed = true
                return Int(length)
            }
        }
        if !isCompressed { frames.writeBytes(part) }
        let length = frames.writerIndex - start - headerBytes
        frames.setInteger(UInt32(length) | UInt32(sequence) << 24, at: start, endianness: .little)
        let original = isCompressed ? UInt32(part.count) : 0
        frames.setInteger(UInt16(truncatingIfNeeded: original), at: start + 4, endianness: .little)
        frames.setInteger(UInt8(truncatingIfNeeded: original >> 16), at: start + 6)
    }
}

/// Takes frames apart.
struct Decompressor {
    private var gathered = ByteBuffer()
    /// The sequence id of the last frame.
    private(set) var sequence: UInt8 = 0

    /// Appends the bytes of every whole frame in `buffer` to `out`. False where the frames are malformed.
    mutating func read(_ buffer: ByteBuffer, into out: inout ByteBuffer) -> Bool {
        var buffer = buffer
        gathered.writeBuffer(&buffer)
        while let word = gathered.getInteger(at: gathered.readerIndex, endianness: .little, as: UInt32.self) {
            let length = Int(word & 0xFF_FFFF)
            guard gathered.readableBytes >= Compression.headerBytes + length else { break }
            sequence = UInt8(word >> 24)
            gathered.moveReaderIndex(forwardBy: 4)
            guard let low = gathered.readInteger(endianness: .little, as: UInt16.self),
                let high = gathered.readInteger(as: UInt8.self),
                var payload = gathered.readSlice(length: length)
            else { return false }
            let original = Int(low) | Int(high) << 16
            if original == 0 {
                out.writeBuffer(&payload)
            } else if !inflate(payload, original, into: &out) {
                return false
            }
        }
        gathered.discardReadBytes()
        if gathered.readableBytes == 0 { gathered = ByteBuffer() }
        return true
    }

    private func inflate(_ payload: ByteBuffer, _ original: Int, into out: inout ByteBuffer) -> Bool {
        var isWhole = false
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: original) { target in
            payload.withUnsafeReadableBytes { source in
                var length = uLongf(original)
                let result = uncompress(
                    target.baseAddress?.assumingMemoryBound(to: UInt8.self), &length,
                    source.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    uLong(source.count))
                isWhole = result == Z_OK && Int(length) == original
                return isWhole ? original : 0
            }
        }
        return isWhole
    }
}
