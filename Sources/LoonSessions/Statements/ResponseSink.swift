import LoonCore
import MySQLProtocol
import QueryEngine

/// Hands an engine's rows to a client. The columns are sent with the first rows, so that most errors still come as a
/// clean answer.
final class ResponseSink: BatchSink {
    /// Thrown at the engine when the client has as many rows as it wanted.
    struct Enough: Error {}

    private let response: ResponseWriter
    private var rowsLeft: Int?
    private var columns: [ResultColumn]?
    private var hasBegun = false

    /// `rowsMax`: what sql_select_limit says.
    init(_ response: ResponseWriter, rowsMax: Int?) {
        self.response = response
        rowsLeft = rowsMax
    }

    func begin(_ columns: [ResultColumn]) { self.columns = columns }

    func write(_ batch: RecordBatch) throws {
        beginIfNeeded()
        guard let left = rowsLeft else { return try response.write(batch) }
        guard left > 0 else { throw Enough() }
        try response.write(RecordBatch(rowCount: min(left, batch.rowCount), columns: batch.columns))
        rowsLeft = left - min(left, batch.rowCount)
    }

    func finish(warnings: Int = 0) {
        beginIfNeeded()
        response.finish(warnings: warnings)
    }

    private func beginIfNeeded() {
        guard !hasBegun, let columns else { return }
        hasBegun = true
        response.begin(columns)
    }
}
