import Dispatch
import LoonCore
import MySQLProtocol

/// Tells a client that wants to know how far its statement is, as long as nothing of the answer is out.
struct ProgressReports {
    private let running: RunningStatement
    private let context: SessionContext
    /// From 0 to 1.
    private let fraction: @Sendable () -> Double

    init(_ running: RunningStatement, context: SessionContext, fraction: (@Sendable () -> Double)? = nil) {
        self.running = running
        self.context = context
        self.fraction = fraction ?? { running.cancellation.progress ?? 0 }
    }

    func begin() {
        guard running.response.takesProgress else { return }
        context.timers.asyncAfter(deadline: .now() + .milliseconds(Limits.progressMilliseconds)) {
            guard running.response.progress(fraction(), stage: running.stage.rawValue) else { return }
            begin()
        }
    }
}
