package import AccessControl
package import LoonCore
import MetaStore
import ObjectStore
package import SQLFrontend

/// The table of a definition, with the rules of locations: a table lies under its schema, and what is the daemon's own
/// is never a location.
package struct TableDefinitions {
    let context: LakeContext
    /// The session's.
    let schema: String?
    let account: AccountIdentity

    package init(context: LakeContext, schema: String?, account: AccountIdentity) {
        self.context = context
        self.schema = schema
        self.account = account
    }

    package var rights: AccountRights { context.accounts.rights(of: account) }

    /// The schema that a table's name means.
    package func schema(of name: TableName) throws -> SchemaDefinition {
        guard let place = name.schema ?? schema else { throw QueryError(.noDatabaseSelected, "No database selected") }
        try rights.requireSight(schema: place)
        guard let schema = try context.store.schema(place) else {
            throw QueryError(.unknownDatabase, "Unknown database '\(place)'")
        }
        return schema
    }

    /// The table that exists under a name, for whoever has the privilege; a view only where `mayBeView`.
    package func existing(_ name: TableName, mayBeView: Bool = false, for privilege: Privileges) throws -> ExternalTable
    {
        let schema = try schema(of: name)
        try rights.require(privilege, schema: schema.name, table: name.table)
        guard let table = try context.store.table(schema: schema.name, name: name.table) else {
            throw QueryError(.unknownTable, "Table '\(schema.name).\(name.table)' doesn't exist")
        }
        guard mayBeView || table.view == nil else {
            throw QueryError(.wrongObject, "'\(table.schema).\(table.name)' is not BASE TABLE")
        }
        return table
    }

    /// A table as it is declared; for CREATE TABLE … AS with the query's columns, of which the last are the
    /// partitions'.
    package func table(_ statement: CreateTable, columns: [ResultColumn]? = nil, partitionedBy names: [String] = [])
        throws
        -> ExternalTable
    {
        let schema = try schema(of: statement.name)
        try rights.require(.create, schema: schema.name, table: statement.name.table)
        let location = try self.location(statement.location, of: statement.name.table, in: schema)
        var table = ExternalTable(
            schema: schema.name, name: statement.name.table, columns: statement.columns,
            partitionColumns: statement.partitionColumns,
            format: statement.format, location: location.description, comment: statement.comment,
            properties: statement.properties, creator: account)
        if let columns {
            let all = try Self.columns(columns)
            let last = all.suffix(names.count)
            guard names.count < all.count, last.map({ $0.name.lowercased() }) == names.map({ $0.lowercased() }) else {
                throw QueryError(
                    .columnCount, "The columns of PARTITIONED BY are the last columns of the query, in the same order")
            }
            for column in last where !PartitionValue.isAllowed(column.type) {
                throw QueryError(
                    .notSupported,
                    "The column '\(column.name)' cannot be a partition's: \(column.type.ddl) is no simple type")
            }
            table.columns = Array(all.dropLast(names.count))
            table.partitionColumns = Array(last)
        }
        if case .text(let layout) = table.format, let encoding = layout.encoding, !TextEncodings.knows(encoding) {
            throw QueryError(.notSupported, "The encoding '\(encoding)' is not known")
        }
        if let compression = table.properties["compression.type"],
            !["snappy", "gzip", "zstd", "none"].contains(compression.lowercased())
        {
            throw QueryError(
                .notSupported, "The compression.type '\(compression)' is not supported; snappy, gzip, zstd and none are"
            )
        }
        try Self.checkProjection(of: table)
        guard !table.isPartitioned || location.isFolder else {
            throw QueryError(.location, "The LOCATION of a partitioned table is a folder; end it with a slash")
        }
        return table
    }

    /// Throws where the table's properties project partitions, and do not say which.
    package static func checkProjection(of table: ExternalTable) throws(QueryError) {
        _ = try PartitionProjection(table)
    }

    /// Columns of a result as a table's.
    package static func columns(_ columns: [ResultColumn]) throws -> [TableColumn] {
        var names: Set<String> = []
        return try columns.map { column in
            guard !column.name.isEmpty, column.name.unicodeScalars.count <= Limits.identifierCharactersMax,
                !column.name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else {
                throw QueryError(
                    .syntax,
                    "The column '\(column.name.prefix(80))' needs a name of at most 64 characters; write AS name")
            }
            guard names.insert(column.name.lowercased()).inserted else {
                throw QueryError(.duplicateColumn, "Duplicate column name '\(column.name)'")
            }
            return TableColumn(name: column.name, type: HiveType(column.type))
        }
    }

    /// A place under the schema's; the folder of the table's name where none is given.
    package func location(_ text: String?, of name: String, in schema: SchemaDefinition) throws -> ObjectKey {
        // A place of one's own choice is the right of whoever may make tables of all of the schema's files.
        if text != nil { try rights.require(.create, schema: schema.name) }
        let place = try place(
            text.map { try ObjectKey($0) } ?? ObjectKey(schema.location).child(name.lowercased(), isFolder: true),
            in: schema)
        try checkOthers(place, of: name, in: schema)
        return place
    }

    /// A place that files of the schema's tables may have.
    package func place(_ place: ObjectKey, in schema: SchemaDefinition) throws -> ObjectKey {
        try checkBucket(place)
        guard !place.key.unicodeScalars.contains(where: { "*?[]{}".unicodeScalars.contains($0) }) else {
            throw QueryError(
                .location,
                "The location '\(place)' holds one of * ? [ ] { }, which the engine takes for a pattern; name another")
        }
        guard try ObjectKey(schema.location).contains(place) else {
            throw QueryError(
                .location, "The location '\(place)' does not lie under that of the schema, '\(schema.location)'")
        }
        return place
    }

    /// Files that are another table's, of whatever schema, are reached only by whoever may read and write that table:
    /// else a table of one's own would be a way around the grants on it.
    private func checkOthers(_ place: ObjectKey, of name: String, in schema: SchemaDefinition) throws {
        let rights = rights
        guard !rights.privileges(at: .everything).isSuperset(of: [.select, .insert]) else { return }
        for other in try context.store.schemas() {
            guard let root = try? ObjectKey(other.location), root.contains(place) || place.contains(root),
                !rights.privileges(schema: other.name).isSuperset(of: [.select, .insert])
            else { continue }
            let isOwn = CatalogName(other.name) == CatalogName(schema.name)
            for (table, location) in try context.store.locations(schema: other.name)
            where !isOwn || CatalogName(table) != CatalogName(name) {
                guard let used = try? ObjectKey(location), used.contains(place) || place.contains(used) || used == place
                else { continue }
                guard rights.privileges(schema: other.name, table: table).isSuperset(of: [.select, .insert]) else {
                    throw QueryError(
                        .databaseAccessDenied,
                        "Access denied for user '\(account.name)'@'%' to the location '\(place)': it holds "
                            + "files of a table that the account may not read and write"
                    )
                }
            }
        }
    }

    package func checkBucket(_ location: ObjectKey) throws {
        guard location.bucket != context.resultBucket else {
            throw QueryError(.location, "The bucket of the results cannot hold tables; copy the result elsewhere")
        }
        guard context.objects.bucketExists(location.bucket) else {
            throw QueryError(
                .location,
                "The bucket '\(location.bucket)' does not exist; make it with: loond oss mb oss://\(location.bucket)")
        }
    }
}

extension PartitionValue {
    package static func isAllowed(_ type: HiveType) -> Bool {
        switch type {
        case .binary, .array, .map, .structure: false
        default: true
        }
    }
}

extension HiveType {
    /// The type that holds every value of a result's column.
    init(_ type: ColumnType) {
        switch type {
        case .null, .text, .time, .interval: self = .string
        case .boolean: self = .boolean
        case .int8: self = .tinyint
        case .int16, .uint8: self = .smallint
        case .int32, .uint16: self = .int
        case .int64, .uint32: self = .bigint
        case .uint64: self = .decimal(precision: 20, scale: 0)
        case .float32: self = .float
        case .float64: self = .double
        case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
        case .binary: self = .binary
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .list(let element): self = .array(HiveType(element))
        case .structure(let fields): self = .structure(fields.map { Field(name: $0.name, type: HiveType($0.type)) })
        case .map(let key, let value): self = .map(key: HiveType(key), value: HiveType(value))
        }
    }
}
