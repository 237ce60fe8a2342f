import LoonCore

/// ROW FORMAT and STORED AS: how a table's files are read.
extension StatementParser {
    /// The format, and the properties of a SerDe as they were given.
    mutating func rowFormat() throws(QueryError) -> (format: TableFormat, serDe: SerDeProperties?) {
        if cursor.take("delimited") { return (.text(try delimited()), nil) }
        try cursor.expect("serde")
        let name = try cursor.string()
        var properties: [String: String] = [:]
        if cursor.take("with") {
            try cursor.expect("serdeproperties")
            properties = try cursor.properties()
        }
        let serDe = SerDeProperties(name: name, values: properties)
        return (try Self.format(of: serDe), serDe)
    }

    private static func format(of serDe: SerDeProperties) throws(QueryError) -> TableFormat {
        let (name, properties) = (serDe.name, serDe.values)
        switch serDe.shortName {
        case "lazysimpleserde": return .text(try simpleLayout(properties))
        case "multidelimitserde":
            var layout = try simpleLayout(properties.filter { $0.key != "field.delim" })
            layout.serDe = .multiDelimit
            layout.delimiter = properties["field.delim"] ?? layout.delimiter
            guard !layout.delimiter.isEmpty else { throw QueryError(.syntax, "field.delim is empty") }
            return .text(layout)
        case "regexserde":
            guard let pattern = properties["input.regex"] else {
                throw QueryError(.syntax, "RegexSerDe needs the property 'input.regex'")
            }
            try requireReadable(pattern)
            var layout = TextLayout(serDe: .regex)
            layout.pattern = pattern
            return .text(layout)
        case "opencsvserde":
            var layout = TextLayout(serDe: .openCSV)
            layout.delimiter = try character(properties["separatorchar"]) ?? ","
            layout.quote = try character(properties["quotechar"]) ?? "\""
            layout.escape = try character(properties["escapechar"]) ?? "\\"
            layout.encoding = properties["serialization.encoding"]
            return .text(layout)
        case "jsonserde": return .json
        case "parquethiveserde": return .parquet
        case "avroserde": return .avro
        case "orcserde": return .orc
        default:
            throw QueryError(
                .notSupported,
                "The SerDe '\(name)' is not supported; LazySimpleSerDe, OpenCSVSerde, MultiDelimitSerDe, "
                    + "RegexSerDe and JsonSerDe are"
            )
        }
    }

