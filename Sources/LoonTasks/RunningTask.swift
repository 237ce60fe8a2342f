import Dispatch
package import LoonCore
import Synchronization

/// A task on its way, for those who look at it, wait for it or stop it.
package final class RunningTask: Sendable {
    private struct State {
        var isRecorded = false
        var isReleased = false
        var whenRecorded: [@Sendable () -> Void] = []
        var limit: Deadline?
    }

    package let record: TaskRecord
    /// Milliseconds since 1970.
    package let started: Int64
    package let cancellation = Cancellation()
    private let state = Mutex(State())

    init(_ record: TaskRecord, started: Int64) {
        self.record = record
        self.started = started
    }

    package var id: TaskID { record.id }

    /// Calls `body` after a time, unless the task has ended before.
    func setLimit(seconds: Int, on queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) {
        let limit = Deadline(seconds: seconds, on: queue, body)
        state.withLock { $0.limit = limit }
    }

    /// Calls `body` when the task's end is recorded; at once where it is.
    func whenRecorded(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if !state.isRecorded { state.whenRecorded.append(body) }
            return state.isRecorded
        }
        if isOver { body() }
    }

    package var isRecorded: Bool { state.withLock(\.isRecorded) }
    /// The engine has let go of it.
    var isReleased: Bool { state.withLock(\.isReleased) }

    /// Its end is durable.
    func recorded() {
        let bodies = state.withLock { state in
            state.isRecorded = true
            state.limit = nil
            defer { state.whenRecorded = [] }
            return state.whenRecorded
        }
        for body in bodies { body() }
    }

    func released() { state.withLock { $0.isReleased = true } }
}
