import LoonCore
import QueryEngine

/// The statement that writes a query's rows as a table's files (https://duckdb.org/docs/stable/sql/statements/copy).
struct TableCopy {
    /// One SELECT, which the gate has seen.
    let query: String
    let target: ExportTarget
    /// Where the target's folder lies on this machine.
    let folder: String

    private var dataColumns: ArraySlice<TableColumn> { target.columns.dropLast(target.partitionCount) }
    private var partitionColumns: ArraySlice<TableColumn> { target.columns.suffix(target.partitionCount) }

    var statement: String {
        let names = (0..<target.sources.count { $0 != nil }).map { "c\($0)" }
        let casts = zip(target.sources, target.columns).map { source, column in
            "\(Self.cast(source.map { "c\($0)" } ?? "NULL", column.type)) AS \(EngineText.name(column.name))"
        }
        // On a line of its own: the query may end in a comment.
        let rows =
            "SELECT \(casts.joined(separator: ", ")) FROM (\(query)\n) AS loon_source(\(names.joined(separator: ", ")))"
        let select: String
        switch target.format {
        case .text(let layout):
            let text = TextFields(layout: layout)
            // The line is written as it is: the delimiter is in it already.
            let line = "\(text.line(dataColumns)) AS \(EngineText.name(lineColumn))"
            select = "SELECT \(([line] + partitionNames).joined(separator: ", ")) FROM (\(rows))"
        case .json:
            // The engine's JSON writer knows no partitions.
            let fields = dataColumns.map { "\(EngineText.name($0.name)) := \(Self.jsonValue($0))" }.joined(
                separator: ", ")
            let line = "CAST(to_json(struct_pack(\(fields))) AS VARCHAR) AS \(EngineText.name(Self.lineName))"
            select = "SELECT \(([line] + partitionNames).joined(separator: ", ")) FROM (\(rows))"
        default: select = rows
        }
        // The engine takes one or the other; `FileSplitter` bounds the files of partitions.
        let last = partitionColumns.isEmpty ? sizeOption : "PARTITION_BY (\(partitionNames.joined(separator: ", ")))"
        return
            "COPY (\(select)) TO \(EngineText.literal(folder)) "
            + "(\((fileOptions + [last]).joined(separator: ", ")))"
    }

    /// The statement that writes the rows of one file anew, as files of the size that they may have, into a folder that
    /// it makes; `nil` where rows may hold line breaks, which it would take for their ends.
    func split(_ file: String, into folder: String) -> String? {
        let source: String
        switch target.format {
        case .text(let layout) where layout.quote != nil: return nil
        case .text, .json:
            let compression = target.compression.flatMap { ["gzip", "zstd"].contains($0) ? $0 : nil } ?? "none"
            let settings =
                [
                    "columns = {\(EngineText.literal(lineColumn)): 'VARCHAR'}", "header = \(hasHeader)",
                    "auto_detect = false", "delim = e'\\x01'", "quote = ''",
                    "escape = ''", "strict_mode = false", "hive_partitioning = false",
                    "compression = \(EngineText.literal(compression))",
                ] + TextScan.lineOptions(bytesMax: Limits.textLineBytesMax)
            source = "read_csv(\(EngineText.literal(file)), \(settings.joined(separator: ", ")))"
        default: source = "read_parquet(\(EngineText.literal(file)), hive_partitioning = false)"
        }
        return
            "COPY (SELECT * FROM \(source)) TO \(EngineText.literal(folder)) "
            + "(\((fileOptions + [sizeOption]).joined(separator: ", ")))"
    }

    private var sizeOption: String { "FILE_SIZE_BYTES '\(target.fileBytesMax)B'" }

    private var fileOptions: [String] {
        switch target.format {
        case .text, .json:
            ["FORMAT csv", "HEADER \(hasHeader)"] + Self.plainLines
                + compression(known: ["gzip", "zstd"], default: nil)
        default:
            // DuckDB 1.5.5 asks the filter of a BLOB with the text of its bytes, and so would other readers that share
            // the fault; the option is for the whole file.
            ["FORMAT parquet"] + (dataColumns.contains { $0.type.hasBinary } ? ["WRITE_BLOOM_FILTER false"] : [])
                + compression(known: ["snappy", "gzip", "zstd"], default: "snappy")
        }
    }

