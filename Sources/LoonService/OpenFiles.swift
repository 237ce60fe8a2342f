import Foundation
import LoonCore

/// The process's bound on open files. A shell's usual soft limit of 1,024 is less than the connections that are admitted.
enum OpenFiles {
    /// What files other than connections may take: results, SQLite, the engine's scans.
    private static let reserve: rlim_t = 8_192

    /// Raises the soft limit as far as the hard one allows and the daemon has use for.
    /// Returns how many connections that leaves room for.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Limits.connectionsMax / 20 }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(Limits.connectionsMax) + reserve))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let files = Int(clamping: limit.rlim_cur)
        return min(Limits.connectionsMax, files - min(Int(reserve), files / 2))
    }
}
