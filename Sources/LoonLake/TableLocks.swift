import Foundation
package import LoonCore
import ObjectStore

/// Locks of tables' files for readers and writers, so that no reader of this daemon sees half of a write.
///
/// A reader lists a table's files while nothing of the table is published, and reads them later by their paths: files
/// that are replaced are hidden from listings at once, and removed when the last reader has ended that may have them on
/// its list.
///
/// `@unchecked`: everything mutable is guarded by `condition`.
package final class TableLocks: @unchecked Sendable {
    /// A table, by the place of its files: two tables may have one, or one within the other.
    package struct Key: Hashable {
        fileprivate let name: String
        fileprivate let place: String
        package init(_ table: ExternalTable) {
            self.init(schema: table.schema, name: table.name, location: table.location)
        }

        package init(schema: String, name: String, location: String) {
            self.name = "\(schema.lowercased())\0\(name.lowercased())"
            place = location.hasSuffix("/") ? location : location + "/"
        }

        func overlaps(_ other: Key) -> Bool {
            name == other.name || place.utf8.starts(with: other.place.utf8) || other.place.utf8.starts(with: place.utf8)
        }
    }

    private struct Writer {
        let key: Key
        /// `nil` for all partitions.
        let partition: String?

        func conflicts(_ other: Key, _ partition: String?) -> Bool {
            guard key.overlaps(other) else { return false }
            return key.name != other.name || self.partition == nil || partition == nil || self.partition == partition
        }
    }

    private struct Retired {
        let keys: Set<ObjectKey>
        /// Readers that began before.
        var readers: Set<Int>
        let remove: @Sendable () -> Void
    }

    private let condition = NSCondition()
    private var publishing: Set<Key> = []
    private var planners: [Key: Int] = [:]
    private var writers: [Int: Writer] = [:]
    private var readers: [Int: Set<Key>] = [:]
    private var retired: [Retired] = []
    /// Objects that are not to be seen, by the numbers of publications that wait.
    private var hidden: [Int64: Set<ObjectKey>] = [:]
    private var lastNumber = 0

    private func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Readers

    /// Runs `body`, which lists the tables' files, while nothing of them is published. The lease says that the files
    /// are being read; what is replaced meanwhile stays until it is gone.
    package func reading<Value>(_ keys: Set<Key>, _ body: () throws -> Value) rethrows -> (Value, ReadLease) {
        condition.lock()
        while publishing.contains(where: { one in keys.contains { $0.overlaps(one) } }) { condition.wait() }
        for key in keys { planners[key, default: 0] += 1 }
        let number = nextNumber()
        readers[number] = keys
        condition.unlock()
        let lease = ReadLease { self.ended(reader: number) }
        defer {
            condition.lock()
            for key in keys {
                planners[key, default: 1] -= 1
                if planners[key] == 0 { planners[key] = nil }
            }
            condition.broadcast()
            condition.unlock()
        }
        return (try body(), lease)
    }

    private func ended(reader: Int) {
        condition.lock()
        readers[reader] = nil
        for index in retired.indices { retired[index].readers.remove(reader) }
        let free = retired.filter(\.readers.isEmpty)
        condition.unlock()
        for item in free { item.remove() }
        condition.lock()
        retired.removeAll { $0.readers.isEmpty }
        condition.unlock()
    }

    /// All files that are no longer their tables', or not yet, and there.
    package var hiddenObjects: Set<ObjectKey> {
        condition.lock()
        defer { condition.unlock() }
        return hidden.values.reduce(into: retired.reduce(into: []) { $0.formUnion($1.keys) }) { $0.formUnion($1) }
    }

    /// Keeps files out of sight until a publication comes to its end.
    func hide(_ keys: [ObjectKey], for publication: Int64) {
        condition.lock()
        hidden[publication] = Set(keys)
        condition.unlock()
    }

    func show(_ publication: Int64) {
        condition.lock()
        hidden[publication] = nil
        condition.unlock()
    }

    // MARK: Writers

    /// Waits until no other statement writes the partition, or the whole table where `partition` is `nil`. Holds as
    /// long as the lock lives.
    package func writing(_ key: Key, partition: String?, cancellation: Cancellation) throws -> WriteLock {
        condition.lock()
        defer { condition.unlock() }
        while writers.values.contains(where: { $0.conflicts(key, partition) }) {
            if let reason = cancellation.reason { throw reason }
            _ = condition.wait(until: Date(timeIntervalSinceNow: 0.05))
        }
        let number = nextNumber()
        writers[number] = Writer(key: key, partition: partition)
        return WriteLock { self.ended(writer: number) }
    }

    private func ended(writer: Int) {
        condition.lock()
        writers[writer] = nil
        condition.broadcast()
        condition.unlock()
    }

    /// Runs `body`, which changes what a listing of the table would find, while nobody lists it; then hides `replaced`,
    /// and calls `remove` when nobody reads them any more.
    package func publishing(
        _ key: Key, replaced: [ObjectKey], remove: @escaping @Sendable () -> Void, _ body: () throws -> Void
    ) throws {
        condition.lock()
        while publishing.contains(where: { $0.overlaps(key) }) { condition.wait() }
        publishing.insert(key)
        while planners.keys.contains(where: { $0.overlaps(key) }) { condition.wait() }
        condition.unlock()
        defer {
            condition.lock()
            publishing.remove(key)
            condition.broadcast()
            condition.unlock()
        }
        try body()
        condition.lock()
        let current = Set(readers.filter { $0.value.contains { $0.overlaps(key) } }.keys)
        let mustWait = !current.isEmpty && !replaced.isEmpty
        if mustWait { retired.append(Retired(keys: Set(replaced), readers: current, remove: remove)) }
        condition.unlock()
        // Still while nobody lists: a listing finds either the old files or the new.
        if !mustWait { remove() }
    }
}

/// Files of tables are being read until this is gone.
package final class ReadLease: Sendable {
    private let end: @Sendable () -> Void
    init(end: @escaping @Sendable () -> Void) { self.end = end }
    deinit { end() }
}

/// A partition or a table is being written until this is gone.
package final class WriteLock: Sendable {
    private let end: @Sendable () -> Void
    init(end: @escaping @Sendable () -> Void) { self.end = end }
    deinit { end() }
}
