package import LoonCore

/// The properties of TBLPROPERTIES about text.
package enum TextProperties {
    /// The layout with what the properties, keys in lower case, say about it. Throws where they say what cannot be.
    package static func apply(_ properties: [String: String], to layout: TextLayout) throws(QueryError) -> TextLayout {
        var layout = layout
        if let lines = properties["skip.header.line.count"] {
            guard let count = Int(lines), (0...1_000).contains(count) else {
                throw QueryError(
                    .notSupported, "skip.header.line.count is a whole number from 0 to 1000, not '\(lines)'")
            }
            layout.headerLines = count
        }
        if let lines = properties["skip.footer.line.count"] {
            guard let count = Int(lines), (0...1_000).contains(count) else {
                throw QueryError(
                    .notSupported, "skip.footer.line.count is a whole number from 0 to 1000, not '\(lines)'")
            }
            layout.footerLines = count
        }
        layout.nullText = properties["serialization.null.format"] ?? layout.nullText
        layout.encoding = properties["serialization.encoding"] ?? layout.encoding
        if let encoding = layout.encoding?.lowercased(), encoding == "utf-8" || encoding == "utf8" {
            layout.encoding = nil
        }
        if let lines = properties["textinputformat.record.delimiter"], lines != "\n" {
            throw QueryError(.notSupported, "textinputformat.record.delimiter takes a line break only")
        }
        // The engine's reader takes no such text, and no field could be equal to it.
        let marks = [layout.delimiter, layout.quote, "\n", "\r"].compactMap(\.self).flatMap(\.unicodeScalars)
        guard !layout.nullText.unicodeScalars.contains(where: marks.contains), !layout.nullText.utf8.contains(0) else {
            throw QueryError(.notSupported, "The text for NULL cannot hold the delimiter, the quote or a line break")
        }
        return layout
    }
}
