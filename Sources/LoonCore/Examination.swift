/// The names and calls of a query, as the engine's own parser has read them: everything that decides whether an account
/// may run it, and which files it needs.
package struct Examination: Sendable {
    /// A table that a query names, and that is none of its own WITH.
    package struct TableReference: Sendable {
        /// `nil` where the session's schema is meant.
        package let schema: String?
        package let table: String
        package var scans: [Scan]

        package init(schema: String?, table: String, scans: [Scan]) {
            self.schema = schema
            self.table = table
            self.scans = scans
        }
    }

    /// One place of a query that names a table.
    package struct Scan: Sendable {
        /// Where it begins, in bytes.
        package let place: Int
        package let hasAlias: Bool
        /// The query's predicate on the table's rows.
        package let predicate: ScanPredicate
        /// The same, with predicates on columns that are joined with its own: true where those have one type.
        package let joined: ScanPredicate
        /// Other parts of the WHERE about its columns, for the engine to try.
        package let conditions: [ScanCondition]

        package init(
            place: Int, hasAlias: Bool, predicate: ScanPredicate, joined: ScanPredicate,
            conditions: [ScanCondition] = []
        ) {
            self.place = place
            self.hasAlias = hasAlias
            self.predicate = predicate
            self.joined = joined
            self.conditions = conditions
        }
    }

    /// A call of a function that is to be called by another name, which keeps a bound.
    package struct BoundedCall: Sendable {
        /// In bytes.
        package let place: Int
        package let name: String
        package let instead: String

        package init(place: Int, name: String, instead: String) {
            self.place = place
            self.name = name
            self.instead = instead
        }
    }

    /// In the order of their places.
    package let tables: [TableReference]
    /// Every text in the query in lower case, and so every column that it can mean; `nil` where it means columns
    /// without naming them (`*`).
    package let words: Set<String>?
    /// The functions that it calls, in lower case.
    package let functions: Set<String>
    /// Whether it takes some of the rows by chance.
    package let isSampled: Bool
    package let bounded: [BoundedCall]
    /// Qualifiers of columns, in lower case: the first part of each name.
    package let qualifiers: Set<String>
    /// Whether it compares texts by some other rule than their bytes.
    package let isCollated: Bool

    package init(
        tables: [TableReference], words: Set<String>?, functions: Set<String>, isSampled: Bool, bounded: [BoundedCall],
        qualifiers: Set<String>, isCollated: Bool
    ) {
        self.tables = tables
        self.words = words
        self.functions = functions
        self.isSampled = isSampled
        self.bounded = bounded
        self.qualifiers = qualifiers
        self.isCollated = isCollated
    }
}
