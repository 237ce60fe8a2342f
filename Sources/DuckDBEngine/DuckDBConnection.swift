import CDuckDB
import Dispatch
import LoonCore
import QueryEngine
import Synchronization

/// One connection, for one query at a time. Confined to the thread that runs it, but for `interrupt`.
///
/// `@unchecked`: `duckdb_interrupt` may be called from another thread while the connection is open, and is so only
/// while `isOver` is false.
final class DuckDBConnection: @unchecked Sendable {
    private var handle: duckdb_connection?
    private let isOver = Mutex(true)
    private static let repetition = DispatchQueue(label: "loon.engine.interrupt")

    let instance: DuckDBInstance

    init(_ instance: DuckDBInstance) throws(QueryError) {
        self.instance = instance
        guard cduckdb_connect(instance.handle, &handle) == DuckDBSuccess else {
            throw QueryError(.engine, "The engine takes no more connections")
        }
    }

    deinit { cduckdb_disconnect(&handle) }

    /// Interrupts what runs, again and again until `end`: the engine forgets an interrupt that comes between two
    /// statements, and looks for one only now and then.
    func interrupt() {
        isOver.withLock { isOver in
            guard !isOver else { return }
            cduckdb_interrupt(handle)
            Self.repetition.asyncAfter(deadline: .now() + .milliseconds(50)) { self.interrupt() }
        }
    }

    /// How much of what runs is done, from 0 to 1; `nil` where the engine does not know. Asked while the connection is
    /// open, from any thread.
    var progress: Double? {
        let progress = cduckdb_query_progress(handle)
        return progress.percentage < 0 ? nil : progress.percentage / 100
    }

    /// The engine's plan of a query that was found to be one SELECT.
    func plan(of sql: String, isAnalyze: Bool) throws -> String {
        try text(of: (isAnalyze ? "EXPLAIN ANALYZE " : "EXPLAIN ") + sql, column: 1)
    }

    /// Runs a COPY of Loon's own; returns how many rows it has written.
    func copy(_ sql: String) throws -> Int64 { Int64(try text(of: sql)) ?? 0 }

    /// A value of the only row that a statement gives, which Loon has composed. (The engine prepares one statement at a
    /// time, and says so.)
    func text(of sql: String, column: Int = 0) throws -> String {
        guard !sql.utf8.contains(0) else { throw QueryError(.notSupported, "A name or a text holds the character \\0") }
        var statement: duckdb_prepared_statement?
        defer { cduckdb_destroy_prepare(&statement) }
        guard cduckdb_prepare(handle, sql, &statement) == DuckDBSuccess else {
            throw EngineError.make(String(cString: cduckdb_prepare_error(statement)))
        }
        return String(decoding: try firstText(of: statement, column: column), as: UTF8.self)
    }

    private func firstText(of statement: duckdb_prepared_statement?, column: Int = 0) throws -> [UInt8] {
        var result = duckdb_result()
        defer { cduckdb_destroy_result(&result) }
        guard cduckdb_execute_prepared(statement, &result) == DuckDBSuccess else { throw Self.failure(&result) }
        let text = TextSink(column: column)
        let stream = try ArrowStream(&result)
        _ = try stream.forEach(of: result) { text.take($0) }
        return text.bytes
    }

    /// Before the engine prepares it: some of what is none is carried out in part by then (EXPORT makes its folder), or
    /// becomes a SELECT (PRAGMA, DESCRIBE, SHOW).
    private static func requireSelect(_ sql: String) throws(QueryError) {
        let word = sql.drop { $0.isWhitespace || $0 == "(" }.prefix { $0.isLetter }.lowercased()
        guard ["select", "with", "values"].contains(word) else { throw notSelect }
    }

    /// And the engine's own word for it.
    private static func requireSelect(_ statement: duckdb_prepared_statement?) throws(QueryError) {
        guard cduckdb_prepared_statement_type(statement) == CDUCKDB_STATEMENT_SELECT else { throw notSelect }
    }

    private static var notSelect: QueryError { QueryError(.notSupported, "Only SELECT, WITH and VALUES can be run") }

    /// The columns of a query's result.
    func columns(of sql: String) throws -> [ResultColumn] {
        try Self.requireSelect(sql)
        var statement: duckdb_prepared_statement?
        defer { cduckdb_destroy_prepare(&statement) }
        guard cduckdb_prepare(handle, sql, &statement) == DuckDBSuccess else {
            throw EngineError.make(String(cString: cduckdb_prepare_error(statement)))
        }
        try Self.requireSelect(statement)
        return try columns(of: statement)
    }