    /// Throws where the engine's patterns (RE2's, https://github.com/google/re2/wiki/Syntax) cannot be what Java's is.
    private static func requireReadable(_ pattern: String) throws(QueryError) {
        func refused(_ what: String) -> QueryError {
            QueryError(
                .notSupported, "The input.regex has \(what), which the engine's patterns have not; write it otherwise")
        }
        if pattern.firstMatch(of: /(?:^|[^\\])(?:\\\\)*\(\?<?[=!]/) != nil {
            throw refused("a look-ahead or look-behind")
        }
        if pattern.firstMatch(of: /(?:^|[^\\])(?:\\\\)*\\[1-9]/) != nil { throw refused("a reference to a group") }
        if pattern.firstMatch(of: /(?:^|[^\\])(?:\\\\)*(?:\(\?>|[*+?}]\+)/) != nil {
            throw refused("a possessive part")
        }
        // Groups that count: neither escaped, nor in brackets, nor (?:…).
        var (groups, isEscaped, isInBrackets) = (0, false, false)
        let letters = Array(pattern.unicodeScalars)
        for (index, letter) in letters.enumerated() {
            defer { isEscaped = letter == "\\" && !isEscaped }
            guard !isEscaped else { continue }
            if letter == "[" { isInBrackets = true }
            if letter == "]" { isInBrackets = false }
            let next = index + 1 < letters.count ? letters[index + 1] : " "
            let isNamed = next == "?" && index + 2 < letters.count && ["<", "P"].contains(letters[index + 2])
            if letter == "(", !isInBrackets, next != "?" || isNamed { groups += 1 }
        }
        guard groups <= 9 else {
            throw QueryError(
                .notSupported, "The input.regex has \(groups) groups, and nine can be read; write (?:…) for the others")
        }
    }

    private static func simpleLayout(_ properties: [String: String]) throws(QueryError) -> TextLayout {
        var layout = TextLayout()
        layout.delimiter =
            try character(properties["field.delim"] ?? properties["serialization.format"]) ?? layout.delimiter
        // Hive's own name of it is misspelt, and was corrected later.
        layout.collectionDelimiter =
            try character(properties["colelction.delim"] ?? properties["collection.delim"])
            ?? layout.collectionDelimiter
        layout.mapKeyDelimiter = try character(properties["mapkey.delim"]) ?? layout.mapKeyDelimiter
        layout.escape = try character(properties["escape.delim"])
        layout.nullText = properties["serialization.null.format"] ?? layout.nullText
        layout.encoding = properties["serialization.encoding"]
        return layout
    }

    private mutating func delimited() throws(QueryError) -> TextLayout {
        var layout = TextLayout()
        while true {
            if cursor.take("fields") {
                layout.delimiter = try terminator() ?? layout.delimiter
                if cursor.take("escaped") {
                    try cursor.expect("by")
                    layout.escape = try Self.character(try cursor.string())
                }
            } else if cursor.take("lines") {
                guard try terminator() == "\n" else {
                    throw QueryError(.notSupported, "LINES TERMINATED BY takes '\\n' only")
                }
            } else if cursor.take("null") {
                try cursor.expect("defined")
                try cursor.expect("as")
                layout.nullText = try cursor.string()
            } else if cursor.take("collection", "items") {
                layout.collectionDelimiter = try terminator() ?? layout.collectionDelimiter
            } else if cursor.take("map", "keys") {
                layout.mapKeyDelimiter = try terminator() ?? layout.mapKeyDelimiter
            } else {
                return layout
            }
        }
    }

    private mutating func terminator() throws(QueryError) -> String? {
        try cursor.expect("terminated")
        try cursor.expect("by")
        return try Self.character(try cursor.string())
    }

    /// One character, as it is or as Hive writes it: a decimal code, or an octal one such as `\001`.
    private static func character(_ text: String?) throws(QueryError) -> String? {
        guard let text else { return nil }
        if text.unicodeScalars.count == 1, let scalar = text.unicodeScalars.first {
            guard scalar.isASCII, scalar != "\0" else {
                throw QueryError(.notSupported, "A delimiter is one ASCII character, not '\(text)'")
            }
            return text
        }
        if text.hasPrefix("\\"), let code = UInt8(text.dropFirst(), radix: 8), code > 0, code < 0x80 {
            return String(UnicodeScalar(code))
        }
        // As MySQL's strings leave '\001' and '\u0001' of Hive's scripts.
        let scalars = Array(text.unicodeScalars)
        if scalars.count == 3, scalars[0] == "\0", let code = UInt8(text.dropFirst(), radix: 8), code > 0 {
            return String(UnicodeScalar(code))
        }
        if scalars.count == 5, scalars[0] == "u", let code = UInt8(text.dropFirst(), radix: 16), code > 0, code < 0x80 {
            return String(UnicodeScalar(code))
        }
        if text == "\\t" { return "\t" }
        if text == "\\n" { return "\n" }
        if let code = UInt8(text), code > 0, code < 0x80 { return String(UnicodeScalar(code)) }
        throw QueryError(.notSupported, "A delimiter is one ASCII character, not '\(text)'")
    }

    /// The format that the class of an INPUTFORMAT reads, as SHOW CREATE TABLE of Hive and Athena writes it.
    mutating func inputFormat() throws(QueryError) -> String {
        let input = try cursor.string()
        if cursor.take("outputformat") { _ = try cursor.string() }
        switch input.split(separator: ".").last.map(String.init) ?? "" {
        case "TextInputFormat": return "TEXTFILE"
        case "MapredParquetInputFormat", "DeprecatedParquetInputFormat": return "PARQUET"
        case "AvroContainerInputFormat": return "AVRO"
        case "OrcInputFormat": return "ORC"
        case "RCFileInputFormat": return "RCFILE"
        default:
            throw QueryError(
                .notSupported,
                "The INPUTFORMAT '\(input)' is not supported; TextInputFormat, MapredParquetInputFormat, "
                    + "AvroContainerInputFormat, OrcInputFormat and RCFileInputFormat are")
        }
    }

    static func format(storedAs: String, rowFormat: TableFormat?, properties: [String: String]) throws(QueryError)
        -> TableFormat
    {
        switch storedAs {
        case "TEXTFILE", "CSV":
            var layout = TextLayout()
            switch rowFormat {
            case .text(let given): layout = given
            // The SerDe says all: JsonSerDe reads text files, one object a line.
            case .json, .parquet, .avro, .orc, .rcFile: return rowFormat ?? .json
            case nil:
                if storedAs == "CSV" { layout = TextLayout(serDe: .openCSV, delimiter: ",", quote: "\"", escape: "\"") }
            }
            return .text(try TextProperties.apply(properties, to: layout))
        case "JSON", "JSONFILE": return .json
        case "PARQUET": return .parquet
        case "AVRO": return .avro
        case "ORC": return .orc
        case "RCFILE": return .rcFile
        case "SEQUENCEFILE": throw QueryError(.notSupported, "STORED AS \(storedAs) is not supported")
        default:
            throw QueryError(.syntax, "STORED AS takes TEXTFILE, JSON, PARQUET, AVRO, ORC or RCFILE, not '\(storedAs)'")
        }
    }
}
