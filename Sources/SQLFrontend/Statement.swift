package import LoonCore

/// A schema and a table by name; `schema` is `nil` where the session's is meant.
package struct TableName: Sendable, Equatable {
    package let schema: String?
    package let table: String
    package init(schema: String?, table: String) {
        self.schema = schema
        self.table = table
    }
}

/// What a statement asks for, with everything in it resolved that needs no catalog.
package enum Statement: Sendable, Equatable {
    /// Nothing, or nothing but comments: MySQL answers OK to these and an error to that.
    case empty(hasComment: Bool)
    /// SELECT, WITH, VALUES: for the engine.
    case query
    /// A SELECT of literals, variables and session functions alone, that needs no engine.
    case localSelect([SelectItem], limit: Int?)
    case use(String)
    case set([Assignment])
    case showDatabases(like: String?)
    case showTables(full: Bool, schema: String?, like: String?)
    case showColumns(TableName, full: Bool)
    case showCreateTable(TableName)
    case showCreateSchema(String)
    case showQueryTask(account: String?, RowSelection, full: Bool)
    case showWarnings
    case showVariables(like: String?)
    case createSchema(CreateSchema)
    case dropSchema(name: String, ifExists: Bool)
    case createTable(CreateTable)
    case dropTable(TableName, ifExists: Bool)
    /// Accepted without effect, because there is nothing that it could change: BEGIN, COMMIT, ROLLBACK …
    case accepted
    /// Known, and not supported.
    case unsupported(kind: String)

    /// The kind as an error or the column `task_name` has it.
    package var kind: String {
        switch self {
        case .empty: "empty statement"
        case .query, .localSelect: "SELECT"
        case .use: "USE"
        case .set: "SET"
        case .showDatabases, .showTables, .showColumns, .showCreateTable, .showCreateSchema, .showQueryTask, .showWarnings, .showVariables:
            "SHOW"
        case .createSchema: "CREATE SCHEMA"
        case .dropSchema: "DROP SCHEMA"
        case .createTable: "CREATE TABLE"
        case .dropTable: "DROP TABLE"
        case .accepted: "transaction statement"
        case .unsupported(let kind): kind
        }
    }
}

/// An item of a SELECT that needs no engine.
package struct SelectItem: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case literal(SQLValue)
        /// A system variable, lower case, without its scope.
        case variable(String)
        /// A session function, lower case, without its parentheses.
        case function(String)
    }
    /// The name of the result's column.
    package let name: String
    package let source: Source
}

/// One piece of SET.
package struct Assignment: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        /// Lower case. `isGlobal` where GLOBAL or PERSIST was said.
        case variable(String, isGlobal: Bool)
        case userVariable(String)
        case names
    }
    package let target: Target
    /// `nil` for DEFAULT.
    package let value: String?
}

package struct CreateSchema: Sendable, Equatable {
    package let name: String
    package let ifNotExists: Bool
    /// DBPROPERTIES, keys in lower case.
    package let properties: [String: String]
}

package struct CreateTable: Sendable, Equatable {
    package let name: TableName
    package let ifNotExists: Bool
    package let columns: [TableColumn]
    package let format: TableFormat
    package let location: String
    package let comment: String?
    package let properties: [String: String]
}
