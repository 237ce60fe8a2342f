import LoonCore

/// Transactions as clients begin and end them. Each write is one by itself: they change the session's status, and
/// whether it takes writes (https://dev.mysql.com/doc/refman/8.0/en/commit.html).
package enum TransactionStatement: Sendable, Equatable {
    /// `nil` where the session's own mode holds.
    case begin(isReadOnly: Bool?)
    /// `SET TRANSACTION`: for the next one.
    case next(isReadOnly: Bool?)
    /// `chains`: the next one begins at once.
    case commit(chains: Bool)
    case rollback(chains: Bool)
    /// `ROLLBACK TO`: back to a point within it.
    case rollbackTo

    var kind: String {
        switch self {
        case .begin: "BEGIN"
        case .next: "SET TRANSACTION"
        case .commit: "COMMIT"
        case .rollback, .rollbackTo: "ROLLBACK"
        }
    }
}

extension StatementParser {
    mutating func transaction(_ word: String) throws(QueryError) -> Statement {
        cursor.advance()
        switch word {
        case "BEGIN":
            _ = cursor.take("work")
            return try ending(.transaction(.begin(isReadOnly: nil)))
        case "START":
            try cursor.expect("transaction")
            let mode = try characteristics()
            return try ending(.transaction(.begin(isReadOnly: mode)))
        default:
            _ = cursor.take("work")
            if word == "ROLLBACK", cursor.take("to") { return try alone(.transaction(.rollbackTo)) }
            var chains = false
            if cursor.take("and") {
                chains = !cursor.take("no")
                try cursor.expect("chain")
            }
            _ = cursor.take("no")
            _ = cursor.take("release")
            return try ending(.transaction(word == "COMMIT" ? .commit(chains: chains) : .rollback(chains: chains)))
        }
    }

    /// `WITH CONSISTENT SNAPSHOT | ISOLATION LEVEL … | READ ONLY | READ WRITE, …`: whether it is read only, if that is
    /// said.
    mutating func characteristics() throws(QueryError) -> Bool? {
        var isReadOnly: Bool?
        while cursor.token.kind == .word {
            if cursor.take("read", "only") {
                isReadOnly = true
            } else if cursor.take("read", "write") {
                isReadOnly = false
            } else if cursor.take("with", "consistent") {
                try cursor.expect("snapshot")
            } else if cursor.take("isolation", "level") {
                while cursor.token.kind == .word { cursor.advance() }
            } else {
                throw cursor.unexpected("READ ONLY, READ WRITE or WITH CONSISTENT SNAPSHOT is expected")
            }
            guard cursor.take(symbol: ",") else { break }
        }
        return isReadOnly
    }
}
