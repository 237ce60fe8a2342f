import AccessControl
import LoonCore
import QueryEngine
import Synchronization

/// What the gate found in small queries, by their texts: the same ones come again and again, and the engine's parser takes most of the time that
/// submitting one does. Depends on the text alone, not on who asks or what the catalog has.
final class Examinations: Sendable {
    /// By bytes: texts that Unicode holds to be alike are two to the engine.
    private let known = Mutex<[[UInt8]: StatementGate.Examination]>([:])

    func examination(of sql: String, by engine: any QueryEngine) throws -> StatementGate.Examination {
        guard sql.utf8.count <= Limits.inlineStatementBytesMax else { return try examine(sql, engine) }
        let key = Array(sql.utf8)
        if let found = known.withLock({ $0[key] }) { return found }
        let examination = try examine(sql, engine)
        known.withLock { known in
            if known.count >= Limits.cachedStatementsMax { known.removeAll() }
            known[key] = examination
        }
        return examination
    }

    /// The same of a view's text, with what a query says of the view's rows.
    func examination(of sql: String, outside: ScanPredicate, by engine: any QueryEngine) throws -> StatementGate.Examination {
        try StatementGate().examine(serialized: try engine.parse(sql), outside: outside)
    }

    private func examine(_ sql: String, _ engine: any QueryEngine) throws -> StatementGate.Examination {
        try StatementGate().examine(serialized: try engine.parse(sql))
    }
}
