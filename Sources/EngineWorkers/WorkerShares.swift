import LoonCore
import Synchronization

/// The part of a cluster's threads and memory that a request may take.
struct WorkerShare: Sendable, Equatable {
    /// 0: as many as the worker has.
    let threads: Int
    let memoryBytes: Int64
    let isWhole: Bool
}

/// Gives each query its part when it starts, which does not shrink: the first all of the cluster's, those beside it one
/// of as many parts as may run. So at most twice the cluster's memory is given away, and one that hangs holds nobody
/// up.
final class WorkerShares: Sendable {
    private let whole: WorkerShare
    private let part: WorkerShare
    private let isWholeTaken = Mutex(false)

    init(threads: Int, memoryBytes: Int64, runningMax: Int) {
        whole = WorkerShare(threads: threads, memoryBytes: memoryBytes, isWhole: true)
        part = WorkerShare(
            threads: max(1, threads / runningMax),
            memoryBytes: max(memoryBytes / Int64(runningMax), min(memoryBytes, Limits.workerMemoryBytesMin)),
            isWhole: false)
    }

    /// For what is planned: no part, and the worker's own bound.
    var planning: WorkerShare { WorkerShare(threads: 0, memoryBytes: whole.memoryBytes, isWhole: false) }

    func take() -> WorkerShare {
        isWholeTaken.withLock { isTaken in
            guard !isTaken else { return part }
            isTaken = true
            return whole
        }
    }

    func giveBack(_ share: WorkerShare) { if share.isWhole { isWholeTaken.withLock { $0 = false } } }
}
