import LoonCore
import Synchronization

/// Statements that wait for the end of a task.
package final class TaskWaits: Sendable {
    /// One that waits.
    package struct Ticket: Sendable, Hashable {
        fileprivate let task: String
        fileprivate let number: Int
    }

    private struct State {
        var waiting: [String: [Int: @Sendable () -> Void]] = [:]
        var lastNumber = 0
    }
    private let state = Mutex(State())

    /// Calls `body` once when the task's end is recorded. What had ended before is not told: look after having asked.
    package func wait(for task: String, _ body: @escaping @Sendable () -> Void) -> Ticket {
        state.withLock { state in
            state.lastNumber += 1
            state.waiting[task, default: [:]][state.lastNumber] = body
            return Ticket(task: task, number: state.lastNumber)
        }
    }

    /// Waits no more. False where the end was told meanwhile.
    @discardableResult
    package func leave(_ ticket: Ticket) -> Bool {
        state.withLock { state in
            let body = state.waiting[ticket.task]?.removeValue(forKey: ticket.number)
            if state.waiting[ticket.task]?.isEmpty == true { state.waiting[ticket.task] = nil }
            return body != nil
        }
    }

    func ended(_ task: TaskID) {
        let bodies = state.withLock { $0.waiting.removeValue(forKey: task.description) }
        for body in (bodies ?? [:]).values { body() }
    }
}
