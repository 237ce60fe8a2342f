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
    /// Where statements are read and answered: they block on the metadata and the disk.
    let statementThreads: WorkerThreads

    var planner: QueryPlanner { QueryPlanner(context: self) }
}
