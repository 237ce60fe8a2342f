import LoonCore
import QueryEngine
import Synchronization

/// The columns and rows that the footers of Parquet files tell, read once for each file and kept by its identity.
final class ParquetFooters: Sendable {
    /// Files of a table whose columns have exactly the same types.
    struct Group {
        var files: [TableBinding.File]
        let columns: StoredColumns
        /// The sum of the files' rows.
        var rowCount: Int64
        /// Whether the files differ, and the engine is to bring their columns together by their names.
        var isUnited = false
    }

    /// A file as it was when it was listed. Two hashes of its path stand for the path, so that 100,000 files take a few
    /// megabytes.
    private struct Identity: Hashable {
        let path: (UInt64, UInt64)
        let size: Int64
        let modified: Int64

        init(_ path: String, _ file: TableBinding.File) {
            func hash(_ salt: UInt8) -> UInt64 {
                var hasher = Hasher()
                hasher.combine(salt)
                // By bytes: two texts that Swift holds equal are two files.
                var path = path
                path.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
                return UInt64(bitPattern: Int64(hasher.finalize()))
            }
            self.path = (hash(1), hash(2))
            size = file.size
            modified = file.modified
        }

        static func == (left: Identity, right: Identity) -> Bool {
            left.path == right.path && left.size == right.size && left.modified == right.modified
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(path.0)
            hasher.combine(size)
        }
    }

    /// The columns of files that are alike, which all of their footers share.
    private final class Schema: Sendable {
        let columns: StoredColumns
        init(_ columns: StoredColumns) { self.columns = columns }
    }

    private struct Footer {
        let schema: Schema
        let rowCount: Int64
    }

    private struct State {
        var footers: [Identity: Footer] = [:]
        /// By a digest of the schema's text.
        var schemas: [String: Schema] = [:]
    }
    private let state = Mutex(State())
    let places: StorePlaces

    init(places: StorePlaces) { self.places = places }

    /// The groups of a table's files, each where its first file stands. Reads what is not known by `connection`.
    func groups(of files: [TableBinding.File], _ connection: () throws -> DuckDBConnection) throws -> [Group] {
        let paths = files.map { places.path(of: $0) }
        let identities = zip(paths, files).map { Identity($0, $1) }
        var known = state.withLock { state in identities.map { state.footers[$0] } }
        let missing = known.indices.filter { known[$0] == nil }
        if !missing.isEmpty {
            let connection = try connection()
            for start in stride(from: 0, to: missing.count, by: Limits.footersPerBatch) {
                let batch = missing[start..<min(start + Limits.footersPerBatch, missing.count)]
                let footers = try read(batch.map { paths[$0] }, connection)
                for index in batch {
                    guard let footer = footers[UTF8Key(paths[index])] else {
                        throw QueryError(.malformedData, "The footer of '\(paths[index])' cannot be read")
                    }
                    known[index] = footer
                }
            }
            let found = missing.compactMap { index in known[index].map { (identities[index], $0) } }
            state.withLock { state in
                if state.footers.count + found.count > Limits.footersMax {
                    (state.footers, state.schemas) = ([:], [:])
                }
                for (identity, footer) in found { state.footers[identity] = footer }
            }
        }
        var groups: [Group] = []
        var numbers: [ObjectIdentifier: Int] = [:]
        for (file, footer) in zip(files, known) {
            guard let footer else { continue }
            if let place = numbers[ObjectIdentifier(footer.schema)] {
                groups[place].files.append(file)
                groups[place].rowCount += footer.rowCount
            } else {
                numbers[ObjectIdentifier(footer.schema)] = groups.count
                groups.append(Group(files: [file], columns: footer.schema.columns, rowCount: footer.rowCount))
            }
        }
        return groups
    }

    /// Between the parts of a line, and between lines, of what is read as one text.
    private static let (part, line) = ("\u{1F}", "\u{1E}")

