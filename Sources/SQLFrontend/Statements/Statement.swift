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

/// A statement, with everything in it resolved that needs no catalog.
package enum Statement: Sendable, Equatable {
    /// Nothing, or nothing but comments: MySQL answers OK to these and an error to that.
    case empty(hasComment: Bool)
    /// SELECT, WITH, VALUES: for the engine, unless it can be answered without.
    case query(LocalSelect?)
    /// EXPLAIN of a query.
    case explain(isAnalyze: Bool)
    case use(String)
    case set([Assignment])
    case show(Show, filter: ShowFilter)
    case showQueryTask(account: String?, RowSelection, full: Bool)
    /// SHOW TASKS, for people: the newest first.
    case showTasks(account: String?, RowSelection)
    /// CANCEL QUERY_TASK of one id, or of all that a WHERE chooses.
    case cancelQueryTask(id: String)
    case cancelQueryTasks(RowPredicate)
    /// WAIT QUERY_TASK, and `SELECT * FROM loon.wait(…)`, which fails where the task did.
    case waitQueryTask(id: String, seconds: Int?, isStrict: Bool)
    /// `RESEND QUERY_TASK MESSAGE 'id'`
    case resendMessage(id: String)
    case kill(connection: Expression, isQueryOnly: Bool)
    case createSchema(CreateSchema)
    case dropSchema(name: String, ifExists: Bool, isCascade: Bool)
    case createTable(CreateTable)
    case createTableLike(
        TableName, source: TableName, ifNotExists: Bool, location: String?, properties: [String: String])
    /// With columns that are to be inferred from the files at `source`.
    case createTableLikeMapping(CreateTable, source: String)
    /// With the rows and the columns of the query inside; the last of them are the partitions'.
    case createTableAs(CreateTable, partitionedBy: [String])
    case createView(CreateView)
    case dropView(TableName, ifExists: Bool)
    case dropTable(TableName, ifExists: Bool)
    case alterTable(TableName, TableChange)
    /// MSCK REPAIR TABLE: registers the folders that have no partition, and forgets partitions without a folder.
    case repairTable(TableName, adds: Bool, drops: Bool)
    case repairSchema(String)
    case insert(Insert)
    /// Accounts and what they may do.
    case account(AccountStatement)
    /// Evaluated for nothing: DO.
    case evaluate([Expression])
    case transaction(TransactionStatement)
    /// Accepted without effect, because there is nothing that it could change: SAVEPOINT, LOCK, FLUSH …
    case accepted
    /// Known, and not supported.
    case unsupported(kind: String)

    /// The kind as an error or the column `task_name` has it.
    package var kind: String {
        switch self {
        case .empty: "empty statement"
        case .query: "SELECT"
        case .explain: "EXPLAIN"
        case .use: "USE"
        case .set: "SET"
        case .show, .showQueryTask, .showTasks: "SHOW"
        case .kill: "KILL"
        case .cancelQueryTask, .cancelQueryTasks: "CANCEL"
        case .waitQueryTask: "WAIT"
        case .resendMessage: "RESEND"
        case .createSchema: "CREATE SCHEMA"
        case .dropSchema: "DROP SCHEMA"
        case .createTable: "CREATE TABLE"
        case .createTableLike, .createTableLikeMapping: "CREATE TABLE LIKE"
        case .createTableAs: TaskKind.createTableAs.rawValue
        case .createView: "CREATE VIEW"
        case .dropView: "DROP VIEW"
        case .dropTable: "DROP TABLE"
        case .alterTable: "ALTER TABLE"
        case .repairTable, .repairSchema: "MSCK"
        case .insert(let insert): (insert.isOverwrite ? TaskKind.insertOverwrite : .insert).rawValue
        case .account(let statement): statement.kind
        case .evaluate: "DO"
        case .transaction(let statement): statement.kind
        case .accepted: "transaction statement"
        case .unsupported(let kind): kind
        }
    }
}

