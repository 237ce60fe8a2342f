import Foundation

/// The process's bound on open files. A shell's usual soft limit of 1,024 is less than the connections that are admitted.
enum OpenFiles {
    /// What files other than connections may take: results, SQLite, the engine's scans.
    private static let reserve: rlim_t = 8_192

    /// Raises the soft limit as far as the hard one allows and the daemon has use for.
    /// Returns how many connections that leaves room for.
    static func raiseLimit(for connectionsMax: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return min(connectionsMax, 512) }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(connectionsMax) + reserve))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let files = Int(clamping: limit.rlim_cur)
        return min(connectionsMax, files - min(Int(reserve), files / 2))
    }
}