    private var hasHeader: Bool { if case .text(let layout) = target.format { layout.headerLines > 0 } else { false } }

    /// The only column of text: its name is the header, which is written as it is.
    private var lineColumn: String {
        guard case .text(let layout) = target.format, hasHeader else { return Self.lineName }
        return dataColumns.map(\.name).joined(separator: layout.delimiter)
    }

    /// No column of a table can have this name.
    private static let lineName = "\u{1}"

    /// Nothing is quoted: the delimiter does not come up among one column.
    private static let plainLines = ["QUOTE ''", "ESCAPE ''", "DELIMITER e'\\x01'", "NULLSTR ''"]

    private var partitionNames: [String] { partitionColumns.map { EngineText.name($0.name) } }

    private func compression(known: [String], default fallback: String?) -> [String] {
        if let wanted = target.compression, known.contains(wanted) { return ["COMPRESSION \(wanted)"] }
        if target.compression == "none" { return ["COMPRESSION uncompressed"] }
        return fallback.map { ["COMPRESSION \($0)"] } ?? []
    }

    /// A number of JSON is read as a double, by the engine and by most others: longer ones go as text.
    private static func jsonValue(_ column: TableColumn) -> String {
        if case .decimal(let precision, _) = column.type, precision > 15 {
            return "CAST(\(EngineText.name(column.name)) AS VARCHAR)"
        }
        if case .binary = column.type { return "to_base64(\(EngineText.name(column.name)))" }
        return EngineText.name(column.name)
    }

    private static func cast(_ value: String, _ type: HiveType) -> String {
        switch type {
        case .varchar(let length), .char(let length): "left(CAST(\(value) AS VARCHAR), \(length))"
        default: "CAST(\(value) AS \(EngineText.type(type)))"
        }
    }
}

/// Fields of delimited text as Hive writes them, as expressions.
private struct TextFields {
    let layout: TextLayout

    func line(_ columns: ArraySlice<TableColumn>) -> String {
        let fields = columns.map { column in
            let name = EngineText.name(column.name)
            let text = text(name, column.type)
            if let quote = layout.quote { return quoted(text, quote) }
            return "coalesce(\(safe(text, column, marks: nested(column.type))), \(EngineText.literal(layout.nullText)))"
        }
        return fields.isEmpty ? "''" : fields.joined(separator: " || \(EngineText.literal(layout.delimiter)) || ")
    }

    private func nested(_ type: HiveType) -> Bool {
        switch type {
        case .array, .map, .structure: true
        default: false
        }
    }

    private func text(_ value: String, _ type: HiveType, depth: Int = 0) -> String {
        switch type {
        case .string, .varchar, .char:
            guard depth > 0 else { return value }
            let marks =
                [layout.delimiter, "\n", "\r", layout.collectionDelimiter, layout.mapKeyDelimiter] + (2..<8).map(mark)
            let condition =
                marks.map { "contains(\(value), \(EngineText.literal($0)))" } + [
                    "\(value) = \(EngineText.literal(layout.nullText))"
                ]
            return refused(
                condition.joined(separator: " OR "),
                "A nested value holds a delimiter, a line break or the text for NULL", value)
        case .binary: return "to_base64(\(value))"
        case .array(let element):
            let item = "e\(depth)"
            let parts = "list_transform(\(value), lambda \(item): \(orNull(text(item, element, depth: depth + 1))))"
            let joined = "array_to_string(\(parts), \(EngineText.literal(mark(depth))))"
            // One element that is empty or NULL looks like no element, or like NULL.
            let condition =
                "len(\(value)) > 0 AND (\(joined) = '' OR \(joined) = \(EngineText.literal(layout.nullText)))"
            return refused(condition, "A list has one element, which is empty or NULL", joined)
        case .map(let key, let item):
            let entry = "e\(depth)"
            let (left, right) = (
                text("\(entry).key", key, depth: depth + 2), text("\(entry).value", item, depth: depth + 2)
            )
            let pair = "\(left) || \(EngineText.literal(mark(depth + 1))) || \(orNull(right))"
            return
                "array_to_string(list_transform(map_entries(\(value)), lambda \(entry): \(pair)), "
                + "\(EngineText.literal(mark(depth))))"
        case .structure(let fields):
            let parts = fields.map { orNull(text("\(value).\(EngineText.name($0.name))", $0.type, depth: depth + 1)) }
            let joined = parts.joined(separator: " || \(EngineText.literal(mark(depth))) || ")
            return "CASE WHEN \(value) IS NOT NULL THEN \(joined) END"
        default: return "CAST(\(value) AS VARCHAR)"
        }
    }

