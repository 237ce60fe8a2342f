import AccessControl
import LoonCore
import LoonLake
import MetaStore
import MySQLProtocol
import ObjectStore
import QueryEngine
import SQLDialect
import SQLFrontend

/// CREATE and DROP, with the rules of locations: a table lies under its schema, schemas do not contain each other, and
/// what is the daemon's own is never a location.
struct DefinitionHandler {
    let caller: StatementContext
    let response: ResponseWriter
    private var context: SessionContext { caller.services }

    init(_ caller: StatementContext, response: ResponseWriter) {
        self.caller = caller
        self.response = response
    }

    // MARK: Schemas

    /// Names that mean something to clients or to the engine.
    private static let reservedSchemas: Set<String> = [
        "information_schema", "mysql", "performance_schema", "sys", "loon", "query_result", "main", "memory",
        "pg_catalog", "system", "temp",
    ]

    func create(_ statement: CreateSchema) throws {
        guard caller.isAdministrator else {
            throw QueryError(.accessDenied, "Access denied; only an administrator creates schemas")
        }
        guard !Self.reservedSchemas.contains(statement.name.lowercased()) else {
            throw QueryError(.accessDenied, "The schema name '\(statement.name)' is reserved")
        }
        if let catalog = statement.properties["catalog"], catalog.lowercased() != "oss" {
            throw QueryError(.notSupported, "The catalog '\(catalog)' is not supported; 'oss' is")
        }
        guard let text = statement.properties["location"] else {
            throw QueryError(
                .location,
                "CREATE SCHEMA needs a location: WITH DBPROPERTIES (catalog = 'oss', location = 'oss://bucket/folder/')"
            )
        }
        let location = try ObjectKey(text)
        guard text.hasSuffix("/"), location.isFolder else {
            throw QueryError(.location, "The location '\(text)' is a folder; end it with a slash")
        }
        try definitions.checkBucket(location)
        let mayOverlap = statement.properties["loon.overlap"]?.lowercased() == "true"
        let schema = SchemaDefinition(name: statement.name, location: location.description, creator: caller.login.user)
        let isNew = try context.store.createSchema(schema) { others in
            for other in others where !mayOverlap {
                let place = try ObjectKey(other.location)
                guard !place.contains(location), !location.contains(place) else {
                    throw QueryError(
                        .location,
                        "The location '\(location)' and that of the schema '\(other.name)' contain each other; "
                            + "add 'loon.overlap' = 'true' if they are to"
                    )
                }
            }
        }
        guard isNew || statement.ifNotExists else {
            throw QueryError(.databaseExists, "Can't create database '\(statement.name)'; database exists")
        }
        response.ok(affectedRows: isNew ? 1 : 0)
    }

    func dropSchema(_ name: String, ifExists: Bool, isCascade: Bool) throws {
        guard caller.isAdministrator else {
            throw QueryError(.accessDenied, "Access denied; only an administrator drops schemas")
        }
        for table in try context.store.tables(schema: name) where table.view == nil {
            try Publisher(context: context.lake).settle(TableLocks.Key(table))
        }
        let existed = try context.store.dropSchema(name, isCascade: isCascade)
        guard existed || ifExists else {
            throw QueryError(.missingDatabase, "Can't drop database '\(name)'; database doesn't exist")
        }
        response.ok()
    }

    // MARK: Tables

    private var definitions: TableDefinitions {
        TableDefinitions(context: context.lake, schema: caller.schema, account: caller.account)
    }

    func create(_ statement: CreateTable) throws {
        caller.diagnostics.warnOfProperties(statement.unknownProperties)
        try add(try definitions.table(statement), ifNotExists: statement.ifNotExists)
    }

    private func add(_ table: ExternalTable, ifNotExists: Bool) throws {
        let isNew = try context.store.createTable(table)
        guard isNew || ifNotExists else { throw QueryError(.tableExists, "Table '\(table.name)' already exists") }
        if isNew, table.properties["auto.create.location"]?.lowercased() == "true" {
            let folder = try ObjectKey(table.location)
            if folder.isFolder { try context.objects.makeFolder(of: try folder.child("x", isFolder: false)) }
        }
        response.ok(warnings: caller.diagnostics.count)
    }

    /// CREATE TABLE … LIKE: the same columns and format, at a place of its own.
    func create(
        _ name: TableName, like source: TableName, ifNotExists: Bool, location: String?, properties: [String: String]
    ) throws {
        let definitions = definitions
        var table = try definitions.existing(source, for: .select)
        let schema = try definitions.schema(of: name)
        try definitions.rights.require(.create, schema: schema.name, table: name.table)
        try TableProperties.check(properties)
        caller.diagnostics.warnOfProperties(TableProperties.unknown(properties))
        let place = try definitions.location(location, of: name.table, in: schema)
        table = ExternalTable(
            schema: schema.name, name: name.table, columns: table.columns, partitionColumns: table.partitionColumns,
            format: table.format,
            location: place.description, comment: table.comment,
            properties: table.properties.merging(properties) { $1 }, creator: caller.account)
        try add(table, ifNotExists: ifNotExists)
    }

