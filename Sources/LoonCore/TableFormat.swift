/// How the bytes of a table's files are laid out.
package enum TableFormat: Sendable, Equatable, Codable {
    case text(TextLayout)
    /// One JSON object a line.
    case json
    case parquet
    case avro
    /// Kept in the catalog for engines that read it; the embedded one does not.
    case orc, rcFile

    /// The name after STORED AS.
    package var storedAs: String {
        switch self {
        case .text: "TEXTFILE"
        case .json: "JSON"
        case .parquet: "PARQUET"
        case .avro: "AVRO"
        case .orc: "ORC"
        case .rcFile: "RCFILE"
        }
    }

    /// How a file's name ends that Loon writes.
    package var fileExtension: String {
        switch self {
        case .text(let layout): layout.serDe == .openCSV ? "csv" : "txt"
        case .json: "json"
        case .parquet: "parquet"
        case .avro: "avro"
        case .orc: "orc"
        case .rcFile: "rc"
        }
    }
}

/// Text, a line a row: Hive's LazySimpleSerDe, OpenCSVSerde, MultiDelimitSerDe or RegexSerDe
/// (https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL#LanguageManualDDL-RowFormats&SerDe).
package struct TextLayout: Sendable, Equatable, Codable {
    package enum SerDe: String, Sendable, Codable { case lazySimple, openCSV, multiDelimit, regex }
    package var serDe = SerDe.lazySimple
    package var delimiter = "\u{1}"
    /// Between the elements of an ARRAY, the fields of a STRUCT and the entries of a MAP.
    package var collectionDelimiter = "\u{2}"
    package var mapKeyDelimiter = "\u{3}"
    /// OpenCSVSerde's.
    package var quote: String?
    package var escape: String?
    /// RegexSerDe's, with a group for each column.
    package var pattern: String?
    /// The text that stands for NULL.
    package var nullText = "\\N"
    /// Lines to pass over at the head of each file.
    package var headerLines = 0
    /// Lines to pass over at the end of each file.
    package var footerLines = 0
    /// As iconv names it; `nil` for UTF-8.
    package var encoding: String?

    package init(
        serDe: SerDe = .lazySimple, delimiter: String = "\u{1}", quote: String? = nil, escape: String? = nil,
        nullText: String = "\\N",
        headerLines: Int = 0
    ) {
        self.serDe = serDe
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.nullText = nullText
        self.headerLines = headerLines
    }

    /// Values that an earlier version has stored lack the newer fields.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        serDe = try values.decodeIfPresent(SerDe.self, forKey: .serDe) ?? serDe
        delimiter = try values.decodeIfPresent(String.self, forKey: .delimiter) ?? delimiter
        collectionDelimiter =
            try values.decodeIfPresent(String.self, forKey: .collectionDelimiter) ?? collectionDelimiter
        mapKeyDelimiter = try values.decodeIfPresent(String.self, forKey: .mapKeyDelimiter) ?? mapKeyDelimiter
        quote = try values.decodeIfPresent(String.self, forKey: .quote)
        escape = try values.decodeIfPresent(String.self, forKey: .escape)
        pattern = try values.decodeIfPresent(String.self, forKey: .pattern)
        nullText = try values.decodeIfPresent(String.self, forKey: .nullText) ?? nullText
        headerLines = try values.decodeIfPresent(Int.self, forKey: .headerLines) ?? headerLines
        footerLines = try values.decodeIfPresent(Int.self, forKey: .footerLines) ?? footerLines
        encoding = try values.decodeIfPresent(String.self, forKey: .encoding)
    }
}
