package import LoonCore

/// An engine within its own process: it hands over rows as they are in its memory.
///
/// All methods block, and are called on one thread with a stack of `WorkerThreads.engineStackBytes`.
package protocol BatchEngine: Sendable {
    /// The tree of a statement as the engine's own parser made it, in JSON: what the gate examines.
    func parse(_ sql: String) throws -> [UInt8]

    /// The rows, by number, ascending, for which all conditions are true: rows of the columns' values as texts. `nil`
    /// where the engine cannot say. Throws where it stops at a value.
    func rows(
        _ rows: [[String?]], of columns: [TableColumn], matching conditions: [ScanCondition],
        cancellation: Cancellation
    ) throws -> [Int]?

    /// The columns that the query's result would have.
    func describe(_ query: EngineQuery, cancellation: Cancellation) throws -> [ResultColumn]

    /// How the engine would run the query, for a person to read.
    /// With `isAnalyze` it is run, and the plan tells what came of it.
    func explain(_ query: EngineQuery, isAnalyze: Bool, cancellation: Cancellation) throws -> String

    /// Runs one SELECT and writes its rows as a table's files.
    func export(_ query: EngineQuery, to target: ExportTarget, cancellation: Cancellation) throws -> QueryProfile

    /// Runs one SELECT and keeps its rows, types and all, in a Parquet file that a `StoredResult` is read from. Beyond
    /// `rowsMax` rows it writes one more and stops. With `isShown` others read the file too: whole numbers of more than
    /// 38 digits are then an error, and no texts.
    func keepRows(
        _ query: EngineQuery, in file: FileSource, isShown: Bool, rowsMax: Int?, cancellation: Cancellation
    ) throws -> KeptRows

    /// Names of functions that may give something else for the same values another time, in lower case.
    func volatileFunctions() throws -> Set<String>

    /// The columns that files have, as far as they themselves say, and their format; of delimited text with delimiter,
    /// quote and header as they were found.
    func inferColumns(of files: [FileSource], format: TableFormat, cancellation: Cancellation) throws
        -> InferredColumns

    /// Runs one SELECT and hands its rows to `sink` as fast as that takes them. Nothing of a batch may be kept beyond
    /// the call. Stops soon after `cancellation` asks for it, by throwing its reason.
    func run(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile
}

/// The outcome of `keepRows`.
package struct KeptRows: Sendable {
    package let profile: QueryProfile
    package let columns: [ResultColumn]
    package init(profile: QueryProfile, columns: [ResultColumn]) {
        self.profile = profile
        self.columns = columns
    }
}

/// The columns and the format that files say they have.
package struct InferredColumns: Sendable {
    package let columns: [ResultColumn]
    package let format: TableFormat
    package init(columns: [ResultColumn], format: TableFormat) {
        self.columns = columns
        self.format = format
    }
}

/// Takes a result's rows within the engine's process. Throwing stops the query.
package protocol BatchSink: AnyObject {
    /// Comes before the query begins to run, where the sink wants it: throwing costs nothing yet.
    var looksAtColumnsFirst: Bool { get }
    func look(at columns: [ResultColumn]) throws
    /// Comes once, before the first batch, also when there are no rows.
    func begin(_ columns: [ResultColumn]) throws
    func write(_ batch: RecordBatch) throws
}

extension BatchSink {
    package var looksAtColumnsFirst: Bool { false }
    package func look(at columns: [ResultColumn]) throws {}
}