    private func columns(of statement: duckdb_prepared_statement?) throws -> [ResultColumn] {
        var options: duckdb_arrow_options?
        cduckdb_connection_get_arrow_options(handle, &options)
        defer { cduckdb_destroy_arrow_options(&options) }
        let count = cduckdb_prepared_statement_column_count(statement)
        var types: [duckdb_logical_type?] = (0..<count).map {
            cduckdb_prepared_statement_column_logical_type(statement, $0)
        }
        defer { for index in types.indices { cduckdb_destroy_logical_type(&types[index]) } }
        var names: [UnsafePointer<CChar>?] = (0..<count).map { cduckdb_prepared_statement_column_name(statement, $0) }
        defer { for name in names { cduckdb_free(UnsafeMutableRawPointer(mutating: name)) } }
        return try ArrowStream.columns(options, &types, &names)
    }

    /// Puts the daemon's rows into their table.
    func fill(_ table: ValueTable, catalog: String, cancellation: Cancellation) throws {
        var appender: duckdb_appender?
        defer { cduckdb_appender_destroy(&appender) }
        guard cduckdb_appender_create_ext(handle, catalog, table.schema, table.name, &appender) == DuckDBSuccess else {
            throw QueryError(.engine, "The engine takes no rows for \(table.name)")
        }
        try table.forEachRow { row in
            if let reason = cancellation.reason { throw reason }
            for value in row {
                let state =
                    switch value {
                    case .null: cduckdb_append_null(appender)
                    case .integer(let number): cduckdb_append_int64(appender, number)
                    case .unsigned(let number): cduckdb_append_uint64(appender, number)
                    case .real(let number): cduckdb_append_double(appender, number)
                    case .text(var text):
                        text.withUTF8 { bytes in
                            bytes.withMemoryRebound(to: CChar.self) {
                                cduckdb_append_varchar_length(appender, $0.baseAddress, idx_t($0.count))
                            }
                        }
                    }
                guard state == DuckDBSuccess else {
                    throw QueryError(.engine, "The engine does not take a value of \(table.name)")
                }
            }
            guard cduckdb_appender_end_row(appender) == DuckDBSuccess else {
                throw QueryError(.engine, "The engine does not take a row of \(table.name)")
            }
        }
        guard cduckdb_appender_close(appender) == DuckDBSuccess else {
            throw QueryError(.engine, "The engine does not take the rows of \(table.name)")
        }
    }

    /// Allows interrupts from here on.
    func begin() { isOver.withLock { $0 = false } }

    /// Nothing is to be interrupted any more.
    func end() { isOver.withLock { $0 = true } }

    func registerFunctions() throws(QueryError) { try EngineFunctions.register(on: handle) }

    /// Runs a statement of Loon's own, which must be one: names and texts of users stand in it, quoted.
    func execute(_ sql: String) throws(QueryError) {
        guard !sql.utf8.contains(0) else { throw QueryError(.notSupported, "A name or a text holds the character \\0") }
        var statements: duckdb_extracted_statements?
        defer { cduckdb_destroy_extracted(&statements) }
        guard cduckdb_extract_statements(handle, sql, &statements) == 1 else {
            throw QueryError(.engine, "The engine does not understand a table's definition", detail: sql)
        }
        var statement: duckdb_prepared_statement?
        defer { cduckdb_destroy_prepare(&statement) }
        guard cduckdb_prepare_extracted_statement(handle, statements, 0, &statement) == DuckDBSuccess else {
            throw EngineError.make(String(cString: cduckdb_prepare_error(statement)))
        }
        var result = duckdb_result()
        defer { cduckdb_destroy_result(&result) }
        guard cduckdb_execute_prepared(statement, &result) == DuckDBSuccess else { throw Self.failure(&result) }
    }

    /// The statement's tree in JSON, or JSON that says what is wrong with it.
    func serialize(_ sql: String) throws -> [UInt8] {
        var statement: duckdb_prepared_statement?
        defer { cduckdb_destroy_prepare(&statement) }
        guard cduckdb_prepare(handle, "SELECT json_serialize_sql($1::VARCHAR)", &statement) == DuckDBSuccess else {
            throw EngineError.make(String(cString: cduckdb_prepare_error(statement)))
        }
        let bytes = Array(sql.utf8)
        let bound = bytes.withUnsafeBytes {
            cduckdb_bind_varchar_length(
                statement, 1, $0.baseAddress?.assumingMemoryBound(to: CChar.self), idx_t($0.count))
        }
        guard bound == DuckDBSuccess else { throw QueryError(.malformedData, "The statement is not valid UTF-8") }
        return try firstText(of: statement)
    }

