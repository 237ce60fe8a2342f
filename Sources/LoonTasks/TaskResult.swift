import Crypto
import Dispatch
import Foundation
import LoonCore
import LoonLake
import ObjectStore
import QueryEngine
import SQLFrontend

/// Computes a task's result into a staged folder: the file in the format asked for, and its description.
struct TaskResult {
    let engine: any QueryEngine
    let objects: any ObjectStorage
    let limits: ResultLimits
    /// The staged folder.
    let folder: String
    let cancellation: Cancellation

    struct Outcome {
        let file: String
        let bytes: Int64
        let profile: QueryProfile
    }

    func compute(_ planned: PlannedQuery, as format: ResultFormat, statement: String) throws -> Outcome {
        let rows: Rows
        switch format {
        case .csv:
            do { rows = try write(planned) } catch is RowEncoding.NotPlain {
                rows = try keepRowsAndWrite(planned, .csv)
            }
        case .json: rows = try keepRowsAndWrite(planned, .json)
        case .parquet: rows = try keepRows(planned, in: "result.parquet", isShown: true)
        }
        try limits.check(rows: rows.profile.rowCount)
        try limits.check(bytes: rows.bytes)
        try describe(rows, statement: statement)
        return Outcome(file: rows.file, bytes: rows.bytes, profile: rows.profile)
    }

    /// The rows of an EXPLAIN ANALYZE: one text.
    func write(text: String, column: ResultColumn, statement: String) throws -> Outcome {
        let quoted = "\"" + text.replacing("\"", with: "\"\"") + "\""
        let data = Array("\(column.name)\n\(quoted)\n".utf8)
        let file = try StagedFile("\(folder)/\(ResultForm.csv.name)")
        try data.withUnsafeBytes { try file.append($0) }
        let rows = Rows(
            file: ResultForm.csv.name, typedFile: nil, columns: [column], bytes: Int64(data.count),
            profile: QueryProfile(rowCount: 1))
        try describe(rows, statement: statement)
        return Outcome(file: rows.file, bytes: rows.bytes, profile: rows.profile)
    }

    private struct Rows {
        let file: String
        let typedFile: String?
        let columns: [ResultColumn]
        let bytes: Int64
        /// Of text, in bytes.
        var longestRow = 0
        let profile: QueryProfile
    }

    /// Puts the bytes of a result's file where they belong.
    private final class FileSink: RowSink {
        private let file: StagedFile
        private let limits: ResultLimits
        private(set) var columns: [ResultColumn] = []
        private(set) var bytes: Int64 = 0

        init(_ file: StagedFile, _ limits: ResultLimits) {
            self.file = file
            self.limits = limits
        }

        func begin(_ columns: [ResultColumn]) { self.columns = columns }

        func write(_ piece: UnsafeRawBufferPointer, count: Int) throws {
            bytes += Int64(piece.count)
            try limits.check(bytes: bytes)
            try file.append(piece)
        }
    }

    private func fileSink(_ form: ResultForm) throws -> FileSink {
        FileSink(try StagedFile("\(folder)/\(form.name)"), limits)
    }

    /// Straight into the CSV file.
    private func write(_ planned: PlannedQuery) throws -> Rows {
        let sink = try fileSink(.csv)
        let outcome = try planned.withFilesHeld {
            try engine.run(
                $0, as: .file(.csv, limits, kept: nil), rowsMax: nil, cancellation: cancellation, sink: sink)
        }
        return Rows(
            file: ResultForm.csv.name, typedFile: nil, columns: sink.columns, bytes: sink.bytes,
            longestRow: outcome.longestRow, profile: outcome.profile)
    }

    private func keepRows(_ planned: PlannedQuery, in name: String, isShown: Bool = false) throws -> Rows {
        let path = folder + "/" + name
        let watch = limits.bytesMax == 0 ? nil : FileSizeWatch(path, limits, cancellation)
        defer { withExtendedLifetime(watch) {} }
        let kept = try planned.withFilesHeld {
            try engine.keepRows(
                $0, in: objects.source(staged: path), isShown: isShown,
                rowsMax: limits.rowsMax == 0 ? nil : limits.rowsMax,
                cancellation: cancellation)
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64) ?? 0
        return Rows(file: name, typedFile: name, columns: kept.columns, bytes: size, profile: kept.profile)
    }

    /// Computed once, kept with its types, and written from there.
    private func keepRowsAndWrite(_ planned: PlannedQuery, _ form: ResultForm) throws -> Rows {
        let kept = try keepRows(planned, in: ResultDescription.keptName)
        try limits.check(rows: kept.profile.rowCount)
        let sink = try fileSink(form)
        let stored = StoredResult(
            schema: "loon", name: "result", source: objects.source(staged: "\(folder)/\(ResultDescription.keptName)"),
            form: .kept,
            columns: kept.columns)
        let query = EngineQuery(
            sql: "SELECT * FROM loon.result", schema: nil, tables: [], results: [stored], isProfiled: false,
            account: planned.query.account)
        _ = try engine.run(
            query, as: .file(form, limits, kept: kept.columns), rowsMax: nil, cancellation: cancellation, sink: sink)
        return Rows(
            file: form.name, typedFile: ResultDescription.keptName, columns: kept.columns, bytes: sink.bytes,
            profile: kept.profile)
    }

    private func describe(_ rows: Rows, statement: String) throws {
        let count = rows.profile.malformedCount
        let description = ResultDescription(
            columns: rows.columns.map { .init(name: $0.name, type: $0.type.resultName) }, rows: rows.profile.rowCount,
            bytes: rows.bytes,
            file: rows.file, typed_file: rows.typedFile, longest_row: rows.longestRow,
            statement_sha256: Hex.text(Array(SHA256.hash(data: Array(statement.utf8)))),
            warnings: count > 0 ? [MalformedWarning.text(count)] : [])
        var out = TextBuffer(capacity: 1_024)
        description.write(to: &out)
        try StagedFile("\(folder)/\(ResultDescription.name)").append(UnsafeRawBufferPointer(out.bytes))
    }
}

/// Stops a run whose file grows beyond what its result may have. Looks every 200 ms until it is gone.
private final class FileSizeWatch: @unchecked Sendable {
    // A dispatch source may be cancelled from any thread, which its type does not say.
    private let timer: any DispatchSourceTimer

    init(_ path: String, _ limits: ResultLimits, _ cancellation: Cancellation) {
        timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now() + .milliseconds(200), repeating: .milliseconds(200))
        timer.setEventHandler {
            guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 else { return }
            do { try limits.check(bytes: size) } catch let error as QueryError { cancellation.cancel(error) } catch {}
        }
        timer.activate()
    }

    deinit { timer.cancel() }
}
