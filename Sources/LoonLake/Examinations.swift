import DuckDBTree
import LoonCore
import QueryEngine
import Synchronization

/// The gate's findings in small queries, by their texts: the same ones come again and again, and the engine's parser
/// takes most of the time that submitting one does. Depends on the text alone, not on who asks or what the catalog has.
final class Examinations: Sendable {
    /// By bytes: texts that Unicode holds to be alike are two to the engine.
    private let known = Mutex<[[UInt8]: Examination]>([:])

    /// A text and what was written into it.
    private struct Edited: Hashable {
        let text: [UInt8]
        let edits: [QueryText.Edit]
    }
    /// Edited texts of small queries that were looked at a second time.
    private let confirmed = Mutex<Set<Edited>>([])

    /// With the tree, where it had to be made.
    func examination(of sql: String, by engine: any QueryEngine) throws -> (
        Examination, tree: StatementTree?
    ) {
        let isSmall = sql.utf8.count <= Limits.inlineStatementBytesMax
        let key = isSmall ? Array(sql.utf8) : []
        if isSmall, let found = known.withLock({ $0[key] }) { return (found, nil) }
        let tree = try tree(of: sql, engine)
        let examination = try StatementGate().examine(tree)
        if isSmall {
            known.withLock { known in
                if known.count >= Limits.cachedStatementsMax { known.removeAll() }
                known[key] = examination
            }
        }
        return (examination, tree)
    }

    /// The same of a view's text, with what a query says of the view's rows.
    func examination(of sql: String, outside: ScanPredicate, by engine: any QueryEngine) throws
        -> Examination
    {
        try StatementGate().examine(try tree(of: sql, engine), outside: outside)
    }

    /// The second look: the engine's parser reads the edited text, too, and must find the tree that was walked, with
    /// the replacements made. Whatever a text does to the places that its tree gives, nothing else than what the gate
    /// saw comes to run.
    func isConfirmed(_ edited: String, of text: QueryText, _ edits: [QueryText.Edit], by engine: any QueryEngine) throws
        -> Bool
    {
        let isSmall = text.sql.utf8.count <= Limits.inlineStatementBytesMax
        let key = Edited(text: isSmall ? Array(text.sql.utf8) : [], edits: isSmall ? edits : [])
        if isSmall, confirmed.withLock({ $0.contains(key) }) { return true }
        let walked = try text.tree ?? tree(of: text.sql, engine)
        let replacements = Dictionary(edits.map { ($0.range.lowerBound, $0.replacement) }) { first, _ in first }
        try StatementGate.requirePlain(edited)
        guard replacements.count == edits.count, walked.equals(try engine.parse(edited), with: replacements) else {
            return false
        }
        guard isSmall else { return true }
        confirmed.withLock { confirmed in
            if confirmed.count >= Limits.cachedStatementsMax { confirmed.removeAll() }
            confirmed.insert(key)
        }
        return true
    }

    private func tree(of sql: String, _ engine: any QueryEngine) throws -> StatementTree {
        try StatementGate.requirePlain(sql)
        return try StatementTree(serialized: try engine.parse(sql))
    }
}
