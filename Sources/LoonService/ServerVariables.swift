import Foundation
import LoonCore
import SystemTables

extension SystemVariables {
    /// MySQL's variables, with the values that are this daemon's own. `socket` is its path.
    init(_ configuration: Configuration, connectionsMax: Int, socket: String) {
        let offset = configuration.timeZoneOffsetMinutes
        let minutes = offset.magnitude % 60
        let zone =
            (offset < 0 ? "-" : "+") + (offset.magnitude < 600 ? "0" : "") + "\(offset.magnitude / 60):"
            + (minutes < 10 ? "0" : "") + "\(minutes)"
        self.init([
            "version": .text(SystemVariables.version), "sql_dialect": .text(configuration.sqlDialect.rawValue),
            "version_comment": .text("Loon, asynchronous SQL over an object store"),
            "version_compile_os": .text("Linux"), "license": .text("Apache-2.0"),
            "hostname": .text(ProcessInfo.processInfo.hostName),
            "port": .integer(Int64(configuration.port)),
            "socket": .text(URL(fileURLWithPath: socket).lastPathComponent),
            "max_connections": .integer(Int64(connectionsMax)),
            "max_allowed_packet": .integer(Int64(Limits.commandBytesMax)),
            "net_write_timeout": .integer(Int64(Limits.writeStallSecondsMax)),
            "net_read_timeout": .integer(Limits.readStallSecondsMax),
            "connect_timeout": .integer(Limits.handshakeSecondsMax),
            "max_prepared_stmt_count": .integer(Int64(Limits.preparedStatementsMax)), "system_time_zone": .text(zone),
            "time_zone": .text("SYSTEM"),
            "have_ssl": .text(configuration.offersTLS ? "YES" : "DISABLED"),
            "have_openssl": .text(configuration.offersTLS ? "YES" : "DISABLED"),
            "require_secure_transport": .integer(configuration.requiresSecureTransport ? 1 : 0),
            "lower_case_table_names": .integer(2),
            "log_bin": .integer(0), "performance_schema": .integer(0), "event_scheduler": .text("OFF"),
            "local_infile": .integer(0),
            "default_storage_engine": .text(StorageEngine.name),
            "default_tmp_storage_engine": .text(StorageEngine.name),
            "have_query_cache": .text("NO"),
            "datadir": .text("/"),
            "sql_auto_is_null": .integer(0),
        ])
    }
}
