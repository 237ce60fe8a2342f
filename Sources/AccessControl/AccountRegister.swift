package import LoonCore

/// The accounts as those ask for them who read and write tables: looked up with each statement, so that what is granted
/// and revoked holds at once. Answers from memory, on any thread.
package protocol AccountRegister: Sendable {
    /// The rights of an account that is not there any more are none.
    func rights(of account: AccountIdentity) -> AccountRights
    /// Whether the account is there, by its name and its number.
    func exists(_ account: AccountIdentity) -> Bool
    /// Throws where a query would read more than its account may on a day; else its bytes count from now on, whatever
    /// becomes of it. `now` is in milliseconds since 1970.
    func charge(_ bytes: Int64, to account: AccountIdentity, now: Int64) throws(QueryError)
}

extension QueryError {
    /// The reason why what an account has begun does not go on: the account is gone.
    package static func gone(_ account: AccountIdentity) -> QueryError {
        QueryError(.accessDenied, "Access denied: there is no account '\(account.name)' any more")
    }
}
