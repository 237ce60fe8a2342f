/// The kind of statement that a task is. Its raw value is the column `task_name`, as it is stored and shown.
package enum TaskKind: String, Sendable {
    case select = "SELECT"
    /// EXPLAIN ANALYZE: a query whose result is its plan.
    case explain = "EXPLAIN"
    case insert = "INSERT"
    case insertOverwrite = "INSERT_OVERWRITE"
    case createTableAs = "CREATE_TABLE_AS_SELECT"

    /// Whether it writes a table's files rather than a result.
    package var isWrite: Bool {
        switch self {
        case .select, .explain: false
        case .insert, .insertOverwrite, .createTableAs: true
        }
    }
}
