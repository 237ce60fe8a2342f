import LoonCore
import MySQLProtocol
import QueryEngine

/// Hands an engine's rows to a client. The columns are sent with the first rows, so that most errors still come as a clean answer.
final class ResponseSink: BatchSink {
    private let response: ResponseWriter
    private var columns: [ResultColumn]?
    private var hasBegun = false

    init(_ response: ResponseWriter) { self.response = response }

    func begin(_ columns: [ResultColumn]) { self.columns = columns }

    func write(_ batch: RecordBatch) throws {
        beginIfNeeded()
        try response.write(batch)
        guard response.isOpen else { throw QueryError(.interrupted, "The client went away") }
    }

    func finish() {
        beginIfNeeded()
        response.finish()
    }

    private func beginIfNeeded() {
        guard !hasBegun, let columns else { return }
        hasBegun = true
        response.begin(columns)
    }
}
