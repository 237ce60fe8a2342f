package import LoonCore

/// Where the trees of statements come from.
package protocol StatementTreeSource: Sendable {
    /// The tree of a statement as the engine's own parser made it, in JSON: what the gate examines. `account`: whose
    /// text it is, which for a view is its owner.
    func parse(_ sql: String, of account: AccountIdentity) throws -> [UInt8]
}

/// The engines of one cluster, in processes of their own: what a statement is asked goes there, and encoded rows, files
/// and a profile come back. A process serves one account, and reads what the statement's tables hold and nothing else.
///
/// All methods block. What an engine answers is not believed further than the account's rights go: an account's own
/// texts are parsed in a process of that account's.
package protocol QueryEngine: StatementTreeSource {
    /// The same engine, whose runs wait until they get all of the cluster's memory.
    var withWholeMemory: any QueryEngine { get }

    /// The rows, by number, ascending, for which all conditions are true: rows of the columns' values as texts. `nil`
    /// where the engine cannot say. Throws where it stops at a value.
    func rows(
        _ rows: [[String?]], of columns: [TableColumn], matching conditions: [ScanCondition],
        for account: AccountIdentity
    ) throws -> [Int]?

    /// The columns that the query's result would have.
    func describe(_ query: EngineQuery, cancellation: Cancellation) throws -> [ResultColumn]

    /// How the engine would run the query, for a person to read.
    /// With `isAnalyze` it is run, and the plan tells what came of it.
    func explain(_ query: EngineQuery, isAnalyze: Bool, cancellation: Cancellation) throws -> String

    /// Runs one SELECT and writes its rows as a table's files.
    func export(_ query: EngineQuery, to target: ExportTarget, cancellation: Cancellation) throws -> QueryProfile

    /// Keeps rows, types and all, as `BatchEngine.keepRows` does.
    func keepRows(
        _ query: EngineQuery, in file: FileSource, isShown: Bool, rowsMax: Int?, cancellation: Cancellation
    ) throws -> KeptRows

    /// Names of functions that may give something else for the same values another time, in lower case.
    func volatileFunctions() throws -> Set<String>

    /// Ends the processes that wait for a statement: what accounts may read has changed.
    func endIdle()

    /// Infers columns and format, as `BatchEngine.inferColumns` does.
    func inferColumns(
        of files: [FileSource], format: TableFormat, for account: AccountIdentity, cancellation: Cancellation
    ) throws -> InferredColumns

    /// The traits of text files of a table, in their order, whose location is `location`. Throws where one is no text.
    func textTraits(
        of files: [FileSource], in location: String, quotes: QuoteRules?, for account: AccountIdentity,
        cancellation: Cancellation
    ) throws -> [TextTraits]

    /// Writes text files of a table anew, into the staged folder `folder`.
    func rewrite(
        _ rewritings: [TextRewriting], in location: String, folder: FileSource, for account: AccountIdentity,
        cancellation: Cancellation
    ) throws

    /// Runs one SELECT and hands its rows to `sink` as fast as that takes them, at most `rowsMax` of them. Nothing of
    /// the bytes may be kept beyond the call. Stops soon after `cancellation` asks for it, by throwing its reason.
    func run(
        _ query: EngineQuery, as encoding: RowEncoding, rowsMax: Int?, cancellation: Cancellation, sink: any RowSink
    ) throws -> RunOutcome
}

/// The form in which a result's rows leave an engine's process.
package enum RowEncoding: Sendable {
    /// Packets of the text protocol, each with room for its sequence number.
    case text
    /// The same of the binary protocol.
    case binary
    /// Rows of the binary protocol behind their length, in four bytes: a cursor's.
    case spool
    /// The text of a result's file. `kept`: the query's columns, where the rows come from a file that keeps them.
    case file(ResultForm, ResultLimits, kept: [ResultColumn]?)

    /// Thrown before the query runs: the text of its values does not say what they are, so that its rows are to be kept
    /// with their types first.
    package struct NotPlain: Error {
        package init() {}
    }
}

/// The text that a result's file has.
package enum ResultForm: Sendable {
    case csv, json
    /// The file's name in the result's folder.
    package var name: String { self == .csv ? "result.csv" : "result.json" }
}

/// Takes a result's encoded rows. Throwing stops the query.
package protocol RowSink: AnyObject {
    /// Comes once, before the first rows, also when there are none.
    func begin(_ columns: [ResultColumn]) throws
    /// Whole rows, `count` of them, or a whole number of packets that they are; a file's bytes as they come.
    func write(_ bytes: UnsafeRawBufferPointer, count: Int) throws
}

/// The outcome of a run.
package struct RunOutcome: Sendable {
    package let profile: QueryProfile
    /// Bytes of the longest row of a file's text.
    package let longestRow: Int
    package init(profile: QueryProfile, longestRow: Int) {
        self.profile = profile
        self.longestRow = longestRow
    }
}
