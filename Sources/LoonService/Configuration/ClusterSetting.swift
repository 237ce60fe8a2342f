import LoonCore
import LoonTasks

/// A value of a cluster that environment and file may give: `cluster.running-tasks` for the default one,
/// `clusters.<name>.running-tasks` for another.
package struct ClusterSetting: Sendable {
    package let name: String
    let apply: @Sendable (inout ClusterSettings, String) throws(SettingError) -> Void

    static let all: [ClusterSetting] = [
        ClusterSetting(name: "engine") { settings, value throws(SettingError) in
            guard value == "duckdb" else { throw SettingError(expected: "an engine that there is: duckdb") }
            settings.engine = value
        },
        integer("threads", 0...1_024, \.threads),
        size("memory", \.memory),
        size("spill", \.spill),
        integer("running", 1...1_024, \.runningMax),
        integer("running-tasks", 1...1_024, \.runningTasksMax),
        integer("running-queries", 1...1_024, \.runningQueriesMax),
        integer("queued-queries", 0...100_000, \.queuedQueriesMax),
        integer("queued-tasks", 0...100_000_000, \.queuedTasksMax),
        integer("running-tasks-per-account", 0...1_024, \.runningTasksPerAccountMax),
        integer("queued-tasks-per-account", 0...100_000_000, \.queuedTasksPerAccountMax),
        integer("max-running-time-sec", 1...Limits.runningSecondsMax, \.runningSecondsMax),
        integer("max-scan-bytes", 0...Int.max, \.scanBytesMax),
        integer("max-result-rows", 0...Int.max, \.resultRowsMax),
        integer("max-result-bytes", 0...Int.max, \.resultBytesMax),
    ]

    private typealias Place<Value> = any WritableKeyPath<ClusterSettings, Value> & Sendable

    private static func integer(_ name: String, _ range: ClosedRange<Int>, _ place: Place<Int>) -> ClusterSetting {
        ClusterSetting(name: name) { settings, value throws(SettingError) in
            settings[keyPath: place] = try Settings.number(value, in: range)
        }
    }

    private static func size(_ name: String, _ place: Place<String?>) -> ClusterSetting {
        ClusterSetting(name: name) { settings, value throws(SettingError) in
            settings[keyPath: place] = try Settings.size(value)
        }
    }
}
