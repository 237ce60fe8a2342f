import CZlib
import Foundation
import LoonCore

/// Compressed files of text. The engine reads one that is cut off to where it ends and says nothing: here it is an
/// error.
enum CompressedText {
    /// The worst that can be read.
    private static func worst(isCutOff: Bool = false) -> TextTraits {
        var traits = TextTraits()
        (traits.hasOddLines, traits.hasBackslash, traits.isCutOff) = (true, true, isCutOff)
        return traits
    }

    /// Reads what the text is like; of Zstandard, which is not unpacked for this, the worst that can be read is
    /// supposed. `name` is for messages.
    static func traits(_ path: String, name: String, quotes rules: QuoteRules?) throws(QueryError)
        -> TextTraits
    {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // The file may have gone meanwhile: its reader says so.
        guard descriptor >= 0 else { return worst() }
        defer { close(descriptor) }
        if path.hasSuffix(".gz") { return try gzip(descriptor, name, rules) }
        return worst(isCutOff: !isWholeZstandard(descriptor))
    }

    /// Unpacks the file a piece at a time (RFC 1952: members may follow each other).
    private static func gzip(_ descriptor: Int32, _ name: String, _ rules: QuoteRules?) throws(QueryError)
        -> TextTraits
    {
        var stream = z_stream()
        // 16 more: with a gzip header and its checksum.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw QueryError(.internalFault, "There is no memory to unpack a file")
        }
        defer { inflateEnd(&stream) }
        let size = 1 << 18
        let (packed, plain) = (
            UnsafeMutablePointer<UInt8>.allocate(capacity: size), UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        )
        defer {
            packed.deallocate()
            plain.deallocate()
        }
        var scanner = TextScanner()
        var quoted = rules.map(QuotedScanner.init)
        var isAtEnd = false
        while true {
            if stream.avail_in == 0 {
                let count = read(descriptor, packed, size)
                guard count >= 0 else {
                    throw QueryError(.storage, "The file '\(name)' cannot be read: \(String(cString: strerror(errno)))")
                }
                guard count > 0 else { break }
                (stream.next_in, stream.avail_in) = (packed, uInt(count))
            }
            if isAtEnd {
                inflateReset(&stream)
                isAtEnd = false
            }
            (stream.next_out, stream.avail_out) = (plain, uInt(size))
            let result = inflate(&stream, Z_NO_FLUSH)
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
                return worst(isCutOff: true)
            }
            isAtEnd = result == Z_STREAM_END
            let piece = UnsafeBufferPointer(start: plain, count: size - Int(stream.avail_out))
            scanner.take(piece)
            quoted?.take(piece)
        }
        guard isAtEnd else { return worst(isCutOff: true) }
        var traits = scanner.finished()
        if var quoted { traits.hasOddQuotes = quoted.finish() }
        return traits
    }

    /// Whether a file begins with zlib's header (RFC 1950, 2.2) and what stands behind it can be unpacked: two bytes
    /// alone may be text.
    static func isDeflated(_ start: UnsafeBufferPointer<UInt8>) -> Bool {
        guard start.count > 2, start[0] == 0x78, (Int(start[0]) << 8 | Int(start[1])) % 31 == 0 else { return false }
        var stream = z_stream()
        guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
        defer { inflateEnd(&stream) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4_096) { plain in
            (stream.next_in, stream.avail_in) = (UnsafeMutablePointer(mutating: start.baseAddress), uInt(start.count))
            (stream.next_out, stream.avail_out) = (plain.baseAddress, uInt(plain.count))
            let result = inflate(&stream, Z_SYNC_FLUSH)
            return result == Z_STREAM_END || (result == Z_OK && stream.total_out > 0)
        }
    }

    /// Goes from block to block by their lengths (RFC 8878, 3.1), and unpacks nothing.
    private static func isWholeZstandard(_ descriptor: Int32) -> Bool {
        let end = lseek(descriptor, 0, SEEK_END)
        func number(_ place: Int, _ bytes: Int) -> Int? {
            var value: UInt32 = 0
            guard place + bytes <= end, pread(descriptor, &value, bytes, place) == bytes else { return nil }
            return Int(UInt32(littleEndian: value))
        }
        var place = 0
        while place < end {
            guard let magic = number(place, 4) else { return false }
            if magic & 0xFFFF_FFF0 == 0x184D_2A50 {
                // A frame that is to be skipped.
                guard let size = number(place + 4, 4) else { return false }
                place += 8 + size
                continue
            }
            guard magic == 0xFD2F_B528, let frame = number(place + 4, 1) else { return false }
            let isSingle = frame & 0x20 != 0
            let contentSize = [isSingle ? 1 : 0, 2, 4, 8][frame >> 6]
            place += 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][frame & 3] + contentSize
            var isLast = false
            while !isLast {
                guard let header = number(place, 3) else { return false }
                isLast = header & 1 != 0
                // A block of one byte again and again has that byte alone.
                place += 3 + (header >> 1 & 3 == 1 ? 1 : header >> 3)
            }
            if frame & 4 != 0 { place += 4 }
        }
        return place == end
    }
}
