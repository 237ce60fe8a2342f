import CDuckDB

/// Whole numbers as Hive reads them from text: digits with a sign, spaces around them, and a fraction, which is cut off; nothing else. (The engine would
/// round, and take 1_000, 0x1F and 1e3.)
/// (https://github.com/apache/hive/blob/master/serde/src/java/org/apache/hadoop/hive/serde2/lazy/LazyInteger.java)
enum WholeNumbers {
    /// One chunk of fields: `input` has the query's number and the texts.
    static func read<Number: FixedWidthInteger & SignedInteger>(_ input: duckdb_data_chunk?, _ output: duckdb_vector?, as type: Number.Type) {
        let rows = Int(cduckdb_data_chunk_get_size(input))
        let vector = cduckdb_data_chunk_get_vector(input, 1)
        guard rows > 0, let fields = cduckdb_vector_get_data(vector)?.assumingMemoryBound(to: cduckdb_string.self),
            let numbers = cduckdb_vector_get_data(output)?.assumingMemoryBound(to: Number.self),
            let query = cduckdb_vector_get_data(cduckdb_data_chunk_get_vector(input, 0))?.loadUnaligned(as: Int64.self)
        else { return }
        let known = cduckdb_vector_get_validity(vector)
        var validity: UnsafeMutablePointer<UInt64>?
        var malformed: Int64 = 0
        for row in 0..<rows {
            let isNull = known.map { $0[row / 64] & (1 << UInt64(row % 64)) == 0 } ?? false
            if !isNull {
                let field = fields + row
                let length = Int(field.pointee.length)
                let bytes = UnsafeRawPointer(cduckdb_string_bytes(field)).assumingMemoryBound(to: UInt8.self)
                if let number = number(bytes, length), let fitting = Number(exactly: number) {
                    numbers[row] = fitting
                    continue
                }
                // An empty field has no value to lose.
                if length > 0 { malformed += 1 }
            }
            if validity == nil {
                cduckdb_vector_ensure_validity_writable(output)
                validity = cduckdb_vector_get_validity(output)
            }
            validity?[row / 64] &= ~(1 << UInt64(row % 64))
        }
        EngineFunctions.count(malformed, query)
    }

    @inline(__always)
    private static func number(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        var (place, end) = (0, length)
        while place < end, bytes[place] == 0x20 { place += 1 }
        while end > place, bytes[end - 1] == 0x20 { end -= 1 }
        guard place < end else { return nil }
        let isNegative = bytes[place] == UInt8(ascii: "-")
        if isNegative || bytes[place] == UInt8(ascii: "+") { place += 1 }
        let first = place
        // Downwards, as the smallest number has no positive one.
        var value: Int64 = 0
        while place < end {
            let digit = bytes[place] &- 0x30
            guard digit <= 9 else { break }
            let (product, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isUnder) = product.subtractingReportingOverflow(Int64(digit))
            guard !isOver, !isUnder else { return nil }
            value = sum
            place += 1
        }
        guard place > first else { return nil }
        if place < end {
            guard bytes[place] == UInt8(ascii: ".") else { return nil }
            for rest in (place + 1)..<max(end, place + 1) where bytes[rest] &- 0x30 > 9 { return nil }
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }
}
