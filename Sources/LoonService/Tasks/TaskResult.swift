import Crypto
import Foundation
import LoonCore
import MetaStore
import ObjectStore
import QueryEngine
import SQLFrontend

/// Computes a task's result into a staged folder: the file in the format asked for, and its description.
struct TaskResult {
    let engine: any QueryEngine
    let limits: ResultLimits
    /// The staged folder.
    let folder: String
    let cancellation: Cancellation

    struct Outcome {
        let file: String
        let bytes: Int64
        let profile: QueryProfile
    }

    func compute(_ planned: PlannedQuery, as format: Hints.ResultFormat, statement: String) throws -> Outcome {
        let rows: Rows
        switch format {
        case .csv:
            do { rows = try write(planned) } catch is ResultFile.NotPlain { rows = try keepAndWrite(planned, .csv) }
        case .json: rows = try keepAndWrite(planned, .json)
        case .parquet: rows = try keep(planned, in: "result.parquet", isShown: true)
        }
        try limits.check(rows: rows.profile.rowCount)
        try limits.check(bytes: rows.bytes)
        try describe(rows, statement: statement)
        return Outcome(file: rows.file, bytes: rows.bytes, profile: rows.profile)
    }

    /// The rows of an EXPLAIN ANALYZE: one text.
    func write(text: String, column: ResultColumn, statement: String) throws -> Outcome {
        let quoted = "\"" + text.replacing("\"", with: "\"\"") + "\""
        let data = Data("\(column.name)\n\(quoted)\n".utf8)
        do { try data.write(to: URL(fileURLWithPath: "\(folder)/\(ResultFile.Form.csv.name)")) } catch {
            throw QueryError(.storage, "The result cannot be written: \(ResultFile.reason(error))", detail: "\(error)")
        }
        let rows = Rows(
            file: ResultFile.Form.csv.name, typedFile: nil, columns: [column], bytes: Int64(data.count), profile: QueryProfile(rowCount: 1))
        try describe(rows, statement: statement)
        return Outcome(file: rows.file, bytes: rows.bytes, profile: rows.profile)
    }

    private struct Rows {
        let file: String
        let typedFile: String?
        let columns: [ResultColumn]
        let bytes: Int64
        let profile: QueryProfile
    }

    /// Straight into the CSV file.
    private func write(_ planned: PlannedQuery) throws -> Rows {
        let sink = try ResultFile(folder: folder, form: .csv, limits: limits)
        let profile = try planned.held { try engine.run($0, cancellation: cancellation, sink: sink) }
        try sink.finish()
        return Rows(file: ResultFile.Form.csv.name, typedFile: nil, columns: sink.columns, bytes: sink.bytes, profile: profile)
    }

    private func keep(_ planned: PlannedQuery, in name: String, isShown: Bool = false) throws -> Rows {
        let path = folder + "/" + name
        let (profile, columns) = try planned.held {
            try engine.keep(
                $0, inFile: path, isShown: isShown, rowsMax: limits.rowsMax == 0 ? nil : limits.rowsMax, cancellation: cancellation)
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64) ?? 0
        return Rows(file: name, typedFile: name, columns: columns, bytes: size, profile: profile)
    }

    /// Computed once, kept with its types, and written from there.
    private func keepAndWrite(_ planned: PlannedQuery, _ form: ResultFile.Form) throws -> Rows {
        let kept = try keep(planned, in: ResultDescription.keptName)
        try limits.check(rows: kept.profile.rowCount)
        let sink = try ResultFile(folder: folder, form: form, limits: limits, kept: kept.columns)
        let stored = StoredResult(
            schema: "loon", name: "result", path: "\(folder)/\(ResultDescription.keptName)", form: .kept, columns: kept.columns)
        let query = EngineQuery(sql: "SELECT * FROM loon.result", schema: nil, tables: [], results: [stored], isProfiled: false)
        _ = try engine.run(query, cancellation: cancellation, sink: sink)
        try sink.finish()
        return Rows(file: form.name, typedFile: ResultDescription.keptName, columns: kept.columns, bytes: sink.bytes, profile: kept.profile)
    }

    private func describe(_ rows: Rows, statement: String) throws {
        let count = rows.profile.malformedCount
        let description = ResultDescription(
            columns: rows.columns.map { .init(name: $0.name, type: $0.type.resultName) }, rows: rows.profile.rowCount, bytes: rows.bytes,
            file: rows.file, typed_file: rows.typedFile, statement_sha256: Hex.text(Array(SHA256.hash(data: Array(statement.utf8)))),
            warnings: count > 0 ? [MalformedWarning.text(count)] : [])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            try encoder.encode(description).write(to: URL(fileURLWithPath: "\(folder)/\(ResultDescription.name)"))
        } catch { throw QueryError(.storage, "The result's description cannot be written: \(ResultFile.reason(error))", detail: "\(error)") }
    }
}

/// Finds the results of earlier tasks, for queries that read them as tables.
struct StoredResults {
    /// The schema that they are tables of.
    static let schema = "query_result"
    let context: ServiceContext

    /// The result of a task that `account` may see.
    func result(_ id: String, account: String) throws -> StoredResult {
        guard let taskID = TaskID(id.lowercased()), let task = try context.store.task(taskID),
            try task.submission.account == account || context.store.account(account)?.isAdmin == true
        else { throw QueryError(.unknownTable, "Table '\(Self.schema).\(id.prefix(80))' doesn't exist: there is no such task") }
        guard task.state == .success, let file = task.resultFile else {
            throw QueryError(.unknownTable, "Table '\(Self.schema).\(id)' doesn't exist: the task is \(task.state.rawValue) and has no result")
        }
        let key = try ObjectKey(file)
        let folder = key.parent
        let gone = QueryError(.missingObject, "The result of the task \(id) is gone: \(file)")
        let place = try folder.child(ResultDescription.name, isFolder: false)
        guard let summary = try context.objects.stat(place), summary.size <= Int64(Limits.resultDescriptionBytesMax) else { throw gone }
        guard let description = try? JSONDecoder().decode(ResultDescription.self, from: try context.objects.read(place)) else {
            throw QueryError(.malformedData, "The description of the result of the task \(id) cannot be read: \(place)")
        }
        guard let data = try context.objects.stat(try folder.child(description.typed_file ?? description.file, isFolder: false)) else { throw gone }
        return StoredResult(
            schema: Self.schema, name: id, path: data.path, form: description.typed_file == nil ? .csv : .kept, columns: description.resultColumns)
    }
}
