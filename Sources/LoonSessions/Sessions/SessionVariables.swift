import Foundation
import LoonCore
import SQLDialect
import SQLFrontend
import SystemTables

/// A session's own variables over the server's, its user variables, and its hints.
struct SessionVariables: Sendable {
    private var values: [String: SQLValue] = [:]
    private(set) var userVariables: [String: SQLValue] = [:]
    /// `SET SESSION run_async = true` and the like: hints for every statement of the session, for clients that drop
    /// comments.
    private(set) var hints: [String: String] = [:]
    private let server: SystemVariables

    /// The settings that statements look at, kept ready.
    private(set) var lexicalMode: LexicalMode
    private(set) var isAutocommit = true

    init(_ server: SystemVariables, isInteractive: Bool) {
        self.server = server
        lexicalMode = LexicalMode(
            sqlMode: server.variable("sql_mode")?.value.textValue ?? "",
            dialect: SourceDialect(rawValue: server.variable("sql_dialect")?.value.textValue ?? "") ?? .mysql)
        if isInteractive, let timeout = server.variable("interactive_timeout")?.value {
            values["wait_timeout"] = timeout
        }
    }

    /// The value of a variable by its lower-case name; `nil` where there is none.
    func value(_ name: String, isGlobal: Bool = false) -> SQLValue? {
        let name = SystemVariables.aliases[name] ?? name
        if let variable = server.variable(name) { return isGlobal ? variable.value : values[name] ?? variable.value }
        // A hint can always be asked for: NULL while it is not set.
        return !isGlobal && Hints.known.contains(name) ? .optional(hints[name]) : nil
    }

    /// All that SHOW VARIABLES lists: name and value, by name.
    func listed(isGlobal: Bool) -> [(name: String, value: SQLValue)] {
        var rows: [(String, SQLValue)] = server.values.values.filter { isGlobal ? $0.scope != .session : true }.map {
            variable in
            let value = isGlobal ? variable.value : values[variable.name] ?? variable.value
            return (variable.name, .text(SystemVariable.shown(value, kind: variable.kind)))
        }
        if !isGlobal { rows += Hints.known.map { ($0, .optional(hints[$0])) } }
        return rows.sorted { $0.0 < $1.0 }
    }

    /// `transaction_read_only`
    var isReadOnly: Bool { value("transaction_read_only")?.integerValue ?? 0 != 0 }

    var idleSecondsMax: Int { Int(clamping: value("wait_timeout")?.integerValue ?? 28_800) }

    /// Milliseconds that a query may run; 0 for no limit.
    var executionMillisecondsMax: Int64 { value("max_execution_time")?.integerValue ?? 0 }

    /// Rows of a result; `nil` for no limit.
    var selectLimit: Int? {
        guard let limit = value("sql_select_limit") else { return nil }
        if case .unsigned = limit { return nil }
        return Int(clamping: limit.integerValue)
    }

    /// Minutes east of UTC at a moment; `service` is what SYSTEM means.
    func timeZoneOffsetMinutes(service: Int, now: Int64) -> Int {
        guard let zone = value("time_zone")?.textValue, zone.uppercased() != "SYSTEM" else { return service }
        if let offset = TimeZoneOffset.minutes(zone) { return offset }
        let date = Date(timeIntervalSince1970: Double(now) / 1_000)
        return TimeZone(identifier: zone).map { $0.secondsFromGMT(for: date) / 60 } ?? service
    }

    // MARK: SET

    mutating func set(_ assignment: Assignment, evaluator: Evaluator, isAdmin: Bool) throws(QueryError) {
        let value: SQLValue?
        if let expression = assignment.value { value = try evaluator.value(expression) } else { value = nil }
        switch assignment.target {
        case .names(let collation): try setNames(value?.textValue ?? "utf8mb4", collation: collation)
        case .characterSet: try setNames(value?.textValue ?? "utf8mb4", collation: nil)
        case .userVariable(let name):
            guard userVariables.count < Limits.userVariablesMax || userVariables[name] != nil else {
                throw QueryError(.outOfMemory, "A session keeps at most \(Limits.userVariablesMax) user variables")
            }
            let bytes =
                userVariables.reduce(0) { $1.key == name ? $0 : $0 + Self.bytes($1.value) } + Self.bytes(value ?? .null)
            guard bytes <= Limits.userVariableBytesMax else {
                throw QueryError(
                    .outOfMemory, "The user variables of a session have at most \(Limits.userVariableBytesMax) bytes")
            }
            userVariables[name] = value ?? .null
        case .variable(let name, let isGlobal): try set(name, value, isGlobal: isGlobal, isAdmin: isAdmin)
        }
    }

    private static func bytes(_ value: SQLValue) -> Int {
        if case .text(let text) = value { text.utf8.count } else { 0 }
    }

    private mutating func setNames(_ name: String, collation: String?) throws(QueryError) {
        let charset = name.lowercased()
        guard ["utf8mb4", "utf8mb3", "utf8", "ascii", "binary"].contains(charset) else {
            let isKnown = [
                "latin1", "gbk", "gb18030", "gb2312", "big5", "cp1250", "cp1251", "ucs2", "utf16", "utf32", "sjis",
                "euckr",
            ].contains(
                charset)
            throw isKnown
                ? QueryError(.notSupported, "The character set '\(charset)' is not supported; use utf8mb4")
                : QueryError(.unknownCharset, "Unknown character set: '\(name)'")
        }
        for place in ["client", "connection", "results"] { values["character_set_" + place] = .text(charset) }
        values["collation_connection"] = .text(
            collation
                ?? (charset == "utf8mb4"
                    ? "utf8mb4_0900_ai_ci" : charset == "binary" ? "binary" : charset + "_general_ci"))
    }

