import AccessControl
import Foundation
package import LoonCore
import MetaStore
import MySQLProtocol

/// Making accounts: by the administration command, and the first one by the daemon itself.
package enum Accounts {
    /// Adds an account. `usesNativePassword` is for clients that know nothing newer than `mysql_native_password`.
    package static func create(
        _ name: String, password: String, isAdmin: Bool, usesNativePassword: Bool, configuration: Configuration
    ) throws(QueryError) {
        let directory = try DataDirectory(configuration.dataDirectory)
        let store = try MetaStore(
            path: configuration.databasePath, region: configuration.regionCode, offsetMinutes: configuration.timeZoneOffsetMinutes,
            migrates: !directory.isInUse)
        try create(name, password: password, isAdmin: isAdmin, usesNativePassword: usesNativePassword, in: store)
        try store.close()
    }

    static let rootPasswordFile = "root-password"

    /// The first start makes `root`, with a random password in a file that only the owner reads. Returns the file's path if it did.
    static func createRootIfNeeded(in store: MetaStore, directory: DataDirectory) throws(QueryError) -> String? {
        guard try store.account("root") == nil else { return nil }
        var generator = SystemRandomNumberGenerator()
        let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let password = String((0..<24).compactMap { _ in letters.randomElement(using: &generator) })
        // The file first: an account whose password nobody can know would be lost.
        try directory.write(password + "\n", to: rootPasswordFile)
        try create("root", password: password, isAdmin: true, usesNativePassword: false, in: store)
        return directory.path + "/" + rootPasswordFile
    }

    private static func create(
        _ name: String, password: String, isAdmin: Bool, usesNativePassword: Bool, in store: MetaStore
    ) throws(QueryError) {
        guard name.wholeMatch(of: /[A-Za-z0-9_.-]{1,32}/) != nil else {
            throw QueryError(.wrongVariableValue, "An account's name has 1 to 32 letters, digits, '_', '-' and '.', not '\(name)'")
        }
        guard !password.isEmpty, password.utf8.count <= 200, !password.utf8.contains(0) else {
            throw QueryError(.wrongVariableValue, "A password has 1 to 200 bytes")
        }
        let bytes = Array(password.utf8)
        let hash = usesNativePassword ? Hex.text(Scramble.doubleSHA1(bytes)) : try PasswordHash.make(bytes)
        let plugin: AuthenticationPlugin = usesNativePassword ? .nativePassword : .cachingSHA2
        try store.createAccount(
            AccountRecord(name: name, isAdmin: isAdmin, plugin: plugin.rawValue, passwordHash: hash), now: WallClock.system.now())
    }
}
