import Dispatch
import Logging
import LoonCore
import MetaStore
import Notifier
import ObjectStore
import QueryEngine

/// What the parts of the service share. Made once, by `Daemon`.
struct ServiceContext: Sendable {
    let configuration: Configuration
    let store: MetaStore
    let objects: LocalObjectStore
    let engine: any QueryEngine
    let clock: WallClock
    let log: Logger
    let variables: SystemVariables
    let sessions = Sessions()
    let statements = StatementCache()
    let lake = Lake()
    let textTraits = TextTraits()
    /// Where time limits and patience with the engine run out: short work.
    let timers = DispatchQueue(label: "loon.timers", attributes: .concurrent)
    /// When the daemon began, in milliseconds since 1970.
    let started: Int64
    /// Where statements are read and answered: they block on the metadata and the disk.
    let statementThreads: WorkerThreads

    /// Where a task's result lies: `oss://<result bucket>/DLA_Result/yyyy/MM/dd/<task id>/`.
    func resultFolder(of task: TaskID) throws(QueryError) -> ObjectKey {
        try ObjectKey(bucket: configuration.resultBucket, key: "DLA_Result/\(task.datePath)/\(task)/")
    }

    /// Removes what a run of a task that did not succeed may have published.
    func removeResult(of task: TaskID) throws(QueryError) { try objects.removeFolder(try resultFolder(of: task)) }

    var planner: QueryPlanner { QueryPlanner(context: self) }
}
