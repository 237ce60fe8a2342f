import LoonCore
import MySQLProtocol
import SQLFrontend
import Synchronization

extension Session {
    /// Each statement is a transaction by itself. One that a client begins shows in the status, and if it is read-only
    /// it takes no writes.
    struct Transaction {
        let isReadOnly: Bool
    }

    func carryOut(_ statement: TransactionStatement) {
        let isLost = state.withLock { state in
            let usual = state.nextIsReadOnly ?? state.variables.isReadOnly
            let isLost = state.hasWritten
            switch statement {
            case .next(let isReadOnly):
                state.nextIsReadOnly = isReadOnly ?? state.nextIsReadOnly
                return false
            case .rollbackTo: return isLost
            case .begin(let isReadOnly):
                state.transaction = Transaction(isReadOnly: isReadOnly ?? usual)
            case .commit(let chains), .rollback(let chains):
                state.transaction = chains ? state.transaction ?? Transaction(isReadOnly: usual) : nil
            }
            (state.hasWritten, state.nextIsReadOnly) = (false, nil)
            if case .rollback = statement { return isLost }
            return false
        }
        guard isLost else { return }
        diagnostics.warn(
            QueryError(
                .notRolledBack,
                "Some non-transactional changed tables couldn't be rolled back: what was written is written"))
    }

    /// Throws where a statement that changes something stands in a read-only transaction. One that defines ends the
    /// transaction, as in MySQL.
    func enter(_ statement: Statement) throws(QueryError) {
        guard statement.changes != .nothing else { return }
        let isRefused = state.withLock { state in
            let isReadOnly = state.transaction?.isReadOnly ?? state.nextIsReadOnly ?? state.variables.isReadOnly
            guard !isReadOnly else { return true }
            if statement.changes == .definitions {
                (state.transaction, state.hasWritten, state.nextIsReadOnly) = (nil, false, nil)
            } else {
                state.hasWritten = state.transaction != nil || !state.variables.isAutocommit
            }
            return false
        }
        if isRefused {
            throw QueryError(.readOnlyTransaction, "Cannot execute statement in a READ ONLY transaction.")
        }
    }
}

extension Statement {
    enum Changes { case nothing, rows, definitions }

    /// The part of the lake that a statement changes.
    var changes: Changes {
        switch self {
        case .insert: .rows
        case .createTableAs, .createSchema, .dropSchema, .createTable, .createTableLike, .createTableLikeMapping,
            .createView, .dropView, .dropTable, .alterTable, .repairTable, .repairSchema, .account:
            .definitions
        default: .nothing
        }
    }
}
