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
            try String.fetchAll(
                database, sql: "SELECT definition FROM catalog_table WHERE schema = ? ORDER BY name",
                arguments: [schema]
            )
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

    /// Where the files of a schema's tables lie, and of partitions that lie elsewhere.
    package func locations(schema: String) throws(QueryError) -> [(table: String, location: String)] {
        try read { database in
            let sql = """
                SELECT name, json_extract(definition, '$.location') FROM catalog_table WHERE schema = ?1 AND
                json_extract(definition, '$.view') IS NULL
                UNION ALL SELECT table_name, location FROM catalog_partition WHERE schema = ?1 AND location IS NOT NULL
                """
            return try Row.fetchAll(database, sql: sql, arguments: [schema]).map { (table: $0[0], location: $0[1]) }
        }
    }

    package func tableNames(schema: String) throws(QueryError) -> [String] {
        try read {
            try String.fetchAll(
                $0, sql: "SELECT name FROM catalog_table WHERE schema = ? ORDER BY name", arguments: [schema])
        }
    }

    /// Names, and which are views.
    package func tableKinds(schema: String) throws(QueryError) -> [(name: String, isView: Bool)] {
        try read { database in
            let sql =
                "SELECT name, json_extract(definition, '$.view') IS NOT NULL FROM catalog_table WHERE schema = "
                + "? ORDER BY name"
            return try Row.fetchAll(database, sql: sql, arguments: [schema]).map { (name: $0[0], isView: $0[1]) }
        }
    }

    /// Names with comments, without reading the definitions whole.
    package func tableComments(schema: String) throws(QueryError) -> [(name: String, comment: String?, isView: Bool)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql:
                    "SELECT name, json_extract(definition, '$.comment'), json_extract(definition, '$.view') IS "
                    + "NOT NULL FROM catalog_table WHERE schema = ? ORDER BY name",
                arguments: [schema]
            ).map { (name: $0[0], comment: $0[1], isView: $0[2]) }
        }
    }

    /// Adds a schema. `check` sees the others in the same transaction and throws what stands against it. False where it
    /// exists already.
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

    /// Removes a schema, and where `isCascade` its tables, whose files stay. False where there is none.
    package func dropSchema(_ name: String, isCascade: Bool = false) throws(QueryError) -> Bool {
        defer { partitionLists.forget() }
        return try writer.perform { context in
            let database = context.database
            guard try Self.schema(name, database) != nil else { return false }
            if isCascade {
                try database.execute(sql: "DELETE FROM catalog_partition WHERE schema = ?", arguments: [name])
                try database.execute(sql: "DELETE FROM catalog_table WHERE schema = ?", arguments: [name])
            }
            let tables =
                try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM catalog_table WHERE schema = ?", arguments: [name]) ?? 0
            guard tables == 0 else {
                throw QueryError(
                    .databaseNotEmpty, "The schema '\(name)' has \(tables) tables; drop them first, or add CASCADE")
            }
            try database.execute(sql: "DELETE FROM catalog_schema WHERE name = ?", arguments: [name])
            return true
        }
    }

    /// Adds a table to a schema that exists; a view may replace a view. False where there is a table of that name
    /// already.
    package func createTable(_ table: ExternalTable, orReplaceView: Bool = false) throws(QueryError) -> Bool {
        try writer.perform { try Self.insert(table, orReplaceView: orReplaceView, $0.database) }
    }

    /// Changes a table; `change` sees it as it is now, in the same transaction. `nil` where there is none.
    package func updateTable(
        schema: String, name: String, _ change: @escaping @Sendable (ExternalTable) throws -> ExternalTable
    ) throws(QueryError) -> ExternalTable? {
        defer { partitionLists.forget() }
        return try writer.perform { context in
            let database = context.database
            guard let old = try Self.table(schema, name, database) else { return nil }
            let new = try change(old)
            let isSame =
                old.schema.lowercased() == new.schema.lowercased() && old.name.lowercased() == new.name.lowercased()
            if !isSame {
                guard try Self.schema(new.schema, database) != nil else {
                    throw QueryError(.unknownDatabase, "Unknown database '\(new.schema)'")
                }
                guard try Self.table(new.schema, new.name, database) == nil else {
                    throw QueryError(.tableExists, "Table '\(new.name)' already exists")
                }
                let elsewhere = try Bool.fetchOne(
                    database,
                    sql: "SELECT 1 FROM catalog_partition WHERE schema = ? AND table_name = ? AND location IS NOT NULL",
                    arguments: [schema, name])
                guard elsewhere == nil || old.schema.lowercased() == new.schema.lowercased() else {
                    throw QueryError(
                        .location,
                        "The table has partitions with a LOCATION of their own, under the schema "
                            + "\(old.schema); drop those first"
                    )
                }
                try database.execute(
                    sql: "UPDATE catalog_partition SET schema = ?, table_name = ? WHERE schema = ? AND table_name = ?",
                    arguments: [new.schema, new.name, schema, name])
            }
            try database.execute(
                sql: "UPDATE catalog_table SET schema = ?, name = ?, definition = ? WHERE schema = ? AND name = ?",
                arguments: [new.schema, new.name, try Self.json(new), schema, name])
            return new
        }
    }

    /// Removes a table, or a view; files stay. `nil` where there is none of that kind, else whether there was one.
    package func dropTable(schema: String, name: String, isView: Bool = false) throws(QueryError) -> Bool? {
        defer { partitionLists.forget() }
        return try writer.perform { context in
            let database = context.database
            guard let table = try Self.table(schema, name, database) else { return false }
            guard (table.view != nil) == isView else { return nil }
            try database.execute(
                sql: "DELETE FROM catalog_partition WHERE schema = ? AND table_name = ?", arguments: [schema, name])
            try database.execute(
                sql: "DELETE FROM catalog_table WHERE schema = ? AND name = ?", arguments: [schema, name])
            return true
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

    static func insert(_ table: ExternalTable, orReplaceView: Bool = false, _ database: Database) throws -> Bool {
        guard try schema(table.schema, database) != nil else {
            throw QueryError(.unknownDatabase, "Unknown database '\(table.schema)'")
        }
        if let old = try Self.table(table.schema, table.name, database) {
            guard orReplaceView, old.view != nil else { return false }
        }
        try database.execute(
            sql: "INSERT OR REPLACE INTO catalog_table VALUES (?, ?, ?)",
            arguments: [table.schema, table.name, try json(table)])
        return true
    }

    static func table(_ schema: String, _ name: String, _ database: Database) throws -> ExternalTable? {
        try String.fetchOne(
            database, sql: "SELECT definition FROM catalog_table WHERE schema = ? AND name = ?",
            arguments: [schema, name]
        ).map { try tables.value($0) }
    }
}
