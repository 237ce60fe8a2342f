import Foundation
import GRDB
package import LoonCore

/// `show query_task`: the rows that a user sees, chosen and ordered by SQLite itself.
extension MetaStore {
    /// The columns of `show query_task` in their order, then those that `show full query_task` adds.
    package static let taskColumns: [ResultColumn] = columns.prefix(27).map(\.column)
    package static let fullTaskColumns: [ResultColumn] = columns.map(\.column)

    private struct Column {
        let column: ResultColumn
        /// SQL over the table `task`. `:zone` is the service's offset in seconds.
        let expression: String

        init(_ name: String, _ type: ColumnType, _ expression: String? = nil) {
            column = ResultColumn(name: name, type: type)
            self.expression = expression ?? name
        }
    }

    private static let columns: [Column] = [
        Column("id", .text), Column("mpp_query_id", .text, "engine_query_id"), Column("status", .text), Column("task_name", .text, "kind"),
        Column("table_schema", .text), Column("command", .text), Column("creator_id", .text, "account"),
        Column("create_time", .text, "strftime('%Y-%m-%d %H:%M:%S', created / 1000 + :zone, 'unixepoch')"),
        Column("update_time", .text, "strftime('%Y-%m-%d %H:%M:%S', updated / 1000 + :zone, 'unixepoch')"),
        Column("connection_id", .int64), Column("message", .text), Column("row_count", .int64), Column("elapse_time", .int64),
        Column("scanned_row_count", .int64), Column("scanned_data_bytes", .int64), Column("result_file_oss_file", .text, "result_file"),
        Column("cancellable_task", .int64, "status IN ('QUEUED', 'RUNNING')"),
        Column("mq_product", .text, "target ->> '$.product'"), Column("mq_model", .text, "target ->> '$.model'"),
        Column("mq_topic", .text, "target ->> '$.topic'"), Column("mq_queue", .text, "target ->> '$.queue'"),
        Column("mq_producer_id", .text, "target ->> '$.producerID'"), Column("mq_endpoint", .text, "target ->> '$.endpoint'"),
        Column("mq_status", .text), Column("mq_error_msg", .text), Column("mq_message_id", .text), Column("mq_total_time", .int64),
        // What `full` adds, as far as it is measured.
        Column("queue_time", .int64, "started - created"), Column("attempts", .int64), Column("result_bytes", .int64),
        Column("mq_attempts", .int64), Column("malformed_count", .int64),
    ]

    /// What SELECT lists.
    private static let shortList = columns.prefix(27).map(\.expression).joined(separator: ", ")
    private static let fullList = columns.map(\.expression).joined(separator: ", ")
    private static let expressions = Dictionary(uniqueKeysWithValues: columns.map { ($0.column.name, $0.expression) })

    /// The row of the one task that `selection` names by its id, if it is at hand: never blocks. `nil` says nothing about the task.
    package func recentTaskRow(_ selection: RowSelection, account: String?, full: Bool) -> [SQLValue]? {
        guard let id = selection.onlyID, let entry = recentTaskRows[id], account == nil || entry.account == account else { return nil }
        return full ? entry.values : Array(entry.values.prefix(27))
    }

