import AccessControl
import Dispatch
import Logging
import LoonCore
import LoonLake
import LoonTasks
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLDialect
import SQLFrontend
import Synchronization
import SystemTables

/// One client's session: its schema, its variables and what runs for it.
final class Session: ProtocolSession {
    struct State {
        var schema: String?
        var variables: SessionVariables
        var prepared: [UInt32: Prepared] = [:]
        /// The statement that runs now, to be stopped if the client goes away or somebody kills it.
        var running: RunningStatement?
        /// The transaction that the client has begun and not ended; `nil` where each statement stands alone.
        var transaction: Transaction?
        /// Whether the transaction has rows that no ROLLBACK takes back.
        var hasWritten = false
        /// `SET TRANSACTION READ ONLY`, until the next one.
        var nextIsReadOnly: Bool?
        /// Since when nothing runs, in milliseconds since 1970.
        var idleSince: Int64
        var isClosed = false
    }

    /// A statement as it was prepared, with the mode that its quotes are read by.
    struct Prepared {
        let text: [UInt8]
        let mode: LexicalMode
        /// As it was read, where it has no parameters and is small.
        let parsed: ParsedStatement?
        /// Whether it needs neither disk nor engine, whatever its parameters are.
        let isInline: Bool
    }

    let login: Login
    let account: AccountIdentity
    let context: SessionContext
    /// Where statements run that name no other.
    let cluster: Cluster
    let diagnostics = Diagnostics()
    let state: Mutex<State>

    init(login: Login, account: AccountIdentity, cluster: Cluster, context: SessionContext) {
        self.login = login
        self.account = account
        self.cluster = cluster
        self.context = context
        let variables = SessionVariables(context.variables, isInteractive: login.isInteractive)
        state = Mutex(State(schema: login.database, variables: variables, idleSince: context.clock.now()))
        context.sessions.add(self)
    }

    // MARK: ProtocolSession

    var isAdministrator: Bool { context.accounts.isAdministrator(account) }

    var serverStatus: ServerStatus {
        state.withLock { state in
            var status: ServerStatus = state.variables.isAutocommit ? .autocommit : []
            if state.variables.lexicalMode.noBackslashEscapes { status.insert(.noBackslashEscapes) }
            if let transaction = state.transaction {
                status.formUnion(transaction.isReadOnly ? [.inTransaction, .inReadOnlyTransaction] : .inTransaction)
            }
            return status
        }
    }

    var idleSecondsMax: Int { state.withLock { $0.variables.idleSecondsMax } }

    func closePrepared(id: UInt32) { state.withLock { $0.prepared[id] = nil } }

    func close() {
        context.sessions.remove(self)
        let running = state.withLock { state in
            state.isClosed = true
            return state.running
        }
        if let running { interrupt(running, QueryError(.interrupted, "The client went away")) }
        context.log.debug("connection.closed", metadata: metadata)
    }

    func execute(_ command: Command, response: ResponseWriter) {
        context.sessions.countStatement()
        // Statements that need no disk and no engine are answered here and now, on the event loop.
        let parsed = readSmall(command)
        if let parsed, parsed.hints.isEmpty, parsed.mayBeAnsweredAtOnce {
            if !parsed.keepsWarnings { diagnostics.clear() }
            do {
                let caller = try statementContext(parsed, nil)
                let handler = StatementHandler(session: self, caller: caller, response: response, running: nil)
                if try handler.answerAtOnce(parsed) { return }
            } catch { return fail(error, response) }
        }
        if case .kill(let id) = command {
            do {
                try kill(id, isQueryOnly: false)
                response.ok()
            } catch { fail(error, response) }
            return
        }
        let running = RunningStatement(
            session: self, command: command.processListName,
            text: command.text(mode: state.withLock { $0.variables.lexicalMode }), response: response)
        let isClosed = state.withLock { state in
            state.running = running
            return state.isClosed
        }
        if isClosed { running.cancellation.cancel(QueryError(.interrupted, "The client went away")) }
        response.whenAnswered { [weak self] in self?.ended(running) }
        let accepted = onStatementThread { self.perform(command, parsed, running) }
        if !accepted { response.fail(QueryError(.queueFull, "Too many statements are waiting; try again")) }
    }

