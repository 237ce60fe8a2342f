import Foundation
import Logging
import LoonCore
import Synchronization

/// Watches the disk of the data directory: before SQLite finds it full, no more tasks are accepted.
package final class FreeSpace: Sendable {
    private enum Level: Int { case enough, low, none }
    private struct State {
        var level = Level.enough
        var freeMiB = 0
        var minMiB = 0
    }
    private let state = Mutex(State())

    /// Why a submission cannot be accepted; `nil` where it can.
    var refusal: QueryError? {
        state.withLock { state in
            guard state.level == .none else { return nil }
            return QueryError(
                .diskFull,
                "The disk of the data directory has \(state.freeMiB) MiB left, and no task is accepted below "
                    + "storage.min-free-mib = \(state.minMiB); make room on it"
            )
        }
    }

    /// Bytes that are free where the path's folder lies; `nil` where that cannot be told.
    static func freeBytes(of path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(URL(fileURLWithPath: path).deletingLastPathComponent().path, &status) == 0 else { return nil }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Looks at the disk of a folder, and logs where it has become fuller or emptier than a bound.
    func look(at directory: String, warnBelowMiB: Int, refuseBelowMiB: Int, _ log: Logger) {
        guard let bytes = Self.freeBytes(of: directory + "/.") else { return }
        let freeMiB = Int(bytes / 1_024 / 1_024)
        let level: Level =
            freeMiB < refuseBelowMiB ? .none : freeMiB < warnBelowMiB ? .low : .enough
        let before = state.withLock { state in
            defer { state = State(level: level, freeMiB: freeMiB, minMiB: refuseBelowMiB) }
            return state.level
        }
        guard before != level else { return }
        let metadata: Logger.Metadata = ["free_mib": "\(freeMiB)"]
        switch level {
        case .none:
            log.error(
                "storage.full", metadata: metadata.merging(["advice": "tasks are refused until there is room"]) { $1 })
        case .low: log.warning("storage.low", metadata: metadata)
        case .enough: log.info("storage.enough", metadata: metadata)
        }
    }
}
