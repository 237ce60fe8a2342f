import GRDB
package import LoonCore

/// Schemas and tables. Names are compared without regard to the case of ASCII letters, as the engine does.
extension MetaStore {
    package func schema(_ name: String) throws(QueryError) -> SchemaDefinition? {
        try read { try Self.schema(name, $0) }
    }

    package func schemas() throws(QueryError) -> [SchemaDefinition] {
        try read { try Self.schemas($0) }
    }

    package func table(schema: String, name: String) throws(QueryError) -> ExternalTable? {
        try read { try Self.table(schema, name, $0) }
    }

    package func tables(schema: String) throws(QueryError) -> [ExternalTable] {
        try read { database in
            try String.fetchAll(database, sql: "SELECT definition FROM catalog_table WHERE schema = ? ORDER BY name", arguments: [schema])
                .map { try Self.decoded(ExternalTable.self, $0) }
        }
    }

    /// The tables of a schema, of those that `names` has in lower case, if it is not `nil`.
    package func tables(schema: String, named names: Set<String>?) throws(QueryError) -> [ExternalTable] {
        guard let names else { return try tables(schema: schema) }
        var tables: [ExternalTable] = []
        for name in names.sorted() { if let table = try table(schema: schema, name: name) { tables.append(table) } }
        return tables
    }

    package func tableNames(schema: String) throws(QueryError) -> [String] {
        try read { try String.fetchAll($0, sql: "SELECT name FROM catalog_table WHERE schema = ? ORDER BY name", arguments: [schema]) }
    }

    /// Names with comments, without reading the definitions whole.
    package func tableComments(schema: String) throws(QueryError) -> [(name: String, comment: String?)] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT name, json_extract(definition, '$.comment') FROM catalog_table WHERE schema = ? ORDER BY name",
                arguments: [schema]
            ).map { (name: $0[0], comment: $0[1]) }
        }
    }

    /// Adds a schema. `check` sees the others in the same transaction and throws what stands against it. False where it exists already.
    package func createSchema(
        _ schema: SchemaDefinition, check: @escaping @Sendable ([SchemaDefinition]) throws -> Void
    ) throws(QueryError) -> Bool {
        try writer.perform { context in
            if try Self.schema(schema.name, context.database) != nil { return false }
            try check(try Self.schemas(context.database))
            try context.database.execute(
                sql: "INSERT INTO catalog_schema VALUES (?, ?)", arguments: [schema.name, try Self.json(schema)])
            return true
        }
    }

    /// Removes a schema that has no tables. False where there is none.
    package func dropSchema(_ name: String) throws(QueryError) -> Bool {
        try writer.perform { context in
            let database = context.database
            guard try Self.schema(name, database) != nil else { return false }
            let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM catalog_table WHERE schema = ?", arguments: [name]) ?? 0
            guard tables == 0 else { throw QueryError(.databaseNotEmpty, "The schema '\(name)' has \(tables) tables; drop them first") }
            try database.execute(sql: "DELETE FROM catalog_schema WHERE name = ?", arguments: [name])
            return true
        }
    }

    /// Adds a table to a schema that exists. False where the table exists already.
    package func createTable(_ table: ExternalTable) throws(QueryError) -> Bool {
        try writer.perform { context in
            guard try Self.schema(table.schema, context.database) != nil else {
                throw QueryError(.unknownDatabase, "Unknown database '\(table.schema)'")
            }
            if try Self.table(table.schema, table.name, context.database) != nil { return false }
            try context.database.execute(
                sql: "INSERT INTO catalog_table VALUES (?, ?, ?)", arguments: [table.schema, table.name, try Self.json(table)])
            return true
        }
    }

    /// Removes a table; its files stay. False where there is none.
    package func dropTable(schema: String, name: String) throws(QueryError) -> Bool {
        try writer.perform { context in
            try context.database.execute(sql: "DELETE FROM catalog_table WHERE schema = ? AND name = ?", arguments: [schema, name])
            return context.database.changesCount > 0
        }
    }

    // MARK: Within a transaction

    private static func schema(_ name: String, _ database: Database) throws -> SchemaDefinition? {
        try String.fetchOne(database, sql: "SELECT definition FROM catalog_schema WHERE name = ?", arguments: [name])
            .map { try decoded(SchemaDefinition.self, $0) }
    }

    private static func schemas(_ database: Database) throws -> [SchemaDefinition] {
        try String.fetchAll(database, sql: "SELECT definition FROM catalog_schema ORDER BY name")
            .map { try decoded(SchemaDefinition.self, $0) }
    }

    private static func table(_ schema: String, _ name: String, _ database: Database) throws -> ExternalTable? {
        try String.fetchOne(
            database, sql: "SELECT definition FROM catalog_table WHERE schema = ? AND name = ?", arguments: [schema, name]
        ).map { try decoded(ExternalTable.self, $0) }
    }
}
