package import AccessControl
package import LoonCore
import LoonTasks
package import MetaStore
import MySQLProtocol
import Synchronization

/// The rights of every account, in memory: asked for with each statement, so that what is granted and revoked holds at
/// once on open connections.
package final class AccountDirectory: TaskAccounts {
    private struct Entry {
        let record: AccountRecord
        let rights: AccountRights
        init(_ record: AccountRecord) {
            self.record = record
            // A locked account may do nothing, and its waiting tasks fail.
            rights = AccountRights(account: record.name, grants: record.isLocked ? [:] : record.grants)
        }
    }
    private let store: MetaStore
    private let entries = Mutex<[String: Entry]>([:])
    /// Held from reading the file to keeping what was read: else what is older might come last.
    private let refreshing = Mutex(())

    package init(_ store: MetaStore) throws(QueryError) {
        self.store = store
        try reload()
    }

    /// Reads all accounts anew, after each change; and now and then, for the changes that administration commands make
    /// beside the daemon.
    package func reload() throws(QueryError) {
        try refreshing.withLock { _ throws(QueryError) in
            let records = try store.accounts()
            entries.withLock { $0 = Dictionary(uniqueKeysWithValues: records.map { ($0.name, Entry($0)) }) }
        }
    }

    /// As the metadata file has it, for whoever logs in.
    func current(_ name: String) throws(QueryError) -> AccountRecord? {
        try refreshing.withLock { _ throws(QueryError) in
            let record = try store.account(name)
            entries.withLock { $0[name] = record.map(Entry.init) }
            return record
        }
    }

    private func entry(of account: AccountIdentity) -> Entry? {
        entries.withLock { $0[account.name] }.flatMap { $0.record.number == account.number ? $0 : nil }
    }

    package func exists(_ account: AccountIdentity) -> Bool { entry(of: account) != nil }

    func record(of account: AccountIdentity) -> AccountRecord? { entry(of: account)?.record }

    /// The rights of an account that is not there any more are none.
    package func rights(of account: AccountIdentity) -> AccountRights {
        entry(of: account)?.rights ?? AccountRights(account: account.name, grants: [:])
    }

    /// Of the accounts that have a limit of their own: how many of their tasks run at a time.
    package var runningMax: [String: Int] {
        entries.withLock {
            $0.compactMapValues { $0.record.limits.running == 0 ? nil : Int(clamping: $0.record.limits.running) }
        }
    }

    package func queuedMax(of account: AccountIdentity) -> Int64 { record(of: account)?.limits.queued ?? 0 }

    /// Throws where a query would read more than its account may on a day; else its bytes count from now on, whatever
    /// becomes of it.
    package func charge(_ bytes: Int64, to account: AccountIdentity, now: Int64) throws(QueryError) {
        let limit = record(of: account)?.limits.scannedBytesADay ?? 0
        guard limit > 0 else { return }
        let day = now / 86_400_000
        let used = try store.scannedBytes(of: account.name, day: day)
        guard bytes <= limit, used <= limit - bytes else {
            throw QueryError(
                .accountLimit,
                "User '\(account.name)' has exceeded the 'max_scan_bytes_per_day' resource (current value: "
                    + "\(limit)): \(used) are used, and the query would read \(bytes)"
            )
        }
        try store.addScannedBytes(bytes, of: account.name, day: day)
    }

    /// Throws where the account may run nothing any more.
    package func requireAlive(_ account: AccountIdentity) throws(QueryError) {
        guard let record = record(of: account) else { throw .gone(account) }
        guard !record.isLocked else {
            throw QueryError(.accessDenied, "Access denied: the account '\(account.name)' is locked")
        }
    }

    var hasNativePasswords: Bool {
        entries.withLock { $0.values.contains { $0.record.plugin == AuthenticationPlugin.nativePassword.rawValue } }
    }

    func isAdministrator(_ account: AccountIdentity) -> Bool { entry(of: account)?.rights.isAdministrator ?? false }
}