    private func ended(_ running: RunningStatement) {
        running.answered()
        let now = context.clock.now()
        state.withLock { state in
            guard state.running === running else { return }
            state.running = nil
            state.idleSince = now
        }
    }

    /// The command's statement, if it is a single small one: read on the event loop, in case it can be answered there.
    private func readSmall(_ command: Command) -> ParsedStatement? {
        let parsed: ParsedStatement?
        switch command {
        case .query(let text, let isMulti):
            guard text.count <= Limits.inlineStatementBytesMax else { return nil }
            parsed = context.statements.parsed(
                trimmed(text), mode: state.withLock { $0.variables.lexicalMode }, isMulti: isMulti)
        case .executePrepared(let id, let parameters):
            guard let prepared = state.withLock({ $0.prepared[id] }), prepared.isInline,
                parameters.allSatisfy(\.isSmall)
            else { return nil }
            parsed = try? prepared.bound(parameters)
        default: return nil
        }
        return parsed?.next == nil ? parsed : nil
    }

    // MARK: Commands

    /// `parsed` is the command's statement where it was read already.
    private func perform(_ command: Command, _ parsed: ParsedStatement?, _ running: RunningStatement) {
        let response = running.response
        if let reason = running.cancellation.reason { return fail(reason, response) }
        do {
            switch command {
            case .query(let text, let isMulti):
                if let parsed {
                    try run(parsed, running)
                } else {
                    try run(trimmed(text), from: 0, isMulti: isMulti, running)
                }
            case .prepare(let id, let text):
                try onPlanningThread(running) { try self.prepare(id, self.trimmed(text), running) }
            case .executePrepared(let id, let parameters): try executePrepared(id, parameters, running)
            case .fetch(let spool, let rows): response.fetch(spool, rows: rows)
            case .useDatabase(let name):
                try use(name)
                response.ok()
            case .listFields(let table):
                let caller = try statementContext(nil, running)
                try StatementHandler(session: self, caller: caller, response: response, running: running)
                    .listFields(of: table)
            case .statistics: response.text(ServerStatistics(context).line)
            case .kill: break  // answered at once
            case .debug:
                guard isAdministrator else {
                    throw QueryError(
                        .accessDenied,
                        "Access denied; you need (at least one of) the SUPER privilege(s) for this operation")
                }
                response.ok()
            case .resetConnection:
                reset()
                response.ok()
            }
        } catch {
            fail(error, response)
        }
    }

    private func reset() {
        state.withLock { state in
            state.variables = SessionVariables(context.variables, isInteractive: login.isInteractive)
            state.prepared = [:]
            (state.transaction, state.hasWritten, state.nextIsReadOnly) = (nil, false, nil)
        }
        diagnostics.clear()
    }

    /// Runs the statement that begins at `start`, and then those after it.
    private func run(_ text: [UInt8], from start: Int, isMulti: Bool, _ running: RunningStatement) throws {
        let mode = state.withLock { $0.variables.lexicalMode }
        let parsed = try ParsedStatement(text, from: start, mode: mode, isMulti: isMulti)
        if let next = parsed.next {
            running.response.followed { [weak self] in
                guard let self else { return running.response.fail(QueryError(.interrupted, "The client went away")) }
                let accepted = onStatementThread {
                    if let reason = running.cancellation.reason { return self.fail(reason, running.response) }
                    running.beginNext()
                    do {
                        // Results do not pile up here before a client that does not read them.
                        try running.response.makeRoom()
                        try self.run(text, from: next, isMulti: true, running)
                    } catch { self.fail(error, running.response) }
                }
                if !accepted {
                    fail(QueryError(.queueFull, "Too many statements are waiting; try again"), running.response)
                }
            }
        }
        try run(parsed, running)
    }

