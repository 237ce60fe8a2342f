import Foundation
package import LoonCore

extension TextTraits {
    /// The traits of the file at `path`. Throws where it is no text. `name` is for messages.
    package static func find(at path: String, name: String, quotes rules: QuoteRules?) throws(QueryError) -> TextTraits
    {
        isCompressed(path)
            ? try CompressedText.traits(path, name: name, quotes: rules) : try scan(path, name: name, rules)
    }

    /// Reads a megabyte at a time, and looks for line breaks as fast as memory can be read.
    static func scan(_ path: String, name: String, _ rules: QuoteRules?) throws(QueryError) -> TextTraits {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // The file may have gone meanwhile: its reader says so.
        guard descriptor >= 0 else { return TextTraits() }
        defer { close(descriptor) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        let size = 1 << 20
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { buffer.deallocate() }
        var scan = TextScanner()
        var quoted = rules.map(QuotedScanner.init)
        var isFirst = true
        while true {
            let count = read(descriptor, buffer, size)
            guard count > 0 else { break }
            let piece = UnsafeBufferPointer(start: buffer, count: count)
            if isFirst { try ForeignFile.check(path, start: piece, name: name) }
            isFirst = false
            scan.take(piece)
            quoted?.take(piece)
        }
        var traits = scan.finished()
        if var quoted { traits.hasOddQuotes = quoted.finish() }
        return traits
    }
}

/// Looks through a text, piece by piece.
struct TextScanner {
    private(set) var traits = TextTraits()
    /// As if a line had ended before the first: a text that begins with an empty line has one.
    private var last = UInt8(ascii: "\n")
    private var (crlf, lf, cr) = (false, false, false)
    /// Bytes that still belong to the character that has begun, and the bounds of the next.
    private var (missing, low, high) = (0, UInt8(0x80), UInt8(0xBF))
    /// Bytes of the line that goes on.
    private var lineBytes = 0

    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        breaks(start, bytes.count)
        if !traits.hasBackslash, memchr(start, 0x5C, bytes.count) != nil { traits.hasBackslash = true }
        if traits.firstByte == 0 { traits.firstByte = bytes.first { $0 > 0x20 && $0 < 0x80 } ?? 0 }
        if !traits.isNotUTF8, missing > 0 || Self.hasHighBit(bytes) { characters(bytes) }
        last = bytes[bytes.count - 1]
        if cr || (crlf && lf) { traits.hasMixedLines = true }
    }

    mutating func finished() -> TextTraits {
        if last == 0x0D { traits.hasMixedLines = true }
        if missing > 0 { traits.isNotUTF8 = true }
        traits.longestLine = max(traits.longestLine, lineBytes)
        return traits
    }

    private mutating func breaks(_ start: UnsafePointer<UInt8>, _ count: Int) {
        // A carriage return at the end of the piece before.
        if last == 0x0D, start[0] != 0x0A { cr = true }
        var place = 0
        while place < count, let found = memchr(start + place, 0x0A, count - place) {
            let index = start.distance(to: found.assumingMemoryBound(to: UInt8.self))
            let before = index == 0 ? last : start[index - 1]
            if before == 0x0D { crlf = true } else { lf = true }
            if before == 0x0A || before == 0x0D { traits.hasOddLines = true }
            traits.longestLine = max(traits.longestLine, lineBytes + index - place)
            lineBytes = 0
            place = index + 1
        }
        lineBytes += count - place
        place = 0
        while !cr, place < count, let found = memchr(start + place, 0x0D, count - place) {
            traits.hasOddLines = true
            let index = start.distance(to: found.assumingMemoryBound(to: UInt8.self))
            if index + 1 < count, start[index + 1] != 0x0A { cr = true }
            place = index + 1
        }
    }

    private static func hasHighBit(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        var place = 0
        var all: UInt64 = 0
        while place + 8 <= raw.count {
            all |= raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            place += 8
        }
        while place < raw.count {
            all |= UInt64(raw[place])
            place += 1
        }
        return all & 0x8080_8080_8080_8080 != 0
    }

    /// UTF-8 by the table of well-formed sequences (https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf, table
    /// 3-7).
    private mutating func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
        for byte in bytes {
            if missing > 0 {
                guard byte >= low, byte <= high else { return traits.isNotUTF8 = true }
                missing -= 1
                (low, high) = (0x80, 0xBF)
                continue
            }
            switch byte {
            case 0x00...0x7F: continue
            case 0xC2...0xDF: missing = 1
            case 0xE0: (missing, low) = (2, 0xA0)
            case 0xED: (missing, high) = (2, 0x9F)
            case 0xE1...0xEF: missing = 2
            case 0xF0: (missing, low) = (3, 0x90)
            case 0xF1...0xF3: missing = 3
            case 0xF4: (missing, high) = (3, 0x8F)
            default: return traits.isNotUTF8 = true
            }
        }
    }
}
