import GRDB
package import LoonCore

/// An account as it is stored. `passwordHash` has the form that `plugin` needs; `AccessControl` reads it.
package struct AccountRecord: Sendable, Equatable {
    package let name: String
    /// `AccountIdentity.number`; given when the account is stored.
    package internal(set) var number: Int64 = 0
    /// `caching_sha2_password` or `mysql_native_password`.
    package var plugin: String
    package var passwordHash: String
    /// When the password was set, in milliseconds since 1970.
    package var passwordSet: Int64
    /// Days after which a password expires; `nil` for never, 0 for at once.
    package var passwordDays: Int?
    package var isLocked = false
    package var limits = AccountLimits()
    package var grants: [GrantLevel: Privileges] = [:]

    package init(name: String, plugin: String, passwordHash: String, passwordSet: Int64) {
        self.name = name
        self.plugin = plugin
        self.passwordHash = passwordHash
        self.passwordSet = passwordSet
    }

    package var identity: AccountIdentity { AccountIdentity(name: name, number: number) }

    package var isAdministrator: Bool { grants[.everything]?.isSuperset(of: .administrator) == true }

    /// Whether the password must be set anew before it opens anything.
    package func isExpired(now: Int64) -> Bool {
        passwordDays.map { now >= passwordSet + Int64($0) * 86_400_000 } ?? false
    }
}

