package import LoonCore
package import QueryEngine

/// Where no session asks: a task, a view, and what writes a table read none of the system's tables.
package struct NoSystemTables: SystemTableSource {
    package init() {}

    package func valueTable(schema: String, name: String, predicates: [ScanPredicate]) throws -> ValueTable {
        throw QueryError(
            .notSupported,
            "\(schema).\(name) says what a session sees: it can be read by a SELECT, not by a task, a view or what "
                + "writes a table")
    }
}
