package import Foundation
package import LoonCore
import LoonTasks
import MetaStore
import ObjectStore

/// `loond tasks …` and `loond backup`: the tasks of a data directory, whether its daemon runs or not.
package struct TaskCommands {
    private let configuration: Configuration
    private let store: MetaStore

    /// Opens the data directory's metadata, or makes it.
    package init(_ configuration: Configuration) throws(QueryError) {
        self.configuration = configuration
        let directory = try DataDirectory(configuration.dataDirectory)
        do throws(QueryError) { store = try directory.openStore(configuration, migrates: !directory.isInUse) } catch {
            guard error.code == .diskFull, DiskReserve(directory.path).release() else { throw error }
            store = try directory.openStore(configuration, migrates: !directory.isInUse)
        }
    }

    /// Prints every task, oldest first, as one JSON object a line with the columns of `show full query_task`.
    package func export(to output: (Data) throws -> Void) throws {
        let names = store.fullTaskColumns.map(\.name)
        try store.forEachTask(RowSelection(), in: .everybody, full: true) { row in
            var line = TextBuffer(capacity: 1_024)
            for (index, (name, value)) in zip(names, row).enumerated() {
                line.append(index == 0 ? "{" : ",")
                line.append(jsonString: name)
                line.append(":")
                switch value {
                case .null: line.append("null")
                case .text(let text): line.append(jsonString: text)
                default: value.appendText(to: &line)
                }
            }
            line.append("}\n")
            try output(Data(line.bytes))
        }
    }

    /// Removes tasks that have ended, with their results: those submitted more than `days` ago, or all but the newest
    /// `keep`; where both are given, those that are both older and none of the newest. Returns how many. On a full disk
    /// it makes room by the reserve first.
    package func purge(olderThanDays days: Int?, keep: Int?) throws -> Int {
        let objects = try LocalObjectStore(
            root: configuration.dataDirectory + "/oss", staging: configuration.dataDirectory + "/staging")
        let retention = MetaStore.Retention(
            before: days.map { WallClock.system.now() - Int64($0) * 86_400_000 }, countMax: keep.map(Int64.init),
            needsBoth: true)
        let reserve = DiskReserve(configuration.dataDirectory)
        var (count, hasMore) = (0, true)
        var failures: Set<TaskID> = []
        var failure: (any Error)?
        func step() throws {
            hasMore = try Housekeeping.sweep(
                store, objects, resultBucket: configuration.resultBucket, retention, evenUnsent: true,
                failures: &failures,
                removed: { count += $0 }, failed: { failure = $1 })
            // A checkpoint leaves the log's space to the next step.
            try store.checkpoint()
        }
        while hasMore {
            do { try step() } catch let error as QueryError where error.code == .diskFull && reserve.release() {
                try step()
            }
        }
        reserve.fill()
        if let failure { throw failure }
        return count
    }

    /// Copies the metadata, as it is at one moment, to a file that is not there yet.
    package func backUp(to path: String) throws(QueryError) { try store.backUp(to: path) }
}