/// Accounts, and what they were granted. Names are compared as they are.
extension MetaStore {
    package func account(_ name: String) throws(QueryError) -> AccountRecord? {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT * FROM account WHERE name = ?")
            guard var account = try Row.fetchOne(statement, arguments: [name]).map(Self.account) else { return nil }
            let grants = try database.cachedStatement(sql: "SELECT * FROM account_grant WHERE account = ?")
            for row in try Row.fetchAll(grants, arguments: [name]) { account.add(grant: row) }
            return account
        }
    }

    /// All of them, by name.
    package func accounts() throws(QueryError) -> [AccountRecord] { try read(Self.accounts) }

    /// Adds accounts, all or none. Throws what MySQL says where one is there already (error 1396).
    package func createAccounts(_ accounts: [AccountRecord]) throws(QueryError) {
        try writer.perform { context in
            for account in accounts {
                let exists = try Bool.fetchOne(
                    context.database, sql: "SELECT 1 FROM account WHERE name = ?", arguments: [account.name])
                guard exists == nil else { throw Self.failed("CREATE USER", account.name) }
                try context.database.execute(sql: "UPDATE account_sequence SET last = last + 1")
                var account = account
                account.number = try Int64.fetchOne(context.database, sql: "SELECT last FROM account_sequence") ?? 0
                try Self.insert(account, context.database)
            }
        }
    }

    /// Changes accounts, all or none, by `change`. `operation` is what the error says that meets one that is not there.
    package func updateAccounts(
        _ names: [String], operation: String, _ change: @escaping @Sendable (inout AccountRecord) throws -> Void
    ) throws(QueryError) {
        try writer.perform { context in
            let database = context.database
            var accounts = try Self.accounts(database)
            for name in names {
                guard let index = accounts.firstIndex(where: { $0.name == name }) else {
                    throw operation == "GRANT"
                        ? QueryError(.grantToNobody, "There is no account '\(name)'; make it with CREATE USER")
                        : Self.failed(operation, name)
                }
                try change(&accounts[index])
                try Self.delete(name, database)
                try Self.insert(accounts[index], database)
            }
            try Self.checkAdministrator(accounts)
        }
    }

    /// Removes accounts, all or none. Their tasks and tables stay.
    package func dropAccounts(_ names: [String], ifExist: Bool) throws(QueryError) {
        try writer.perform { context in
            for name in names {
                guard try Self.delete(name, context.database) || ifExist else { throw Self.failed("DROP USER", name) }
                try context.database.execute(sql: "DELETE FROM account_usage WHERE account = ?", arguments: [name])
            }
            try Self.checkAdministrator(try Self.accounts(context.database))
        }
    }

    // MARK: Use

    /// Bytes that an account has scanned on a day, counted from 1970.
    package func scannedBytes(of account: String, day: Int64) throws(QueryError) -> Int64 {
        try read {
            try Int64.fetchOne(
                $0, sql: "SELECT scanned_bytes FROM account_usage WHERE account = ? AND day = ?",
                arguments: [account, day]) ?? 0
        }
    }

    /// Adds to them. Returns when it is stored.
    package func addScannedBytes(_ bytes: Int64, of account: String, day: Int64) throws(QueryError) {
        try writer.perform { context in
            try context.database.execute(
                sql: """
                    INSERT INTO account_usage VALUES (?, ?, ?)
                    ON CONFLICT (account) DO UPDATE SET scanned_bytes = excluded.scanned_bytes + CASE WHEN day =
                    excluded.day THEN scanned_bytes ELSE 0 END,
                        day = excluded.day
                    """, arguments: [account, day, bytes])
        }
    }

    // MARK: Within a transaction

    private static func failed(_ operation: String, _ name: String) -> QueryError {
        QueryError(.accountOperation, "Operation \(operation) failed for '\(name)'@'%'")
    }

    /// Somebody must be left who can put right what was done.
    private static func checkAdministrator(_ accounts: [AccountRecord]) throws(QueryError) {
        guard accounts.contains(where: { $0.isAdministrator && !$0.isLocked && $0.passwordDays != 0 }) else {
            throw QueryError(
                .accessDenied,
                "Access denied: this would leave no administrator; grant ALL ON *.* WITH GRANT OPTION to "
                    + "another account first"
            )
        }
    }

    private static func accounts(_ database: Database) throws -> [AccountRecord] {
        var accounts = try Row.fetchAll(database, sql: "SELECT * FROM account ORDER BY name").map(account)
        let places = Dictionary(uniqueKeysWithValues: accounts.enumerated().map { ($1.name, $0) })
        for row in try Row.fetchAll(database, sql: "SELECT * FROM account_grant") {
            if let place = places[row["account"]] { accounts[place].add(grant: row) }
        }
        return accounts
    }

    private static func account(_ row: Row) -> AccountRecord {
        var account = AccountRecord(
            name: row["name"], plugin: row["plugin"], passwordHash: row["password_hash"],
            passwordSet: row["password_set"])
        account.number = row["number"]
        account.passwordDays = row["password_days"]
        account.isLocked = row["is_locked"]
        account.limits.connections = row["connections_max"]
        account.limits.running = row["running_max"]
        account.limits.queued = row["queued_max"]
        account.limits.scannedBytesADay = row["scanned_bytes_max"]
        return account
    }

    private static func insert(_ account: AccountRecord, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO account (name, plugin, password_hash, created, password_set, password_days, is_locked,
                connections_max, running_max, queued_max,
                    scanned_bytes_max, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                account.name, account.plugin, account.passwordHash, account.passwordSet, account.passwordSet,
                account.passwordDays, account.isLocked,
                account.limits.connections, account.limits.running, account.limits.queued,
                account.limits.scannedBytesADay,
                account.number,
            ])
        for (level, privileges) in account.grants where !privileges.isEmpty {
            let (schema, table) =
                switch level {
                case .everything: ("", "")
                case .schema(let schema): (schema, "")
                case .table(let schema, let name): (schema, name)
                }
            try database.execute(
                sql: "INSERT INTO account_grant VALUES (?, ?, ?, ?)",
                arguments: [account.name, schema, table, privileges.rawValue])
        }
    }

    @discardableResult
    private static func delete(_ name: String, _ database: Database) throws -> Bool {
        try database.execute(sql: "DELETE FROM account_grant WHERE account = ?", arguments: [name])
        try database.execute(sql: "DELETE FROM account WHERE name = ?", arguments: [name])
        return database.changesCount > 0
    }
}

extension AccountRecord {
    fileprivate mutating func add(grant row: Row) {
        let (schema, table): (String, String) = (row["schema"], row["table_name"])
        let level: GrantLevel =
            schema.isEmpty ? .everything : table.isEmpty ? .schema(schema) : .table(schema: schema, name: table)
        grants[level] = Privileges(rawValue: row["privileges"])
    }
}