    func run(_ parsed: ParsedStatement, _ running: RunningStatement) throws {
        if !parsed.keepsWarnings || !parsed.hints.isEmpty { diagnostics.clear() }
        for key in parsed.hints.unknownKeys {
            diagnostics.warn(QueryError(.unknownHint, "The hint '\(key)' is not known, and was passed over"))
        }
        for key in parsed.misplacedHints {
            diagnostics.warn(
                QueryError(
                    .unknownHint,
                    "The hint '\(key)' stands where none is read; write it at the statement's beginning, or behind "
                        + "its SELECT"))
        }
        let caller = try statementContext(parsed, running)
        running.audit = AuditLog.Entry(parsed, caller)
        try enter(parsed.statement)
        let isTask = caller.hints.isAsync && caller.becomesTask(parsed)
        func carryOut() throws {
            if isTask { return try submit(parsed, caller, running.response) }
            try StatementHandler(session: self, caller: caller, response: running.response, running: running)
                .handle(parsed)
        }
        if parsed.mayTakeLong(isTask: isTask) { try onPlanningThread(running, carryOut) } else { try carryOut() }
    }

    /// Goes on on a planning thread, where it may take any time.
    private func onPlanningThread(_ running: RunningStatement, _ body: @escaping () throws -> Void) throws(QueryError) {
        // Handed over from one thread to the next, and never shared.
        nonisolated(unsafe) let body = body
        let accepted = context.statementThreads.plan(for: login.user, isAdministrator: isAdministrator) {
            if let reason = running.cancellation.reason { return self.fail(reason, running.response) }
            do { try body() } catch { self.fail(error, running.response) }
        }
        guard accepted else { throw QueryError(.queueFull, "Too many statements are waiting; try again") }
    }

    private func onStatementThread(_ job: @escaping @Sendable () -> Void) -> Bool {
        context.statementThreads.run(for: login.user, isAdministrator: isAdministrator, job)
    }

    /// MySQL takes a NUL at the end, as some clients send one.
    private func trimmed(_ text: [UInt8]) -> [UInt8] { text.last == 0 ? Array(text.dropLast()) : text }

    // MARK: Help for statements

    func use(_ name: String) throws {
        if SystemSchema.names.contains(name.lowercased()) { return state.withLock { $0.schema = name.lowercased() } }
        try context.accounts.rights(of: account).requireSight(schema: name)
        guard let schema = try context.store.schema(name) else {
            throw QueryError(.unknownDatabase, "Unknown database '\(name)'")
        }
        state.withLock { $0.schema = schema.name }
    }

    /// The context of a statement that begins now. `parsed` is `nil` for a command that is no statement.
    func statementContext(_ parsed: ParsedStatement?, _ running: RunningStatement?) throws(QueryError)
        -> StatementContext
    {
        let (schema, variables) = state.withLock { ($0.schema, $0.variables) }
        let own = parsed?.hints ?? Hints()
        let hints =
            own.isEmpty && variables.hints.isEmpty
            ? StatementHints() : try StatementHints(own.over(session: variables.hints))
        return StatementContext(
            login: login, account: account, schema: schema, variables: variables, hints: hints, cluster: cluster,
            now: context.clock.now(), cancellation: running?.cancellation ?? Cancellation(), diagnostics: diagnostics,
            services: context, fail: { self.fail($0, $1) })
    }

    func fail(_ error: any Error, _ response: ResponseWriter) {
        let error = context.tasks.redacted(
            error as? QueryError ?? QueryError(.internalFault, "The statement failed", detail: "\(error)"))
        // Before the answer, and only if it is the answer: a killed statement's worker has nothing to say.
        state.withLock { $0.running.flatMap { $0.response === response ? $0 : nil } }?.audit?.error = error
        response.whenFailing { self.diagnostics.end(with: error) }
        var metadata = metadata
        metadata["code"] = "\(ErrorNumber(error.code).number)"
        metadata["error"] = "\(error.detail ?? error.message)"
        context.log.debug("statement.failed", metadata: metadata)
        response.fail(error)
    }

    var metadata: Logger.Metadata { ["connection": "\(login.connectionID)", "account": "\(login.user)"] }
}
