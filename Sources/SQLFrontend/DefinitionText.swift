package import LoonCore

/// SHOW CREATE: DDL that runs again as it stands.
package enum DefinitionText {
    package static func createSchema(_ schema: SchemaDefinition) -> String {
        "CREATE SCHEMA \(name(schema.name)) WITH DBPROPERTIES (\n  'catalog' = 'oss',\n  'location' = "
            + "\(literal(schema.location))\n)"
    }

    package static func createTable(_ table: ExternalTable) -> String {
        var text = "CREATE EXTERNAL TABLE \(name(table.schema)).\(name(table.name)) (\n\(columns(table.columns))\n)\n"
        if let comment = table.comment { text += "COMMENT \(literal(comment))\n" }
        if table.isPartitioned { text += "PARTITIONED BY (\n\(columns(table.partitionColumns))\n)\n" }
        if case .text(let layout) = table.format { text += rowFormat(layout) }
        text += "STORED AS \(table.format.storedAs)\nLOCATION \(literal(table.location))"
        var properties = table.properties
        // The layout that LIKE MAPPING has found is in no property.
        if case .text(let layout) = table.format, layout.headerLines > 0 {
            properties["skip.header.line.count"] = String(layout.headerLines)
        }
        guard !properties.isEmpty else { return text }
        let pairs = properties.sorted { $0.key < $1.key }.map { "  \(literal($0.key)) = \(literal($0.value))" }
        return text + "\nTBLPROPERTIES (\n\(pairs.joined(separator: ",\n"))\n)"
    }

    private static func columns(_ columns: [TableColumn]) -> String {
        columns.map { "  \(name($0.name)) \(type($0.type))" + ($0.comment.map { " COMMENT \(literal($0))" } ?? "") }
            .joined(separator: ",\n")
    }

    package static func createView(_ table: ExternalTable) -> String {
        let columns = table.columns.map { name($0.name) + ($0.comment.map { " COMMENT \(literal($0))" } ?? "") }.joined(
            separator: ", ")
        let comment = table.comment.map { " COMMENT \(literal($0))" } ?? ""
        return
            "CREATE VIEW \(name(table.schema)).\(name(table.name)) (\(columns))\(comment) AS "
            + "\(table.view?.statement ?? "")"
    }

    private static func rowFormat(_ layout: TextLayout) -> String {
        let serDe = "ROW FORMAT SERDE 'org.apache.hadoop.hive."
        switch layout.serDe {
        case .lazySimple where layout.encoding == nil:
            let escape = layout.escape.map { " ESCAPED BY \(literal($0))" } ?? ""
            var text = "ROW FORMAT DELIMITED\n  FIELDS TERMINATED BY \(literal(layout.delimiter))\(escape)\n"
            if layout.collectionDelimiter != "\u{2}" {
                text += "  COLLECTION ITEMS TERMINATED BY \(literal(layout.collectionDelimiter))\n"
            }
            if layout.mapKeyDelimiter != "\u{3}" {
                text += "  MAP KEYS TERMINATED BY \(literal(layout.mapKeyDelimiter))\n"
            }
            return text + "  NULL DEFINED AS \(literal(layout.nullText))\n"
        case .lazySimple: return serDe + "serde2.lazy.LazySimpleSerDe'\n" + properties(simpleProperties(layout))
        case .multiDelimit: return serDe + "serde2.MultiDelimitSerDe'\n" + properties(simpleProperties(layout))
        case .regex: return serDe + "serde2.RegexSerDe'\n" + properties([("input.regex", layout.pattern ?? "")])
        case .openCSV:
            let all = [
                ("separatorChar", layout.delimiter), ("quoteChar", layout.quote ?? "\""),
                ("escapeChar", layout.escape ?? "\\"),
            ]
            return serDe + "serde2.OpenCSVSerde'\n"
                + properties(all + (layout.encoding.map { [("serialization.encoding", $0)] } ?? []))
        }
    }

    private static func simpleProperties(_ layout: TextLayout) -> [(String, String)] {
        [
            ("field.delim", layout.delimiter), ("collection.delim", layout.collectionDelimiter),
            ("mapkey.delim", layout.mapKeyDelimiter),
            ("serialization.null.format", layout.nullText),
        ] + (layout.escape.map { [("escape.delim", $0)] } ?? [])
            + (layout.encoding.map { [("serialization.encoding", $0)] } ?? [])
    }

    private static func properties(_ pairs: [(String, String)]) -> String {
        "WITH SERDEPROPERTIES (\n" + pairs.map { "  '\($0.0)' = \(literal($0.1))" }.joined(separator: ",\n") + "\n)\n"
    }

    private static func type(_ type: HiveType) -> String {
        switch type {
        case .array(let element): "array<\(self.type(element))>"
        case .map(let key, let value): "map<\(self.type(key)),\(self.type(value))>"
        case .structure(let fields):
            "struct<" + fields.map { "\(name($0.name)):\(self.type($0.type))" }.joined(separator: ",") + ">"
        default: type.ddl
        }
    }

    private static func name(_ name: String) -> String {

        // By scalars, as the lexer reads it.
        "`" + String(String.UnicodeScalarView(name.unicodeScalars.flatMap { $0 == "`" ? [$0, $0] : [$0] })) + "`"
    }

    private static func literal(_ text: String) -> String {
        var result = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "'": result += "''"
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "'"
    }
}
