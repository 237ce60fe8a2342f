import CDuckDB
import LoonCore
import Synchronization

/// Functions of Loon's own that the views of tables call, in Swift
/// (https://duckdb.org/docs/stable/clients/c/api#scalar-functions). The engine calls them on its threads.
///
/// None is declared volatile, though two have effects: the engine pushes no condition below what is volatile, and joins
/// would become products. So a condition on a column may be tried below the view's own expression and beside it, and a
/// field that both see counts twice.
enum EngineFunctions {
    /// `loon_malformed(n, field)`: NULL, in the place of a field that does not fit, and counted for the query `n`
    /// unless it is NULL or empty.
    static let malformed = "loon_malformed"
    /// `loon_refuse(before, field, after)`: ends the query with an error that quotes the field; NULL where that is NULL
    /// or empty.
    static let refuse = "loon_refuse"
    /// `loon_json_names(line, shape)`: the names of the fields as the DDL writes them (`JSONNames`).
    static let jsonNames = "loon_json_names"
    /// `loon_json_exact(line)`: the line with its long numbers as texts (`JSONNumbers`).
    static let jsonExact = "loon_json_exact"

    /// `loon_bigint(n, field)` and its like: the value that a field is as Hive reads it (`FieldReaders`), counted for
    /// the query `n` where it is none; 0 counts nothing.
    static func reader(_ type: HiveType) -> String? {
        switch type {
        case .tinyint: "loon_tinyint"
        case .smallint: "loon_smallint"
        case .int: "loon_integer"
        case .bigint: "loon_bigint"
        case .float: "loon_float"
        case .double: "loon_double"
        case .date: "loon_date"
        case .timestamp: "loon_timestamp"
        default: nil
        }
    }

    /// Fields that did not fit, by query.
    private static let counts = Mutex<[Int64: Int64]>([:])

    static func takeCount(_ query: Int64) -> Int64 { counts.withLock { $0.removeValue(forKey: query) ?? 0 } }

    static func count(_ rows: Int64, _ query: Int64) {
        guard query != 0, rows > 0 else { return }
        counts.withLock { $0[query, default: 0] += rows }
    }

    /// Registers all of the engine's functions that are Loon's own.
    static func register(on connection: duckdb_connection?) throws(QueryError) {
        try registerCounting(on: connection)
        try registerFieldReaders(on: connection)
        try registerRefusing(on: connection)
        try BoundedResults.register(on: connection)
        try register(jsonNames, parameters: [CDUCKDB_TYPE_VARCHAR, CDUCKDB_TYPE_VARCHAR], on: connection) {
            _, input, output in
            guard cduckdb_data_chunk_get_size(input) > 0,
                let shapes = cduckdb_vector_get_data(cduckdb_data_chunk_get_vector(input, 1))?.assumingMemoryBound(
                    to: cduckdb_string.self)
            else { return }
            // The shape is a constant of the view.
            let shape = JSONNames(
                shape: UnsafeBufferPointer(start: cduckdb_string_bytes(shapes), count: Int(shapes.pointee.length)))
            EngineFunctions.rewrite(input, output) { shape.rename($0, into: &$1) }
        }
        try register(jsonExact, parameters: [CDUCKDB_TYPE_VARCHAR], on: connection) { _, input, output in
            EngineFunctions.rewrite(input, output) { JSONNumbers.quoteLong($0, into: &$1) }
        }
    }

    /// Counts the fields of a text file that are not values of their columns.
    private static func registerCounting(on connection: duckdb_connection?) throws(QueryError) {
        try register(malformed, parameters: [CDUCKDB_TYPE_BIGINT, CDUCKDB_TYPE_VARCHAR], on: connection) {
            _, input, output in
            let rows = Int(cduckdb_data_chunk_get_size(input))
            cduckdb_vector_ensure_validity_writable(output)
            let validity = cduckdb_vector_get_validity(output)
            for word in 0..<(rows + 63) / 64 { validity?[word] = 0 }
            guard rows > 0, let queries = cduckdb_vector_get_data(cduckdb_data_chunk_get_vector(input, 0)) else {
                return
            }
            let fields = cduckdb_data_chunk_get_vector(input, 1)
            let lost = (0..<rows).count { EngineFunctions.text(fields, $0)?.isEmpty == false }
            EngineFunctions.count(Int64(lost), queries.loadUnaligned(as: Int64.self))
        }
    }

    /// A reader for each type that a field of a text file may be.
    private static func registerFieldReaders(on connection: duckdb_connection?) throws(QueryError) {
        let field = [CDUCKDB_TYPE_BIGINT, CDUCKDB_TYPE_VARCHAR]
        try register("loon_tinyint", parameters: field, returns: CDUCKDB_TYPE_TINYINT, on: connection) {
            FieldReaders.wholeNumbers($1, $2, as: Int8.self)
        }
        try register("loon_smallint", parameters: field, returns: CDUCKDB_TYPE_SMALLINT, on: connection) {
            FieldReaders.wholeNumbers($1, $2, as: Int16.self)
        }
        try register("loon_integer", parameters: field, returns: CDUCKDB_TYPE_INTEGER, on: connection) {
            FieldReaders.wholeNumbers($1, $2, as: Int32.self)
        }
        try register("loon_bigint", parameters: field, returns: CDUCKDB_TYPE_BIGINT, on: connection) {
            FieldReaders.wholeNumbers($1, $2, as: Int64.self)
        }
        try register("loon_float", parameters: field, returns: CDUCKDB_TYPE_FLOAT, on: connection) {
            FieldReaders.floats($1, $2)
        }
        try register("loon_double", parameters: field, returns: CDUCKDB_TYPE_DOUBLE, on: connection) {
            FieldReaders.doubles($1, $2)
        }
        try register("loon_date", parameters: field, returns: CDUCKDB_TYPE_DATE, on: connection) {
            FieldReaders.dates($1, $2)
        }
        try register("loon_timestamp", parameters: field, returns: CDUCKDB_TYPE_TIMESTAMP, on: connection) {
            FieldReaders.timestamps($1, $2)
        }
    }

