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
    }
    private let known = Mutex<[String: Known]>([:])

    /// Whether a file has empty lines, or line ends that are not all alike. Of a compressed file that is not known without reading it: true.
    func hasOddLines(_ file: ObjectSummary) throws(QueryError) -> Bool {
        if file.path.hasSuffix(".gz") || file.path.hasSuffix(".zst") { return true }
        if let known = known.withLock({ $0[file.path] }), known.size == file.size, known.modified == file.modified { return known.hasOddLines }
        let result = try Self.scan(file.path)
        known.withLock { known in
            if known.count >= Limits.filesPerScanMax { known.removeAll() }
            known[file.path] = Known(size: file.size, modified: file.modified, hasOddLines: result)
        }
        return result
    }

    /// Reads a megabyte at a time, and looks for line breaks as fast as memory can be read.
    private static func scan(_ path: String) throws(QueryError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // It may have gone meanwhile: whoever reads it says so.
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        let size = 1 << 20
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { buffer.deallocate() }
        // As if a line had ended before the first: a file that begins with an empty line has one.
        var last = UInt8(ascii: "\n")
        while true {
            let count = read(descriptor, buffer, size)
            guard count > 0 else { return false }
            var place = 0
            while place < count, let found = memchr(buffer + place, 0x0A, count - place) {
                let index = buffer.distance(to: found.assumingMemoryBound(to: UInt8.self))
                let before = index == 0 ? last : buffer[index - 1]
                // A carriage return is rare enough to leave the file to the other reader.
                if before == 0x0A || before == 0x0D { return true }
                place = index + 1
            }
            if memchr(buffer, 0x0D, count) != nil { return true }
            last = buffer[count - 1]
        }
    }
}
