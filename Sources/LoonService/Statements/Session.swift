import AccessControl
import Logging
import LoonCore
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLFrontend
import Synchronization

/// One client's session: its schema, its variables and what runs for it.
final class Session: ProtocolSession {
    struct State {
        var schema: String?
        var variables = SessionVariables()
        var warnings: [QueryError] = []
        /// What runs now, to be stopped if the client goes away.
        var running: Cancellation?
        var isClosed = false
    }

    let login: Login
    let isAdmin: Bool
    let context: ServiceContext
    let scheduler: Scheduler
    let state: Mutex<State>

    init(login: Login, isAdmin: Bool, context: ServiceContext, scheduler: Scheduler) {
        self.login = login
        self.isAdmin = isAdmin
        self.context = context
        self.scheduler = scheduler
        state = Mutex(State(schema: login.database))
    }

    // MARK: ProtocolSession

    func execute(_ command: Command, response: ResponseWriter) {
        let accepted = context.statementThreads.run {
            do {
                switch command {
                case .query(let text): try self.run(text, response)
                case .useDatabase(let name):
                    try self.use(name)
                    response.ok()
                }
            } catch {
                self.fail(error, response)
            }
        }
        if !accepted { response.fail(QueryError(.queueFull, "Too many statements are waiting; try again")) }
    }

    var hasNoBackslashEscapes: Bool { LexicalMode(sqlMode: state.withLock(\.variables).sqlMode).noBackslashEscapes }

    func close() {
        let running = state.withLock { state in
            state.isClosed = true
            return state.running
        }
        running?.cancel(QueryError(.interrupted, "The client went away"))
        context.log.debug("connection.closed", metadata: metadata)
    }

    // MARK: Statements

    private func run(_ text: [UInt8], _ response: ResponseWriter) throws {
        let variables = state.withLock(\.variables)
        let parsed = try ParsedStatement(trimmed(text), mode: LexicalMode(sqlMode: variables.sqlMode))
        if case .showWarnings = parsed.statement {} else { state.withLock { $0.warnings = [] } }
        let hints = parsed.hints.over(session: variables.hints)
        if try hints.flag("run_async") == true, isMeant(parsed) { return try submit(parsed, text: text, hints: hints, response) }
        try StatementHandler(session: self, response: response).handle(parsed)
    }

    /// A statement's own hint always counts, and is an error where the statement cannot be a task. A session's is for queries: what a driver asks
    /// of its own accord (`select @@version`, SHOW, SET) is answered as ever.
    private func isMeant(_ parsed: ParsedStatement) -> Bool {
        if case .query = parsed.statement { return true }
        return parsed.hints["run_async"] != nil
    }

    /// MySQL takes a NUL at the end, as some clients send one.
    private func trimmed(_ text: [UInt8]) -> [UInt8] { text.last == 0 ? Array(text.dropLast()) : text }

    func use(_ name: String) throws {
        guard let schema = try context.store.schema(name) else { throw QueryError(.unknownDatabase, "Unknown database '\(name)'") }
        state.withLock { $0.schema = schema.name }
    }

    /// What the statement's text depends on beside itself, at this moment.
    func dialectContext() -> DialectContext {
        let (schema, variables) = state.withLock { ($0.schema, $0.variables) }
        let login = login
        return DialectContext(
            now: context.clock.now(),
            timeZoneOffsetMinutes: variables.timeZoneOffsetMinutes(service: context.configuration.timeZoneOffsetMinutes),
            variable: { variables.value($0) },
            function: { SessionFunctions.value($0, login: login, schema: schema) })
    }

    func fail(_ error: any Error, _ response: ResponseWriter) {
        let error = error as? QueryError ?? QueryError(.internalFault, "The statement failed", detail: "\(error)")
        state.withLock { $0.warnings = [error] }
        var metadata = metadata
        metadata["code"] = "\(ErrorNumber(error.code).number)"
        metadata["error"] = "\(error.detail ?? error.message)"
        context.log.debug("statement.failed", metadata: metadata)
        response.fail(error)
    }

    var metadata: Logger.Metadata { ["connection": "\(login.connectionID)", "account": "\(login.user)"] }
}

extension Statement {
    /// Whether it can be a task: what has a result to store.
    var isAsynchronous: Bool {
        switch self {
        case .query, .localSelect: true
        default: false
        }
    }
}
