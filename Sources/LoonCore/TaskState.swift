/// Where a task is in its life.
///
/// Valid transitions: queued → running; running → success | failure | cancelled; queued → failure | cancelled;
/// running → queued only at a start after a crash, or when the daemon stops before the task has ended.
package enum TaskState: String, Sendable, CaseIterable, Codable {
    /// Accepted and durable, waiting for a place.
    case queued = "QUEUED"
    /// In the engine.
    case running = "RUNNING"
    /// Ended; its result is in the object store.
    case success = "SUCCESS"
    /// Ended; `message` says why.
    case failure = "FAILURE"
    /// Ended by a user.
    case cancelled = "CANCELLED"

    package var hasEnded: Bool {
        switch self {
        case .queued, .running: false
        case .success, .failure, .cancelled: true
        }
    }
}

/// Where a task's completion message is: the column `mq_status`.
package enum MessageState: String, Sendable, Codable {
    /// In the outbox, not yet tried or waiting for its next try.
    case waiting = "WAITING"
    /// Being posted.
    case sending = "SENDING"
    /// Accepted by the broker.
    case success = "SUCCESS"
    /// Given up; `mq_error_msg` says why.
    case failure = "FAILURE"
}