    private func read(_ paths: [String], _ connection: DuckDBConnection) throws -> [UTF8Key: Footer] {
        let list = "[" + paths.map(EngineText.literal).joined(separator: ", ") + "]"
        let fields = [
            "type", "type_length", "repetition_type = 'REPEATED'", "num_children", "converted_type", "scale",
            "precision", "logical_type", "duckdb_type",
        ].map { "coalesce(CAST(\($0) AS VARCHAR), '')" }
        let element = (["name"] + fields).joined(separator: " || chr(31) || ")
        let text = try connection.text(
            of: """
                SELECT string_agg(s.file_name || chr(31) || s.digest || chr(31) || m.num_rows, chr(30))
                FROM (SELECT file_name, md5(string_agg(\(element), chr(30) ORDER BY column_id)) AS digest
                FROM parquet_schema(\(list)) GROUP BY file_name) AS s
                JOIN parquet_file_metadata(\(list)) AS m ON s.file_name = m.file_name
                """)
        var footers: [UTF8Key: Footer] = [:]
        for line in text.split(separator: Self.line) {
            let parts = line.split(separator: Self.part, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, let rows = Int64(parts[2]) else { continue }
            footers[UTF8Key(parts[0])] = Footer(schema: try schema(parts[1], of: parts[0], connection), rowCount: rows)
        }
        return footers
    }

    /// The schema with that digest, of which `path` is a file.
    private func schema(_ digest: String, of path: String, _ connection: DuckDBConnection) throws -> Schema {
        if let schema = state.withLock({ $0.schemas[digest] }) { return schema }
        let schema = Schema(
            try connection.storedColumns(
                of: "read_parquet(\(EngineText.literal(path)), hive_partitioning = false)"))
        return state.withLock { state in
            if let schema = state.schemas[digest] { return schema }
            state.schemas[digest] = schema
            return schema
        }
    }

    /// One group of many whose types differ, where the engine brings them together without a loss. Throws, with two
    /// files of which one would lose something, where it does not.
    static func united(_ groups: [Group], of table: ExternalTable, _ places: StorePlaces) throws(QueryError)
        -> Group
    {
        var columns: StoredColumns = []
        var seen: [CatalogName: (place: Int, group: Int)] = [:]
        let texts = Set(table.columns.filter { EngineText.type($0.type) == "VARCHAR" }.map { CatalogName($0.name) })
        for (index, group) in groups.enumerated() {
            for column in group.columns {
                let name = CatalogName(column.name)
                guard let known = seen[name] else {
                    seen[name] = (columns.count, index)
                    columns.append(column)
                    continue
                }
                // As a text each type has a form of its own.
                guard let type = common(columns[known.place].type, column.type),
                    type == column.type && type == columns[known.place].type || !texts.contains(name)
                else {
                    let (one, other) = (places.path(of: groups[known.group].files[0]), places.path(of: group.files[0]))
                    throw QueryError(
                        .notSupported,
                        "The files of \(table.schema).\(table.name) are of more than \(Limits.parquetGroupsMax) kinds, "
                            + "and the column \(column.name) is \(columns[known.place].type) in '\(one)' and "
                            + "\(column.type) in '\(other)'; write the files anew with the same types")
                }
                columns[known.place].type = type
            }
        }
        return Group(
            files: groups.flatMap(\.files).sorted { $0.partition < $1.partition }, columns: columns,
            rowCount: groups.reduce(0) { $0 + $1.rowCount }, isUnited: true)
    }

    /// The type that the engine's `union_by_name` makes of two, where it holds every value of both.
    private static func common(_ one: String, _ other: String) -> String? {
        if one == other { return one }
        for ladder in [["TINYINT", "SMALLINT", "INTEGER", "BIGINT"], ["FLOAT", "DOUBLE"], ["DATE", "TIMESTAMP"]] {
            if let left = ladder.firstIndex(of: one), let right = ladder.firstIndex(of: other) {
                return ladder[max(left, right)]
            }
        }
        return nil
    }
}
