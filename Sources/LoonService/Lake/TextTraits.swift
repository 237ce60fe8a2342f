import Foundation
import LoonCore
import ObjectStore
import Synchronization

/// What of a text file the engine's CSV reader would get wrong. Files are looked through once, and again when they have changed.
final class TextTraits: Sendable {
    private struct Known {
        let size: Int64
        let modified: Int64
        let hasOddLines: Bool
        let hasBackslash: Bool
    }
    private let known = Mutex<[String: Known]>([:])

    /// Whether the engine's reader of delimited text loses something: empty lines, carriage returns, or, where `escape` is asked for, a backslash that
    /// stands beside doubled quotes. Of a compressed file that is not known without reading it: true.
    func needsCare(_ file: ObjectSummary, escape: Bool) throws(QueryError) -> Bool {
        if file.path.hasSuffix(".gz") || file.path.hasSuffix(".zst") { return true }
        if let known = known.withLock({ $0[file.path] }), known.size == file.size, known.modified == file.modified {
            return escape ? known.hasBackslash : known.hasOddLines
        }
        let (hasOddLines, hasBackslash) = try Self.scan(file.path)
        known.withLock { known in
            if known.count >= Limits.filesPerScanMax { known.removeAll() }
            known[file.path] = Known(size: file.size, modified: file.modified, hasOddLines: hasOddLines, hasBackslash: hasBackslash)
        }
        return escape ? hasBackslash : hasOddLines
    }

    /// Reads a megabyte at a time, and looks for line breaks as fast as memory can be read.
    private static func scan(_ path: String) throws(QueryError) -> (hasOddLines: Bool, hasBackslash: Bool) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // It may have gone meanwhile: whoever reads it says so.
        guard descriptor >= 0 else { return (false, false) }
        defer { close(descriptor) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        let size = 1 << 20
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { buffer.deallocate() }
        // As if a line had ended before the first: a file that begins with an empty line has one.
        var last = UInt8(ascii: "\n")
        var (hasOddLines, hasBackslash) = (false, false)
        while true {
            let count = read(descriptor, buffer, size)
            guard count > 0, !hasOddLines || !hasBackslash else { return (hasOddLines, hasBackslash) }
            var place = 0
            while !hasOddLines, place < count, let found = memchr(buffer + place, 0x0A, count - place) {
                let index = buffer.distance(to: found.assumingMemoryBound(to: UInt8.self))
                let before = index == 0 ? last : buffer[index - 1]
                // A carriage return is rare enough to leave the file to the other reader.
                if before == 0x0A || before == 0x0D { hasOddLines = true }
                place = index + 1
            }
            if !hasOddLines, memchr(buffer, 0x0D, count) != nil { hasOddLines = true }
            if !hasBackslash, memchr(buffer, 0x5C, count) != nil { hasBackslash = true }
            last = buffer[count - 1]
        }
    }
}
