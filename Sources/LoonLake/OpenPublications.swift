import Foundation
package import MetaStore
import Synchronization

/// Publications that are stored and could not be brought to their end yet, oldest first.
package final class OpenPublications: Sendable {
    private let waiting = Mutex<[MetaStore.OpenPublication]>([])
    /// Held while they are tried: by one at a time, and before any lock of `TableLocks`.
    private let turn = NSLock()

    package var all: [MetaStore.OpenPublication] { waiting.withLock { $0 } }

    func add(_ publication: MetaStore.OpenPublication) {
        waiting.withLock { waiting in
            waiting.removeAll { $0.number == publication.number }
            waiting.append(publication)
        }
    }

    func remove(_ number: Int64) { waiting.withLock { $0.removeAll { $0.number == number } } }

    func settling(_ body: () throws -> Void) rethrows {
        turn.lock()
        defer { turn.unlock() }
        try body()
    }
}
