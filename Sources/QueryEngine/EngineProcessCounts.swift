/// Counts of engines' processes since the daemon's start.
package struct EngineProcessCounts: Sendable {
    package let started: Int
    /// Ends by a signal or an exit that nobody asked for.
    package let died: Int
    package let killedForMemory: Int
    /// Kills of processes that did not stop when they were asked to.
    package let killedForTime: Int

    package init(started: Int, died: Int, killedForMemory: Int, killedForTime: Int) {
        self.started = started
        self.died = died
        self.killedForMemory = killedForMemory
        self.killedForTime = killedForTime
    }
}
