package import Logging
package import LoonCore
import LoonTasks
import MySQLProtocol
import SQLFrontend
import Synchronization

/// The record of who did what, from where, and how it ended: logins, changes of accounts, and statements that read or
/// change what is stored. A file of its own, in the form of the operations log; docs/operations.md lists the events.
package struct AuditLog: TaskAudit {
    private let log: Logger?

    /// Without a log nothing is kept.
    package init(_ log: Logger?) { self.log = log }

    /// `failures`: it was a wrong password; `refusal`: it was the right one, and something else stands against it.
    func login(
        _ account: String, host: String, connection: UInt32? = nil, failures: Int? = nil, refusal: QueryError? = nil
    ) {
        var metadata: Logger.Metadata = ["account": "\(account)", "host": "\(host)"]
        if let connection { metadata["connection"] = "\(connection)" }
        if let failures { metadata["failures"] = "\(failures)" }
        if let refusal { metadata["code"] = "\(ErrorNumber(refusal.code).number)" }
        log?.info(failures == nil && refusal == nil ? "audit.login" : "audit.login_failed", metadata: metadata)
    }

    func account(_ login: Login, _ statement: AccountStatement, _ outcome: Result<Void, any Error>) {
        var metadata = Self.metadata(of: login)
        metadata["kind"] = "\(statement.kind)"
        metadata["what"] = "\(statement.summary)"
        Self.add(outcome.failure, to: &metadata)
        log?.info("audit.account", metadata: metadata)
    }

    /// KILL, which is answered at once.
    func kill(_ login: Login, _ victim: UInt32) {
        log?.info(
            "audit.statement",
            metadata: Self.metadata(of: login).merging(["kind": "KILL", "sql": "KILL \(victim)", "outcome": "OK"]) {
                $1
            })
    }

    /// One of `Entry`'s, when it has ended.
    func statement(_ entry: Entry) {
        guard let log else { return }
        var metadata = entry.metadata
        metadata["kind"] = "\(entry.kind)"
        metadata["sql"] = "\(entry.text)"
        if let bytes = entry.scannedBytes { metadata["scanned_bytes"] = "\(bytes)" }
        if let task = entry.task { metadata["task"] = "\(task)" }
        Self.add(entry.error, to: &metadata)
        log.info("audit.statement", metadata: metadata)
    }

    package func taskEnded(_ task: TaskID, account: String, state: TaskState, scannedBytes: Int64?) {
        log?.info(
            "audit.task",
            metadata: [
                "task": "\(task)", "account": "\(account)", "outcome": "\(state.rawValue)",
                "scanned_bytes": "\(scannedBytes ?? 0)",
            ])
    }

    /// A statement on its way.
    struct Entry: Sendable {
        let kind: String
        let text: String
        let metadata: Logger.Metadata
        var scannedBytes: Int64?
        var task: TaskID?
        var error: (any Error)?

        /// `nil` for what neither reads nor changes what is stored.
        init?(_ parsed: ParsedStatement, _ caller: StatementContext) {
            guard parsed.isAudited(caller) else { return nil }
            kind = parsed.statement.kind
            text = SecretMask.shown(Array(parsed.text.utf8.prefix(Limits.auditedTextBytesMax)), mode: LexicalMode())
            metadata = AuditLog.metadata(of: caller.login)
        }
    }

    private static func metadata(of login: Login) -> Logger.Metadata {
        ["account": "\(login.user)", "host": "\(login.host)", "connection": "\(login.connectionID)"]
    }

    private static func add(_ error: (any Error)?, to metadata: inout Logger.Metadata) {
        guard let error else {
            metadata["outcome"] = "OK"
            return
        }
        metadata["outcome"] = "ERROR"
        metadata["code"] = "\(ErrorNumber((error as? QueryError)?.code ?? .internalFault).number)"
    }
}

extension ParsedStatement {
    fileprivate func isAudited(_ caller: StatementContext) -> Bool {
        switch statement {
        case .query(let select): select.map { $0.table != nil && caller.localTable($0) == nil } ?? true
        case .explain, .createSchema, .dropSchema, .createTable, .createTableLike, .createTableLikeMapping,
            .createTableAs, .createView, .dropView,
            .dropTable, .alterTable, .repairTable, .repairSchema, .insert, .cancelQueryTask, .cancelQueryTasks,
            .resendMessage:
            true
        case .set(let assignments):
            assignments.contains { if case .variable(_, isGlobal: true) = $0.target { true } else { false } }
        default: false
        }
    }
}

extension AccountStatement {
    /// Without the passwords.
    fileprivate var summary: String {
        switch self {
        case .create(let changes, _), .alter(let changes, _):
            changes.map { $0.name ?? "CURRENT_USER" }.joined(separator: ", ")
        case .drop(let names, _), .revokeEverything(let names): names.joined(separator: ", ")
        case .grant(let privileges, let place, let names):
            "\(privileges.auditText) ON \(place.text) TO \(names.joined(separator: ", "))"
        case .revoke(let privileges, let place, let names):
            "\(privileges.auditText) ON \(place.text) FROM \(names.joined(separator: ", "))"
        }
    }
}

extension Privileges {
    fileprivate var auditText: String { text + (contains(.grantOption) ? ", GRANT OPTION" : "") }
}

extension GrantPlace {
    fileprivate var text: String {
        switch self {
        case .everything: "*.*"
        case .schema(let name): "\(name ?? "").*"
        case .table(let name): "\(name.schema.map { $0 + "." } ?? "")\(name.table)"
        }
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