extension Statement {
    /// The kind of task that the statement can become; `nil` where it cannot run asynchronously.
    package var taskKind: TaskKind? {
        switch self {
        case .query: .select
        case .explain(isAnalyze: true): .explain
        case .insert(let insert): insert.isOverwrite ? .insertOverwrite : .insert
        case .createTableAs: .createTableAs
        default: nil
        }
    }
}

/// The subjects of SHOW (https://dev.mysql.com/doc/refman/8.0/en/show.html).
package enum Show: Sendable, Equatable {
    case databases
    /// SHOW SCHEMAS … EXTRA
    case schemasExtra
    case partitions(TableName)
    /// DESCRIBE FORMATTED
    case tableDescription(TableName)
    case tables(schema: String?, full: Bool)
    /// `isHive`: with the types of the table's DDL, as DESCRIBE shows them.
    case columns(TableName, full: Bool, isHive: Bool)
    case index(TableName)
    case tableStatus(schema: String?)
    case openTables(schema: String?)
    case createTable(TableName)
    case createSchema(String)
    case triggers(schema: String?)
    case events(schema: String?)
    /// PROCEDURE or FUNCTION.
    case routineStatus
    case variables(isGlobal: Bool)
    case status(isGlobal: Bool)
    case warnings(count: Bool)
    case errors(count: Bool)
    case engines, characterSets, collations, plugins, privileges
    case grants(account: String?)
    case processList(full: Bool)
    case replicaStatus, binaryLogStatus, binaryLogs, replicas, profiles
    case help(String)
    /// SHOW RAM ROLES
    case ramRoles
}

/// LIKE or WHERE of SHOW.
package enum ShowFilter: Sendable, Equatable {
    case none
    case like(String)
    case matching(Expression)
}

/// One piece of SET.
package struct Assignment: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        /// Lower case. `isGlobal` where GLOBAL or PERSIST was said.
        case variable(String, isGlobal: Bool)
        /// Lower case, with its `@`.
        case userVariable(String)
        /// SET NAMES, with its COLLATE.
        case names(collation: String?)
        case characterSet
    }
    package let target: Target
    /// `nil` for DEFAULT.
    package let value: Expression?
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
    package var columns: [TableColumn]
    package var partitionColumns: [TableColumn]
    package var format: TableFormat
    /// `nil` for the folder of the table's name below its schema's.
    package var location: String?
    package let comment: String?
    package let properties: [String: String]
    /// Properties of the table and of its SerDe that change nothing, each with what to say of it.
    package var unknownProperties: [String] = []
    /// Whether ROW FORMAT or STORED AS said what `format` is.
    package var isFormatGiven = true
}

package struct ViewColumn: Sendable, Equatable {
    package let name: String
    package let comment: String?
}

package struct CreateView: Sendable, Equatable {
    package let name: TableName
    package let orReplace: Bool
    package let ifNotExists: Bool
    /// Empty where the query names them.
    package let columns: [ViewColumn]
    package let comment: String?
}

/// One piece of a partition's specification.
package struct PartitionTerm: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        /// `nil` is NULL.
        case fixed(String?)
        /// The rows say.
        case dynamic
    }
    package let column: String
    package let value: Value
}

package struct PartitionClause: Sendable, Equatable {
    package let terms: [PartitionTerm]
    package let location: String?
}

/// The changes of ALTER TABLE.
package enum TableChange: Sendable, Equatable {
    case addColumns([TableColumn])
    case replaceColumns([TableColumn])
    case changeColumn(String, to: TableColumn)
    case rename(to: TableName)
    case setProperties([String: String])
    case unsetProperties([String])
    case setLocation(String)
    case addPartitions([PartitionClause], ifNotExists: Bool)
    case dropPartitions([[PartitionTerm]], ifExists: Bool)
}

package struct Insert: Sendable, Equatable {
    package let table: TableName
    package let isOverwrite: Bool
    /// Empty where no PARTITION is named.
    package var partition: [PartitionTerm] = []
    /// OVERWRITE only what is not there yet.
    package var ifNotExists = false
    /// The columns that the query's columns are for; `nil` for all in their order.
    package var columns: [String]?

    package init(table: TableName, isOverwrite: Bool) {
        self.table = table
        self.isOverwrite = isOverwrite
    }
}
