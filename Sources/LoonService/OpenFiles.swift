import Foundation
import LoonCore

/// The process's bound on open files. A shell's usual soft limit of 1,024 is less than the connections that are
/// admitted.
enum OpenFiles {
    /// Descriptors for other files than connections: results, SQLite, the engine's scans.
    private static let reserve: rlim_t = 6_144

    /// Raises the soft limit as far as the hard one allows and the daemon has use for.
    /// Returns how many connections that leaves room for, and how many that have not logged in.
    static func raiseLimit(for connectionsMax: Int) -> (connections: Int, handshakes: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return (min(connectionsMax, 512), 128)
        }
        limit.rlim_cur = max(
            limit.rlim_cur, min(limit.rlim_max, rlim_t(connectionsMax + Limits.handshakesMax) + reserve))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let files = Int(clamping: limit.rlim_cur)
        let room = files - min(Int(reserve), files / 2)
        let handshakes = min(Limits.handshakesMax, room / 4)
        return (min(connectionsMax, room - handshakes), handshakes)
    }
}
