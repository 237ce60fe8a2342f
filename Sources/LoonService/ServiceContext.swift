import Dispatch
import Logging
import LoonCore
import LoonLake
import MetaStore
import Notifier
import ObjectStore
import QueryEngine

/// The parts of the service that the others share. Made once, by `Daemon`.
struct ServiceContext: Sendable {
    let configuration: Configuration
    let store: MetaStore
    let accounts: AccountDirectory
    let lake: LakeContext
    let audit: AuditLog
    let objects: LocalObjectStore
    let clusters: Clusters
    let clock: WallClock
    let log: Logger
    let variables: SystemVariables
    let hostPaths: HostPaths
    let sessions = Sessions()
    let statements = StatementCache()
    let changeable = ChangeableFunctions()
    let freeSpace = FreeSpace()
    let roles: Roles
    /// As whom messages are sent.
    let sender: SenderIdentity
    /// Where time limits and patience with the engine run out: short work.
    let timers = DispatchQueue(label: "loon.timers", attributes: .concurrent)
    /// When the daemon began, in milliseconds since 1970.
    let started: Int64
    let statementThreads = StatementThreads()

    func resultFolder(of task: TaskID) throws(QueryError) -> ObjectKey { try configuration.resultFolder(of: task) }

    /// Removes what a run of a task that did not succeed may have published.
    func removeResult(of task: TaskID) throws(QueryError) { try objects.removeFolder(try resultFolder(of: task)) }

    /// The engine that reads statements and describes results, whoever runs them.
    var engine: any QueryEngine { clusters.standard.engine }

}
