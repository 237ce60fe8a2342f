import Logging
package import LoonCore
package import LoonLake
import MetaStore
import QueryEngine
package import SQLDialect
package import SQLFrontend
import Synchronization

/// A statement that is to become a task, with all that it asks of the session that sends it.
package struct TaskRequest: Sendable {
    let parsed: ParsedStatement
    /// Every hint in effect, those of the session included.
    let hints: StatementHints
    /// The schema that unqualified names mean; `nil` where there is none.
    let schema: String?
    let sqlMode: String
    let dialect: DialectContext
    let viewer: QueryPlanner.Viewer
    let connectionID: UInt32
    /// Where the statement runs if its hints name no other.
    let cluster: Cluster

    package init(
        _ parsed: ParsedStatement, hints: StatementHints, schema: String?, sqlMode: String, dialect: DialectContext,
        viewer: QueryPlanner.Viewer, connectionID: UInt32, cluster: Cluster
    ) {
        self.parsed = parsed
        self.hints = hints
        self.schema = schema
        self.sqlMode = sqlMode
        self.dialect = dialect
        self.viewer = viewer
        self.connectionID = connectionID
        self.cluster = cluster
    }

    fileprivate var account: AccountIdentity { viewer.account }
    fileprivate var metadata: Logger.Metadata {
        ["connection": "\(connectionID)", "account": "\(account.name)"]
    }
}

