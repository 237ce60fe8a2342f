import LoonCore
import SQLDialect
import SQLFrontend

/// The text that a task runs, made anew from its stored row.
struct TaskText {
    let statement: Statement
    /// The query for the engine: the statement itself, or the one inside.
    let engineText: String

    /// Throws where this version asks the session for more than the row has.
    init(_ submission: Submission) throws(QueryError) {
        let parsed = try ParsedStatement(
            Array(submission.command.utf8), mode: LexicalMode(submission))
        statement = parsed.statement
        switch submission.source {
        case .stored(let text): engineText = StoredText.plain(text)
        case .asked(let values):
            let missing = SessionRecorder()
            engineText = try Self.query(of: parsed).engineText(
                DialectContext(
                    now: submission.now, timeZoneOffsetMinutes: submission.timeZoneOffsetMinutes, values: values,
                    missing: missing))
            if let name = missing.names.first {
                throw QueryError(
                    .notSupported,
                    "The task was submitted to another version, which did not keep the session's '\(name)': submit it "
                        + "again")
            }
        }
    }

    /// The statement's query: the statement itself, or the one inside of INSERT, CREATE TABLE … AS, EXPLAIN.
    static func query(of parsed: ParsedStatement) throws(QueryError) -> ParsedStatement {
        if case .query = parsed.statement { return parsed }
        return try parsed.innerQuery()
    }
}

extension LexicalMode {
    /// The mode that a task's command is read in.
    init(_ submission: Submission) { self.init(sqlMode: submission.sqlMode, dialect: submission.dialect) }
}
