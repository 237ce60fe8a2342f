import DuckDBTree
import LoonCore
import QueryEngine
import SQLDialect
import Synchronization

/// The gate's findings in queries that are not large, by their texts: the same ones come again and again, and the
/// engine's parser takes most of the time that submitting one does. Depends on the text alone, not on who asks or what
/// the catalog has.
final class Examinations: Sendable {
    private struct Known {
        /// By bytes: texts that Unicode holds to be alike are two to the engine.
        var examinations: [Parsed: Examination] = [:]
        /// Edited texts that were looked at a second time.
        var confirmed: Set<Edited> = []
        var bytes = 0

        /// Makes room for a text, all at once where there is none.
        mutating func makeRoom(for count: Int) {
            if bytes + count > Limits.examinedBytesMax { self = Known() }
            bytes += count
        }
    }
    private let known = Mutex(Known())
    private let gate = StatementGate(macros: FunctionCatalog.macroNames)

    /// A text, and the account in whose process it was parsed: what one account's process said is not another's.
    private struct Parsed: Hashable {
        let account: AccountIdentity
        let text: [UInt8]
    }

    /// A text and what was written into it.
    private struct Edited: Hashable {
        let account: AccountIdentity
        let text: [UInt8]
        let edits: [QueryText.Edit]
    }

    /// With the tree, where it had to be made.
    func examination(of sql: String, for account: AccountIdentity, by engine: any StatementTreeSource) throws -> (
        Examination, tree: StatementTree?
    ) {
        let isSmall = sql.utf8.count <= Limits.examinedTextBytesMax
        let key = Parsed(account: account, text: isSmall ? Array(sql.utf8) : [])
        if isSmall, let found = known.withLock({ $0.examinations[key] }) { return (found, nil) }
        let tree = try tree(of: sql, account, engine)
        let examination = try gate.examine(tree)
        if isSmall {
            known.withLock { known in
                // An examination is a few times as large as its text.
                known.makeRoom(for: key.text.count * 4)
                known.examinations[key] = examination
            }
        }
        return (examination, tree)
    }

    /// The same of a view's text, with what a query says of the view's rows.
    func examination(
        of sql: String, outside: ScanPredicate, for account: AccountIdentity, by engine: any StatementTreeSource
    ) throws -> Examination {
        try gate.examine(try tree(of: sql, account, engine), outside: outside)
    }

    /// The second look: the engine's parser reads the edited text, too, and must find the tree that was walked, with
    /// the replacements made. Whatever a text does to the places that its tree gives, nothing else than what the gate
    /// saw comes to run.
    func isConfirmed(
        _ edited: String, of text: QueryText, _ edits: [QueryText.Edit], by engine: any StatementTreeSource
    ) throws -> Bool {
        let isSmall = text.sql.utf8.count <= Limits.examinedTextBytesMax
        let key = Edited(
            account: text.account, text: isSmall ? Array(text.sql.utf8) : [], edits: isSmall ? edits : [])
        if isSmall, known.withLock({ $0.confirmed.contains(key) }) { return true }
        let walked = try text.tree ?? tree(of: text.sql, text.account, engine)
        let replacements = Dictionary(edits.map { ($0.range.lowerBound, $0.replacement) }) { first, _ in first }
        try StatementGate.requirePlain(edited)
        guard replacements.count == edits.count,
            walked.equals(try engine.parse(edited, of: text.account), with: replacements)
        else {
            return false
        }
        guard isSmall else { return true }
        known.withLock { known in
            known.makeRoom(for: key.text.count * 2)
            known.confirmed.insert(key)
        }
        return true
    }

    private func tree(of sql: String, _ account: AccountIdentity, _ engine: any StatementTreeSource) throws
        -> StatementTree
    {
        try StatementGate.requirePlain(sql)
        return try StatementTree(serialized: try engine.parse(sql, of: account))
    }
}
