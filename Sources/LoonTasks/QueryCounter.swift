import Foundation
package import LoonCore
import Synchronization

/// The number of synchronous queries that run, in a file that outlives the process: a task that was running alone when
/// the daemon died is not to blame where queries ran beside it. The number is not synced: after a power cut nobody is
/// to blame in any case.
package final class QueryCounter: Sendable {
    /// The count when the daemon before ended.
    package let before: Int64
    private let count = Mutex<Int64>(0)
    private let descriptor: Int32

    /// The file at `path` is made where it is not there.
    package init(_ path: String) throws(QueryError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw QueryError(.storage, "The file '\(path)' cannot be written") }
        var number: Int64 = 0
        before = pread(descriptor, &number, MemoryLayout<Int64>.size, 0) == MemoryLayout<Int64>.size ? number : 0
    }

    deinit { close(descriptor) }

    /// Writes 0: the queries of the last daemon are dealt with.
    package func reset() { change(by: 0) }

    func began(_ queries: Int) { change(by: Int64(queries)) }
    func ended() { change(by: -1) }

    private func change(by difference: Int64) {
        count.withLock { count in
            count += difference
            // A disk that takes no eight bytes leaves the number as it was: at worst the wrong one is suspected.
            _ = pwrite(descriptor, &count, MemoryLayout<Int64>.size, 0)
        }
    }
}
