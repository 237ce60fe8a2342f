/// A statement as it was accepted: all that is needed to run it again alone.
package struct Submission: Sendable, Equatable {
    package let kind: TaskKind
    /// The statement as received, hint included, with the values of its parameters in their places.
    package let command: String
    /// The dialect that the command is written in.
    package let dialect: SourceDialect
    /// The column `table_schema`: the session's schema, else the first table's, else ''.
    package let schema: String
    /// The schema that unqualified names mean; `nil` where there is none.
    package let sessionSchema: String?
    package let source: TextSource
    package let sqlMode: String
    /// Minutes east of UTC that `now()` is shown in.
    package let timeZoneOffsetMinutes: Int
    /// The value of `now()`, in milliseconds since 1970.
    package let now: Int64
    package let owner: AccountIdentity
    package let connectionID: Int64
    /// Every hint in effect, those of the session included.
    package let hints: [String: String]
    package let notification: NotificationTarget?
    package let placement: Placement

    /// The origin of the text that the engine gets.
    package enum TextSource: Sendable, Equatable {
        /// The command, with the values that it asked of its session.
        case asked(SessionValues)
        /// The engine's text itself, as an earlier version has stored it.
        case stored(String)
    }

    /// Where a task waits and runs.
    package struct Placement: Sendable, Equatable {
        /// The pool, by its name in the configuration.
        package let cluster: String
        /// The kind of engine that the pool has.
        package let engine: String
        /// 0 to 9; higher ones run first.
        package let priority: Int

        package init(cluster: String = "public", engine: String = "duckdb", priority: Int = Limits.taskPriorityDefault)
        {
            self.cluster = cluster
            self.engine = engine
            self.priority = priority
        }
    }

    package init(
        kind: TaskKind, command: String, dialect: SourceDialect = .mysql, schema: String, sessionSchema: String?,
        source: TextSource, sqlMode: String, timeZoneOffsetMinutes: Int, now: Int64,
        owner: AccountIdentity, connectionID: Int64, hints: [String: String],
        notification: NotificationTarget?, placement: Placement = Placement()
    ) {
        self.kind = kind
        self.command = command
        self.dialect = dialect
        self.schema = schema
        self.sessionSchema = sessionSchema
        self.source = source
        self.sqlMode = sqlMode
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.now = now
        self.owner = owner
        self.connectionID = connectionID
        self.hints = hints
        self.notification = notification
        self.placement = placement
    }

    package var account: String { owner.name }
    /// The account's own name for the task, unique while the task is kept.
    package var clientToken: String? { hints["client_token"] }
    /// The label that the account files the task under.
    package var label: String? { hints["label"] }
}

/// Measures of a task's run.
package struct TaskMeasures: Sendable, Equatable {
    package var rowCount: Int64?
    package var scannedRowCount: Int64?
    package var scannedBytes: Int64?
    package var elapsedMilliseconds: Int64?
    package var resultBytes: Int64?
    /// Fields of text and JSON that were not of their column's type.
    package var malformedCount: Int64?
    /// The most that the engine's buffers held while the task ran; what ran beside it counts.
    package var peakMemoryBytes: Int64?

    package init(
        rowCount: Int64? = nil, scannedRowCount: Int64? = nil, scannedBytes: Int64? = nil,
        elapsedMilliseconds: Int64? = nil,
        resultBytes: Int64? = nil, malformedCount: Int64? = nil, peakMemoryBytes: Int64? = nil
    ) {
        self.rowCount = rowCount
        self.scannedRowCount = scannedRowCount
        self.scannedBytes = scannedBytes
        self.elapsedMilliseconds = elapsedMilliseconds
        self.resultBytes = resultBytes
        self.malformedCount = malformedCount
        self.peakMemoryBytes = peakMemoryBytes
    }
}

/// A task as it is stored.
package struct TaskRecord: Sendable {
    package let id: TaskID
    package var state: TaskState
    package let submission: Submission
    /// Milliseconds since 1970.
    package let created: Int64
    package var updated: Int64
    package var started: Int64?
    /// `mpp_query_id`, `nil` until the task has run.
    package var engineQueryID: String?
    /// '' unless the task failed.
    package var message: String
    package var measures: TaskMeasures
    /// `oss://…/result.csv`
    package var resultFile: String?
    /// The id of the earlier task whose result this is.
    package var reusedFrom: String?
    /// Times the task was started.
    package var attempts: Int
    package var messageState: MessageState?
    package var messageError: String?
    package var messageID: String?
    package var messageMilliseconds: Int64?
    package var messageAttempts: Int
    /// The number of its latest message, from 1 on; 0 where there was none.
    package var messageSequence = 0

    package init(id: TaskID, submission: Submission, created: Int64) {
        self.id = id
        state = .queued
        self.submission = submission
        self.created = created
        updated = created
        message = ""
        measures = TaskMeasures()
        attempts = 0
        messageAttempts = 0
    }
}

/// How a task ended.
package struct TaskOutcome: Sendable, Equatable {
    package let state: TaskState
    package let message: String
    package let measures: TaskMeasures
    package let resultFile: String?
    /// A digest of the result's inputs: see `ResultReuse`. `nil` where another task cannot have the same.
    package let fingerprint: String?

    package init(
        state: TaskState, message: String = "", measures: TaskMeasures, resultFile: String? = nil,
        fingerprint: String? = nil
    ) {
        self.state = state
        self.message = message
        self.measures = measures
        self.resultFile = resultFile
        self.fingerprint = fingerprint
    }
}
