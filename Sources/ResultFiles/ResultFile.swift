import Foundation
package import LoonCore
package import QueryEngine

/// Writes a result's rows as the text of a file: `result.csv` or `result.json`. Confined to the thread that runs the
/// query.
///
/// CSV is RFC 4180 in UTF-8 with LF, a header line with the names that a client would see; NULL is an empty field and
/// an empty string `""`. JSON is one object a line, with names that come twice numbered as `query_result` numbers them.
///
/// Bytes are no text: in CSV they are pairs of hexadecimal digits with a space between them, as Athena and Trino write
/// them, and in JSON Base64, as Loon's JSON tables hold them.
package final class ResultFile: BatchSink {
    private let form: ResultForm
    private let limits: ResultLimits
    /// Whether the rows come from a file that keeps their types.
    private let isKept: Bool
    /// Takes the file's next bytes.
    private let append: (UnsafeRawBufferPointer) throws -> Void
    private var out = TextBuffer(capacity: 4_096)
    /// The text before each value of a row of JSON.
    private var keys: [[UInt8]] = []
    package private(set) var columns: [ResultColumn] = []
    private var rows: Int64 = 0
    /// Of the file, so far.
    package private(set) var bytes: Int64 = 0
    /// The most bytes that a row has.
    package private(set) var longestRow = 0

    /// `columns`: the names and types of the query's columns, where the rows come from a kept file. `append` takes the
    /// file's bytes, in their order; its errors end the query.
    package init(
        form: ResultForm, limits: ResultLimits, kept columns: [ResultColumn]? = nil,
        append: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.form = form
        self.limits = limits
        isKept = columns != nil
        self.columns = columns ?? []
        self.append = append
    }

    // MARK: BatchSink

    package var looksAtColumnsFirst: Bool { !isKept }

    package func look(at columns: [ResultColumn]) throws {
        guard columns.allSatisfy({ StoredResult.isPlain($0.type) }) else { throw RowEncoding.NotPlain() }
    }

    package func begin(_ columns: [ResultColumn]) throws {
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

    package func write(_ batch: RecordBatch) throws {
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

    /// Writes what is left; the rows are then all in the file.
    package func finish() throws { try flush() }

    // MARK: Rows

    private func appendCSV(_ row: Int, of batch: RecordBatch) {
        for (index, column) in batch.columns.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            if column.isNull(row) { continue }
            let start = out.count
            column.appendText(row: row, to: &out)
            if column.type == .binary { spellBytes(from: start) }
            if column.needsQuoting { quote(from: start) }
        }
    }

    private func appendJSON(_ row: Int, of batch: RecordBatch) {
        for (key, column) in zip(keys, batch.columns) {
            for byte in key { out.append(byte) }
            if column.type == .binary, !column.isNull(row) {
                let start = out.count
                column.appendText(row: row, to: &out)
                let text = Data(out.bytes[start...]).base64EncodedString()
                out.truncate(to: start)
                out.append(jsonString: text)
            } else {
                column.appendJSON(row: row, to: &out)
            }
        }
        out.append(UInt8(ascii: "}"))
    }

    /// Writes the bytes from `start` on as hexadecimal digits.
    private func spellBytes(from start: Int) {
        let bytes = Array(out.bytes[start...])
        let digits = Array("0123456789abcdef".utf8)
        out.truncate(to: start)
        for (index, byte) in bytes.enumerated() {
            if index > 0 { out.append(UInt8(ascii: " ")) }
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
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
        try append(UnsafeRawBufferPointer(out.bytes))
        out.removeAll()
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
