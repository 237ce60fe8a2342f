/// A schema of the catalog: a name for a folder of the object store.
package struct SchemaDefinition: Sendable, Equatable, Codable {
    package let name: String
    /// `oss://bucket/folder/`, always with the trailing slash.
    package let location: String
    package let creator: String

    package init(name: String, location: String, creator: String) {
        self.name = name
        self.location = location
        self.creator = creator
    }
}

/// A table's column as DDL declares it.
package struct TableColumn: Sendable, Equatable, Codable {
    package let name: String
    package let type: HiveType
    package let comment: String?

    package init(name: String, type: HiveType, comment: String? = nil) {
        self.name = name
        self.type = type
        self.comment = comment
    }
}

/// A view: a query with a name.
package struct ViewDefinition: Sendable, Equatable, Codable {
    /// As it was written.
    package let statement: String
    /// The schema that its unqualified names mean.
    package let schema: String?
    /// How its quotes are read.
    package let sqlMode: String
    /// The names of the query's columns when the view was made: what the tables get later is not the view's.
    package let queryColumns: [String]
    package let dialect: SourceDialect

    package init(
        statement: String, schema: String?, sqlMode: String, queryColumns: [String], dialect: SourceDialect = .mysql
    ) {
        self.statement = statement
        self.schema = schema
        self.sqlMode = sqlMode
        self.queryColumns = queryColumns
        self.dialect = dialect
    }

    /// Views of an earlier version have no dialect.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        statement = try values.decode(String.self, forKey: .statement)
        schema = try values.decodeIfPresent(String.self, forKey: .schema)
        sqlMode = try values.decode(String.self, forKey: .sqlMode)
        queryColumns = try values.decode([String].self, forKey: .queryColumns)
        dialect = try values.decodeIfPresent(SourceDialect.self, forKey: .dialect) ?? .mysql
    }
}

/// A table of the catalog: files, or a view.
package struct ExternalTable: Sendable, Equatable, Codable {
    package var schema: String
    package var name: String
    package var columns: [TableColumn]
    /// The columns whose values are in the names of the folders, in the order of the folders.
    package var partitionColumns: [TableColumn]
    package var format: TableFormat
    /// `oss://bucket/key` of one file, or of a folder with a trailing slash. Empty for a view.
    package var location: String
    package var comment: String?
    /// TBLPROPERTIES as declared, keys in lower case.
    package var properties: [String: String]
    package let creator: String
    /// The creator's number (`AccountIdentity`): a view is run with the rights of the account that made it, and of none
    /// that has its name later.
    package let creatorNumber: Int64
    package var view: ViewDefinition?

    package init(
        schema: String, name: String, columns: [TableColumn], partitionColumns: [TableColumn] = [], format: TableFormat,
        location: String,
        comment: String? = nil, properties: [String: String] = [:], creator: AccountIdentity,
        view: ViewDefinition? = nil
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.partitionColumns = partitionColumns
        self.format = format
        self.location = location
        self.comment = comment
        self.properties = properties
        self.creator = creator.name
        creatorNumber = creator.number
        self.view = view
    }

    /// Values that an earlier version has stored lack the newer fields.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schema = try values.decode(String.self, forKey: .schema)
        name = try values.decode(String.self, forKey: .name)
        columns = try values.decode([TableColumn].self, forKey: .columns)
        partitionColumns = try values.decodeIfPresent([TableColumn].self, forKey: .partitionColumns) ?? []
        format = try values.decode(TableFormat.self, forKey: .format)
        location = try values.decode(String.self, forKey: .location)
        comment = try values.decodeIfPresent(String.self, forKey: .comment)
        properties = try values.decode([String: String].self, forKey: .properties)
        creator = try values.decode(String.self, forKey: .creator)
        creatorNumber = try values.decodeIfPresent(Int64.self, forKey: .creatorNumber) ?? 0
        view = try values.decodeIfPresent(ViewDefinition.self, forKey: .view)
    }

    package var owner: AccountIdentity { AccountIdentity(name: creator, number: creatorNumber) }

    /// The columns of SELECT *: the columns of the files, then those of the partitions.
    package var allColumns: [TableColumn] { columns + partitionColumns }

    /// Whether both are the table of one name, letter by letter.
    package func isSame(as other: ExternalTable) -> Bool {
        schema.utf8.elementsEqual(other.schema.utf8) && name.utf8.elementsEqual(other.name.utf8)
    }

    package var isPartitioned: Bool { !partitionColumns.isEmpty }
}
