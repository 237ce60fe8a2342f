import Crypto
import Foundation
import LoonCore
import QueryEngine

/// A result as files: `result.csv`, and `result.meta.json` that says what its columns are.
///
/// CSV is RFC 4180 in UTF-8 with LF, a header line with the names that a client would see; NULL is an empty field and an empty string `""`.
/// Confined to the thread that runs the query.
final class ResultFile: BatchSink {
    static let name = "result.csv"
    static let metaName = "result.meta.json"

    private let folder: String
    private let file: FileHandle
    private var out = TextBuffer(capacity: Limits.rowBufferBytes * 2)
    private var columns: [ResultColumn] = []
    private var rows: Int64 = 0
    private var bytes: Int64 = 0

    init(folder: String) throws {
        self.folder = folder
        let path = folder + "/" + Self.name
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw QueryError(.storage, "The result cannot be written: the staging folder does not take a file") }
        self.file = file
    }

    deinit { try? file.close() }

    func begin(_ columns: [ResultColumn]) throws {
        self.columns = columns
        for (index, column) in columns.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            append(field: column.name)
        }
        out.append(UInt8(ascii: "\n"))
    }

    func write(_ batch: RecordBatch) throws {
        for row in 0..<batch.rowCount {
            for (index, column) in batch.columns.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                if column.isNull(row) { continue }
                let start = out.count
                column.appendText(row: row, to: &out)
                if column.needsQuoting { quote(from: start) }
            }
            out.append(UInt8(ascii: "\n"))
            if out.count >= Limits.rowBufferBytes { try flush() }
        }
        rows += Int64(batch.rowCount)
    }

    /// Writes what is left, and the description. Returns the bytes of the CSV file.
    func finish(statement: String, warnings: [String]) throws -> Int64 {
        try flush()
        let description = Description(
            columns: columns.map { .init(name: $0.name, type: $0.type.resultName) }, rows: rows, bytes: bytes,
            statement_sha256: Hex.text(Array(SHA256.hash(data: Array(statement.utf8)))), warnings: warnings)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            try encoder.encode(description).write(to: URL(fileURLWithPath: folder + "/" + Self.metaName))
        } catch { throw QueryError(.storage, "The result's description cannot be written", detail: "\(error)") }
        return bytes
    }

    private struct Description: Encodable {
        struct Column: Encodable {
            let name: String
            let type: String
        }
        let columns: [Column]
        let rows: Int64
        let bytes: Int64
        let statement_sha256: String
        let warnings: [String]
    }

    private func flush() throws {
        guard out.count > 0 else { return }
        do { try file.write(contentsOf: Data(out.bytes)) } catch {
            throw QueryError(.storage, "The result cannot be written: \(Self.reason(error))", detail: "\(error)")
        }
        bytes += Int64(out.count)
        out.removeAll()
    }

    private static func reason(_ error: any Error) -> String {
        let code = (error as NSError).userInfo[NSUnderlyingErrorKey].map { ($0 as? NSError)?.code } ?? (error as NSError).code
        return code == Int(ENOSPC) || (error as? CocoaError)?.code == .fileWriteOutOfSpace ? "the disk is full" : "the disk does not take it"
    }

    private func append(field: String) {
        let start = out.count
        out.append(field)
        quote(from: start)
    }

    /// Puts quotes around the field that begins at `start`, if its text needs them.
    private func quote(from start: Int) {
        let field = UnsafeBufferPointer(rebasing: out.bytes[start...])
        let needsQuotes = field.isEmpty || field.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D }
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

extension ColumnType {
    /// The type as `result.meta.json` names it.
    var resultName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .int8: "tinyint"
        case .int16: "smallint"
        case .int32: "int"
        case .int64: "bigint"
        case .uint8: "tinyint unsigned"
        case .uint16: "smallint unsigned"
        case .uint32: "int unsigned"
        case .uint64: "bigint unsigned"
        case .float32: "float"
        case .float64: "double"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .text: "string"
        case .binary: "binary"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .interval: "interval"
        case .list(let element): "array<\(element.resultName)>"
        case .structure(let fields): "struct<" + fields.map { "\($0.name):\($0.type.resultName)" }.joined(separator: ",") + ">"
        case .map(let key, let value): "map<\(key.resultName),\(value.resultName)>"
        }
    }
}