    private mutating func set(_ name: String, _ value: SQLValue?, isGlobal: Bool, isAdmin: Bool) throws(QueryError) {
        let key = Hints.normalized(name)
        if Hints.known.contains(key) {
            guard !isGlobal else {
                throw QueryError(
                    .sessionVariable, "Variable '\(name)' is a SESSION variable and can't be used with SET GLOBAL")
            }
            let text = value.flatMap { $0.isNull ? nil : $0.textValue }
            _ = try StatementHints(Hints(values: text.map { [key: $0] } ?? [:]))
            hints[key] = text
            return
        }
        let name = SystemVariables.aliases[name] ?? name
        guard let variable = server.variable(name) else {
            throw QueryError(.unknownVariable, "Unknown system variable '\(name)'")
        }
        guard variable.isDynamic else {
            throw QueryError(.readOnlyVariable, "Variable '\(name)' is a read only variable")
        }
        guard !isGlobal else {
            guard isAdmin else {
                throw QueryError(
                    .accessDenied,
                    "Access denied; you need (at least one of) the SUPER or SYSTEM_VARIABLES_ADMIN "
                        + "privilege(s) for this operation"
                )
            }
            throw QueryError(.notSupported, "SET GLOBAL is not supported; change the configuration file")
        }
        guard variable.scope != .global else {
            throw QueryError(
                .globalVariable, "Variable '\(name)' is a GLOBAL variable and should be set with SET GLOBAL")
        }
        values[name] = try value.map { value throws(QueryError) in try Self.converted(value, for: variable) }
        switch name {
        case "sql_mode", "sql_dialect":
            lexicalMode = LexicalMode(
                sqlMode: self.value("sql_mode")?.textValue ?? "",
                dialect: SourceDialect(rawValue: self.value("sql_dialect")?.textValue ?? "") ?? .mysql)
        case "autocommit": isAutocommit = values[name]?.integerValue ?? 1 != 0
        default: break
        }
    }

    private static func converted(_ value: SQLValue, for variable: SystemVariable) throws(QueryError) -> SQLValue {
        let wrong = QueryError(
            .wrongVariableValue,
            "Variable '\(variable.name)' can't be set to the value of '\(value.isNull ? "NULL" : value.textValue)'")
        switch variable.kind {
        case .bool:
            switch value.textValue.lowercased() {
            case "on", "true", "1": return .integer(1)
            case "off", "false", "0": return .integer(0)
            default: throw wrong
            }
        case .integer:
            if case .real = value {
                throw QueryError(.wrongType, "Incorrect argument type to variable '\(variable.name)'")
            }
            if case .text = value {
                throw QueryError(.wrongType, "Incorrect argument type to variable '\(variable.name)'")
            }
            guard !value.isNull else { throw wrong }
            switch variable.name {
            // MySQL's range.
            case "wait_timeout", "interactive_timeout": return .integer(min(max(value.integerValue, 1), 31_536_000))
            default: return value.realValue < 0 ? .integer(0) : value
            }
        case .real: return value.isNull ? .null : .real(value.realValue)
        case .text: return try text(value, for: variable, wrong)
        }
    }

    private static func text(_ value: SQLValue, for variable: SystemVariable, _ wrong: QueryError) throws(QueryError)
        -> SQLValue
    {
        switch variable.name {
        case "time_zone":
            let zone = value.textValue
            guard
                zone.uppercased() == "SYSTEM" || TimeZoneOffset.minutes(zone) != nil
                    || TimeZone(identifier: zone) != nil
            else {
                throw QueryError(.unknownTimeZone, "Unknown or incorrect time zone: '\(zone)'")
            }
        case "sql_mode":
            var modes: [String] = []
            for mode in value.textValue.uppercased().split(separator: ",").map(String.init) {
                guard SystemVariables.sqlModes.contains(mode) else {
                    throw QueryError(.wrongVariableValue, "Variable 'sql_mode' can't be set to the value of '\(mode)'")
                }
                modes += (SystemVariables.combinedModes[mode] ?? [mode]).filter { !modes.contains($0) }
            }
            return .text(modes.joined(separator: ","))
        case "sql_dialect":
            guard let dialect = SourceDialect(rawValue: value.textValue.lowercased()) else {
                throw QueryError(
                    .wrongVariableValue,
                    "Variable 'sql_dialect' can't be set to the value of '\(value.textValue)'; it is "
                        + SourceDialect.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return .text(dialect.rawValue)
        case "transaction_isolation":
            let level = value.textValue.uppercased()
            guard ["READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"].contains(level) else {
                throw wrong
            }
            return .text(level)
        // The character set of results: NULL and binary mean as it is.
        case "character_set_results": return value
        case "character_set_client", "character_set_connection":
            guard ["utf8mb4", "utf8mb3", "utf8", "ascii", "binary"].contains(value.textValue.lowercased()) else {
                throw QueryError(.notSupported, "The character set '\(value.textValue)' is not supported; use utf8mb4")
            }
            return .text(value.textValue.lowercased())
        default: break
        }
        return value.isNull ? .null : .text(value.textValue)
    }
}
