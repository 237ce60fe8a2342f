/// The rights of an account at a level: the privileges of the original's GRANT, which are MySQL's as far as there is
/// something to do here. UPDATE and DELETE are kept when they are granted, and allow nothing, because there are no such
/// statements.
package struct Privileges: OptionSet, Sendable, Hashable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let select = Privileges(rawValue: 1)
    package static let insert = Privileges(rawValue: 2)
    package static let update = Privileges(rawValue: 4)
    package static let delete = Privileges(rawValue: 8)
    package static let create = Privileges(rawValue: 16)
    package static let drop = Privileges(rawValue: 32)
    package static let alter = Privileges(rawValue: 64)
    /// To see a table's definition and a view's text without reading rows.
    package static let show = Privileges(rawValue: 128)
    /// To hand on what one has oneself.
    package static let grantOption = Privileges(rawValue: 256)

    /// ALL PRIVILEGES, which GRANT OPTION is no part of.
    package static let all: Privileges = [.select, .insert, .update, .delete, .create, .drop, .alter, .show]
    /// An administrator's privileges, granted on `*.*`.
    package static let administrator: Privileges = all.union(.grantOption)

    /// In the order of SHOW GRANTS, without GRANT OPTION.
    package static let named: [(privilege: Privileges, name: String)] = [
        (.select, "SELECT"), (.insert, "INSERT"), (.update, "UPDATE"), (.delete, "DELETE"), (.create, "CREATE"),
        (.drop, "DROP"), (.alter, "ALTER"),
        (.show, "SHOW"),
    ]

    /// As GRANT writes them: `ALL PRIVILEGES`, `SELECT, SHOW`, `USAGE` for none.
    package var text: String {
        let own = subtracting(.grantOption)
        if own == .all { return "ALL PRIVILEGES" }
        let names = Self.named.filter { own.contains($0.privilege) }.map(\.name)
        return names.isEmpty ? "USAGE" : names.joined(separator: ", ")
    }
}

/// The level of a grant: everything, a schema, or a table of it. Names as they were written; they are compared without
/// regard to case.
package enum GrantLevel: Sendable, Hashable {
    case everything
    case schema(String)
    case table(schema: String, name: String)

    /// As GRANT writes it.
    package var text: String {
        func quoted(_ name: String) -> String {
            "`" + name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``") + "`"
        }
        return switch self {
        case .everything: "*.*"
        case .schema(let schema): "\(quoted(schema)).*"
        case .table(let schema, let name): "\(quoted(schema)).\(quoted(name))"
        }
    }
}

/// An account's limits at a time, or in a day; 0 is without a limit of its own.
package struct AccountLimits: Sendable, Equatable {
    /// MAX_USER_CONNECTIONS
    package var connections: Int64 = 0
    /// MAX_RUNNING_TASKS
    package var running: Int64 = 0
    /// MAX_QUEUED_TASKS
    package var queued: Int64 = 0
    /// MAX_SCAN_BYTES_PER_DAY, a day being one of UTC.
    package var scannedBytesADay: Int64 = 0

    package init() {}
}