    /// CREATE TABLE … LIKE MAPPING: the files say what the columns are.
    func create(_ statement: CreateTable, mapping source: String, cancellation: Cancellation) throws {
        var statement = statement
        let definitions = definitions
        let schema = try definitions.schema(of: statement.name)
        try definitions.rights.require(.create, schema: schema.name, table: statement.name.table)
        let place = try definitions.location(source, of: statement.name.table, in: schema)
        let probe = ExternalTable(
            schema: schema.name, name: statement.name.table, columns: [], format: statement.format,
            location: place.description,
            properties: statement.properties, creator: caller.account)
        let files = try TableFiles(context: context.lake).list(probe, partitions: []).map(\.summary)
        guard let first = files.first else {
            throw QueryError(.missingObject, "There is no file at '\(place)' to infer the columns from")
        }
        if !statement.isFormatGiven { statement.format = Self.format(of: first.key.key) }
        let inferred = try context.engine.inferColumns(
            of: files.prefix(Limits.inferredFilesMax).map { .object($0.key) }, format: statement.format,
            for: caller.account, cancellation: cancellation)
        statement.columns = try TableDefinitions.columns(inferred.columns)
        if !statement.isFormatGiven { statement.format = inferred.format }
        try create(statement)
    }

    /// By the name of a file.
    private static func format(of name: String) -> TableFormat {
        let parts = name.lowercased().split(separator: "/").last?.split(separator: ".") ?? []
        for part in parts.reversed() {
            switch part {
            case "parquet", "parq": return .parquet
            case "avro": return .avro
            case "json", "jsonl", "ndjson": return .json
            case "orc": return .orc
            case "csv": return .text(TextLayout(serDe: .openCSV, delimiter: ",", quote: "\"", escape: "\""))
            default: continue
            }
        }
        return .text(TextLayout(serDe: .openCSV, delimiter: ",", quote: "\"", escape: "\""))
    }

    func dropTable(_ name: TableName, ifExists: Bool, isView: Bool) throws {
        let schema = try definitions.schema(of: name)
        try definitions.rights.require(.drop, schema: schema.name, table: name.table)
        func drop() throws -> Bool? {
            try context.store.dropTable(schema: schema.name, name: name.table, isView: isView)
        }
        let table = try context.store.table(schema: schema.name, name: name.table)
        let existed = try table.map { try Publisher(context: context.lake).withdraw($0, drop) } ?? drop()
        guard let existed else {
            throw QueryError(.wrongObject, "'\(schema.name).\(name.table)' is not \(isView ? "VIEW" : "BASE TABLE")")
        }
        guard existed || ifExists else {
            throw QueryError(.missingTable, "Unknown table '\(schema.name).\(name.table)'")
        }
        response.ok()
    }

    // MARK: Views

    func create(_ statement: CreateView, _ parsed: ParsedStatement, cancellation: Cancellation) throws {
        let schema = try definitions.schema(of: statement.name)
        // The owner of a view lends it what is theirs: nobody puts another query in its place without the right to drop
        // it.
        try definitions.rights.require(
            statement.orReplace ? [.create, .drop] : .create, schema: schema.name, table: statement.name.table)
        let mode = caller.variables.value("sql_mode")?.textValue ?? ""
        let query = try parsed.innerQuery()
        let planned = try context.lake.planner.plan(
            try query.engineText(caller.dialect), schema: schema.name, dialect: caller.dialect,
            for: .description,
            viewer: .init(account: caller.account, systemTables: NoSystemTables(), cancellation: caller.cancellation))
        // Unqualified names are of the view's own schema: so SHOW CREATE VIEW runs again from anywhere.
        var columns = try TableDefinitions.columns(
            try planned.withFilesHeld { try context.engine.describe($0, cancellation: cancellation) })
        let queryColumns = columns.map(\.name)
        if !statement.columns.isEmpty {
            guard statement.columns.count == columns.count else {
                throw QueryError(
                    .columnCount,
                    "The view names \(statement.columns.count) columns, and its query has \(columns.count)")
            }
            columns = zip(statement.columns, columns).map {
                TableColumn(name: $0.name, type: $1.type, comment: $0.comment)
            }
        }
        let view = ViewDefinition(
            statement: query.text, schema: schema.name, sqlMode: query.lexer.mode.written(into: mode),
            queryColumns: queryColumns, dialect: query.lexer.mode.dialect)
        let table = ExternalTable(
            schema: schema.name, name: statement.name.table, columns: columns, format: .json, location: "",
            comment: statement.comment,
            creator: caller.account, view: view)
        let isNew = try context.store.createTable(table, orReplaceView: statement.orReplace)
        guard isNew || statement.ifNotExists else {
            throw QueryError(.tableExists, "Table '\(table.name)' already exists")
        }
        response.ok()
    }
}
