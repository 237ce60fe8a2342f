package import LoonCore

/// A system variable of MySQL: its name, where it may be set, and its value until then.
package struct SystemVariable: Sendable {
    package enum Scope: Sendable { case global, session, both }
    package enum Kind: Sendable { case bool, integer, real, text }

    package let name: String
    package let scope: Scope
    package let kind: Kind
    package let isDynamic: Bool
    package fileprivate(set) var value: SQLValue

    /// As SHOW VARIABLES prints it.
    package static func shown(_ value: SQLValue, kind: Kind) -> String {
        if kind == .bool, case .integer(let number) = value { return number == 0 ? "OFF" : "ON" }
        return value.textValue
    }
}

/// The server's variables: MySQL 8.0's names, with this daemon's values where it has any.
package struct SystemVariables: Sendable {
    package static let version = "8.0.36-loon"
    private static let standard = table(VariableTable.current)
    private static let former = table(VariableTable.former)

    package private(set) var values: [String: SystemVariable]

    /// `overrides` are values of this daemon, for names that are known.
    package init(_ overrides: [String: SQLValue]) {
        values = Self.standard
        for (name, value) in overrides { values[name]?.value = value }
    }

    package func variable(_ name: String) -> SystemVariable? { values[name] ?? Self.former[name] }

    /// The names of MySQL 5.7.
    package static let aliases = ["tx_isolation": "transaction_isolation", "tx_read_only": "transaction_read_only"]

    private static func table(_ text: String) -> [String: SystemVariable] {
        var variables: [String: SystemVariable] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 5 else { continue }
            let scope: SystemVariable.Scope = fields[1] == "g" ? .global : fields[1] == "s" ? .session : .both
            let kind: SystemVariable.Kind =
                fields[2] == "bool" ? .bool : fields[2] == "int" ? .integer : fields[2] == "real" ? .real : .text
            variables[fields[0]] = SystemVariable(
                name: fields[0], scope: scope, kind: kind, isDynamic: fields[3] == "rw", value: value(fields[4], kind))
        }
        return variables
    }

    private static func value(_ text: String, _ kind: SystemVariable.Kind) -> SQLValue {
        if text == "\\N" { return .null }
        switch kind {
        case .bool, .integer:
            return Int64(text).map(SQLValue.integer) ?? UInt64(text).map(SQLValue.unsigned) ?? .text(text)
        case .real: return Double(text).map(SQLValue.real) ?? .text(text)
        case .text: return .text(text)
        }
    }

    /// Modes of sql_mode (https://dev.mysql.com/doc/refman/8.0/en/sql-mode.html), and what those that stand for several
    /// stand for.
    package static let sqlModes: Set<String> = [
        "ALLOW_INVALID_DATES", "ANSI", "ANSI_QUOTES", "ERROR_FOR_DIVISION_BY_ZERO", "HIGH_NOT_PRECEDENCE",
        "IGNORE_SPACE", "NO_AUTO_VALUE_ON_ZERO",
        "NO_BACKSLASH_ESCAPES", "NO_DIR_IN_CREATE", "NO_ENGINE_SUBSTITUTION", "NO_UNSIGNED_SUBTRACTION", "NO_ZERO_DATE",
        "NO_ZERO_IN_DATE",
        "ONLY_FULL_GROUP_BY", "PAD_CHAR_TO_FULL_LENGTH", "PIPES_AS_CONCAT", "REAL_AS_FLOAT", "STRICT_ALL_TABLES",
        "STRICT_TRANS_TABLES",
        "TIME_TRUNCATE_FRACTIONAL", "TRADITIONAL",
    ]
    package static let combinedModes = [
        "ANSI": ["REAL_AS_FLOAT", "PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "ONLY_FULL_GROUP_BY", "ANSI"],
        "TRADITIONAL": [
            "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO",
            "TRADITIONAL",
            "NO_ENGINE_SUBSTITUTION",
        ],
    ]
}
