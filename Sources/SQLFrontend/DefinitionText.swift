package import LoonCore

/// SHOW CREATE: DDL that runs again as it stands.
package enum DefinitionText {
    package static func createSchema(_ schema: SchemaDefinition) -> String {
        "CREATE SCHEMA \(name(schema.name)) WITH DBPROPERTIES (\n  'catalog' = 'oss',\n  'location' = \(literal(schema.location))\n)"
    }

    package static func createTable(_ table: ExternalTable) -> String {
        let columns = table.columns.map { column in
            "  \(name(column.name)) \(type(column.type))" + (column.comment.map { " COMMENT \(literal($0))" } ?? "")
        }
        var text = "CREATE EXTERNAL TABLE \(name(table.schema)).\(name(table.name)) (\n\(columns.joined(separator: ",\n"))\n)\n"
        if let comment = table.comment { text += "COMMENT \(literal(comment))\n" }
        if case .text(let layout) = table.format { text += rowFormat(layout) }
        text += "STORED AS \(table.format.storedAs)\nLOCATION \(literal(table.location))"
        guard !table.properties.isEmpty else { return text }
        let properties = table.properties.sorted { $0.key < $1.key }.map { "  \(literal($0.key)) = \(literal($0.value))" }
        return text + "\nTBLPROPERTIES (\n\(properties.joined(separator: ",\n"))\n)"
    }

    private static func rowFormat(_ layout: TextLayout) -> String {
        switch layout.serDe {
        case .lazySimple:
            let escape = layout.escape.map { " ESCAPED BY \(literal($0))" } ?? ""
            return
                "ROW FORMAT DELIMITED\n  FIELDS TERMINATED BY \(literal(layout.delimiter))\(escape)\n  NULL DEFINED AS \(literal(layout.nullText))\n"
        case .openCSV:
            return "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'\nWITH SERDEPROPERTIES (\n"
                + "  'separatorChar' = \(literal(layout.delimiter)),\n  'quoteChar' = \(literal(layout.quote ?? "\"")),\n"
                + "  'escapeChar' = \(literal(layout.escape ?? "\\"))\n)\n"
        }
    }

    private static func type(_ type: HiveType) -> String {
        switch type {
        case .array(let element): "array<\(self.type(element))>"
        case .map(let key, let value): "map<\(self.type(key)),\(self.type(value))>"
        case .structure(let fields): "struct<" + fields.map { "\(name($0.name)):\(self.type($0.type))" }.joined(separator: ",") + ">"
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