/// Makes statements tasks: checks all that can be checked now, and stores them.
package struct TaskSubmitter: Sendable {
    private let scheduler: Scheduler
    private let notifications: NotificationHints
    private var context: TaskContext { scheduler.context }

    package init(scheduler: Scheduler, notifications: NotificationHints) {
        self.scheduler = scheduler
        self.notifications = notifications
    }

    /// Throws what stands against the task. `warn` gets what its sender should know; `completion` gets the task's id
    /// once it is durable.
    package func submit(
        _ request: TaskRequest, warn: (QueryError) -> Void,
        completion: @escaping @Sendable (Result<TaskID, QueryError>) -> Void
    ) throws {
        let (parsed, hints, dialect) = (request.parsed, request.hints, request.dialect)
        let kind = try kind(of: parsed.statement)
        let command = parsed.text.trimmingSuffix { $0.isWhitespace || $0 == ";" || $0 == "\0" }
        // A client that tries again is answered, whatever has changed since.
        if let earlier = try context.store.repeated(
            token: hints.clientToken, owner: request.account, command: command,
            dialect: parsed.lexer.mode.dialect, hints: hints.texts,
            sessionSchema: request.schema)
        {
            accepted(.repeated(earlier), source: nil, in: request.cluster, request)
            return completion(.success(earlier))
        }
        if let refusal = context.freeSpace.refusal { throw refusal }
        let cluster = try context.clusters.choose(hints, usual: request.cluster)
        let (target, warning) = try notifications.target(hints, account: request.account.name, cluster: cluster.name)
        let (planned, asked) = try check(request, in: cluster)
        let submission = Submission(
            kind: kind, command: command, dialect: parsed.lexer.mode.dialect,
            schema: request.schema ?? planned.firstSchema ?? "",
            sessionSchema: request.schema, source: .asked(asked),
            sqlMode: parsed.lexer.mode.written(into: request.sqlMode),
            timeZoneOffsetMinutes: dialect.timeZoneOffsetMinutes, now: dialect.now, owner: request.account,
            connectionID: Int64(request.connectionID), hints: hints.texts, notification: target,
            placement: .init(
                cluster: cluster.name, engine: cluster.settings.engine,
                priority: hints.priority ?? Limits.taskPriorityDefault))
        if let warning { warn(warning) }
        var source: TaskID?
        if kind == .select {
            source = try ResultReuse(context: context).source(planned, submission, hints, cluster)
        }
        try store(submission, reusing: source, in: cluster, request, completion)
    }

    /// The kind of the task. Throws, with what can run, where the statement cannot run asynchronously.
    private func kind(of statement: Statement) throws(QueryError) -> TaskKind {
        if let kind = statement.taskKind { return kind }
        throw QueryError(
            .notSupported,
            "\(statement.kind) cannot run asynchronously; SELECT, WITH, VALUES, INSERT, CREATE "
                + "TABLE … AS and EXPLAIN ANALYZE can"
        )
    }

    /// Plans the statement as it will be planned when the task runs. One that cannot be understood, or names what is
    /// not there, is refused now and not as a task that fails.
    private func check(_ request: TaskRequest, in cluster: Cluster) throws -> (PlannedQuery, SessionValues) {
        let (parsed, schema, dialect) = (request.parsed, request.schema, request.dialect)
        let recorder = SessionRecorder()
        let engineText = try TaskText.query(of: parsed).engineText(dialect.recording(in: recorder))
        let asked = SessionRecorder()
        let planned = try context.lake.planner.plan(
            engineText, schema: schema, dialect: dialect.recording(in: asked), for: .description,
            viewer: request.viewer)
        // The row keeps what the statement itself asks for, and not what its views do.
        if let name = asked.names.first {
            throw QueryError(
                .notSupported,
                "A view of the query asks the session for '\(name)', and a task has no session; write the "
                    + "view's query into the statement"
            )
        }
        switch parsed.statement {
        case .insert, .createTableAs:
            let write = TableWrite(
                statement: parsed.statement, engineText: engineText, schema: schema, dialect: dialect,
                account: request.account, task: nil, ignoresConflict: false)
            try TableWriter(
                context: context.lake, engine: cluster.engine,
                checkScan: { try cluster.checkScan($0, request.hints) }
            ).check(write)
        case .explain: try context.lake.planner.requireTexts(ofViewsIn: planned, request.viewer)
        default: break
        }
        guard planned.query.valueTables.isEmpty else {
            throw QueryError(
                .notSupported,
                "A task cannot read information_schema and its like: what they say belongs to the session")
        }
        return (planned, recorder.values(in: dialect))
    }

    /// Stores the task, which takes a place in the cluster's queue unless an earlier result answers it.
    private func store(
        _ submission: Submission, reusing source: TaskID?, in cluster: Cluster, _ request: TaskRequest,
        _ completion: @escaping @Sendable (Result<TaskID, QueryError>) -> Void
    ) throws {
        let account = request.account
        let mayWait = source == nil
        if mayWait {
            try scheduler.queue.enter(
                cluster.name, account.name, cluster.settings, ownMax: context.accounts.queuedMax(of: account))
        }
        context.store.submit(submission, reusing: source, now: submission.now, message: scheduler.message) { result in
            var waits = false
            if case .success(.queued) = result { waits = true }
            // The result that it was to have may have gone meanwhile.
            if waits, !mayWait { scheduler.queue.enterRegardless(cluster.name, account.name) }
            if !waits, mayWait { scheduler.queue.leave(cluster.name, account.name) }
            if case .success(let accepted) = result {
                let isAnnounced = submission.notification?.events == .all
                self.accepted(accepted, source: source, in: cluster, request, isAnnounced: isAnnounced)
            }
            completion(result.map(\.id))
        }
    }

    private func accepted(
        _ accepted: MetaStore.Accepted, source: TaskID?, in cluster: Cluster, _ request: TaskRequest,
        isAnnounced: Bool = false
    ) {
        var metadata = request.metadata
        metadata["task"] = "\(accepted.id)"
        switch accepted {
        case .queued:
            if isAnnounced { scheduler.wakeNotifier() }
            context.log.info("task.queued", metadata: metadata)
            scheduler.wake(cluster)
        case .repeated: context.log.info("task.repeated", metadata: metadata)
        case .reused:
            metadata["source"] = source.map { "\($0)" }
            context.log.info("task.reused", metadata: metadata)
            scheduler.wakeNotifier()
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        guard let last = lastIndex(where: { !predicate($0) }) else { return "" }
        return String(self[...last])
    }
}
