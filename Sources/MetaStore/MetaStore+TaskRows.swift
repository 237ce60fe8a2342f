import Foundation
import GRDB
package import LoonCore

/// `show query_task`: the rows that a user sees, chosen and ordered by SQLite itself.
extension MetaStore {
    /// The columns of `show query_task` in their order.
    package var taskColumns: [ResultColumn] { Array(display.names.prefix(TaskColumns.shortCount)) }
    /// The columns of `show query_task` and those that `show full query_task` adds.
    package var fullTaskColumns: [ResultColumn] { display.names }

    /// Which of them tell of a task that runs: the file does not know them.
    package var runningColumns: (progress: Int, memory: Int, process: Int) {
        func index(_ name: String) -> Int { display.index(of: name) ?? 0 }
        return (index(TaskColumns.progress), index(TaskColumns.memory), index(TaskColumns.process))
    }

    /// The row of the one task that `selection` names by its id, if it is at hand: never blocks. `nil` says nothing
    /// about the task.
    package func recentTaskRow(_ selection: RowSelection, in scope: TaskScope, full: Bool) -> [SQLValue]? {
        guard let id = selection.onlyID, let entry = recentTaskRows[id], scope.contains(entry.owner) else { return nil }
        let count = full ? display.names.count : TaskColumns.shortCount
        return entry.values.count == count
            ? entry.values : entry.values.count > count ? Array(entry.values.prefix(count)) : nil
    }

    /// Looks the one task up that `selection` names by its id: `completion` gets its row, or `nil` where there is none
    /// to see. False where the selection is another, or too many wait.
    package func lookUp(
        _ selection: RowSelection, in scope: TaskScope, full: Bool,
        completion: @escaping @Sendable (Result<[SQLValue]?, QueryError>) -> Void
    ) -> Bool {
        guard let id = selection.onlyID else { return false }
        return lookUps.add(.init(id: id, scope: scope, full: full, completion: completion))
    }

    /// Rows of `show query_task`.
    package struct TaskRows: Sendable {
        package fileprivate(set) var rows: [[SQLValue]] = []
        /// There are more, which the answer has no room for.
        package fileprivate(set) var isCut = false
    }

    /// The rows that `selection` chooses among the tasks in `scope`. An unknown column is an error. `progress` is that
    /// of the tasks that run, from 0 to 100.
    package func taskRows(
        _ selection: RowSelection, in scope: TaskScope, full: Bool, progress: [TaskID: Int] = [:]
    ) throws(QueryError) -> TaskRows {
        var answer = TaskRows()
        var bytes = 0
        var bounded = selection
        let mayBeCut = (selection.limit ?? .max) > Limits.taskRowsMax
        if mayBeCut { bounded.limit = Limits.taskRowsMax + 1 }
        try forEachTask(bounded, in: scope, full: full, progress: progress) { row throws(QueryError) in
            guard answer.rows.count < Limits.taskRowsMax else { return answer.isCut = true }
            answer.rows.append(row)
            for case .text(let text) in row { bytes += text.utf8.count }
            guard bytes <= Limits.answerBytesMax || answer.rows.count == 1 else {
                throw QueryError(
                    .resultTooLarge,
                    "The answer has more than \(Limits.answerBytesMax) bytes; ask for fewer rows with WHERE or LIMIT")
            }
        }
        return answer
    }

    /// Hands over the rows one by one: as many as there are, if the selection has no limit. Without a condition they
    /// are read in pages, so that a slow reader does not keep the file from being cleaned up.
    package func forEachTask(
        _ selection: RowSelection, in scope: TaskScope, full: Bool, progress: [TaskID: Int] = [:],
        _ body: ([SQLValue]) throws -> Void
    ) throws(QueryError) {
        guard selection == RowSelection() else {
            return try forEach(selection, in: scope, full: full, after: nil, progress, body)
        }
        var last: (created: Int64, number: Int64)? = (.min, 0)
        while let after = last {
            last = nil
            var page = selection
            page.limit = Limits.taskPageRows
            try forEach(page, in: scope, full: full, after: after, progress, body) { last = ($0, $1) }
        }
    }

    private func forEach(
        _ selection: RowSelection, in scope: TaskScope, full: Bool, after: (created: Int64, number: Int64)?,
        _ progress: [TaskID: Int],
        _ body: ([SQLValue]) throws -> Void, _ passed: (Int64, Int64) -> Void = { _, _ in }
    ) throws(QueryError) {
        let count = full ? display.names.count : TaskColumns.shortCount
        var compiler = TaskColumns.Compiler(display, progress: progress)
        var sql = "SELECT \(full ? display.fullList : display.shortList), n, created FROM task WHERE "
        sql += try compiler.compile(selection.predicate)
        let (owners, ownerArguments) = Self.condition(scope)
        sql += owners
        var arguments = compiler.arguments + ownerArguments
        if let after {
            sql += " AND (created, n) > (?, ?)"
            arguments += [.integer(after.created), .integer(after.number)]
        }
        sql +=
            " ORDER BY "
            + (after == nil
                ? try display.order(selection.order, ofOneAccount: scope != .everybody, progress) : "created, n")
        if selection.limit != nil || selection.offset > 0 {
            sql += " LIMIT \(selection.limit ?? -1) OFFSET \(selection.offset)"
        }
        let (query, values) = (sql, StatementArguments(arguments.map(Self.databaseValue)))
        var rows: [[SQLValue]] = []
        try read { database in
            let cursor = try Row.fetchCursor(try database.cachedStatement(sql: query), arguments: values)
            while let row = try cursor.next() {
                let cells = (0..<count).map { Self.value(row, $0) }
                if after == nil { try body(cells) } else { rows.append(cells) }
                passed(row[count + 1], row[count])
            }
        }
        do { for row in rows { try body(row) } } catch { throw Self.failure(error) }
    }

    static func databaseValue(_ value: SQLValue) -> (any DatabaseValueConvertible)? {
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
        guard case .compare("id", .equal, .text(let id)) = predicate, limit == nil, offset == 0,
            id.utf8.allSatisfy({ $0 < 0x80 })
        else { return nil }
        return id
    }
}
