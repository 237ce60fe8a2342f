import LoonCore
import QueryEngine

/// The views that stand for a query's tables: each reads its files as its DDL says.
struct TableViews {
    let catalog: String
    let places: StorePlaces
    /// Counts what does not fit (`EngineFunctions.malformed`).
    let queryNumber: Int64
    /// The columns of an Avro file, which its reader wants to know.
    let fileColumns: (String) throws -> StoredColumns
    /// The files of a Parquet table by their types.
    let parquetGroups: ([TableBinding.File]) throws -> [ParquetFooters.Group]
    func statements(for query: EngineQuery) throws -> [String] {
        var schemas: [String] = []
        let names =
            [query.schema].compactMap(\.self) + query.tables.map(\.table.schema) + query.views.map(\.schema)
            + query.valueTables.map(\.schema)
            + query.results.map(\.schema)
        for name in names where !schemas.contains(where: { $0.lowercased() == name.lowercased() }) {
            schemas.append(name)
        }
        var statements = schemas.map { "CREATE SCHEMA IF NOT EXISTS \(catalog).\(EngineText.name($0))" }
        var lists = FileLists(places: places)
        for binding in query.tables {
            let select = try select(binding, &lists)
            statements += lists.takeFirsts()
            statements.append("CREATE VIEW \(place(binding.table.schema, binding.name)) AS \(select)")
        }
        statements += query.valueTables.map { table in
            let columns = table.columns.map { "\(EngineText.name($0.name)) \(EngineText.type($0.type))" }
            return "CREATE TABLE \(place(table.schema, table.name)) (\(columns.joined(separator: ", ")))"
        }
        statements += query.results.map {
            "CREATE VIEW \(place($0.schema, $0.name)) AS \(ResultScan.select($0, from: places.path(of: $0.source)))"
        }
        // Behind the query's own schema stands the one with MySQL's functions, which has no tables.
        let path = "\(catalog).\(EngineText.name(query.schema ?? "main")),memory.main"
        statements.append("SET search_path = \(EngineText.literal(path))")
        statements += query.views.map { view in
            let columns = zip(view.queryColumns, view.columns).map {
                "loon_view.\(EngineText.name($0)) AS \(EngineText.name($1))"
            }
            // On a line of its own: the query may end in a comment.
            return
                "CREATE VIEW \(place(view.schema, view.name)) AS SELECT \(columns.joined(separator: ", ")) "
                + "FROM (\(view.sql)\n) AS loon_view"
        }
        return statements + lists.wholes
    }

    private func place(_ schema: String, _ name: String) -> String {
        "\(catalog).\(EngineText.name(schema)).\(EngineText.name(name))"
    }

    private func select(_ binding: TableBinding, _ lists: inout FileLists) throws -> String {
        let table = binding.table
        guard !binding.files.isEmpty else {
            let nulls = table.allColumns.map {
                "CAST(NULL AS \(EngineText.type($0.type))) AS \(EngineText.name($0.name))"
            }
            return "SELECT \(nulls.joined(separator: ", ")) WHERE false"
        }
        let values = PartitionValues(binding)
        switch table.format {
        case .text(let layout):
            return TextScan(
                layout: layout, queryNumber: queryNumber, binding: binding, files: lists.add(binding.files),
                values: values
            ).select
        case .json:
            return JSONScan(
                queryNumber: queryNumber, binding: binding, files: lists.add(binding.files), values: values
            ).select
        case .parquet:
            var groups = try parquetGroups(binding.files)
            if groups.count > Limits.parquetGroupsMax {
                groups = [try ParquetFooters.united(groups, of: binding.table, places)]
            }
            let names = groups.map { lists.add($0.files, mayDiffer: $0.isUnited) }
            return ParquetScan(queryNumber: queryNumber, binding: binding, groups: groups, places: places) { names[$0] }
                .select
        case .avro: return try avro(binding, values)
        case .orc, .rcFile:
            throw QueryError(
                .notSupported,
                "The embedded engine does not read \(table.format.storedAs); the table "
                    + "\(table.schema).\(table.name) waits for an engine that does, such as Spark"
            )
        }
    }

    /// The reader takes files of one schema at a time.
    private func avro(_ binding: TableBinding, _ values: PartitionValues) throws -> String {
        var groups: [(columns: StoredColumns, partition: Int, files: [TableBinding.File])] = []
        for file in binding.files {
            let columns = try fileColumns("read_avro(\(EngineText.literal(places.path(of: file))))")
            if let last = groups.last, last.columns.elementsEqual(columns, by: ==),
                last.partition == file.partition || !binding.table.isPartitioned
            {
                groups[groups.count - 1].files.append(file)
            } else {
                groups.append((columns, file.partition, [file]))
            }
        }
        return try groups.map { group in
            let own = Dictionary(group.columns.map { (CatalogName($0.name), $0) }) { first, _ in first }
            let list = try binding.table.columns.map { column in
                let found = binding.reads(column) ? own[CatalogName(column.name)] : nil
                let value =
                    try found.map { try avroValue($0, column, binding.table) }
                    ?? "CAST(NULL AS \(EngineText.type(column.type)))"
                return "\(value) AS \(EngineText.name(column.name))"
            }
            let all = list + values.constants(of: group.partition)
            return "SELECT \(all.joined(separator: ", ")) FROM read_avro(\(places.list(group.files)))"
        }.joined(separator: " UNION ALL ")
    }

