import AccessControl
import Foundation
package import LoonCore
import LoonSessions
import MetaStore
import MySQLProtocol
import SQLFrontend

/// Makes accounts: by the administration command, and the first one by the daemon itself.
package enum Accounts {
    /// Adds an account. `usesNativePassword` is for clients that know nothing newer than `mysql_native_password`.
    /// `grants` are of the form `SELECT, SHOW ON schema.*`; an administrator needs none.
    package static func create(
        _ name: String, password: String, isAdmin: Bool, usesNativePassword: Bool, grants: [String],
        configuration: Configuration
    ) throws(QueryError) {
        let directory = try DataDirectory(configuration.dataDirectory)
        let store = try directory.openStore(configuration, migrates: !directory.isInUse)
        var record = try AccountRecords.record(
            name, password: password, plugin: usesNativePassword ? .nativePassword : .cachingSHA2,
            now: WallClock.system.now())
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
        var root = try AccountRecords.record(
            "root", password: password, plugin: .cachingSHA2, now: WallClock.system.now())
        root.grants[.everything] = .administrator
        try store.createAccounts([root])
        return directory.path + "/" + rootPasswordFile
    }
}
