package import LoonCore

/// The result of an earlier query, kept in a file, as a table of another query.
package struct StoredResult: Sendable {
    package enum Form: Sendable {
        /// RFC 4180 as `result.csv` is: NULL an empty field, an empty string `""`.
        case csv
        /// As `QueryEngine.keepRows` writes it, types and all.
        case kept
    }

    package let schema: String
    package let name: String
    package let source: FileSource
    package let form: Form
    /// As the query had them: names may come twice.
    package let columns: [ResultColumn]
    /// Bytes of the longest row of text, as far as it is known.
    package let rowBytesMax: Int

    package init(
        schema: String, name: String, source: FileSource, form: Form, columns: [ResultColumn], rowBytesMax: Int = 0
    ) {
        self.schema = schema
        self.name = name
        self.source = source
        self.form = form
        self.columns = columns
        self.rowBytesMax = rowBytesMax
    }

    /// Whether the text of a column's values says all that they are: with another type it takes a kept file.
    package static func isPlain(_ type: ColumnType) -> Bool {
        switch type {
        case .binary, .list, .structure, .map: false
        default: true
        }
    }

    /// Names as a table has them, where each comes once, whatever its letters: the second `a` is `a_1`.
    package static func tableNames(_ columns: [ResultColumn]) -> [String] {
        var taken: Set<String> = []
        return columns.map { column in
            let base = column.name.isEmpty ? "column" : column.name
            var name = base
            var number = 0
            while !taken.insert(name.lowercased()).inserted {
                number += 1
                name = "\(base)_\(number)"
            }
            return name
        }
    }
}
