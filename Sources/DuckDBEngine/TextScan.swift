import LoonCore
import QueryEngine

/// Reads delimited text as Hive reads it: every field is text first, and what does not fit its column's type is NULL;
/// missing fields are NULL and surplus ones dropped
/// (https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL#LanguageManualDDL-RowFormats&SerDe).
///
/// The engine's CSV reader splits the lines where that is what it would be asked for. It loses empty lines, and knows
/// one delimiter: what it would get wrong is read line by line, and split by an expression.
struct TextScan {
    let layout: TextLayout
    let queryNumber: Int64
    let binding: TableBinding
    /// The list of the binding's files, for the engine.
    let files: String
    let values: PartitionValues

    private var columns: [TableColumn] { binding.table.columns }
    /// Cannot be in text: the last code point of all.
    static let nothing = "\u{10FFFF}"
    /// The placeholder of an escaped character until the text is split, by the character's place in `special`: the code
    /// points before that.
    private static func placeholder(_ index: Int) -> String {
        String(UnicodeScalar(0x10_FFFE - UInt32(index)).map(Character.init) ?? " ")
    }

    var select: String {
        let isSplitByReader =
            switch layout.serDe {
            case .openCSV: true
            // The reader takes the escapes away, and what is nested would be split where it is not to be.
            case .lazySimple: !binding.needsCare && (layout.escape == nil || !readsNested)
            case .multiDelimit, .regex: false
            }
        let fields = isSplitByReader ? columns.indices.map { readField($0) } : columns.indices.map { field($0) }
        let malformed = MalformedFields(
            mode: binding.table.properties["loon.malformed"], queryNumber: queryNumber,
            table: "\(binding.table.schema).\(binding.table.name)")
        let value = FieldValue(
            layout: layout, leaf: isSplitByReader || layout.escape == nil ? { $0 } : { unescaped($0) })
        let list = zip(fields, columns).map { field, column in
            let expression =
                binding.reads(column)
                ? malformed.column(field, value.value(field, column.type), column)
                : "CAST(NULL AS \(EngineText.type(column.type)))"
            return "\(expression) AS \(EngineText.name(column.name))"
        }
        let source = isSplitByReader ? splitByReader : "(\(lines))"
        let all = list + values.columns(of: isSplitByReader ? "file_index" : "loon_file")
        let text = "SELECT \(all.joined(separator: ", ")) FROM \(source)"
        return malformed.drops
            ? text + " WHERE " + malformed.condition(zip(fields, columns).map { ($0, value.value($0, $1.type), $1) })
            : text
    }

    /// OpenCSVSerde takes a doubled quote beside the escape; the engine's reader knows one of the two.
    private var usesEscape: Bool { layout.quote == nil || layout.escape == layout.quote || binding.needsCare }

    private func readField(_ index: Int) -> String {
        guard let quote = layout.quote, layout.escape != quote, usesEscape else { return "c\(index)" }
        return "replace(c\(index), \(EngineText.literal(quote + quote)), \(EngineText.literal(quote)))"
    }

    private var splitByReader: String {
        let fields = columns.indices.map { "'c\($0)': 'VARCHAR'" }.joined(separator: ", ")
        var options =
            Self.options(layout) + [
                "delim = \(EngineText.literal(layout.delimiter))", "quote = \(EngineText.literal(layout.quote ?? ""))",
                "escape = \(EngineText.literal((usesEscape ? layout.escape : layout.quote) ?? ""))",
                "nullstr = \(EngineText.literal(layout.nullText))", "columns = {\(fields)}",
            ]
        // The engine's parallel reader refuses a quoted line break where missing fields are to be NULL.
        if layout.quote != nil { options.append("parallel = false") }
        return "read_csv(\(files), \(options.joined(separator: ", ")))"
    }

    private static func options(_ layout: TextLayout) -> [String] {
        [
            // A folder named k=v is a partition only where DDL says so.
            "hive_partitioning = false", "auto_detect = false", "header = false", "null_padding = true",
            "strict_mode = false",
            "skip = \(layout.headerLines)",
        ] + lineOptions(bytesMax: Limits.textLineBytesMax)
    }

    /// The longest line, and a buffer of two: of 16 where nothing is said, which takes memory, and no two threads share
    /// a file that is shorter.
    static func lineOptions(bytesMax: Int) -> [String] {
        ["max_line_size = \(bytesMax)", "buffer_size = \(2 * bytesMax)"]
    }

