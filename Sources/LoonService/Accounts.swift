import AccessControl
import Foundation
package import LoonCore
import MetaStore
import MySQLProtocol
import SQLFrontend

/// Making accounts and their passwords: by statements, by the administration command, and the first one by the daemon
/// itself.
package enum Accounts {
    /// Adds an account. `usesNativePassword` is for clients that know nothing newer than `mysql_native_password`.
    /// `grants` are of the form `SELECT, SHOW ON schema.*`; an administrator needs none.
    package static func create(
        _ name: String, password: String, isAdmin: Bool, usesNativePassword: Bool, grants: [String],
        configuration: Configuration
    ) throws(QueryError) {
        let directory = try DataDirectory(configuration.dataDirectory)
        let store = try directory.openStore(configuration, migrates: !directory.isInUse)
        var record = try record(name, password: password, plugin: usesNativePassword ? .nativePassword : .cachingSHA2)
        if isAdmin { record.grants[.everything] = .administrator }
        for text in grants {
            // The grammar is the statement's.
            let statement = try ParsedStatement(Array("GRANT \(text) TO x".utf8), mode: LexicalMode()).statement
            guard case .account(.grant(let privileges, let place, to: ["x"])) = statement else {
                throw QueryError(
                    .syntax, "--grant takes privileges and a level, such as 'SELECT, SHOW ON sales.*', not '\(text)'")
            }
            record.grants[try place.level(schema: nil), default: []].formUnion(privileges)
        }
        try store.createAccounts([record])
        try store.close()
    }

    static let rootPasswordFile = "root-password"

    /// The first start makes `root`, with a random password in a file that only the owner reads. Returns the file's
    /// path if it did.
    static func createRootIfNeeded(in store: MetaStore, directory: DataDirectory) throws(QueryError) -> String? {
        guard try !store.accounts().contains(where: { $0.isAdministrator || $0.name == "root" }) else { return nil }
        var generator = SystemRandomNumberGenerator()
        let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let password = String((0..<24).compactMap { _ in letters.randomElement(using: &generator) })
        // The file first: an account whose password nobody can know would be lost.
        try directory.write(password + "\n", to: rootPasswordFile)
        var root = try record("root", password: password, plugin: .cachingSHA2)
        root.grants[.everything] = .administrator
        try store.createAccounts([root])
        return directory.path + "/" + rootPasswordFile
    }

    /// A new account, which may do nothing yet.
    static func record(_ name: String, password: String, plugin: AuthenticationPlugin) throws(QueryError)
        -> AccountRecord
    {
        guard name.wholeMatch(of: /[A-Za-z0-9_.-]{1,32}/) != nil else {
            throw QueryError(
                .wrongVariableValue,
                "An account's name has 1 to 32 letters, digits, '_', '-' and '.', not '\(name.prefix(80))'")
        }
        return AccountRecord(
            name: name, plugin: plugin.rawValue, passwordHash: try hash(password, plugin),
            passwordSet: WallClock.system.now())
    }

    /// A password as it is stored. Takes some tens of milliseconds.
    static func hash(_ password: String, _ plugin: AuthenticationPlugin) throws(QueryError) -> String {
        guard !password.isEmpty, password.utf8.count <= 200, !password.utf8.contains(0) else {
            throw QueryError(.wrongVariableValue, "A password has 1 to 200 bytes, none of them 0")
        }
        let bytes = Array(password.utf8)
        return plugin == .nativePassword ? Hex.text(Scramble.doubleSHA1(bytes)) : try PasswordHash.make(bytes)
    }
}

extension GrantPlace {
    /// Names are compared without regard to case, and kept in lower case.
    func level(schema: String?) throws(QueryError) -> GrantLevel {
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
