import Foundation
import LoonCore
import Synchronization

/// How many synchronous queries run, in a file that outlives the process: a task that was running alone when the daemon died is not to blame where queries
/// ran beside it. The number is written to the page cache and not synced: after a power cut nobody is to blame in any case.
///
/// `@unchecked`: the mapped number is written below the lock alone.
final class RunningQueries: @unchecked Sendable {
    /// Of the daemon before, when it ended; 0 where it ended as it should.
    let before: Int
    private let count = Mutex<Int64>(0)
    private let mapped: UnsafeMutablePointer<Int64>

    /// The file at `path` is made where it is not there.
    init(_ path: String) throws(QueryError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw QueryError(.storage, "The file '\(path)' cannot be written") }
        defer { close(descriptor) }
        let size = MemoryLayout<Int64>.size
        guard ftruncate(descriptor, size) == 0,
            let place = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), place != UnsafeMutableRawPointer(bitPattern: -1)
        else { throw QueryError(.storage, "The file '\(path)' cannot be mapped") }
        mapped = place.assumingMemoryBound(to: Int64.self)
        before = Int(mapped.pointee)
        mapped.pointee = 0
    }

    deinit { munmap(mapped, MemoryLayout<Int64>.size) }

    func began(_ queries: Int) { change(by: Int64(queries)) }
    func ended() { change(by: -1) }

    private func change(by difference: Int64) {
        count.withLock { count in
            count += difference
            mapped.pointee = count
        }
    }
}