    /// Whole lines, as a table function with the column `line`. An empty line is NULL; with a `nullstr` the engine
    /// would lose it.
    static func lines(_ files: String, headerLines: Int) -> String {
        let options =
            options(TextLayout(headerLines: headerLines)) + [
                "delim = '\(nothing)'", "quote = ''", "escape = ''", "columns = {'line': 'VARCHAR'}",
            ]
        return "read_csv(\(files), \(options.joined(separator: ", ")))"
    }

    // MARK: Line by line

    /// A query with the fields of each line as the list `f`, or the line itself for a pattern.
    private var lines: String {
        let source = Self.lines(files, headerLines: layout.headerLines)
        let line = "coalesce(line, '')"
        let split: String
        if layout.serDe == .regex {
            split = line
        } else if let escape = layout.escape {
            // Escaped characters are put aside until the text is split.
            let kept = special.enumerated().reduce(line) { text, item in
                "replace(\(text), \(EngineText.literal(escape + item.element)), '\(Self.placeholder(item.offset))')"
            }
            split = "string_split(\(kept), \(EngineText.literal(layout.delimiter)))"
        } else {
            split = "string_split(\(line), \(EngineText.literal(layout.delimiter)))"
        }
        return "SELECT \(split) AS f, file_index AS loon_file FROM \(source)"
    }

    private func field(_ index: Int) -> String {
        if layout.serDe == .regex {
            let pattern = EngineText.literal("^(?:\(layout.pattern ?? ""))$")
            return "CASE WHEN regexp_matches(f, \(pattern)) THEN regexp_extract(f, \(pattern), \(index + 1)) END"
        }
        let raw = "f[\(index + 1)]"
        let text = "nullif(\(raw), \(EngineText.literal(layout.nullText)))"
        return layout.escape == nil || columns[index].type.isNested ? text : unescaped(text)
    }

    /// Characters that an escape has an effect on, itself first.
    private var special: [String] {
        guard let escape = layout.escape else { return [] }
        return [escape, layout.delimiter] + (readsNested ? FieldValue(layout: layout).delimiters : [])
    }

    private var readsNested: Bool { columns.contains { $0.type.isNested && binding.reads($0) } }

    /// One pass would do if the engine's patterns took any character: what is left of an escape goes, and what was put
    /// aside comes back.
    private func unescaped(_ text: String) -> String {
        special.enumerated().reduce("replace(\(text), \(EngineText.literal(layout.escape ?? "")), '')") { text, item in
            "replace(\(text), '\(Self.placeholder(item.offset))', \(EngineText.literal(item.element)))"
        }
    }
}

/// The value of a field's text for a type, as an expression: NULL where it does not fit.
struct FieldValue {
    let layout: TextLayout
    /// The treatment of a nested text once it is split.
    var leaf: (String) -> String = { $0 }

