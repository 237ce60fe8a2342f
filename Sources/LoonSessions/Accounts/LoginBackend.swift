import AccessControl
import Crypto
import Dispatch
import Logging
import LoonCore
import LoonTasks
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLFrontend
import Synchronization

/// The logins, behind the protocol: looks accounts up, checks passwords and opens sessions.
package final class LoginBackend: ConnectionBackend {
    private let context: SessionContext
    /// The threads that look accounts up and open sessions: short work.
    private let loginThreads = WorkerThreads(name: "loon.login", threadsMax: 2, queueMax: 1_024)
    /// Decrypts and hashes passwords, which takes tens of milliseconds: a flood of wrong ones holds up no login that
    /// needs no hash.
    private let hashThreads = WorkerThreads(name: "loon.hash", threadsMax: 1, queueMax: 128)
    /// A digest that makes the second login of an account fast: SHA256(SHA256(password)), with the stored hash it was
    /// found to match.
    private let verified = Mutex<[String: (stored: String, doubleSHA256: [UInt8])]>([:])
    private let throttle = Mutex(LoginThrottle())

    /// The key by which accounts that are not there get credentials that stay the same.
    private let decoyKey: SymmetricKey

    /// `secret` is known to nobody else, and the same after a restart.
    package init(context: SessionContext, secret: String) {
        self.context = context
        decoyKey = SymmetricKey(data: SHA256.hash(data: Array(secret.utf8)))
    }

    func credentials(of user: String, host: String, completion: @escaping @Sendable (StoredCredentials) -> Void) {
        let delay = throttle.withLock { $0.delay(account: accountName(user), address: host, now: context.clock.now()) }
        guard delay > 0 else { return lookUp(user, completion) }
        context.timers.asyncAfter(deadline: .now() + .milliseconds(delay)) { self.lookUp(user, completion) }
    }

    /// Credentials for an account that does not exist: always the same for one name, and where some accounts have
    /// mysql_native_password, that for half of the names. Else the method would tell them from those that are not
    /// there.
    private func decoy(for user: String) -> StoredCredentials {
        guard context.accounts.hasNativePasswords else { return .cachingSHA2(doubleSHA256: nil) }
        let code = Array(HMAC<SHA256>.authenticationCode(for: Array(user.utf8), using: decoyKey))
        return code[0] % 2 == 0 ? .cachingSHA2(doubleSHA256: nil) : .native(doubleSHA1: Array(code.prefix(20)))
    }

    func loginFailed(as user: String, host: String) {
        let name = accountName(user)
        let failures = throttle.withLock { $0.failed(account: name, address: host, now: context.clock.now()) }
        context.log.warning(
            "login.failed", metadata: ["account": "\(name)", "host": "\(host)", "failures": "\(failures)"])
        context.audit.login(name, host: host, failures: failures)
    }

    private func lookUp(_ user: String, _ completion: @escaping @Sendable (StoredCredentials) -> Void) {
        let accepted = loginThreads.run {
            guard let account = try? self.account(user)?.record else { return completion(self.decoy(for: user)) }
            if account.plugin == AuthenticationPlugin.nativePassword.rawValue {
                return completion(.native(doubleSHA1: Hex.bytes(account.passwordHash)))
            }
            let seen = self.verified.withLock { $0[account.name] }
            completion(.cachingSHA2(doubleSHA256: seen?.stored == account.passwordHash ? seen?.doubleSHA256 : nil))
        }
        if !accepted { completion(.cachingSHA2(doubleSHA256: nil)) }
    }

    func verify(
        password: @escaping @Sendable () -> [UInt8]?, of user: String, completion: @escaping @Sendable (Bool?) -> Void
    ) {
        let accepted = hashThreads.run {
            guard let password = password() else { return completion(false) }
            let account = try? self.account(user)?.record
            // An unknown account takes as long as a known one.
            let stored = account?.passwordHash ?? PasswordHash.decoy
            let doubleSHA256 = Scramble.doubleSHA256(password)
            // The first of many logins that come at once has hashed the password for all.
            let seen = self.verified.withLock { seen in account.flatMap { seen[$0.name] } }
            if let seen, seen.stored == stored, seen.doubleSHA256 == doubleSHA256 { return completion(true) }
            let isRight = (try? PasswordHash.matches(password, stored: stored)) == true && account != nil
            if isRight, let account { self.verified.withLock { $0[account.name] = (stored, doubleSHA256) } }
            completion(isRight)
        }
        if !accepted { completion(nil) }
    }

    func openSession(_ login: Login, completion: @escaping @Sendable (Result<any ProtocolSession, QueryError>) -> Void)
    {
        let accepted = loginThreads.run {
            completion(Result { () throws(QueryError) in try self.open(login) })
        }
        if !accepted { completion(.failure(QueryError(.queueFull, "Too many logins are waiting; try again"))) }
    }

    private func open(_ login: Login) throws(QueryError) -> any ProtocolSession {
        guard let (account, cluster) = try account(login.user) else {
            throw QueryError(.authenticationFailed, "Access denied for user '\(login.user)'@'\(login.host)'")
        }
        throttle.withLock { $0.succeeded(account: account.name, address: login.host) }
        do throws(QueryError) { return try open(login, account, cluster) } catch {
            context.audit.login(account.name, host: login.host, connection: login.connectionID, refusal: error)
            throw error
        }
    }

    private func open(_ login: Login, _ account: AccountRecord, _ cluster: Cluster) throws(QueryError)
        -> any ProtocolSession
    {
        try admit(account, login)
        let rights = context.accounts.rights(of: account.identity)
        var schema: String?
        if let name = login.database, SystemSchema.names.contains(name.lowercased()) {
            schema = name.lowercased()
        } else if let name = login.database {
            try rights.requireSight(schema: name)
            schema = try context.store.schema(name)?.name
            guard schema != nil else { throw QueryError(.unknownDatabase, "Unknown database '\(name)'") }
        }
        let opened = Login(
            connectionID: login.connectionID, user: account.name, database: schema, host: login.host,
            attributes: login.attributes,
            isInteractive: login.isInteractive, cipher: login.cipher, disconnect: login.disconnect)
        context.log.debug(
            "connection.opened",
            metadata: ["connection": "\(login.connectionID)", "account": "\(account.name)", "host": "\(login.host)"])
        context.audit.login(account.name, host: login.host, connection: login.connectionID)
        return Session(
            login: opened, account: account.identity, cluster: cluster, context: context)
    }

    /// Throws what stands against a login with the right password.
    private func admit(_ account: AccountRecord, _ login: Login) throws(QueryError) {
        guard !account.isLocked else {
            throw QueryError(
                .accountLocked, "Access denied for user '\(account.name)'@'\(login.host)'. Account is locked.")
        }
        guard !account.isExpired(now: context.clock.now()) else {
            throw QueryError(
                .passwordExpired, "Your password has expired; an administrator sets a new one with ALTER USER")
        }
        let limit = account.limits.connections
        guard limit == 0 || context.sessions.count(of: account.name, besides: login.connectionID) < limit else {
            throw QueryError(
                .accountLimit,
                "User '\(account.name)' has exceeded the 'max_user_connections' resource (current value: \(limit))")
        }
    }

    /// Of `name@cluster` the name.
    private func accountName(_ user: String) -> String {
        guard let at = user.lastIndex(of: "@"),
            context.clusters.named(user[user.index(after: at)...].lowercased()) != nil
        else { return user }
        return String(user[..<at])
    }

    /// The account that a user's name means, and its cluster: `name`, or `name@cluster`.
    private func account(_ user: String) throws(QueryError) -> (record: AccountRecord, cluster: Cluster)? {
        if let record = try context.accounts.current(user) { return (record, context.clusters.standard) }
        guard let at = user.lastIndex(of: "@"),
            let cluster = context.clusters.named(user[user.index(after: at)...].lowercased()),
            let record = try context.accounts.current(String(user[..<at]))
        else { return nil }
        return (record, cluster)
    }
}