    /// Runs a user's query, which must be exactly one SELECT: the second wall (docs/invariants.md, 7).
    func stream(_ query: EngineQuery, cancellation: Cancellation, sink: any BatchSink) throws -> QueryProfile {
        let sql = query.sql
        try Self.requireSelect(sql)
        var statements: duckdb_extracted_statements?
        defer { cduckdb_destroy_extracted(&statements) }
        guard cduckdb_extract_statements(handle, sql, &statements) == 1 else {
            let problem = cduckdb_extract_statements_error(statements).map { String(cString: $0) }
            throw problem.map(EngineError.make)
                ?? QueryError(.syntax, "You have an error in your SQL syntax: one statement at a time")
        }
        var statement: duckdb_prepared_statement?
        defer { cduckdb_destroy_prepare(&statement) }
        guard cduckdb_prepare_extracted_statement(handle, statements, 0, &statement) == DuckDBSuccess else {
            throw cancellation.reason ?? EngineError.make(String(cString: cduckdb_prepare_error(statement)))
        }
        try Self.requireSelect(statement)
        if sink.looksAtColumnsFirst { try sink.look(at: try columns(of: statement)) }
        // An interrupt that came before the engine began is forgotten by it.
        if let reason = cancellation.reason { throw reason }
        var result = duckdb_result()
        var profile = QueryProfile()
        do {
            defer { cduckdb_destroy_result(&result) }
            guard cduckdb_execute_prepared_streaming(statement, &result) == DuckDBSuccess else {
                throw cancellation.reason ?? Self.failure(&result)
            }
            let stream = try ArrowStream(&result, timeZoneOffsetMinutes: query.timeZoneOffsetMinutes)
            try sink.begin(stream.columns)
            profile.rowCount = try stream.forEach(of: result) { batch in
                if let reason = cancellation.reason { throw reason }
                try sink.write(batch)
            }
            if let reason = cancellation.reason { throw reason }
            if cduckdb_result_error(&result) != nil { throw Self.failure(&result) }
        }
        if query.isProfiled { takeMeasures(into: &profile) }
        return profile
    }

    /// The metrics that a profile is made from; the engine's other metrics cost time
    /// (https://duckdb.org/docs/stable/dev/profiling#metrics).
    static let metrics = ["OPERATOR_TYPE", "OPERATOR_CARDINALITY", "SYSTEM_PEAK_BUFFER_MEMORY"]

    /// Takes the measures of the last profiled query.
    func takeMeasures(into profile: inout QueryProfile) {
        let info = cduckdb_get_profiling_info(handle)
        profile.scannedRowCount = scannedRows(info)
        profile.peakMemoryBytes = info.flatMap { metric($0, "SYSTEM_PEAK_BUFFER_MEMORY") }.flatMap { Int64($0) }
    }

    /// The rows that the scans of files handed on. Other operators' counts are not these.
    private func scannedRows(_ info: duckdb_profiling_info?) -> Int64 {
        guard let info else { return 0 }
        var rows: Int64 = 0
        if metric(info, "OPERATOR_TYPE") == "TABLE_SCAN",
            let count = metric(info, "OPERATOR_CARDINALITY").flatMap(Int64.init)
        {
            rows += count
        }
        for index in 0..<cduckdb_profiling_info_get_child_count(info) {
            rows += scannedRows(cduckdb_profiling_info_get_child(info, index))
        }
        return rows
    }

    private func metric(_ info: duckdb_profiling_info, _ key: String) -> String? {
        var value: duckdb_value? = cduckdb_profiling_info_get_value(info, key)
        guard value != nil else { return nil }
        defer { cduckdb_destroy_value(&value) }
        guard let text = cduckdb_get_varchar(value) else { return nil }
        defer { cduckdb_free(text) }
        return String(cString: text)
    }

    private static func failure(_ result: inout duckdb_result) -> QueryError {
        guard let message = cduckdb_result_error(&result) else {
            return QueryError(.engine, "The engine failed without a reason")
        }
        return EngineError.make(String(cString: message))
    }
}

/// Keeps the text of a result of one row.
private final class TextSink {
    private(set) var bytes: [UInt8] = []
    private let column: Int

    init(column: Int = 0) { self.column = column }

    func take(_ batch: RecordBatch) {
        guard batch.rowCount > 0, column < batch.columns.count, !batch.columns[column].isNull(0) else { return }
        let column = batch.columns[column]
        var text = TextBuffer()
        column.appendText(row: 0, to: &text)
        bytes = Array(text.bytes)
    }
}
