import AccessControl
import Foundation
package import LoonCore
package import MetaStore
package import MySQLProtocol
package import SQLFrontend

/// Makes accounts and their passwords as they are stored, for statements and for the administration command.
package enum AccountRecords {
    /// A new account, which may do nothing yet.
    package static func record(
        _ name: String, password: String, plugin: AuthenticationPlugin, now: Int64
    ) throws(QueryError) -> AccountRecord {
        guard name.wholeMatch(of: /[A-Za-z0-9_.-]{1,32}/) != nil else {
            throw QueryError(
                .wrongVariableValue,
                "An account's name has 1 to 32 letters, digits, '_', '-' and '.', not '\(name.prefix(80))'")
        }
        return AccountRecord(
            name: name, plugin: plugin.rawValue, passwordHash: try hash(password, plugin),
            passwordSet: now)
    }

    /// A password as it is stored. Takes some tens of milliseconds.
    package static func hash(_ password: String, _ plugin: AuthenticationPlugin) throws(QueryError) -> String {
        guard !password.isEmpty, password.utf8.count <= 200, !password.utf8.contains(0) else {
            throw QueryError(.wrongVariableValue, "A password has 1 to 200 bytes, none of them 0")
        }
        let bytes = Array(password.utf8)
        return plugin == .nativePassword ? Hex.text(Scramble.doubleSHA1(bytes)) : try PasswordHash.make(bytes)
    }
}

extension GrantPlace {
    /// Names are compared without regard to case, and kept in lower case.
    package func level(schema: String?) throws(QueryError) -> GrantLevel {
        switch self {
        case .everything: return .everything
        case .schema(let name):
            guard let name = name ?? schema else { throw QueryError(.noDatabaseSelected, "No database selected") }
            return .schema(CatalogName(name).text)
        case .table(let name):
            guard let schema = name.schema ?? schema else {
                throw QueryError(.noDatabaseSelected, "No database selected")
            }
            return .table(schema: CatalogName(schema).text, name: CatalogName(name.table).text)
        }
    }
}
