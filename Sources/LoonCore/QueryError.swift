/// Why a statement failed, in terms that every module shares; the protocol's error numbers are mapped from `code` in
/// one place.
///
/// `message` is safe to show to the client that sent the statement and says what to do where something can be done.
/// `detail` is for the log only.
package struct QueryError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case syntax, emptyQuery, notSupported, unknownDatabase, noDatabaseSelected, unknownTable, unknownColumn,
            unknownVariable
        case wrongVariableValue, databaseExists, tableExists, databaseNotEmpty, accessDenied, authenticationFailed
        case unknownCommand, packetTooLarge, packetsOutOfOrder, malformedPacket, malformedData, valueOutOfRange
        case hintValue, location, missingObject, tooManyConnections, queueFull, interrupted, outOfMemory
        case shuttingDown, storage, engine, internalFault, resultTooLarge
        /// The engine's process ended by a fault of its own, and by somebody's kill that was not the daemon's.
        case engineDied, engineKilled
        /// A task that was waited for has ended in FAILURE.
        case taskFailed
        /// The daemon or a command cannot begin; no client ever sees it.
        case startUp
        case malformedCommand, wrongArguments, unknownStatement, tooManyStatements, noCursor, insecureTransport,
            idleTooLong, timeLimit
        case unknownThread, notOwner, ambiguousColumn, notGrouped, unknownFunction, unknownSystemTable,
            readOnlyVariable, globalVariable
        case tooManyParameters, noSuchGrant, missingDatabase, missingTable, sessionVariable, unknownCharset,
            unknownTimeZone, divisionByZero,
            wrongType
        case partitionExists, missingPartition, tableChanged, columnCount, wrongObject, duplicateColumn, notWritable
        case tableAccessDenied, databaseAccessDenied, accountOperation, grantToNobody, accountLocked, passwordExpired,
            accountLimit, noDefiner, invalidView, hiddenView
        case cancelled, limitExceeded, unknownTask, duplicateToken, diskFull, unknownHint, waitTimeout
        case readOnlyTransaction, notRolledBack
    }

    package let code: Code
    package let message: String
    package let detail: String?

    package init(_ code: Code, _ message: String, detail: String? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
    }

    package var description: String { message }

    /// A syntax error in MySQL's form: what stands at the place, and on which line.
    package static func syntax(near text: some StringProtocol, line: Int, hint: String? = nil) -> QueryError {
        let shown = text.prefix(80)
        let advice = hint.map { "; " + $0 } ?? ""
        return QueryError(
            .syntax, "You have an error in your SQL syntax near '\(shown)' at line \(line)\(advice)")
    }
}
