package import LoonCore

/// An engine that runs queries over files. Shaped so that it could live in another process: a statement and its tables go in, batches and a
/// profile come out, and stopping is a message.
///
/// All methods block, and are called on threads with a stack of `WorkerThreads.engineStackBytes`.
package protocol QueryEngine: Sendable {
    /// The tree of a statement as the engine's own parser made it, in JSON: what the gate examines.
    func parse(_ sql: String) throws -> [UInt8]

    /// The columns that the query's result would have.
    func describe(_ query: EngineQuery, cancellation: Cancellation) throws -> [ResultColumn]

    /// How the engine would run the query, for a person to read.
    func explain(_ query: EngineQuery, cancellation: Cancellation) throws -> String

    /// Runs one SELECT and hands its rows to `sink` as fast as that takes them. Nothing of a batch may be kept beyond the call. Stops soon
    /// after `cancellation` asks for it, by throwing its reason.
    func run(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile
}

/// Takes a result's rows. Throwing stops the query.
package protocol BatchSink: AnyObject {
    /// Comes once, before the first batch, also when there are no rows.
    func begin(_ columns: [ResultColumn]) throws
    func write(_ batch: RecordBatch) throws
}

/// One statement for an engine.
package struct EngineQuery: Sendable {
    /// In the engine's dialect; exactly one SELECT.
    package let sql: String
    /// The schema that unqualified names mean; `nil` for none.
    package let schema: String?
    /// The only tables that exist for this statement, and those that hold the daemon's own rows.
    package let tables: [TableBinding]
    package let valueTables: [ValueTable]
    /// Whether the profile is wanted: it costs some time.
    package let isProfiled: Bool

    package init(sql: String, schema: String?, tables: [TableBinding], valueTables: [ValueTable] = [], isProfiled: Bool) {
        self.sql = sql
        self.schema = schema
        self.tables = tables
        self.valueTables = valueTables
        self.isProfiled = isProfiled
    }
}

/// A table with the files that it is read from.
package struct TableBinding: Sendable {
    package let table: ExternalTable
    /// Paths on this machine. Empty for a table without files, which has no rows.
    package let files: [String]

    package init(table: ExternalTable, files: [String]) {
        self.table = table
        self.files = files
    }
}

/// A table of rows that the daemon makes. Its text compares without regard to case.
package struct ValueTable: Sendable {
    package let schema: String
    package let name: String
    /// Text, whole numbers, doubles and timestamps.
    package let columns: [ResultColumn]
    /// Calls its argument with each row.
    package let forEachRow: @Sendable (([SQLValue]) throws -> Void) throws -> Void

    package init(
        schema: String, name: String, columns: [ResultColumn], forEachRow: @escaping @Sendable (([SQLValue]) throws -> Void) throws -> Void
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.forEachRow = forEachRow
    }
}

/// What a run has measured.
package struct QueryProfile: Sendable {
    package var rowCount: Int64 = 0
    /// Rows that the readers handed on; `nil` where the run was not profiled.
    package var scannedRowCount: Int64?
}
