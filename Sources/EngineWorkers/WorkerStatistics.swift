import QueryEngine
import Synchronization

/// Counts of workers since the daemon's start.
final class WorkerStatistics: Sendable {
    let started = Atomic<Int>(0)
    let died = Atomic<Int>(0)
    let killedForMemory = Atomic<Int>(0)
    let killedForTime = Atomic<Int>(0)

    var counts: EngineProcessCounts {
        EngineProcessCounts(
            started: started.load(ordering: .relaxed), died: died.load(ordering: .relaxed),
            killedForMemory: killedForMemory.load(ordering: .relaxed),
            killedForTime: killedForTime.load(ordering: .relaxed))
    }
}
