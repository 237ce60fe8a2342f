import LoonCore

/// ROW FORMAT and STORED AS: how a table's files are read.
extension StatementParser {
    mutating func rowFormat() throws(QueryError) -> TableFormat {
        if cursor.take("delimited") { return .text(try delimited()) }
        try cursor.expect("serde")
        let name = try cursor.string()
        var properties: [String: String] = [:]
        if cursor.take("with") {
            try cursor.expect("serdeproperties")
            properties = try cursor.properties()
        }
        switch name.split(separator: ".").last?.lowercased() {
        case "lazysimpleserde":
            let delimiter = properties["field.delim"] ?? properties["serialization.format"]
            let layout = TextLayout(
                delimiter: try Self.character(delimiter) ?? "\u{1}", escape: try Self.character(properties["escape.delim"]),
                nullText: properties["serialization.null.format"] ?? "\\N")
            return .text(layout)
        case "opencsvserde":
            let layout = TextLayout(
                serDe: .openCSV, delimiter: try Self.character(properties["separatorchar"]) ?? ",",
                quote: try Self.character(properties["quotechar"]) ?? "\"", escape: try Self.character(properties["escapechar"]) ?? "\\")
            return .text(layout)
        case "jsonserde": return .json
        default: throw QueryError(.notSupported, "The SerDe '\(name)' is not supported; LazySimpleSerDe, OpenCSVSerde and JsonSerDe are")
        }
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
                guard try terminator() == "\n" else { throw QueryError(.notSupported, "LINES TERMINATED BY takes '\\n' only") }
            } else if cursor.take("null") {
                try cursor.expect("defined")
                try cursor.expect("as")
                layout.nullText = try cursor.string()
            } else if cursor.isAt("collection") || cursor.isAt("map") {
                throw QueryError(.notSupported, "COLLECTION ITEMS and MAP KEYS of delimited text are not supported yet")
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
            guard scalar.isASCII, scalar != "\0" else { throw QueryError(.notSupported, "A delimiter is one ASCII character, not '\(text)'") }
            return text
        }
        if text.hasPrefix("\\"), let code = UInt8(text.dropFirst(), radix: 8), code > 0, code < 0x80 { return String(UnicodeScalar(code)) }
        if text == "\\t" { return "\t" }
        if text == "\\n" { return "\n" }
        if let code = UInt8(text), code > 0, code < 0x80 { return String(UnicodeScalar(code)) }
        throw QueryError(.notSupported, "A delimiter is one ASCII character, not '\(text)'")
    }

    static func format(storedAs: String, rowFormat: TableFormat?, properties: [String: String]) throws(QueryError) -> TableFormat {
        switch storedAs {
        case "TEXTFILE":
            var layout = TextLayout()
            switch rowFormat {
            case .text(let given): layout = given
            case .json: return .json  // JsonSerDe reads text files, one object a line
            case .parquet, nil: break
            }
            if let lines = properties["skip.header.line.count"] {
                guard let count = Int(lines), (0...1_000).contains(count) else {
                    throw QueryError(.notSupported, "skip.header.line.count is a whole number from 0 to 1000, not '\(lines)'")
                }
                layout.headerLines = count
            }
            layout.nullText = properties["serialization.null.format"] ?? layout.nullText
            // The engine's reader takes no such text, and no field could be equal to it.
            let marks = [layout.delimiter, layout.quote, "\n", "\r"].compactMap(\.self).flatMap(\.unicodeScalars)
            guard !layout.nullText.unicodeScalars.contains(where: marks.contains), !layout.nullText.utf8.contains(0) else {
                throw QueryError(.notSupported, "The text for NULL cannot hold the delimiter, the quote or a line break")
            }
            return .text(layout)
        case "JSON": return .json
        case "PARQUET": return .parquet
        case "ORC", "RCFILE", "AVRO", "SEQUENCEFILE":
            throw QueryError(.notSupported, "STORED AS \(storedAs) is not supported yet; TEXTFILE, JSON and PARQUET are")
        default: throw QueryError(.syntax, "STORED AS takes TEXTFILE, JSON or PARQUET, not '\(storedAs)'")
        }
    }
}
