import Foundation
package import MetaStore
import Synchronization

/// Publications that are stored and could not be brought to their end yet, oldest first.
///
/// `@unchecked`: everything mutable is guarded by `condition`.
package final class OpenPublications: @unchecked Sendable {
    /// One that waits.
    package struct Entry: Sendable {
        package let publication: MetaStore.OpenPublication
        /// Its files have their places, and what it replaces is still to be removed.
        let isMoved: Bool
    }

    private let condition = NSCondition()
    private var entries: [Entry] = []
    /// Publications that are being tried: each by one thread at a time, and none holds up another.
    private var inHand: Set<Int64> = []
    private var whenMoved: [Int64: [@Sendable () -> Void]] = [:]

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }

    package var all: [MetaStore.OpenPublication] { locked { entries.map(\.publication) } }

    var waiting: [Entry] { locked { entries } }

    func add(_ publication: MetaStore.OpenPublication, isMoved: Bool) {
        let bodies = locked {
            entries.removeAll { $0.publication.number == publication.number }
            entries.append(Entry(publication: publication, isMoved: isMoved))
            return isMoved ? whenMoved.removeValue(forKey: publication.number) ?? [] : []
        }
        for body in bodies { body() }
    }

    func remove(_ number: Int64) {
        let bodies = locked {
            entries.removeAll { $0.publication.number == number }
            return whenMoved.removeValue(forKey: number) ?? []
        }
        for body in bodies { body() }
    }

    /// Calls `body` when the publication's files have their places; at once where they have.
    package func whenMoved(_ number: Int64, _ body: @escaping @Sendable () -> Void) {
        let isMoved = locked {
            let waits = entries.contains { $0.publication.number == number && !$0.isMoved }
            if waits { whenMoved[number, default: []].append(body) }
            return !waits
        }
        if isMoved { body() }
    }

    /// Runs `body` for one that waits, when nobody else tries it; not at all where it waits no more.
    func inTurn(_ number: Int64, _ body: (Entry) throws -> Void) rethrows {
        let entry: Entry? = locked {
            while inHand.contains(number) { condition.wait() }
            guard let entry = entries.first(where: { $0.publication.number == number }) else { return nil }
            inHand.insert(number)
            return entry
        }
        guard let entry else { return }
        defer {
            locked {
                inHand.remove(number)
                condition.broadcast()
            }
        }
        try body(entry)
    }
}

/// Thrown where a write is decided, and its files get their places only later: it is no failure.
package struct PublicationWaits: Error {
    package let number: Int64
    package let rowCount: Int64
    /// For the log.
    let cause: String

    package init(number: Int64, rowCount: Int64, cause: String) {
        self.number = number
        self.rowCount = rowCount
        self.cause = cause
    }
}