    /// A nested value, or the text for NULL; an escape in that would be taken for one.
    private func orNull(_ text: String) -> String {
        let null = EngineText.literal(layout.nullText)
        guard let escape = layout.escape, layout.nullText.contains(escape) else { return "coalesce(\(text), \(null))" }
        return
            "coalesce(\(text), \(EngineFunctions.refuse)('', 'A nested value is NULL, which the text format of "
            + "the table cannot keep beside ESCAPED BY', ''))"
    }

    private func mark(_ depth: Int) -> String {
        switch depth {
        case 0: layout.collectionDelimiter
        case 1: layout.mapKeyDelimiter
        default: String(UnicodeScalar(UInt8(min(depth + 2, 8))))
        }
    }

    /// Escaped where the table says how; else a value that would be read as something else is an error.
    private func safe(_ text: String, _ column: TableColumn, marks isNested: Bool) -> String {
        let delimiter = EngineText.literal(layout.delimiter)
        let isText: Bool
        switch column.type {
        case .string, .varchar, .char: isText = true
        case .array, .map, .structure, .binary: isText = false
        // Digits and the marks between them hold none of the usual delimiters.
        default:
            guard
                layout.delimiter.unicodeScalars.contains(where: {
                    $0.properties.isAlphabetic || "0123456789-+.: ".unicodeScalars.contains($0)
                })
            else { return text }
            isText = false
        }
        // Not within the text, and not begun by its end.
        let isSplit = "strpos(\(text) || \(delimiter), \(delimiter)) <> length(\(text)) + 1"
        let breaks = "contains(\(text), chr(10)) OR contains(\(text), chr(13))"
        // Empty text is NULL where the table says so.
        let isNull = isText && !layout.nullText.isEmpty ? " OR \(text) = \(EngineText.literal(layout.nullText))" : ""
        let what = "A value of the column \(column.name) holds"
        guard let escape = layout.escape, !isNested else {
            return refused(
                "\(breaks) OR \(isSplit)\(isNull)", "\(what) a line break or the delimiter, or is the text for NULL",
                text)
        }
        let escaped = "replace(\(text), \(EngineText.literal(escape)), \(EngineText.literal(escape + escape)))"
        return refused(
            breaks, "\(what) a line break",
            "replace(\(escaped), \(delimiter), \(EngineText.literal(escape + layout.delimiter)))")
    }

    private func refused(_ condition: String, _ what: String, _ value: String) -> String {
        let message = "\(what), which the table's text format cannot keep; use another format, or ESCAPED BY"
        return
            "CASE WHEN \(condition) THEN \(EngineFunctions.refuse)('', \(EngineText.literal(message)), '') "
            + "ELSE \(value) END"
    }

    /// OpenCSVSerde puts quotes around everything, and has no NULL.
    private func quoted(_ text: String, _ quote: String) -> String {
        let mark = EngineText.literal(quote)
        var inner = "CAST(\(text) AS VARCHAR)"
        if let escape = layout.escape, escape != quote {
            inner = "replace(\(inner), \(EngineText.literal(escape)), \(EngineText.literal(escape + escape)))"
        }
        // Doubled, which every reader takes, and not escaped.
        inner = "replace(\(inner), \(mark), \(EngineText.literal(quote + quote)))"
        // Without quotes a row of one NULL would be an empty line, which readers pass over.
        return "coalesce(\(mark) || \(inner) || \(mark), \(EngineText.literal(quote + quote)))"
    }
}
