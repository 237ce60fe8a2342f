package import AccessControl
package import Dispatch
import Logging
package import LoonCore
package import LoonLake
package import MetaStore
import ObjectStore
import QueryEngine

/// The parts that scheduling and running share. Made once, by the daemon.
package struct TaskContext: Sendable {
    package let lake: LakeContext
    let accounts: any TaskAccounts
    let audit: any TaskAudit
    package let clusters: Clusters
    /// The service's time zone, minutes east of UTC.
    let timeZoneOffsetMinutes: Int
    /// The daemon's release: another one may compute another result.
    let release: String
    /// Takes the host's facts out of an error that others than the operator will read.
    package let redacted: @Sendable (QueryError) -> QueryError
    /// Where time limits and patience with the engine run out: short work.
    package let timers = DispatchQueue(label: "loon.timers", attributes: .concurrent)
    package let freeSpace = FreeSpace()
    let changeable = VolatileFunctions()

    package init(
        lake: LakeContext, accounts: any TaskAccounts, audit: any TaskAudit, clusters: Clusters,
        timeZoneOffsetMinutes: Int, release: String, redacted: @escaping @Sendable (QueryError) -> QueryError
    ) {
        self.lake = lake
        self.accounts = accounts
        self.audit = audit
        self.clusters = clusters
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.release = release
        self.redacted = redacted
    }

    package var store: MetaStore { lake.store }
    var objects: any ObjectStorage { lake.objects }
    var clock: WallClock { lake.clock }
    var log: Logger { lake.log }

    func resultFolder(of task: TaskID) throws(QueryError) -> ObjectKey {
        try .resultFolder(of: task, in: lake.resultBucket)
    }

    /// Removes what a run of a task that did not succeed may have published.
    func removeResult(of task: TaskID) throws(QueryError) { try objects.removeFolder(try resultFolder(of: task)) }
}

/// The accounts, as the scheduler asks for them.
package protocol TaskAccounts: AccountRegister {
    /// Throws where the account is gone or locked, and may run nothing.
    func requireAlive(_ account: AccountIdentity) throws(QueryError)
    /// The tasks that may run at a time, of each account that has a limit of its own; by name.
    var runningMax: [String: Int] { get }
    /// The tasks of an account that may wait at a time; 0 for no limit of its own.
    func queuedMax(of account: AccountIdentity) -> Int64
    /// Reads all accounts anew: a command beside the daemon may have changed them.
    func reload() throws(QueryError)
}

/// The record of who did what, as the scheduler writes it.
package protocol TaskAudit: Sendable {
    /// `scannedBytes` is `nil` for a task that never ran.
    func taskEnded(_ task: TaskID, account: String, state: TaskState, scannedBytes: Int64?)
}
