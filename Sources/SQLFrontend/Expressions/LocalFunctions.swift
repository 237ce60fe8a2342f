/// The functions that need no engine.
package enum LocalFunctions {
    /// Functions whose value is the session's.
    package static let session: Set<String> = [
        "database", "schema", "version", "user", "current_user", "session_user", "system_user", "connection_id",
        "last_insert_id", "found_rows",
        "row_count",
    ]
    /// Functions whose value is the statement's moment.
    package static let moment: Set<String> = [
        "now", "current_timestamp", "localtime", "localtimestamp", "sysdate", "utc_timestamp", "curdate",
        "current_date", "curtime", "current_time",
        "utc_date", "utc_time", "unix_timestamp",
    ]
    private static let plain: Set<String> = [
        "concat", "concat_ws", "left", "right", "substring", "substr", "mid", "instr", "locate", "lower", "lcase",
        "upper", "ucase", "length",
        "octet_length", "char_length", "character_length", "trim", "ltrim", "rtrim", "replace", "if", "ifnull",
        "coalesce", "nullif", "isnull",
        "timediff", "time_format", "convert_tz",
    ]
    private static let all = session.union(moment).union(plain)
    private static let ofEveryDialect = session.union(moment)

    package static func names(isMySQL: Bool) -> Set<String> { isMySQL ? all : ofEveryDialect }
    /// Functions that are called without parentheses too.
    package static let bareNames: Set<String> = [
        "current_user", "current_timestamp", "localtime", "localtimestamp", "current_date", "current_time",
        "utc_timestamp", "utc_date", "utc_time",
    ]
}
