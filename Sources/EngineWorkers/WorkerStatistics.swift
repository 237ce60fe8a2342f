package import Synchronization

/// Counts of workers since the daemon's start.
package final class WorkerStatistics: Sendable {
    package let started = Atomic<Int>(0)
    /// Workers that ended by a signal or an exit that nobody asked for.
    package let died = Atomic<Int>(0)
    package let killedForMemory = Atomic<Int>(0)
    /// Workers that did not stop when they were asked to.
    package let killedForTime = Atomic<Int>(0)
}
