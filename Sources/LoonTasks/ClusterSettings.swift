import LoonCore

/// A named pool: its engine, and how much of it who may have. 0 stands for no bound, where a bound may be left out.
package struct ClusterSettings: Sendable {
    /// The kind of engine. There is `duckdb`.
    package var engine = "duckdb"
    /// The engine's threads; 0: one for each processor.
    package var threads = 0
    /// The engine's memory, such as `4GiB`; `nil`: 80 % of the machine's.
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
    /// The tasks of one account that run, and that wait, at a time.
    package var runningTasksPerAccountMax = 0
    package var queuedTasksPerAccountMax = 0
    /// Limits of a task; its hints may say less.
    package var runningSecondsMax = Limits.runningSecondsMax
    package var scanBytesMax = 0
    package var resultRowsMax = 0
    package var resultBytesMax = 0

    package init() {}
}
