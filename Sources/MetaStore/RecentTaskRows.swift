import GRDB
import LoonCore
import Synchronization

/// Rows of `show query_task` that were asked for by id: whoever waits for a task asks again and again. Read without
/// touching the disk, so that an event loop may. A row is dropped by the commit that changes its task, before the
/// writer of the change is told.
final class RecentTaskRows: TransactionObserver, Sendable {
    struct Entry {
        let number: Int64
        let owner: AccountIdentity
        let values: [SQLValue]
    }

    private struct State {
        var rows: [String: Entry] = [:]
        var ids: [Int64: String] = [:]
        /// Tasks that the transaction in progress has changed.
        var changing: Set<Int64> = []
        var commits: UInt64 = 0
        /// SQLite's `data_version`: changes when another process commits.
        var fileVersion = 0
    }
    private let state = Mutex(State())

    subscript(id: String) -> Entry? { state.withLock { $0.rows[id] } }

    /// To be taken before a row is read, and given to `keep`.
    var commits: UInt64 { state.withLock(\.commits) }

    /// Keeps a row that was read after `commits` was taken, unless something was committed meanwhile: it may be out of
    /// date.
    func keep(_ entry: Entry, id: String, since commits: UInt64) {
        let bytes = entry.values.reduce(0) { sum, value in
            if case .text(let text) = value { return sum + text.utf8.count }
            return sum
        }
        guard bytes <= Limits.recentTaskRowBytesMax else { return }
        state.withLock { state in
            guard state.commits == commits else { return }
            if state.rows.count >= Limits.recentTaskRowsMax {
                state.rows.removeAll()
                state.ids.removeAll()
            }
            state.rows[id] = entry
            state.ids[entry.number] = id
        }
    }

    /// Changes by another process are not known: nothing is kept. Returns whether one has.
    func fileHasVersion(_ version: Int) -> Bool {
        state.withLock { state in
            guard state.fileVersion != version else { return false }
            state.fileVersion = version
            state.commits &+= 1
            state.rows.removeAll()
            state.ids.removeAll()
            return true
        }
    }

    // MARK: TransactionObserver

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { eventKind.tableName == "task" }

    func databaseDidChange(with event: DatabaseEvent) {
        guard event.kind != .insert else { return }
        state.withLock { _ = $0.changing.insert(event.rowID) }
    }

    func databaseDidCommit(_ database: Database) {
        state.withLock { state in
            state.commits &+= 1
            for number in state.changing {
                if let id = state.ids.removeValue(forKey: number) { state.rows[id] = nil }
            }
            state.changing.removeAll()
        }
    }

    func databaseDidRollback(_ database: Database) { state.withLock { $0.changing.removeAll() } }
}
