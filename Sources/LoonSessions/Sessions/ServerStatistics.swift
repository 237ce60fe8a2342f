import LoonCore
import MySQLProtocol
import QueryEngine

/// Counters of the server: COM_STATISTICS and SHOW STATUS.
struct ServerStatistics {
    private let context: SessionContext
    private let counts: Sessions.Counts
    private let uptime: Int64

    init(_ context: SessionContext) {
        self.context = context
        counts = context.sessions.counts
        uptime = max(1, (context.clock.now() - context.started) / 1_000)
    }

    /// The line that `mariadb-admin status` prints.
    var line: String {
        let average = counts.statements * 1_000 / Int(uptime)
        let thousandths = String(average % 1_000)
        return
            "Uptime: \(uptime)  Threads: \(counts.open)  Questions: \(counts.statements)  Slow queries: 0  "
            + "Opens: 0  Flush tables: 0  Open tables: 0  "
            + "Queries per second avg: "
            + "\(average / 1_000).\(String(repeating: "0", count: 3 - thousandths.count))\(thousandths)"
    }

    /// The status variables of MySQL that mean something here, by name
    /// (https://dev.mysql.com/doc/refman/8.0/en/server-status-variables.html), and the engines' processes.
    func status(of login: Login) -> [(String, String)] {
        let processes = context.engineProcesses()
        return [
            ("Compression", "OFF"), ("Connections", "\(counts.opened)"),
            ("Engine_processes_died", "\(processes.died)"),
            ("Engine_processes_killed_memory", "\(processes.killedForMemory)"),
            ("Engine_processes_killed_time", "\(processes.killedForTime)"),
            ("Engine_processes_started", "\(processes.started)"), ("Max_used_connections", "\(counts.most)"),
            ("Queries", "\(counts.statements)"), ("Questions", "\(counts.statements)"),
            ("Ssl_cipher", login.cipher ?? ""),
            ("Ssl_version", login.cipher ?? ""), ("Threads_cached", "0"),
            ("Threads_connected", "\(counts.open)"),
            ("Threads_created", "\(counts.opened)"), ("Threads_running", "\(counts.running)"), ("Uptime", "\(uptime)"),
            ("Uptime_since_flush_status", "\(uptime)"),
        ]
    }
}
