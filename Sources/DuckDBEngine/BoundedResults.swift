import CDuckDB
import LoonCore

/// Bounds of what functions make out of little (https://duckdb.org/docs/stable/sql/functions/text): the engine's memory
/// limit counts no text and no list that a function returns, so that one call could take all of the machine's. The
/// bound is on a chunk of rows together.
enum BoundedResults {
    static func register(on connection: duckdb_connection?) throws(QueryError) {
        // `loon_fit(n, size)`: n, unless n times size bytes are too many.
        try EngineFunctions.register(
            "loon_fit", parameters: [CDUCKDB_TYPE_BIGINT, CDUCKDB_TYPE_BIGINT], returns: CDUCKDB_TYPE_BIGINT,
            on: connection
        ) { info, input, output in
            BoundedResults.pass(info, input, output, columns: 2) { row, columns in
                BoundedResults.product(BoundedResults.whole(columns[0], row), BoundedResults.whole(columns[1], row))
            }
        }
        // `loon_span(start, stop, step)`: start, unless there are too many elements of 8 bytes on the way.
        try EngineFunctions.register(
            "loon_span", parameters: [CDUCKDB_TYPE_BIGINT, CDUCKDB_TYPE_BIGINT, CDUCKDB_TYPE_BIGINT],
            returns: CDUCKDB_TYPE_BIGINT, on: connection
        ) { info, input, output in
            BoundedResults.pass(info, input, output, columns: 3) { row, columns in
                let whole = (0..<3).map { BoundedResults.whole(columns[$0], row) }
                return BoundedResults.span(whole[0], whole[1], whole[2])
            }
        }
        for type in [CDUCKDB_TYPE_TIMESTAMP, CDUCKDB_TYPE_TIMESTAMP_TZ] {
            try EngineFunctions.register(
                "loon_span", parameters: [type, type, CDUCKDB_TYPE_INTERVAL], returns: type, on: connection
            ) { info, input, output in
                BoundedResults.pass(info, input, output, columns: 3) { row, columns in
                    BoundedResults.span(
                        BoundedResults.whole(columns[0], row), BoundedResults.whole(columns[1], row),
                        BoundedResults.microseconds(columns[2], row))
                }
            }
        }
    }

    private typealias Column = UnsafeMutableRawPointer

    /// Copies the first column, of 8 bytes each, and adds up what `bytes` says of the rows without NULL.
    private static func pass(
        _ info: duckdb_function_info?, _ input: duckdb_data_chunk?, _ output: duckdb_vector?, columns count: idx_t,
        _ bytes: (Int, [Column]) -> Int64
    ) {
        let rows = Int(cduckdb_data_chunk_get_size(input))
        let vectors = (0..<count).map { cduckdb_data_chunk_get_vector(input, $0) }
        let columns = vectors.compactMap { cduckdb_vector_get_data($0) }
        guard rows > 0, columns.count == vectors.count, let result = cduckdb_vector_get_data(output) else { return }
        result.copyMemory(from: columns[0], byteCount: rows * 8)
        let validities = vectors.map { cduckdb_vector_get_validity($0) }
        var sum: Int64 = 0
        for row in 0..<rows {
            guard validities.allSatisfy({ $0.map { $0[row / 64] & (1 << UInt64(row % 64)) != 0 } ?? true }) else {
                cduckdb_vector_ensure_validity_writable(output)
                cduckdb_vector_get_validity(output)?[row / 64] &= ~(1 << UInt64(row % 64))
                continue
            }
            let (next, isOver) = sum.addingReportingOverflow(bytes(row, columns))
            sum = isOver ? .max : next
        }
        guard sum > Limits.functionResultBytesMax else { return }
        cduckdb_scalar_function_set_error(
            info,
            "The limit of a function's results is exceeded: \(Limits.functionResultBytesMax >> 20) MiB for "
                + "some rows together"
        )
    }

    private static func whole(_ column: Column, _ row: Int) -> Int64 {
        column.loadUnaligned(fromByteOffset: row * 8, as: Int64.self)
    }

    /// About what an interval is in microseconds: a month has at least 28 days.
    private static func microseconds(_ column: Column, _ row: Int) -> Int64 {
        let months = column.loadUnaligned(fromByteOffset: row * 16, as: Int32.self)
        let days = column.loadUnaligned(fromByteOffset: row * 16 + 4, as: Int32.self)
        let rest = column.loadUnaligned(fromByteOffset: row * 16 + 8, as: Int64.self)
        let (sum, isOver) = rest.addingReportingOverflow(
            (Int64(months) * 28 + Int64(days)).multipliedReportingOverflow(by: 86_400_000_000).partialValue)
        return isOver ? .max : sum
    }

    private static func product(_ count: Int64, _ size: Int64) -> Int64 {
        guard count > 0 else { return 0 }
        let (product, isOver) = count.multipliedReportingOverflow(by: max(size, 0))
        return isOver ? .max : product
    }

    private static func span(_ start: Int64, _ stop: Int64, _ step: Int64) -> Int64 {
        // The engine's own error.
        guard step != 0 else { return 0 }
        let (distance, isOver) = stop.subtractingReportingOverflow(start)
        // On the way that leads elsewhere there is nothing.
        if !isOver, (distance < 0) != (step < 0) { return 0 }
        return isOver ? .max : product(Int64(clamping: distance.magnitude / step.magnitude), 8)
    }
}
