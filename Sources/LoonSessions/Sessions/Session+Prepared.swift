import LoonCore
import MySQLProtocol
import SQLFrontend
import Synchronization

/// Prepared statements: read when they are prepared, and again with their values when they are executed.
extension Session {
    func prepare(_ id: UInt32, _ text: [UInt8], _ running: RunningStatement) throws {
        let mode = state.withLock { $0.variables.lexicalMode }
        // The types of the parameters are not known yet.
        let parsed = try ParsedStatement.preparing(text, mode: mode)
        guard parsed.parameterCount <= Int(UInt16.max) else {
            throw QueryError(.tooManyParameters, "Prepared statement contains too many placeholders")
        }
        // Refused here, it is never executed.
        let caller = try statementContext(parsed, running)
        running.audit = AuditLog.Entry(parsed, caller)
        let isTask = caller.hints.isAsync && caller.becomesTask(parsed)
        let columns =
            isTask
            ? [Self.taskIDColumn]
            : try StatementHandler(session: self, caller: caller, response: running.response, running: running)
                .describe(parsed, hasParameters: parsed.parameterCount > 0)
        let isSmall = text.count <= Limits.inlineStatementBytesMax
        let isInline = parsed.mayBeAnsweredAtOnce && parsed.hints.isEmpty && isSmall
        state.withLock { state in
            state.prepared[id] = Prepared(
                text: text, mode: mode, parsed: isSmall && parsed.parameterCount == 0 ? parsed : nil, isInline: isInline
            )
        }
        running.audit = nil
        running.response.prepared(parameterCount: parsed.parameterCount, columns: columns)
    }

    func executePrepared(_ id: UInt32, _ parameters: [ParameterValue], _ running: RunningStatement) throws {
        guard let prepared = state.withLock({ $0.prepared[id] }) else {
            throw QueryError(
                .unknownStatement, "Unknown prepared statement handler (\(id)) given to mysqld_stmt_execute")
        }
        try run(try prepared.bound(parameters), running)
    }
}

extension Session.Prepared {
    /// The statement with values in the places of its parameters.
    func bound(_ parameters: [ParameterValue]) throws(QueryError) -> ParsedStatement {
        if let parsed, parameters.isEmpty { return parsed }
        var literals: [ParameterLiteral] = []
        for parameter in parameters { literals.append(try parameter.literal) }
        return try ParsedStatement(text, mode: mode, parameters: literals)
    }
}

extension ParameterValue {
    /// Whether it can be looked at on the event loop.
    var isSmall: Bool {
        if case .text(let bytes) = self { return bytes.count <= Limits.inlineStatementBytesMax }
        return true
    }

    fileprivate var literal: ParameterLiteral {
        get throws(QueryError) {
            switch self {
            case .null: return .null
            case .integer(let number): return .number(String(number))
            case .unsigned(let number): return .number(String(number))
            case .real(let number):
                guard number.isFinite else {
                    throw QueryError(.wrongArguments, "A parameter is not a number that SQL has: \(number)")
                }
                let digits = number.description
                // Without an exponent it would be a DECIMAL.
                return .number(digits.contains("e") ? digits : digits + "e0")
            case .decimal(let digits):
                let text = String(decoding: digits, as: UTF8.self)
                guard text.wholeMatch(of: /-?[0-9]+(\.[0-9]*)?|-?\.[0-9]+/) != nil else {
                    throw QueryError(.wrongArguments, "A DECIMAL parameter is no number: '\(text.prefix(80))'")
                }
                return .number(text)
            case .text(let bytes): return .text(bytes)
            }
        }
    }
}
