import LoonCore

/// How long a login has to wait for what went before it: repeated failures slow down the account that they were for and
/// the address that they came from. Only a delay, and a short one: nobody can lock an account out by guessing at it.
/// Synchronous, told the time.
struct LoginThrottle {
    private enum Key: Hashable {
        case account(String)
        case address(String)
    }
    private struct Failures {
        var count = 0
        /// Milliseconds since 1970.
        var last: Int64 = 0
    }
    private var failures: [Key: Failures] = [:]

    /// Milliseconds before the password is looked at.
    mutating func delay(account: String, address: String, now: Int64) -> Int {
        max(
            Self.delay(count(.account(account), now), free: Limits.loginFailuresPerAccount),
            Self.delay(count(.address(address), now), free: Limits.loginFailuresPerAddress))
    }

    /// Returns how often the account's password was wrong in a row.
    mutating func failed(account: String, address: String, now: Int64) -> Int {
        for key in [Key.account(account), .address(address)] {
            let count = count(key, now)
            if failures[key] == nil, failures.count >= Limits.loginFailuresRemembered,
                let oldest = failures.min(by: { $0.value.last < $1.value.last })
            {
                failures[oldest.key] = nil
            }
            failures[key] = Failures(count: count + 1, last: now)
        }
        return count(.account(account), now)
    }

    /// The account's past is forgotten, the address's only for one failure: it may be guessing at others.
    mutating func succeeded(account: String, address: String) {
        failures[.account(account)] = nil
        guard var others = failures[.address(address)] else { return }
        others.count -= 1
        failures[.address(address)] = others.count > 0 ? others : nil
    }

    private mutating func count(_ key: Key, _ now: Int64) -> Int {
        guard let found = failures[key] else { return 0 }
        guard now - found.last < Limits.loginFailureMemoryMilliseconds else {
            failures[key] = nil
            return 0
        }
        return found.count
    }

    private static func delay(_ count: Int, free: Int) -> Int {
        guard count > free else { return 0 }
        return min(Limits.loginDelayMilliseconds << min(count - free - 1, 16), Limits.loginDelayMillisecondsMax)
    }
}
