import AccessControl
import LoonCore
import LoonTasks
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLFrontend
import Synchronization

/// CREATE, ALTER and DROP USER, SET PASSWORD, GRANT and REVOKE.
struct AccountHandler {
    let caller: StatementContext
    let response: ResponseWriter
    private var context: SessionContext { caller.services }

    init(_ caller: StatementContext, response: ResponseWriter) {
        self.caller = caller
        self.response = response
    }

    /// Takes some tens of milliseconds for each password.
    func run(_ statement: AccountStatement) throws {
        let outcome = Result { try carryOut(statement) }
        context.audit.account(caller.login, statement, outcome)
        _ = try outcome.get()
        response.ok(warnings: caller.diagnostics.count)
    }

    private func carryOut(_ statement: AccountStatement) throws {
        switch statement {
        case .create(let changes, let ifNotExists): try create(changes, ifNotExists: ifNotExists)
        case .alter(let changes, let ifExists): try alter(changes, ifExists: ifExists)
        case .drop(let names, let ifExists):
            try requireAdministrator(statement)
            let dropped = try names.compactMap { name in try context.store.account(name)?.identity }
            try context.store.dropAccounts(names, ifExist: ifExists)
            try context.accounts.reload()
            for account in dropped where context.accounts.record(of: account) == nil {
                try context.scheduler.endTasks(of: account)
            }
        case .grant(let privileges, let place, let names):
            let level = try level(place)
            try requireGrant(privileges, at: level)
            if case .table(let schema, let name) = level, !privileges.contains(.create),
                try context.store.table(schema: schema, name: name) == nil
            {
                throw QueryError(.unknownTable, "Table '\(schema).\(name)' doesn't exist")
            }
            try context.store.updateAccounts(names, operation: "GRANT") {
                $0.grants[level, default: []].formUnion(privileges)
            }
        case .revoke(let privileges, let place, let names):
            let level = try level(place)
            try requireGrant(privileges, at: level)
            try context.store.updateAccounts(names, operation: "REVOKE") { account in
                guard let granted = account.grants[level], !granted.isEmpty else {
                    throw QueryError(
                        .noSuchGrant,
                        "There is no such grant defined for user '\(account.name)' on host '%' on \(level.text)")
                }
                account.grants[level] = granted.subtracting(privileges)
            }
        case .revokeEverything(let names):
            try requireAdministrator(statement)
            try context.store.updateAccounts(names, operation: "REVOKE") { $0.grants = [:] }
        }
        try context.accounts.reload()
        for cluster in context.clusters.all { cluster.engine.endIdle() }
        endSessions()
        // Tasks may run now that a limit held back.
        if case .alter = statement { for cluster in context.clusters.all { context.scheduler.wake(cluster) } }
    }

    private func level(_ place: GrantPlace) throws -> GrantLevel {
        let level = try place.level(schema: caller.schema)
        switch level {
        case .everything: break
        case .schema(let schema), .table(let schema, _):
            guard !SystemSchema.names.contains(schema) else {
                throw QueryError(
                    .databaseAccessDenied,
                    "Access denied: everybody may read the schema '\(schema)', as far as it is theirs; there "
                        + "is nothing to grant"
                )
            }
        }
        return level
    }

    // MARK: Who may

    private func requireAdministrator(_ statement: AccountStatement) throws(QueryError) {
        guard caller.isAdministrator else {
            throw QueryError(.accessDenied, "Access denied; only an administrator may use \(statement.kind)")
        }
    }

    /// An account with GRANT OPTION hands on its own privileges.
    private func requireGrant(_ privileges: Privileges, at level: GrantLevel) throws(QueryError) {
        let own = caller.rights.privileges(at: level)
        guard own.isSuperset(of: privileges.union(.grantOption)) else {
            throw QueryError(
                .databaseAccessDenied,
                "Access denied for user '\(caller.login.user)'@'%' to grant or revoke \(privileges.text) on "
                    + "\(level.text); it takes GRANT OPTION and the privileges themselves"
            )
        }
    }

    // MARK: Accounts

    private func create(_ changes: [AccountChange], ifNotExists: Bool) throws {
        try requireAdministrator(.create(changes, ifNotExists: ifNotExists))
        var records: [AccountRecord] = []
        for change in changes {
            guard let name = change.name, let password = change.password else { continue }
            if try ifNotExists && context.store.account(name) != nil {
                caller.diagnostics.warn(QueryError(.accountOperation, "The account '\(name)' exists already"))
                continue
            }
            var record = try AccountRecords.record(
                name, password: password.exposed,
                plugin: change.plugin.flatMap(AuthenticationPlugin.init) ?? .cachingSHA2, now: context.clock.now())
            change.apply(to: &record)
            records.append(record)
        }
        try context.store.createAccounts(records)
    }

    private func alter(_ changes: [AccountChange], ifExists: Bool) throws {
        for change in changes where !change.isPasswordOnly || (change.name ?? caller.login.user) != caller.login.user {
            try requireAdministrator(.alter(changes, ifExists: ifExists))
        }
        let now = context.clock.now()
        for change in changes {
            let name = change.name ?? caller.login.user
            let old = try context.store.account(name)
            if old == nil, ifExists {
                caller.diagnostics.warn(QueryError(.accountOperation, "There is no account '\(name)'"))
                continue
            }
            let plugin = (change.plugin ?? old?.plugin).flatMap(AuthenticationPlugin.init) ?? .cachingSHA2
            let hash = try change.password.map { try AccountRecords.hash($0.exposed, plugin) }
            try context.store.updateAccounts([name], operation: "ALTER USER") { record in
                if let hash {
                    record.passwordHash = hash
                    record.plugin = plugin.rawValue
                    record.passwordSet = now
                    // Expired by hand until it is changed.
                    if record.passwordDays == 0 { record.passwordDays = nil }
                }
                change.apply(to: &record)
            }
        }
    }

    /// Accounts that are gone or locked have no sessions.
    private func endSessions() {
        for other in context.sessions.all where other.login.connectionID != caller.login.connectionID {
            guard context.accounts.record(of: other.account).map(\.isLocked) ?? true else { continue }
            if let running = other.state.withLock(\.running) {
                other.interrupt(running, QueryError(.interrupted, "The account was locked or dropped"))
            }
            other.login.disconnect()
        }
    }
}

extension AccountChange {
    /// Applies the clauses beside the password.
    fileprivate func apply(to record: inout AccountRecord) {
        if let isLocked { record.isLocked = isLocked }
        switch expiry {
        case .now: record.passwordDays = 0
        case .never: record.passwordDays = nil
        case .days(let days): record.passwordDays = days
        case nil: break
        }
        if let connectionsMax { record.limits.connections = connectionsMax }
        if let runningMax { record.limits.running = runningMax }
        if let queuedMax { record.limits.queued = queuedMax }
        if let scannedBytesADayMax { record.limits.scannedBytesADay = scannedBytesADayMax }
    }
}
