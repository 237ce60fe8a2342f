import AccessControl
import LoonCore
import LoonLake
import LoonTasks
import MetaStore
import MySQLProtocol
import SQLDialect
import SQLFrontend
import SystemTables

/// The context that one statement runs in: who asks, from which schema, with which variables, at what moment. Made when
/// the statement begins; what a later statement of the session changes is not seen here. A class whose every property
/// is constant: closures that hold it are cheap.
final class StatementContext: Sendable {
    let login: Login
    let account: AccountIdentity
    /// The schema that unqualified names mean; `nil` for none.
    let schema: String?
    let variables: SessionVariables
    /// The statement's hints over the session's.
    let hints: StatementHints
    /// The pool of statements that name no other.
    let cluster: Cluster
    /// The value of `now()`, in milliseconds since 1970.
    let now: Int64
    let cancellation: Cancellation
    let diagnostics: Diagnostics
    let services: SessionContext
    /// Answers with an error, which the session's diagnostics and the audit log get too.
    let fail: @Sendable (any Error, ResponseWriter) -> Void

    init(
        login: Login, account: AccountIdentity, schema: String?, variables: SessionVariables, hints: StatementHints,
        cluster: Cluster, now: Int64, cancellation: Cancellation, diagnostics: Diagnostics, services: SessionContext,
        fail: @escaping @Sendable (any Error, ResponseWriter) -> Void
    ) {
        self.login = login
        self.account = account
        self.schema = schema
        self.variables = variables
        self.hints = hints
        self.cluster = cluster
        self.now = now
        self.cancellation = cancellation
        self.diagnostics = diagnostics
        self.services = services
        self.fail = fail
    }

    /// The account's rights at this moment: one may be taken while the statement waits.
    var rights: AccountRights { services.accounts.rights(of: account) }
    var isAdministrator: Bool { services.accounts.isAdministrator(account) }

    var viewer: QueryPlanner.Viewer {
        .init(account: account, systemTables: StatementTables(caller: self), cancellation: cancellation)
    }

    /// The context that the statement's text depends on.
    var dialect: DialectContext {
        let service = services.timeZoneOffsetMinutes
        return DialectContext(
            now: now, timeZoneOffsetMinutes: variables.timeZoneOffsetMinutes(service: service, now: now),
            systemTimeZoneOffsetMinutes: service, variable: { self.variable($0, isGlobal: $1) },
            userVariable: { self.variables.userVariables[$0] ?? .null }, function: { self.function($0) })
    }

    /// Some variables say what the session is rather than what was set.
    private func variable(_ name: String, isGlobal: Bool) -> SQLValue? {
        switch name {
        case "pseudo_thread_id": .integer(Int64(login.connectionID))
        case "warning_count": .integer(Int64(diagnostics.count))
        case "error_count": .integer(Int64(diagnostics.errorCount))
        case "timestamp": .real(Double(now) / 1_000)
        default: variables.value(name, isGlobal: isGlobal)
        }
    }

    /// The functions whose value is the session's.
    private func function(_ name: String) -> SQLValue {
        switch name {
        case "database", "schema": .optional(schema)
        case "version": .text(SystemVariables.version)
        case "user", "session_user", "system_user": .text("\(login.user)@\(login.host)")
        case "current_user": .text("\(login.user)@%")
        case "connection_id": .integer(Int64(login.connectionID))
        case "row_count": .integer(-1)
        default: .integer(0)  // last_insert_id, found_rows
        }
    }

    /// The daemon's own table that a SELECT reads; `nil` where it reads another.
    func localTable(_ select: LocalSelect) -> SystemTable? {
        guard let table = select.table, let schema = table.schema ?? schema else { return nil }
        return SystemCatalog.table(schema: schema, name: table.table)
    }

    /// A statement's own hints always count, and are an error where it cannot be a task. A session's is for queries of
    /// tables: what a driver asks of its own accord (`select @@version`, SHOW, SET) is answered as ever.
    func becomesTask(_ parsed: ParsedStatement) -> Bool {
        if !parsed.hints.isEmpty { return true }
        switch parsed.statement {
        case .insert, .createTableAs: return true
        default: break
        }
        guard case .query(let select) = parsed.statement else { return false }
        return select.map { localTable($0) == nil && $0.table != nil } ?? true
    }
}
