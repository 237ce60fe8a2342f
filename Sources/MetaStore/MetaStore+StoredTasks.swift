import Foundation
import GRDB
import LoonCore

/// Tasks as rows of the table `task`.
extension MetaStore {
    /// The columns that a task is read from, by their names in the file.
    private enum TaskField: String, CaseIterable {
        case id, status, kind, command, dialect, now, account, hints, target, cluster, engine, priority, created,
            updated
        case started, message, attempts
        case tableSchema = "table_schema"
        case sessionSchema = "session_schema"
        case engineText = "engine_text"
        case sessionValues = "session_values"
        case sqlMode = "sql_mode"
        case timeZone = "time_zone"
        case accountNumber = "account_number"
        case connectionID = "connection_id"
        case engineQueryID = "engine_query_id"
        case rowCount = "row_count"
        case scannedRowCount = "scanned_row_count"
        case scannedBytes = "scanned_data_bytes"
        case elapsed = "elapse_time"
        case resultBytes = "result_bytes"
        case malformedCount = "malformed_count"
        case peakMemoryBytes = "peak_memory_bytes"
        case resultFile = "result_file"
        case reusedFrom = "reused_from"
        case messageState = "mq_status"
        case messageError = "mq_error_msg"
        case messageID = "mq_message_id"
        case messageTime = "mq_total_time"
        case messageAttempts = "mq_attempts"
        case messageSequence = "mq_sequence"
        case clientToken = "client_token"
        case label

        /// A task has the last two in its hints; the columns are for others to find it by.
        private static let read = allCases.filter { $0 != .clientToken && $0 != .label }
        static let list = read.map(\.rawValue).joined(separator: ", ")
        /// Rows are read by place: GRDB looks a name up among all names of the row, each time.
        static let places = Dictionary(uniqueKeysWithValues: read.enumerated().map { ($1, $0) })
    }

    /// A row whose columns are those of `TaskField`, in their order.
    private struct TaskRow {
        let row: Row

        subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(field: TaskField) -> Value {
            row[TaskField.places[field] ?? 0]
        }
    }

    /// The columns that a new task has values for.
    private static let written: [TaskField] = [
        .id, .status, .kind, .command, .dialect, .tableSchema, .sessionSchema, .engineText, .sessionValues, .sqlMode,
        .timeZone, .now, .account, .accountNumber, .connectionID, .hints, .target, .created, .updated, .cluster,
        .engine, .priority, .clientToken, .label,
    ]
    private static let insertion =
        "INSERT INTO task (\(written.map(\.rawValue).joined(separator: ", "))) "
        + "VALUES (\(written.map { _ in "?" }.joined(separator: ", ")))"

    static func insert(_ task: TaskRecord, _ database: Database) throws {
        let values = try written.map { try value(of: $0, task) }
        try database.cachedStatement(sql: insertion).execute(arguments: StatementArguments(values))
    }

    private static func value(of field: TaskField, _ task: TaskRecord) throws -> (any DatabaseValueConvertible)? {
        let submission = task.submission
        return switch field {
        case .id: task.id.description
        case .status: task.state.rawValue
        case .kind: submission.kind.rawValue
        case .command: submission.command
        case .dialect: submission.dialect.rawValue
        case .tableSchema: submission.schema
        case .sessionSchema: submission.sessionSchema
        case .engineText: if case .stored(let text) = submission.source { text } else { "" }
        case .sessionValues:
            if case .asked(let values) = submission.source { try text(of: values) } else { nil as String? }
        case .sqlMode: submission.sqlMode
        case .timeZone: submission.timeZoneOffsetMinutes
        case .now: submission.now
        case .account: submission.account
        case .accountNumber: submission.owner.number
        case .connectionID: submission.connectionID
        case .hints: json(submission.hints)
        case .target: try submission.notification.map(json)
        case .created: task.created
        case .updated: task.updated
        case .cluster: submission.placement.cluster
        case .engine: submission.placement.engine
        case .priority: submission.placement.priority
        case .clientToken: submission.clientToken
        case .label: submission.label
        default: nil as String?
        }
    }

    /// Most statements ask their session for nothing, and JSONEncoder takes a while to say so.
    private static func text(of values: SessionValues) throws -> String {
        guard values.values.isEmpty else { return try json(values) }
        return "{\"systemTimeZoneOffsetMinutes\":\(values.systemTimeZoneOffsetMinutes),\"values\":{}}"
    }

    static func task(number: Int64, _ database: Database) throws -> TaskRecord? {
        let statement = try database.cachedStatement(sql: "SELECT \(TaskField.list) FROM task WHERE n = ?")
        guard let row = try Row.fetchOne(statement, arguments: [number]).map(TaskRow.init) else { return nil }
        guard let id = TaskID(row[.id]) else { throw QueryError(.storage, "A task's id is damaged") }
        var task = TaskRecord(id: id, submission: try submission(row), created: row[.created])
        task.state = TaskState(rawValue: row[.status]) ?? .failure
        task.updated = row[.updated]
        task.started = row[.started]
        task.engineQueryID = row[.engineQueryID]
        task.message = row[.message]
        task.measures = TaskMeasures(
            rowCount: row[.rowCount], scannedRowCount: row[.scannedRowCount], scannedBytes: row[.scannedBytes],
            elapsedMilliseconds: row[.elapsed], resultBytes: row[.resultBytes],
            malformedCount: row[.malformedCount], peakMemoryBytes: row[.peakMemoryBytes])
        task.resultFile = row[.resultFile]
        task.reusedFrom = row[.reusedFrom]
        task.attempts = row[.attempts]
        task.messageState = (row[.messageState] as String?).flatMap(MessageState.init)
        task.messageError = row[.messageError]
        task.messageID = row[.messageID]
        task.messageMilliseconds = row[.messageTime]
        task.messageAttempts = row[.messageAttempts]
        task.messageSequence = row[.messageSequence]
        return task
    }

    private static func submission(_ row: TaskRow) throws -> Submission {
        let target: String? = row[.target]
        let values: String? = row[.sessionValues]
        return Submission(
            kind: TaskKind(rawValue: row[.kind]) ?? .select, command: row[.command],
            dialect: SourceDialect(rawValue: row[.dialect]) ?? .mysql, schema: row[.tableSchema],
            sessionSchema: row[.sessionSchema],
            source: try values.map { .asked(try sessionValues.value($0)) } ?? .stored(row[.engineText]),
            sqlMode: row[.sqlMode], timeZoneOffsetMinutes: row[.timeZone], now: row[.now],
            owner: AccountIdentity(name: row[.account], number: row[.accountNumber]),
            connectionID: row[.connectionID], hints: (try? self.hints.value(row[.hints])) ?? [:],
            // A target that this version cannot read stops no other task.
            notification: target.map { (try? targets.value($0)) ?? .unreadable },
            placement: .init(cluster: row[.cluster], engine: row[.engine], priority: row[.priority]))
    }
}
