import Logging
import LoonCore
import LoonLake
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLDialect
import SQLFrontend
import Synchronization

extension Session {
    /// The only column of the answer to a submission.
    static let taskIDColumn = ResultColumn(name: "ASYNC_TASK_ID", type: .text)

    /// Makes the statement a task: checks all that can be checked now, stores it, and answers with its id once it is
    /// durable.
    func submit(_ parsed: ParsedStatement, hints: Hints, _ response: ResponseWriter) throws {
        try requireTaskable(parsed.statement)
        let (schema, variables) = state.withLock { ($0.schema, $0.variables) }
        let command = parsed.text.trimmingSuffix { $0.isWhitespace || $0 == ";" || $0 == "\0" }
        // A client that tries again is answered, whatever has changed since.
        if let earlier = try context.store.repeated(
            token: hints["client_token"], owner: account, command: command, hints: hints.values, sessionSchema: schema)
        {
            accepted(.repeated(earlier), source: nil, in: self.cluster)
            return response.rows([Self.taskIDColumn], [[.text(earlier.description)]], warnings: warningCount)
        }
        if let refusal = context.freeSpace.refusal { throw refusal }
        let cluster = try context.clusters.choose(hints, usual: cluster)
        let (target, warning) = try NotificationHints(configuration: context.configuration, sender: context.sender)
            .target(hints, account: login.user, cluster: cluster.name)
        let dialect = dialectContext()
        let (planned, engineText) = try check(parsed, schema: schema, dialect, in: cluster, hints)
        let submission = Submission(
            kind: parsed.statement.kind, command: command, schema: schema ?? planned.firstSchema ?? "",
            sessionSchema: schema, engineText: engineText,
            sqlMode: variables.value("sql_mode")?.textValue ?? "", timeZoneOffsetMinutes: dialect.timeZoneOffsetMinutes,
            now: dialect.now,
            owner: account, connectionID: Int64(login.connectionID), hints: hints.values, notification: target,
            placement: .init(
                cluster: cluster.name, engine: cluster.settings.engine,
                priority: try hints.priority() ?? Limits.taskPriorityDefault))
        if let warning { warn(warning) }
        var source: TaskID?
        if case .query = parsed.statement {
            source = try ResultReuse(context: context).source(planned, submission, hints, cluster)
        }
        try store(submission, reusing: source, in: cluster, response)
    }

    /// Throws, with what can run, where a statement of that kind cannot run asynchronously.
    private func requireTaskable(_ statement: Statement) throws {
        switch statement {
        case .query, .explain(isAnalyze: true), .insert, .createTableAs: return
        default:
            throw QueryError(
                .notSupported,
                "\(statement.kind) cannot run asynchronously; SELECT, WITH, VALUES, INSERT, CREATE "
                    + "TABLE … AS and EXPLAIN ANALYZE can"
            )
        }
    }

    /// Plans the statement as it will be planned when the task runs. One that cannot be understood, or names what is
    /// not there, is refused now and not as a task that fails.
    private func check(
        _ parsed: ParsedStatement, schema: String?, _ dialect: DialectContext, in cluster: Cluster, _ hints: Hints
    ) throws -> (PlannedQuery, engineText: String) {
        var isWhole = false
        if case .query = parsed.statement { isWhole = true }
        let engineText = try (isWhole ? parsed : parsed.innerQuery()).engineText(dialect)
        let asked = AskedOfSession()
        let planned = try context.lake.planner.plan(
            engineText, schema: schema, dialect: dialect.recording(in: asked), isProfiled: false, viewer: viewer)
        // The statement's own text has the session's values in it; a view's is written out anew when the task runs.
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
                statement: parsed.statement, engineText: engineText, schema: schema, dialect: dialect, account: account,
                task: nil, ignoresConflict: false)
            try TableWriter(
                context: context.lake, engine: cluster.engine, checkScan: { try cluster.checkScan($0, hints) }
            ).check(write)
        case .explain: try context.lake.planner.requireTexts(ofViewsIn: planned, viewer)
        default: break
        }
        guard planned.query.valueTables.isEmpty else {
            throw QueryError(
                .notSupported,
                "A task cannot read information_schema and its like: what they say belongs to the session")
        }
        return (planned, engineText)
    }

    /// Stores the task, which takes a place in the cluster's queue unless an earlier result answers it, and answers
    /// with its id.
    private func store(
        _ submission: Submission, reusing source: TaskID?, in cluster: Cluster, _ response: ResponseWriter
    ) throws {
        let mayWait = source == nil
        if mayWait {
            let ownMax = context.accounts.record(of: account)?.limits.queued ?? 0
            try scheduler.queue.enter(cluster.name, login.user, cluster.settings, ownMax: ownMax)
        }
        context.store.submit(submission, reusing: source, now: submission.now, message: scheduler.message) { result in
            var waits = false
            if case .success(.queued) = result { waits = true }
            // The result that it was to have may have gone meanwhile.
            if waits, !mayWait { self.scheduler.queue.enterRegardless(cluster.name, self.login.user) }
            if !waits, mayWait { self.scheduler.queue.leave(cluster.name, self.login.user) }
            switch result {
            case .success(let accepted):
                let isAnnounced = submission.notification?.events == .all
                self.accepted(accepted, source: source, in: cluster, isAnnounced: isAnnounced)
                self.audited(accepted.id, response)
                response.rows([Self.taskIDColumn], [[.text(accepted.id.description)]], warnings: self.warningCount)
            case .failure(let error): self.fail(error, response)
            }
        }
    }

    /// The audit log names the task.
    private func audited(_ task: TaskID, _ response: ResponseWriter) {
        let running = state.withLock { $0.running }
        if running?.response === response { running?.audit?.task = task }
    }

    private func accepted(
        _ accepted: MetaStore.Accepted, source: TaskID?, in cluster: Cluster, isAnnounced: Bool = false
    ) {
        var metadata = metadata.merging(["task": "\(accepted.id)"]) { $1 }
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

/// The names that views ask a session for.
private final class AskedOfSession: Sendable {
    private let found = Mutex<Set<String>>([])
    var names: [String] { found.withLock { $0.sorted() } }
    func add(_ name: String) { found.withLock { _ = $0.insert(name) } }
}

extension DialectContext {
    /// The same, with a note of what is asked for but the moment.
    fileprivate func recording(in asked: AskedOfSession) -> DialectContext {
        let (variable, userVariable, function) = (variable, userVariable, function)
        return DialectContext(
            now: now, timeZoneOffsetMinutes: timeZoneOffsetMinutes,
            systemTimeZoneOffsetMinutes: systemTimeZoneOffsetMinutes,
            variable: {
                asked.add("@@" + $0)
                return variable($0, $1)
            },
            userVariable: {
                asked.add($0)
                return userVariable($0)
            },
            function: {
                asked.add($0 + "()")
                return function($0)
            })
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        guard let last = lastIndex(where: { !predicate($0) }) else { return "" }
        return String(self[...last])
    }
}