    private func avroValue(_ found: (name: String, type: String), _ column: TableColumn, _ table: ExternalTable)
        throws(QueryError) -> String
    {
        let source = EngineText.name(found.name)
        switch (found.type, column.type) {
        case ("BLOB", .decimal):
            throw QueryError(
                .notSupported,
                "The column \(column.name) of \(table.schema).\(table.name) is a decimal of bytes, of which the "
                    + "engine's Avro reader knows no scale; declare it BINARY, or write Parquet")
        case ("BLOB", .string), ("BLOB", .varchar), ("BLOB", .char):
            let loss = "\(EngineFunctions.malformed)(\(queryNumber), CAST(\(source) AS VARCHAR))"
            return "CASE WHEN \(source) IS NOT NULL THEN coalesce(try(decode(\(source))), \(loss)) END"
        default: return StoredType(found.type).value(source, as: column.type)
        }
    }
}

/// The lists of files that views read. Longer ones lie in variables of the connection: the engine looks at the files of
/// a view when the view is made, and again when it is used.
struct FileLists {
    private static let listedMax = 16
    private let places: StorePlaces
    private var count = 0
    private var firsts: [String] = []
    /// The statements that give the variables all of their files, for when the views are made.
    private(set) var wholes: [String] = []

    init(places: StorePlaces) { self.places = places }

    /// An expression for the list. With `mayDiffer` the view is made over all files: the first may lack columns.
    mutating func add(_ files: [TableBinding.File], mayDiffer: Bool = false) -> String {
        guard files.count > Self.listedMax else { return places.list(files) }
        let name = "loon_files_\(count)"
        count += 1
        // One text is read faster than thousands.
        let paths = files.map { places.path(of: $0) }.joined(separator: TextScan.nothing)
        let whole = "SET VARIABLE \(name) = string_split(\(EngineText.literal(paths)), '\(TextScan.nothing)')"
        firsts.append(mayDiffer ? whole : "SET VARIABLE \(name) = \(places.list([files[0]]))")
        if !mayDiffer { wholes.append(whole) }
        return "getvariable('\(name)')"
    }

    /// The statements that give the variables their first file each, for the view that is made next.
    mutating func takeFirsts() -> [String] {
        defer { firsts = [] }
        return firsts
    }
}

/// The values of partition columns, as expressions over the number of the file that a row comes from. The files stand
/// in the order of their partitions, so that the numbers of a partition's files lie side by side.
struct PartitionValues {
    private let binding: TableBinding
    /// Constants within one CASE: a chunk of rows is of one file, and looks through two lists of this length at most.
    private static let width = 64

    init(_ binding: TableBinding) { self.binding = binding }

    private var columnTypes: [(name: String, type: String)] {
        binding.table.partitionColumns.map { (EngineText.name($0.name), EngineText.type($0.type)) }
    }

    private func constant(_ partition: Int, _ column: Int, _ type: String) -> String {
        "CAST(\(binding.partitions[partition][column].map(EngineText.literal) ?? "NULL") AS \(type))"
    }

    func constants(of partition: Int) -> [String] {
        columnTypes.enumerated().map { "\(constant(partition, $0, $1.type)) AS \($1.name)" }
    }

    /// `index` is the expression for a file's number.
    func columns(of index: String) -> [String] {
        columnTypes.enumerated().map { number, column in
            var runs: [(end: Int, value: String)] = []
            var last: String??
            for (place, file) in binding.files.enumerated() {
                let value = binding.partitions[file.partition][number]
                if let previous = last, TablePartition.isSame(previous, value) {
                    runs[runs.count - 1].end = place + 1
                } else {
                    runs.append((place + 1, constant(file.partition, number, column.type)))
                }
                last = .some(value)
            }
            return "\(Self.expression(runs[...], index)) AS \(column.name)"
        }
    }

    private static func expression(_ runs: ArraySlice<(end: Int, value: String)>, _ index: String) -> String {
        guard let last = runs.last, runs.count > 1 else { return runs.first?.value ?? "NULL" }
        if runs.count <= width {
            let cases = runs.dropLast().map { "WHEN \(index) < \($0.end) THEN \($0.value)" }
            return "CASE \(cases.joined(separator: " ")) ELSE \(last.value) END"
        }
        let size = max(width, (runs.count + width - 1) / width)
        let parts = stride(from: runs.startIndex, to: runs.endIndex, by: size).map {
            runs[$0..<min($0 + size, runs.endIndex)]
        }
        let cases = parts.dropLast().map { "WHEN \(index) < \($0[$0.endIndex - 1].end) THEN \(expression($0, index))" }
        return "CASE \(cases.joined(separator: " ")) ELSE \(expression(parts[parts.count - 1], index)) END"
    }
}
