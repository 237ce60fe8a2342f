import LoonCore
import ObjectStore
import QueryEngine

/// Writes a result's rows into a file: `result.csv` or `result.json`. Confined to the thread that runs the query.
///
/// CSV is RFC 4180 in UTF-8 with LF, a header line with the names that a client would see; NULL is an empty field and
/// an empty string `""`. JSON is one object a line, with names that come twice numbered as `query_result` numbers them.
final class ResultFile: BatchSink {
    enum Form {
        case csv, json
        var name: String { self == .csv ? "result.csv" : "result.json" }
    }

    /// Thrown before the query runs: the text of its values does not say what they are, so that its rows are to be kept
    /// with their types first.
    struct NotPlain: Error {}

    private let form: Form
    private let limits: ResultLimits
    /// Whether the rows come from a file that keeps their types.
    private let isKept: Bool
    private let file: StagedFile
    private var out = TextBuffer(capacity: 4_096)
    /// The text before each value of a row of JSON.
    private var keys: [[UInt8]] = []
    private(set) var columns: [ResultColumn] = []
    private(set) var rows: Int64 = 0
    private(set) var bytes: Int64 = 0
    /// The most bytes that a row has.
    private(set) var longestRow = 0

    /// `columns`: the names and types of the query's columns, where the rows come from a kept file.
    init(folder: String, form: Form, limits: ResultLimits, kept columns: [ResultColumn]? = nil) throws {
        self.form = form
        self.limits = limits
        isKept = columns != nil
        self.columns = columns ?? []
        file = try StagedFile(folder + "/" + form.name)
    }

    // MARK: BatchSink

    var looksAtColumnsFirst: Bool { !isKept }

    func look(at columns: [ResultColumn]) throws {
        guard columns.allSatisfy({ StoredResult.isPlain($0.type) }) else { throw NotPlain() }
    }

    func begin(_ columns: [ResultColumn]) throws {
        if !isKept { self.columns = columns }
        switch form {
        case .csv:
            for (index, column) in self.columns.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                append(field: column.name)
            }
            out.append(UInt8(ascii: "\n"))
        case .json:
            keys = StoredResult.tableNames(self.columns).enumerated().map { index, name in
                var key = TextBuffer(capacity: 64)
                key.append(UInt8(ascii: index == 0 ? "{" : ","))
                key.append(jsonString: name)
                key.append(UInt8(ascii: ":"))
                return Array(key.bytes)
            }
        }
    }

    func write(_ batch: RecordBatch) throws {
        rows += Int64(batch.rowCount)
        try limits.check(rows: rows)
        for row in 0..<batch.rowCount {
            let start = out.count
            if form == .csv { appendCSV(row, of: batch) } else { appendJSON(row, of: batch) }
            out.append(UInt8(ascii: "\n"))
            longestRow = max(longestRow, out.count - start)
            if out.count >= Limits.rowBufferBytes { try flush() }
        }
    }

    /// Writes what is left.
    func finish() throws { try flush() }

    // MARK: Rows

    private func appendCSV(_ row: Int, of batch: RecordBatch) {
        for (index, column) in batch.columns.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            if column.isNull(row) { continue }
            let start = out.count
            column.appendText(row: row, to: &out)
            if column.needsQuoting { quote(from: start) }
        }
    }

    private func appendJSON(_ row: Int, of batch: RecordBatch) {
        for (key, column) in zip(keys, batch.columns) {
            for byte in key { out.append(byte) }
            column.appendJSON(row: row, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private func append(field: String) {
        let start = out.count
        out.append(field)
        quote(from: start)
    }

    /// Puts quotes around the field that begins at `start`, if its text needs them.
    private func quote(from start: Int) {
        let field = UnsafeBufferPointer(rebasing: out.bytes[start...])
        let needsQuotes =
            field.isEmpty
            || field.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else { return }
        let text = Array(field)
        out.truncate(to: start)
        out.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { out.append(byte) }
            out.append(byte)
        }
        out.append(UInt8(ascii: "\""))
    }

    private func flush() throws {
        guard out.count > 0 else { return }
        bytes += Int64(out.count)
        try limits.check(bytes: bytes)
        try file.append(UnsafeRawBufferPointer(out.bytes))
        out.removeAll()
    }
}

/// Limits of a result; 0 for no bound.
struct ResultLimits {
    let rowsMax: Int
    let bytesMax: Int

    func check(rows: Int64) throws {
        guard rowsMax == 0 || rows <= Int64(rowsMax) else {
            throw QueryError(
                .limitExceeded,
                "The limit max-result-rows = \(rowsMax) is exceeded; ask for fewer rows, or insert them into a table")
        }
    }

    func check(bytes: Int64) throws {
        guard bytesMax == 0 || bytes <= Int64(bytesMax) else {
            throw QueryError(
                .limitExceeded,
                "The limit max-result-bytes = \(bytesMax) is exceeded; ask for less, or insert the rows into a table")
        }
    }
}

extension ColumnView {
    /// Whether the text of a value may hold what CSV quotes.
    fileprivate var needsQuoting: Bool {
        if !dictionary.isEmpty { return true }
        switch type {
        case .text, .binary, .list, .structure, .map, .interval: return true
        default: return false
        }
    }
}
