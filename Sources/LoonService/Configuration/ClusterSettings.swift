import LoonCore

/// A named pool: its engine, and how much of it who may have. 0 stands for no bound, where a bound may be left out.
package struct ClusterSettings: Sendable {
    /// The kind of engine. There is `duckdb`.
    package var engine = "duckdb"
    /// Of the engine; 0: one for each processor.
    package var threads = 0
    /// Of the engine, such as `4GiB`; `nil`: 80 % of the machine's.
    package var memory: String?
    /// Bytes that operators which outgrow the memory may put on the disk, such as `100GiB`; `nil`: 90 % of what is
    /// free.
    package var spill: String?
    /// Queries and tasks that run at a time. Neither takes the last place of the other.
    package var runningMax = 6
    package var runningTasksMax = 4
    package var runningQueriesMax = 5
    package var queuedQueriesMax = 1_000
    package var queuedTasksMax = 1_000_000
    /// Of one account.
    package var runningTasksPerAccountMax = 0
    package var queuedTasksPerAccountMax = 0
    /// Limits of a task; its hints may say less.
    package var runningSecondsMax = Limits.runningSecondsMax
    package var scanBytesMax = 0
    package var resultRowsMax = 0
    package var resultBytesMax = 0

    package init() {}
}

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