    func value(_ field: String, _ type: HiveType, depth: Int = 0) -> String {
        let name = EngineText.type(type)
        let field = depth > 0 && !type.isNested ? leaf(field) : field
        switch type {
        case .string: return field
        case .varchar(let length), .char(let length): return "left(\(field), \(length))"
        // Base64, as Hive writes it; else the bytes themselves.
        case .binary: return "coalesce(try(from_base64(\(field))), encode(\(field)))"
        case .boolean: return "CASE lower(\(field)) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case .tinyint, .smallint, .int, .bigint, .float, .double, .date, .timestamp:
            return "\(EngineFunctions.reader(type) ?? "")(0, \(field))"
        // The engine takes 1_000.5.
        case .decimal: return "CASE WHEN NOT contains(\(field), '_') THEN TRY_CAST(\(field) AS \(name)) END"
        case .array(let element):
            let item = "e\(depth)"
            let value = value(item, element, depth: depth + 1)
            return
                "CASE WHEN \(field) = '' THEN CAST([] AS \(name)) ELSE list_transform(\(split(field, depth)), "
                + "lambda \(item): \(value)) END"
        case .map(let key, let item):
            let entry = "e\(depth)"
            let mark = EngineText.literal(depth == 0 ? layout.mapKeyDelimiter : delimiter(depth + 1))
            let keyText = "string_split(\(entry), \(mark))[1]"
            let valueText = "string_split(\(entry), \(mark))[2]"
            let pair =
                "struct_pack(k := \(value(keyText, key, depth: depth + 2)), "
                + "v := \(value(valueText, item, depth: depth + 2)))"
            let parts = split(field, depth)
            // Of a key that comes twice the first counts.
            let keys = "list_transform(\(parts), lambda \(entry): string_split(\(entry), \(mark))[1])"
            let first =
                "list_filter(\(parts), lambda \(entry), i\(depth): list_position(\(keys), "
                + "string_split(\(entry), \(mark))[1]) = i\(depth))"
            let filled =
                "list_filter(list_transform(\(first), lambda \(entry): \(pair)), lambda x\(depth): x\(depth).k "
                + "IS NOT NULL)"
            return
                "CASE WHEN \(field) IS NULL THEN NULL WHEN \(field) = '' THEN CAST(MAP {} AS \(name)) ELSE "
                + "CAST(map_from_entries(\(filled)) AS \(name)) END"
        case .structure(let fields):
            let parts = split(field, depth)
            let members = fields.enumerated().map { index, member in
                "\(EngineText.name(member.name)) := \(value("(\(parts))[\(index + 1)]", member.type, depth: depth + 1))"
            }
            return "CASE WHEN \(field) IS NOT NULL THEN struct_pack(\(members.joined(separator: ", "))) END"
        }
    }

    private func split(_ field: String, _ depth: Int) -> String {
        let parts = "string_split(\(field), \(EngineText.literal(delimiter(depth))))"
        return "list_transform(\(parts), lambda s\(depth): nullif(s\(depth), \(EngineText.literal(layout.nullText))))"
    }

    /// As deep as `delimiter` tells them apart.
    var delimiters: [String] { (0...6).map(delimiter) }

    /// The delimiters of nested types: the declared ones on the first two levels, then Hive's \u{4}, \u{5} …
    private func delimiter(_ depth: Int) -> String {
        switch depth {
        case 0: layout.collectionDelimiter
        case 1: layout.mapKeyDelimiter
        default: String(UnicodeScalar(UInt8(min(depth + 2, 8))))
        }
    }
}

/// The treatment of fields that do not fit: `loon.malformed` of the table's properties.
struct MalformedFields {
    /// `null`, which is Hive's way, `fail` or `drop`.
    let mode: String?
    let queryNumber: Int64
    let table: String

    var drops: Bool { mode == "drop" }

    private func isCounted(_ type: HiveType) -> Bool {
        switch type {
        case .boolean, .tinyint, .smallint, .int, .bigint, .float, .double, .decimal, .date, .timestamp: true
        case .string, .varchar, .char, .binary, .array, .map, .structure: false
        }
    }

    /// An empty field has no value to lose.
    private func fits(_ field: String, _ value: String) -> String {
        "\(value) IS NOT NULL OR \(field) IS NULL OR \(field) = ''"
    }

    func column(_ field: String, _ value: String, _ column: TableColumn) -> String {
        guard isCounted(column.type), !drops else { return value }
        // Readers of Loon's own count by themselves.
        if mode != "fail", let function = EngineFunctions.reader(column.type) {
            return "\(function)(\(queryNumber), \(field))"
        }
        let type = EngineText.type(column.type)
        var loss = "\(EngineFunctions.malformed)(\(queryNumber), \(field))"
        if mode == "fail" {
            let text =
                "' of the column \(column.name) of \(table) is no \(column.type.ddl.uppercased()); the table "
                + "says loon.malformed = fail"
            loss = "\(EngineFunctions.refuse)('The field ''', left(\(field), 80), \(EngineText.literal(text)))"
        }
        // Both pass over fields that are NULL or empty.
        return "coalesce(\(value), CAST(\(loss) AS \(type)))"
    }

    func condition(_ fields: [(field: String, value: String, column: TableColumn)]) -> String {
        let all = fields.filter { isCounted($0.column.type) }.map { "(\(fits($0.field, $0.value)))" }
        guard !all.isEmpty else { return "true" }
        let loss = "\(EngineFunctions.malformed)(\(queryNumber), \(fields.first?.field ?? "''")) IS NOT NULL"
        return "CASE WHEN \(all.joined(separator: " AND ")) THEN true ELSE \(loss) END"
    }
}
