import LoonCore
import SQLFrontend

/// The system variables that clients ask for, with MySQL 8.0's defaults
/// (https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html).
enum SystemVariables {
    static let version = "8.0.36-loon"
    static let versionComment = "Loon, asynchronous SQL over an object store"

    static let defaults: [String: SQLValue] = {
        var values: [String: SQLValue] = [
            "version": .text(version), "version_comment": .text(versionComment), "version_compile_os": .text("Linux"),
            "version_compile_machine": .text("x86_64"), "license": .text("Apache-2.0"), "hostname": .text("localhost"),
            "sql_mode": .text(
                "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"),
            "time_zone": .text("SYSTEM"), "system_time_zone": .text("+08"), "init_connect": .text(""),
            "transaction_isolation": .text("REPEATABLE-READ"), "tx_isolation": .text("REPEATABLE-READ"),
            "default_storage_engine": .text("InnoDB"), "default_tmp_storage_engine": .text("InnoDB"),
            "default_authentication_plugin": .text("caching_sha2_password"), "have_ssl": .text("DISABLED"), "event_scheduler": .text("OFF"),
            "optimizer_switch": .text(""), "socket": .text(""), "session_track_system_variables": .text(""),
        ]
        let charsets = ["client", "connection", "results", "server", "database"]
        for name in charsets { values["character_set_" + name] = .text("utf8mb4") }
        values["character_set_system"] = .text("utf8mb3")
        for name in ["connection", "server", "database"] { values["collation_" + name] = .text("utf8mb4_0900_ai_ci") }
        let numbers: [String: Int64] = [
            "auto_increment_increment": 1, "auto_increment_offset": 1, "autocommit": 1, "foreign_key_checks": 1, "unique_checks": 1,
            "interactive_timeout": 28_800, "wait_timeout": 28_800, "net_read_timeout": 30, "net_write_timeout": Int64(Limits.writeStallSecondsMax),
            "net_buffer_length": 16_384, "lock_wait_timeout": 31_536_000, "lower_case_table_names": 2, "lower_case_file_system": 0,
            "max_allowed_packet": Int64(Limits.commandBytesMax), "max_connections": Int64(Limits.connectionsMax), "max_execution_time": 0,
            "performance_schema": 0, "query_cache_size": 0, "query_cache_type": 0, "sql_auto_is_null": 0, "sql_quote_show_create": 1,
            "sql_safe_updates": 0, "group_concat_max_len": 1_024, "profiling": 0, "read_only": 0, "super_read_only": 0, "server_id": 1,
            "transaction_read_only": 0, "tx_read_only": 0, "log_bin": 0, "div_precision_increment": 4, "explicit_defaults_for_timestamp": 1,
            "sql_warnings": 0, "sql_notes": 1, "big_tables": 0, "max_join_size": .max, "port": 10_000,
        ]
        for (name, value) in numbers { values[name] = .integer(value) }
        values["sql_select_limit"] = .text("18446744073709551615")
        return values
    }()

    /// Those that a session cannot set.
    static let readOnly: Set<String> = [
        "version", "version_comment", "version_compile_os", "version_compile_machine", "license", "hostname", "system_time_zone", "have_ssl",
        "socket",
        "lower_case_table_names", "lower_case_file_system", "performance_schema", "log_bin", "port", "max_allowed_packet", "character_set_system",
    ]
}

/// A session's own variables over the defaults, and its hints.
struct SessionVariables: Sendable {
    private(set) var values: [String: SQLValue] = [:]
    /// `SET SESSION run_async = true` and the like: hints for every statement of the session, for clients that drop comments.
    private(set) var hints: [String: String] = [:]

    func value(_ name: String) -> SQLValue? {
        if let value = values[name] ?? SystemVariables.defaults[name] { return value }
        // A hint can always be asked for: NULL while it is not set.
        return Hints.known.contains(name) ? .optional(hints[name]) : nil
    }

    var sqlMode: String {
        if case .text(let mode) = value("sql_mode") { return mode }
        return ""
    }

    /// Minutes east of UTC; `service` is what SYSTEM means.
    func timeZoneOffsetMinutes(service: Int) -> Int {
        guard case .text(let zone) = value("time_zone") else { return service }
        return TimeZoneOffset.minutes(zone) ?? service
    }

    mutating func set(_ assignment: Assignment, isAdmin: Bool) throws(QueryError) {
        switch assignment.target {
        case .names:
            let charset = (assignment.value ?? "utf8mb4").lowercased()
            guard ["utf8mb4", "utf8mb3", "utf8", "ascii", "binary"].contains(charset) else {
                throw QueryError(.notSupported, "The character set '\(charset)' is not supported; use utf8mb4")
            }
            for name in ["client", "connection", "results"] { values["character_set_" + name] = .text(charset) }
        case .userVariable: throw QueryError(.notSupported, "User variables are not supported")
        case .variable(let name, let isGlobal):
            let key = Hints.normalized(name)
            if Hints.known.contains(key) {
                guard !isGlobal else { throw QueryError(.wrongVariableValue, "Variable '\(name)' is a SESSION variable") }
                try Hints(values: assignment.value.map { [key: $0] } ?? [:]).validate()
                hints[key] = assignment.value
                return
            }
            guard let standard = SystemVariables.defaults[name] else { throw QueryError(.unknownVariable, "Unknown system variable '\(name)'") }
            guard !SystemVariables.readOnly.contains(name) else {
                throw QueryError(.wrongVariableValue, "Variable '\(name)' is a read only variable")
            }
            guard !isGlobal else { throw QueryError(.notSupported, "SET GLOBAL is not supported; change the configuration file") }
            values[name] = try Self.converted(assignment.value, like: standard, name: name)
        }
    }

    private static func converted(_ value: String?, like standard: SQLValue, name: String) throws(QueryError) -> SQLValue {
        guard let value else { return standard }
        switch standard {
        case .integer:
            switch value.lowercased() {
            case "on", "true": return .integer(1)
            case "off", "false": return .integer(0)
            default:
                guard let number = Int64(value) else {
                    throw QueryError(.wrongVariableValue, "Variable '\(name)' can't be set to the value of '\(value)'")
                }
                return .integer(number)
            }
        case .text where name == "time_zone":
            guard value.uppercased() == "SYSTEM" || TimeZoneOffset.minutes(value) != nil else {
                throw QueryError(.wrongVariableValue, "Unknown or incorrect time zone: '\(value)'; write an offset such as +08:00")
            }
            return .text(value)
        case .text, .null: return .text(value)
        }
    }
}
