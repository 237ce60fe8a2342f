package import LoonCore

/// The rights of one account, made of what it was granted. Whatever was not granted is denied, and what may not be used
/// is not told to exist.
package struct AccountRights: Sendable {
    package let account: String
    private let global: Privileges
    private let schemas: [CatalogName: Privileges]
    private let tables: [CatalogName: [CatalogName: Privileges]]

    package init(account: String, grants: [GrantLevel: Privileges]) {
        self.account = account
        var global: Privileges = []
        var schemas: [CatalogName: Privileges] = [:]
        var tables: [CatalogName: [CatalogName: Privileges]] = [:]
        for (level, privileges) in grants {
            switch level {
            case .everything: global.formUnion(privileges)
            case .schema(let schema): schemas[CatalogName(schema), default: []].formUnion(privileges)
            case .table(let schema, let name):
                tables[CatalogName(schema), default: [:]][CatalogName(name), default: []].formUnion(privileges)
            }
        }
        self.global = global
        self.schemas = schemas
        self.tables = tables
    }

    /// All privileges on everything, with the right to hand them on.
    package var isAdministrator: Bool { global.isSuperset(of: .administrator) }

    /// Privileges on every table of a schema, those that are yet to be made included.
    package func privileges(schema: String) -> Privileges { global.union(schemas[CatalogName(schema)] ?? []) }

    package func privileges(schema: String, table: String) -> Privileges {
        privileges(schema: schema).union(tables[CatalogName(schema)]?[CatalogName(table)] ?? [])
    }

    package func privileges(at level: GrantLevel) -> Privileges {
        switch level {
        case .everything: global
        case .schema(let schema): privileges(schema: schema)
        case .table(let schema, let name): privileges(schema: schema, table: name)
        }
    }

    /// Whether the account is told that there is such a schema.
    package func sees(schema: String) -> Bool {
        !privileges(schema: schema).isEmpty || tables[CatalogName(schema)]?.values.contains { !$0.isEmpty } == true
    }

    /// Whether the account is told that there is such a table.
    package func sees(schema: String, table: String) -> Bool { !privileges(schema: schema, table: table).isEmpty }

    /// Throws what MySQL says, in the same words whether there is such a table or not (error 1142).
    package func require(_ privilege: Privileges, schema: String, table: String) throws(QueryError) {
        guard !privileges(schema: schema, table: table).isSuperset(of: privilege) else { return }
        throw QueryError(
            .tableAccessDenied,
            "\(privilege.text) command denied to user '\(account)'@'%' for table '\(schema).\(table)'")
    }

    /// The same for a table that need only be seen.
    package func requireSight(schema: String, table: String) throws(QueryError) {
        guard !sees(schema: schema, table: table) else { return }
        try require(.show, schema: schema, table: table)
    }

    /// Throws where the account is not told of the schema, whether there is one or not (error 1044).
    package func requireSight(schema: String) throws(QueryError) {
        guard !sees(schema: schema) else { return }
        throw QueryError(.databaseAccessDenied, "Access denied for user '\(account)'@'%' to database '\(schema)'")
    }

    /// Throws where the account lacks a privilege on every table of a schema.
    package func require(_ privilege: Privileges, schema: String) throws(QueryError) {
        guard !privileges(schema: schema).isSuperset(of: privilege) else { return }
        throw QueryError(
            .databaseAccessDenied, "\(privilege.text) denied to user '\(account)'@'%' on database '\(schema)'")
    }
}
