import LoonCore
import MySQLProtocol
import QueryEngine

/// Hands an engine's rows to a client. The columns are sent with the first rows, so that most errors still come as a
/// clean answer.
final class ResponseSink: RowSink {
    private let response: ResponseWriter
    private var columns: [ResultColumn]?
    private var hasBegun = false

    init(_ response: ResponseWriter) { self.response = response }

    /// The form in which the client is to have the rows.
    var encoding: RowEncoding {
        switch response.rowForm {
        case .text: .text
        case .binary: .binary
        case .spooled: .spool
        }
    }

    func begin(_ columns: [ResultColumn]) { self.columns = columns }

    func write(_ bytes: UnsafeRawBufferPointer, count: Int) throws {
        beginIfNeeded()
        try response.write(bytes, count: count)
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
