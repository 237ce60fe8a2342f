import LoonCore
import LoonLake
import QueryEngine
import Synchronization

/// The errors and warnings of a session's last statement, for SHOW WARNINGS.
final class Diagnostics: Sendable {
    struct Message {
        let error: QueryError
        let isWarning: Bool
    }

    private let messages = Mutex<[Message]>([])

    var all: [Message] { messages.withLock { $0 } }
    var count: Int { messages.withLock { $0.count } }
    var errorCount: Int { messages.withLock { $0.count { !$0.isWarning } } }

    func clear() { messages.withLock { $0 = [] } }

    /// The statement has ended with this error, whatever there was before.
    func end(with error: QueryError) { messages.withLock { $0 = [Message(error: error, isWarning: false)] } }

    func warn(_ warning: QueryError) { messages.withLock { $0.append(Message(error: warning, isWarning: true)) } }

    /// Warns of fields that a query could not read as their columns' types.
    func warn(_ profile: QueryProfile) {
        guard profile.malformedCount > 0 else { return }
        warn(QueryError(.malformedData, MalformedWarning.text(profile.malformedCount)))
    }

    /// Warns of properties of a table that change nothing.
    func warnOfProperties(_ texts: [String]) {
        for text in texts { warn(QueryError(.unknownHint, text)) }
    }
}
