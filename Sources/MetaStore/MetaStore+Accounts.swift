import GRDB
package import LoonCore

/// An account as it is stored. `passwordHash` has the form that `plugin` needs; `AccessControl` reads it.
package struct AccountRecord: Sendable, Equatable {
    package let name: String
    package let isAdmin: Bool
    /// `caching_sha2_password` or `mysql_native_password`.
    package let plugin: String
    package let passwordHash: String

    package init(name: String, isAdmin: Bool, plugin: String, passwordHash: String) {
        self.name = name
        self.isAdmin = isAdmin
        self.plugin = plugin
        self.passwordHash = passwordHash
    }
}

extension MetaStore {
    package func account(_ name: String) throws(QueryError) -> AccountRecord? {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT name, is_admin, plugin, password_hash FROM account WHERE name = ?")
            return try Row.fetchOne(statement, arguments: [name]).map {
                AccountRecord(name: $0["name"], isAdmin: $0["is_admin"], plugin: $0["plugin"], passwordHash: $0["password_hash"])
            }
        }
    }

    /// Throws where there is an account of that name.
    /// All of them, by name.
    package func accounts() throws(QueryError) -> [AccountRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM account ORDER BY name").map {
                AccountRecord(name: $0["name"], isAdmin: $0["is_admin"], plugin: $0["plugin"], passwordHash: $0["password_hash"])
            }
        }
    }

    package func createAccount(_ account: AccountRecord, now: Int64) throws(QueryError) {
        try writer.perform { context in
            let exists = try Bool.fetchOne(context.database, sql: "SELECT 1 FROM account WHERE name = ?", arguments: [account.name])
            guard exists == nil else { throw QueryError(.wrongVariableValue, "The account '\(account.name)' exists already") }
            try context.database.execute(
                sql: "INSERT INTO account VALUES (?, ?, ?, ?, ?)",
                arguments: [account.name, account.isAdmin, account.plugin, account.passwordHash, now])
        }
    }
}
