import DuckDBEngine
import Foundation
import LoonCore
import MySQLRows
import QueryEngine
import ResultFiles
import TableText

/// One request at work.
final class RequestRun: Sendable {
    let request: EngineRequest
    let cancellation = Cancellation()
    /// The rows of the request's value tables, as they come.
    let values = IncomingRows()
    private let engine: DuckDBEngine
    private let socket: FrameSocket

    init(_ request: EngineRequest, engine: DuckDBEngine, socket: FrameSocket) {
        self.request = request
        self.engine = engine
        self.socket = socket
    }

    /// Answers the request; calls `isOver` before it does.
    func run(_ isOver: () -> Void) {
        let result: (kind: FrameKind, payload: [UInt8])
        do {
            try engine.take(threads: request.threads, memoryBytes: request.memoryBytes)
            result = (.answer, try answer())
        } catch is RowEncoding.NotPlain {
            result = (.notPlain, [])
        } catch is FrameSocket.Ended {
            // Nobody waits for the answer.
            _exit(0)
        } catch {
            let error = error as? QueryError ?? QueryError(.internalFault, "The engine's process failed: \(error)")
            result = (.failed, Failure(error: error, isLast: engine.isBroken).frameBytes)
        }
        values.endAll()
        isOver()
        guard (try? socket.send(result.kind, result.payload)) != nil else { _exit(0) }
    }

    private func answer() throws -> [UInt8] {
        var frame = FrameWriter()
        switch request.operation {
        case .parse(let sql): return try engine.parse(sql)
        case .rows(let rows, let columns, let conditions):
            let found = try engine.rows(rows, of: columns, matching: conditions, cancellation: cancellation)
            frame.write(optional: found) { $0.write(list: $1) { $0.write($1) } }
        case .describe(let query):
            frame.write(list: try engine.describe(query, cancellation: cancellation))
        case .explain(let query, let isAnalyze):
            frame.write(try engine.explain(filled(query), isAnalyze: isAnalyze, cancellation: cancellation))
        case .export(let query, let target):
            frame.write(try engine.export(filled(query), to: target, cancellation: cancellation))
        case .keepRows(let query, let file, let isShown, let rowsMax):
            frame.write(
                try engine.keepRows(
                    filled(query), in: file, isShown: isShown, rowsMax: rowsMax, cancellation: cancellation))
        case .volatileFunctions: frame.write(list: try engine.volatileFunctions()) { $0.write($1) }
        case .inferColumns(let files, let format):
            frame.write(try engine.inferColumns(of: files, format: format, cancellation: cancellation))
        case .textTraits(let files, let rules):
            frame.write(
                list: try files.map {
                    if let reason = cancellation.reason { throw reason }
                    return try TextTraits.find(at: engine.path(of: $0), name: $0.shown, quotes: rules)
                })
        case .rewrite(let rewritings):
            for rewriting in rewritings {
                try TextRewriter.run(
                    rewriting, from: engine.path(of: rewriting.source), to: engine.path(of: rewriting.target),
                    cancellation: cancellation)
            }
        case .run(let query, let encoding, let rowsMax):
            frame.write(try run(filled(query), encoding, rowsMax: rowsMax))
        }
        return frame.bytes
    }

    private func run(_ query: EngineQuery, _ encoding: RowEncoding, rowsMax: Int?) throws -> RunOutcome {
        let socket = socket
        switch encoding {
        case .file(let form, let limits, let kept):
            let file = ResultFile(form: form, limits: limits, kept: kept) { try socket.send(.rows, 0, $0) }
            let profile = try engine.run(query, cancellation: cancellation, sink: ToldColumns(file, socket))
            try file.finish()
            return RunOutcome(profile: profile, longestRow: file.longestRow)
        case .text, .binary, .spool:
            let stream = RowStream(encoding, socket: socket, rowsMax: rowsMax)
            var profile = QueryProfile()
            do { profile = try engine.run(query, cancellation: cancellation, sink: stream) } catch is RowStream.Enough {
            }
            try stream.finish()
            return RunOutcome(profile: profile, longestRow: 0)
        }
    }

    /// The query with the rows that come for it in its value tables.
    private func filled(_ query: EngineQuery) -> EngineQuery {
        let values = values
        return query.with(
            valueTables: query.valueTables.map { table in
                ValueTable(schema: table.schema, name: table.name, columns: table.columns) { body in
                    while let row = values.next() { try body(row) }
                }
            })
    }
}

/// Sends a result's columns before it hands them on.
private final class ToldColumns: BatchSink {
    private let sink: ResultFile
    private let socket: FrameSocket

    init(_ sink: ResultFile, _ socket: FrameSocket) {
        self.sink = sink
        self.socket = socket
    }

    var looksAtColumnsFirst: Bool { sink.looksAtColumnsFirst }
    func look(at columns: [ResultColumn]) throws { try sink.look(at: columns) }
    func begin(_ columns: [ResultColumn]) throws {
        try socket.send(columns)
        try sink.begin(columns)
    }
    func write(_ batch: RecordBatch) throws { try sink.write(batch) }
}

/// Sends a result's rows as packets.
private final class RowStream: BatchSink {
    /// Thrown at the engine when there are as many rows as were wanted.
    struct Enough: Error {}

    private let encoding: RowEncoding
    private let socket: FrameSocket
    private var rowsLeft: Int?
    private var packets = PacketBuffer(sequence: 0)
    private var encoder: RowEncoder?
    /// Rows that `packets` holds.
    private var count = 0

    init(_ encoding: RowEncoding, socket: FrameSocket, rowsMax: Int?) {
        self.encoding = encoding
        self.socket = socket
        rowsLeft = rowsMax
        if case .spool = encoding { packets.isSpooling = true }
    }

    func begin(_ columns: [ResultColumn]) throws {
        try socket.send(columns)
        if case .text = encoding {
            encoder = RowEncoder(format: .text, columns: columns)
        } else {
            encoder = RowEncoder(format: .binary, columns: columns)
        }
    }

    func write(_ batch: RecordBatch) throws {
        guard let encoder else { return }
        guard let left = rowsLeft else { return try write(batch, encoder) }
        guard left > 0 else { throw Enough() }
        let wanted = min(left, batch.rowCount)
        try write(RecordBatch(rowCount: wanted, columns: batch.columns), encoder)
        rowsLeft = left - wanted
    }

    private func write(_ batch: RecordBatch, _ encoder: RowEncoder) throws {
        var row = 0
        while row < batch.rowCount {
            let next = try encoder.write(batch, from: row, bytesMax: Limits.rowBufferBytes, to: &packets)
            count += next - row
            row = next
            if packets.out.count >= Limits.rowBufferBytes { try flush() }
        }
    }

    func finish() throws { if packets.out.count > 0 { try flush() } }

    private func flush() throws {
        try socket.send(.rows, count, UnsafeRawBufferPointer(packets.out.bytes))
        packets.out.removeAll()
        count = 0
    }
}

extension FrameSocket {
    fileprivate func send(_ columns: [ResultColumn]) throws {
        var frame = FrameWriter()
        frame.write(list: columns)
        try send(.columns, frame.bytes)
    }
}

extension FileSource {
    /// The file's name in messages.
    fileprivate var shown: String {
        switch self {
        case .object(let key): key.description
        case .staged(let name): name
        }
    }
}
