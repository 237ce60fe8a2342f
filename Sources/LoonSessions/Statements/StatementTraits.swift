import LoonCore
import MySQLProtocol
import SQLFrontend

/// The cost and the effects of a statement, as far as its kind tells.
extension ParsedStatement {
    /// Whether it can be answered without disk and engine.
    var needsNothing: Bool {
        switch statement {
        // A user variable may hold a large value.
        case .accepted, .transaction: true
        case .set(let assignments): !assignments.contains { $0.value?.readsUserVariables == true }
        case .evaluate(let expressions): !expressions.contains(where: \.readsUserVariables)
        case .query(.some(let select)): select.table == nil && !select.readsUserVariables
        // Statements for when all else hangs.
        case .kill, .show(.processList, filter: .none): true
        default: false
        }
    }

    /// Whether it needs nothing, or perhaps nothing that is not in memory.
    var mayBeAnsweredAtOnce: Bool {
        if case .showQueryTask = statement { return true }
        return needsNothing
    }

    /// Whether the engine plans it outside of its own places, or it waits for others that write the table.
    func mayTakeLong(isTask: Bool) -> Bool {
        switch statement {
        case .explain, .createView, .createTableLikeMapping, .alterTable, .repairTable, .repairSchema: true
        // The rows must fit the table: the query's columns are asked for.
        case .insert, .createTableAs: isTask
        default: false
        }
    }

    /// Whether it is about the warnings of the statement before it.
    var keepsWarnings: Bool {
        switch statement {
        case .show(.warnings, _), .show(.errors, _): true
        case .query(.some(let select)): select.table == nil
        default: false
        }
    }
}

/// A command as it is shown.
extension Command {
    /// The form that SHOW PROCESSLIST has.
    var processListName: String {
        switch self {
        case .query: "Query"
        case .useDatabase: "Init DB"
        case .listFields: "Field List"
        case .statistics: "Statistics"
        case .kill: "Kill"
        case .debug: "Debug"
        case .resetConnection: "Reset Connection"
        case .prepare: "Prepare"
        case .executePrepared: "Execute"
        case .fetch: "Fetch"
        }
    }

    /// As it may be shown.
    func text(mode: LexicalMode) -> String {
        switch self {
        case .query(let text, _), .prepare(_, let text):
            SecretMask.shown(Array(text.prefix(Limits.shownStatementBytesMax)), mode: mode)
        default: ""
        }
    }
}
