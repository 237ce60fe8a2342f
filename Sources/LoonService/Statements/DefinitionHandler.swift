import LoonCore
import MetaStore
import MySQLProtocol
import ObjectStore
import SQLFrontend
import Synchronization

/// CREATE and DROP, with the rules of locations: a table lies under its schema, schemas do not contain each other, and what is the daemon's
/// own is never a location.
struct DefinitionHandler {
    let session: Session
    let response: ResponseWriter
    private var context: ServiceContext { session.context }

    init(session: Session, response: ResponseWriter) {
        self.session = session
        self.response = response
    }

    // MARK: Schemas

    /// Names that mean something to clients or to the engine.
    private static let reservedSchemas: Set<String> = [
        "information_schema", "mysql", "performance_schema", "sys", "loon", "query_result", "main", "memory", "pg_catalog", "system", "temp",
    ]

    func create(_ statement: CreateSchema) throws {
        guard session.isAdministrator else { throw QueryError(.accessDenied, "Access denied; only an administrator creates schemas") }
        guard !Self.reservedSchemas.contains(statement.name.lowercased()) else {
            throw QueryError(.accessDenied, "The schema name '\(statement.name)' is reserved")
        }
        if let catalog = statement.properties["catalog"], catalog.lowercased() != "oss" {
            throw QueryError(.notSupported, "The catalog '\(catalog)' is not supported; 'oss' is")
        }
        guard let text = statement.properties["location"] else {
            throw QueryError(.location, "CREATE SCHEMA needs a location: WITH DBPROPERTIES (catalog = 'oss', location = 'oss://bucket/folder/')")
        }
        let location = try ObjectKey(text)
        guard text.hasSuffix("/"), location.isFolder else { throw QueryError(.location, "The location '\(text)' is a folder; end it with a slash") }
        try checkBucket(location)
        let mayOverlap = statement.properties["loon.overlap"]?.lowercased() == "true"
        let schema = SchemaDefinition(name: statement.name, location: location.description, creator: session.login.user)
        let isNew = try context.store.createSchema(schema) { others in
            for other in others where !mayOverlap {
                let place = try ObjectKey(other.location)
                guard !place.contains(location), !location.contains(place) else {
                    throw QueryError(
                        .location,
                        "The location '\(location)' and that of the schema '\(other.name)' contain each other; add 'loon.overlap' = 'true' if they are to"
                    )
                }
            }
        }
        guard isNew || statement.ifNotExists else {
            throw QueryError(.databaseExists, "Can't create database '\(statement.name)'; database exists")
        }
        response.ok(affectedRows: isNew ? 1 : 0)
    }

    func dropSchema(_ name: String, ifExists: Bool) throws {
        guard session.isAdministrator else { throw QueryError(.accessDenied, "Access denied; only an administrator drops schemas") }
        let existed = try context.store.dropSchema(name)
        guard existed || ifExists else { throw QueryError(.missingDatabase, "Can't drop database '\(name)'; database doesn't exist") }
        response.ok()
    }

    // MARK: Tables

    func create(_ statement: CreateTable) throws {
        guard let name = statement.name.schema ?? session.state.withLock(\.schema) else {
            throw QueryError(.noDatabaseSelected, "No database selected")
        }
        guard let schema = try context.store.schema(name) else { throw QueryError(.unknownDatabase, "Unknown database '\(name)'") }
        let location = try ObjectKey(statement.location)
        try checkBucket(location)
        guard try ObjectKey(schema.location).contains(location) else {
            throw QueryError(.location, "The location '\(location)' does not lie under that of the schema, '\(schema.location)'")
        }
        let table = ExternalTable(
            schema: schema.name, name: statement.name.table, columns: statement.columns, format: statement.format,
            location: location.description, comment: statement.comment, properties: statement.properties, creator: session.login.user)
        let isNew = try context.store.createTable(table)
        guard isNew || statement.ifNotExists else { throw QueryError(.tableExists, "Table '\(table.name)' already exists") }
        response.ok()
    }

    func dropTable(_ name: TableName, ifExists: Bool) throws {
        guard let schema = name.schema ?? session.state.withLock(\.schema) else {
            throw QueryError(.noDatabaseSelected, "No database selected")
        }
        let existed = try context.store.dropTable(schema: schema, name: name.table)
        guard existed || ifExists else { throw QueryError(.missingTable, "Unknown table '\(schema).\(name.table)'") }
        response.ok()
    }

    private func checkBucket(_ location: ObjectKey) throws {
        guard location.bucket != context.configuration.resultBucket else {
            throw QueryError(.location, "The bucket of the results cannot hold tables; copy the result elsewhere")
        }
        guard context.objects.bucketExists(location.bucket) else {
            throw QueryError(.location, "The bucket '\(location.bucket)' does not exist; make it with: loond oss mb oss://\(location.bucket)")
        }
    }
}