    /// Ends the query with the text of three arguments, at the first row whose second is not empty.
    private static func registerRefusing(on connection: duckdb_connection?) throws(QueryError) {
        try register(
            refuse, parameters: [CDUCKDB_TYPE_VARCHAR, CDUCKDB_TYPE_VARCHAR, CDUCKDB_TYPE_VARCHAR], on: connection
        ) { info, input, output in
            let rows = Int(cduckdb_data_chunk_get_size(input))
            cduckdb_vector_ensure_validity_writable(output)
            let validity = cduckdb_vector_get_validity(output)
            for word in 0..<(rows + 63) / 64 { validity?[word] = 0 }
            let columns = (0..<idx_t(3)).map { cduckdb_data_chunk_get_vector(input, $0) }
            guard let row = (0..<rows).first(where: { EngineFunctions.text(columns[1], $0)?.isEmpty == false }) else {
                return
            }
            let parts = columns.map {
                String(
                    decoding: EngineFunctions.text($0, row) ?? UnsafeRawBufferPointer(start: nil, count: 0),
                    as: UTF8.self)
            }
            cduckdb_scalar_function_set_error(info, parts.joined())
        }
    }

    static func register(
        _ name: String, parameters: [Int32], returns result: Int32 = CDUCKDB_TYPE_VARCHAR,
        on connection: duckdb_connection?,
        _ body: @escaping duckdb_scalar_function_t
    ) throws(QueryError) {
        var function: duckdb_scalar_function? = cduckdb_create_scalar_function()
        defer { cduckdb_destroy_scalar_function(&function) }
        cduckdb_scalar_function_set_name(function, name)
        for parameter in parameters {
            var type: duckdb_logical_type? = cduckdb_create_logical_type(parameter)
            cduckdb_scalar_function_add_parameter(function, type)
            cduckdb_destroy_logical_type(&type)
        }
        var type: duckdb_logical_type? = cduckdb_create_logical_type(result)
        cduckdb_scalar_function_set_return_type(function, type)
        cduckdb_destroy_logical_type(&type)
        cduckdb_scalar_function_set_function(function, body)
        guard cduckdb_register_scalar_function(connection, function) == DuckDBSuccess else {
            throw QueryError(.engine, "The engine does not take the function \(name)")
        }
    }

    /// A text of a vector; `nil` for NULL.
    private static func text(_ vector: duckdb_vector?, _ row: Int) -> UnsafeRawBufferPointer? {
        if let validity = cduckdb_vector_get_validity(vector), validity[row / 64] & (1 << UInt64(row % 64)) == 0 {
            return nil
        }
        guard let strings = cduckdb_vector_get_data(vector)?.assumingMemoryBound(to: cduckdb_string.self) else {
            return nil
        }
        return UnsafeRawBufferPointer(start: cduckdb_string_bytes(strings + row), count: Int(strings[row].length))
    }

    /// Each text of the first column as `change` writes it, or as it was where that returns false.
    private static func rewrite(
        _ input: duckdb_data_chunk?, _ output: duckdb_vector?,
        _ change: (UnsafeBufferPointer<UInt8>, inout TextBuffer) -> Bool
    ) {
        let rows = Int(cduckdb_data_chunk_get_size(input))
        let lineVector = cduckdb_data_chunk_get_vector(input, 0)
        guard rows > 0, let lines = cduckdb_vector_get_data(lineVector)?.assumingMemoryBound(to: cduckdb_string.self)
        else { return }
        let validity = cduckdb_vector_get_validity(lineVector)
        var out = TextBuffer(capacity: 1024)
        for row in 0..<rows {
            if let validity, validity[row / 64] & (1 << UInt64(row % 64)) == 0 {
                cduckdb_vector_ensure_validity_writable(output)
                cduckdb_vector_get_validity(output)?[row / 64] &= ~(1 << UInt64(row % 64))
                continue
            }
            let line = lines + row
            let length = Int(line.pointee.length)
            let text = UnsafeBufferPointer(start: cduckdb_string_bytes(line), count: length)
            out.removeAll()
            let isChanged = text.withMemoryRebound(to: UInt8.self) { change($0, &out) }
            if isChanged {
                out.bytes.withMemoryRebound(to: CChar.self) {
                    cduckdb_vector_assign_string_element_len(output, idx_t(row), $0.baseAddress, idx_t($0.count))
                }
            } else {
                cduckdb_vector_assign_string_element_len(output, idx_t(row), text.baseAddress, idx_t(length))
            }
        }
    }
}
