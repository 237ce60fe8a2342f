import LoonCore
import QueryEngine

/// The columns of a file, with the engine's types for them as it prints them, in their order.
typealias StoredColumns = [(name: String, type: String)]

extension DuckDBConnection {
    /// The columns that a table function of the engine's reads, such as `read_avro('…')`.
    func storedColumns(of source: String) throws -> StoredColumns {
        let (part, line) = ("\u{1F}", "\u{1E}")
        let text = try text(
            of: "SELECT coalesce(string_agg(column_name || chr(31) || column_type, chr(30)), '') "
                + "FROM (DESCRIBE SELECT * FROM \(source))")
        return try text.split(separator: line).map { line in
            let parts = line.split(separator: part, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw QueryError(.malformedData, "A column of a file has a control character in its name")
            }
            return (parts[0], parts[1])
        }
    }
}
