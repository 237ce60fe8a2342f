package import LoonCore

/// The storage engine of MySQL's terms: here there is one, the lake, whichever engine reads its files.
package enum StorageEngine {
    package static let name = "Loon"

    /// The row of SHOW ENGINES and information_schema.ENGINES
    /// (https://dev.mysql.com/doc/refman/8.0/en/information-schema-engines-table.html).
    package static let row: [SQLValue] = [
        .text(name), .text("DEFAULT"), .text("Files of the object store"), .text("NO"), .text("NO"), .text("NO"),
    ]
}
