package import LoonCore

/// CREATE, ALTER and DROP USER, SET PASSWORD, GRANT and REVOKE, in MySQL's grammar
/// (https://dev.mysql.com/doc/refman/8.0/en/account-management-statements.html) with the original's privileges.
package enum AccountStatement: Sendable, Equatable {
    case create([AccountChange], ifNotExists: Bool)
    case alter([AccountChange], ifExists: Bool)
    case drop([String], ifExists: Bool)
    case grant(Privileges, GrantPlace, to: [String])
    case revoke(Privileges, GrantPlace, from: [String])
    /// REVOKE ALL PRIVILEGES, GRANT OPTION FROM …: at every level.
    case revokeEverything(from: [String])

    /// The kind as an error has it.
    package var kind: String {
        switch self {
        case .create: "CREATE USER"
        case .alter: "ALTER USER"
        case .drop: "DROP USER"
        case .grant: "GRANT"
        case .revoke, .revokeEverything: "REVOKE"
        }
    }
}

/// The level that GRANT names after ON; the session's schema is not known yet.
package enum GrantPlace: Sendable, Equatable {
    case everything
    /// `db.*`, or `*`, which is the session's schema: `nil`.
    case schema(String?)
    case table(TableName)
}

/// The clauses of CREATE or ALTER USER for one account; a `nil` stays as it is.
package struct AccountChange: Sendable, Equatable {
    package enum Expiry: Sendable, Equatable {
        case now, never
        /// Days after the password was set.
        case days(Int)
    }

    /// `nil` for the session's own.
    package let name: String?
    package var password: Secret?
    /// `caching_sha2_password` or `mysql_native_password`, in lower case.
    package var plugin: String?
    package var isLocked: Bool?
    package var expiry: Expiry?
    package var connectionsMax: Int64?
    package var runningMax: Int64?
    package var queuedMax: Int64?
    package var scannedBytesADayMax: Int64?

    init(name: String?) { self.name = name }

    /// Whether it is about the password alone, which everybody may change for themselves.
    package var isPasswordOnly: Bool {
        password != nil && isLocked == nil && expiry == nil && connectionsMax == nil && runningMax == nil
            && queuedMax == nil
            && scannedBytesADayMax == nil && plugin == nil
    }
}
