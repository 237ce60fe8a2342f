package import AccessControl
import Dispatch
import Logging
import LoonCore
import LoonLake
package import LoonTasks
import MetaStore
import ObjectStore
package import QueryEngine
package import SystemTables

/// The parts that all sessions share. Made once, by the daemon.
package struct SessionContext: Sendable {
    let scheduler: Scheduler
    let submitter: TaskSubmitter
    let accounts: AccountDirectory
    let audit: AuditLog
    let variables: SystemVariables
    /// The service's time zone, minutes east of UTC.
    let timeZoneOffsetMinutes: Int
    /// The roles that messages are sent in, with what decides whether they may.
    let roles: @Sendable () -> [RoleReport]
    let engineProcesses: @Sendable () -> EngineProcessCounts
    let sessions = Sessions()
    let statements = StatementCache()
    let statementThreads = StatementThreads()
    /// When the daemon began, in milliseconds since 1970.
    let started: Int64

    package init(
        scheduler: Scheduler, submitter: TaskSubmitter, accounts: AccountDirectory, audit: AuditLog,
        variables: SystemVariables, timeZoneOffsetMinutes: Int, roles: @escaping @Sendable () -> [RoleReport],
        engineProcesses: @escaping @Sendable () -> EngineProcessCounts
    ) {
        self.scheduler = scheduler
        self.submitter = submitter
        self.accounts = accounts
        self.audit = audit
        self.variables = variables
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.roles = roles
        self.engineProcesses = engineProcesses
        started = scheduler.context.lake.clock.now()
    }

    var tasks: TaskContext { scheduler.context }
    var lake: LakeContext { tasks.lake }
    var clusters: Clusters { tasks.clusters }
    var store: MetaStore { lake.store }
    var objects: any ObjectStorage { lake.objects }
    var clock: WallClock { lake.clock }
    var log: Logger { lake.log }
    var timers: DispatchQueue { tasks.timers }
    /// The engine that reads statements and describes results, whoever runs them.
    var engine: any QueryEngine { lake.engine }
}