    /// The rows that `selection` chooses among the tasks of `account`, or among all where it is `nil`. An unknown column is an error.
    package func taskRows(
        _ selection: RowSelection, account: String?, full: Bool, offsetMinutes: Int
    ) throws(QueryError) -> [[SQLValue]] {
        let id = selection.onlyID
        // A row that may be kept is read with all its columns.
        let count = full || id != nil ? Self.columns.count : 27
        let commits = recentTaskRows.commits
        var compiler = PredicateCompiler { Self.expressions[$0] }
        var sql = "SELECT \(count > 27 ? Self.fullList : Self.shortList), n, account FROM task WHERE "
        sql += try compiler.compile(selection.predicate)
        if let account {
            sql += " AND account = ?"
            compiler.arguments.append(.text(account))
        }
        var order: [String] = []
        for item in selection.order { order.append(try compiler.column(item.column) + (item.descending ? " DESC" : " ASC")) }
        sql += " ORDER BY " + (order + ["n"]).joined(separator: ", ")
        sql += " LIMIT \(min(selection.limit ?? Limits.taskRowsMax, Limits.taskRowsMax)) OFFSET \(selection.offset)"
        var arguments = StatementArguments(compiler.arguments.map(Self.databaseValue))
        arguments += ["zone": offsetMinutes * 60]
        let rows = try read { database in
            var rows: [[SQLValue]] = []
            var bytes = 0
            let cursor = try Row.fetchCursor(try database.cachedStatement(sql: sql), arguments: arguments)
            while let row = try cursor.next() {
                rows.append((0..<count).map { Self.value(row, $0) })
                if let id {
                    let entry = RecentTaskRows.Entry(number: row[count], account: row[count + 1], values: rows[0])
                    recentTaskRows.keep(entry, id: id, since: commits)
                }
                for case .text(let text) in rows[rows.count - 1] { bytes += text.utf8.count }
                guard bytes <= Limits.answerBytesMax || rows.count == 1 else {
                    throw QueryError(
                        .resultTooLarge, "The answer has more than \(Limits.answerBytesMax) bytes; ask for fewer rows with WHERE or LIMIT")
                }
            }
            return rows
        }
        return full || count == 27 ? rows : rows.map { Array($0.prefix(27)) }
    }

    private static func databaseValue(_ value: SQLValue) -> (any DatabaseValueConvertible)? {
        switch value {
        case .null: nil
        case .integer(let number): number
        case .unsigned(let number): Int64(clamping: number)
        case .real(let number): number
        case .text(let text): text
        }
    }

    private static func value(_ row: Row, _ index: Int) -> SQLValue {
        switch (row[index] as DatabaseValue).storage {
        case .null, .blob: .null
        case .int64(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        }
    }
}

extension RowSelection {
    /// The id that the selection names, if that is all it does.
    fileprivate var onlyID: String? {
        guard case .compare("id", .equal, .text(let id)) = predicate, limit == nil, offset == 0, id.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return id
    }
}

/// Turns a condition into SQL with bound values; names become SQL only through `columnSQL`.
struct PredicateCompiler {
    let columnSQL: (String) -> String?
    var arguments: [SQLValue] = []

    init(columnSQL: @escaping (String) -> String?) { self.columnSQL = columnSQL }

    func column(_ name: String) throws(QueryError) -> String {
        guard let sql = columnSQL(name) else { throw QueryError(.unknownColumn, "Unknown column '\(name)' in 'query_task'") }
        return sql
    }

    mutating func compile(_ predicate: RowPredicate?) throws(QueryError) -> String {
        guard let predicate else { return "TRUE" }
        switch predicate {
        case .compare(let name, let comparison, let value): return "(\(try column(name)) \(comparison.rawValue) \(bind(value)))"
        case .isIn(let name, let values):
            let list = values.map { bind($0) }.joined(separator: ", ")
            return "(\(try column(name)) IN (\(list)))"
        case .between(let name, let low, let high): return "(\(try column(name)) BETWEEN \(bind(low)) AND \(bind(high)))"
        case .like(let name, let pattern): return "(\(try column(name)) LIKE \(bind(.text(pattern))) ESCAPE '\\')"
        case .isNull(let name): return "(\(try column(name)) IS NULL)"
        case .not(let inner): return "(NOT \(try compile(inner)))"
        case .all(let parts): return try compile(parts, " AND ")
        case .any(let parts): return try compile(parts, " OR ")
        }
    }

    private mutating func compile(_ parts: [RowPredicate], _ word: String) throws(QueryError) -> String {
        var compiled: [String] = []
        for part in parts { compiled.append(try compile(part)) }
        return "(" + compiled.joined(separator: word) + ")"
    }

    private mutating func bind(_ value: SQLValue) -> String {
        arguments.append(value)
        return "?"
    }
}
