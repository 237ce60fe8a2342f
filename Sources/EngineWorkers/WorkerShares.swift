import Foundation
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
    private struct State {
        var isWholeTaken = false
        /// Runs that want all of it: it is given to nobody else.
        var waiting = 0
    }
    private let state = Mutex(State())

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
        state.withLock { state in
            guard !state.isWholeTaken, state.waiting == 0 else { return part }
            state.isWholeTaken = true
            return whole
        }
    }

    /// Waits for all of the cluster's, unless the run is to stop.
    func takeWhole(_ cancellation: Cancellation) throws -> WorkerShare {
        state.withLock { $0.waiting += 1 }
        defer { state.withLock { $0.waiting -= 1 } }
        while true {
            if let reason = cancellation.reason { throw reason }
            let isOurs = state.withLock { state in
                guard !state.isWholeTaken else { return false }
                state.isWholeTaken = true
                return true
            }
            if isOurs { return whole }
            Thread.sleep(forTimeInterval: Double(Limits.workerWatchMilliseconds) / 1_000)
        }
    }

    func giveBack(_ share: WorkerShare) { if share.isWhole { state.withLock { $0.isWholeTaken = false } } }
}
