import Foundation
package import LoonCore

/// A file in a staged folder, written from its beginning to its end; `publish` and `syncStaged` sync it. Confined to
/// one thread.
package final class StagedFile {
    private let path: String
    private let descriptor: Int32

    /// A file that is at `path` is written anew.
    package init(_ path: String) throws(QueryError) {
        self.path = path
        descriptor = try Posix.create(path)
    }

    deinit { close(descriptor) }

    /// Throws where the disk is full or fails.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(QueryError) {
        guard let start = bytes.baseAddress else { return }
        try Posix.write(start, bytes.count, to: descriptor, path)
    }
}
