import LoonCore
import SQLFrontend
import Synchronization

/// Small statements as they were read: drivers and pools ask the same ones again and again.
final class StatementCache: Sendable {
    private struct Key: Hashable {
        let text: [UInt8]
        let mode: LexicalMode
        let isMulti: Bool
    }
    private let statements = Mutex<[Key: ParsedStatement]>([:])

    /// `nil` where the statement cannot be read: whoever runs it says why.
    func parsed(_ text: [UInt8], mode: LexicalMode, isMulti: Bool) -> ParsedStatement? {
        let key = Key(text: text, mode: mode, isMulti: isMulti)
        if let known = statements.withLock({ $0[key] }) { return known }
        guard let parsed = try? ParsedStatement(text, mode: mode, isMulti: isMulti) else { return nil }
        // Others, with their values in them, come once.
        if parsed.mayBeAnsweredAtOnce {
            statements.withLock { statements in
                if statements.count >= Limits.cachedStatementsMax { statements.removeAll() }
                statements[key] = parsed
            }
        }
        return parsed
    }
}
