/// Every bound of the daemon in one place: what a queue, a buffer or an input may grow to. Units are in the names.
package enum Limits {
    // Peers
    /// A packet before the account is known: a handshake response or an authentication answer.
    package static let handshakePacketBytesMax = 64 * 1024
    /// A command with all the packets it is spread over (MySQL's `max_allowed_packet`).
    package static let commandBytesMax = 64 * 1024 * 1024
    /// Characters of a user's name that are looked at and logged, its cluster included.
    package static let shownAccountCharactersMax = 128
    /// Wrong passwords for one account, and from one address, before logins wait; how long they wait then, which
    /// doubles with each; for how long, and of how many accounts and addresses, this is remembered.
    package static let loginFailuresPerAccount = 5
    package static let loginFailuresPerAddress = 20
    package static let loginDelayMilliseconds = 100
    package static let loginDelayMillisecondsMax = 2_000
    package static let loginFailureMemoryMilliseconds: Int64 = 15 * 60 * 1_000
    package static let loginFailuresRemembered = 10_000
    /// Commands a client may send ahead while one runs, before its socket is no longer read.
    package static let pipelinedCommandsMax = 16
    /// How long a peer may take from connection to authentication.
    package static let handshakeSecondsMax: Int64 = 10
    /// Bytes of rows after which a result is handed to the socket.
    package static let rowBufferBytes = 128 * 1024
    /// How long a client may leave a full socket unread before it is dropped (MySQL's `net_write_timeout`).
    package static let writeStallSecondsMax = 60
    /// A row of a result, encoded.
    package static let rowBytesMax = 1024 * 1024 * 1024
    /// Bytes of commands that a client may send ahead while one runs, one command aside.
    package static let pipelinedBytesMax = 1024 * 1024
    /// Commands of one connection that the event loop takes before it turns to others.
    package static let commandsPerTurn = 64
    /// Prepared statements of one connection.
    package static let preparedStatementsMax = 1_024
    /// Names and values that a client may say about itself.
    package static let connectAttributesMax = 128
    /// Bytes of a cursor's rows in memory, and of one answer to COM_STMT_FETCH.
    package static let cursorMemoryBytesMax = 1024 * 1024
    /// Bytes of a cursor's rows on the disk.
    package static let cursorFileBytesMax = 4 * 1024 * 1024 * 1024
    /// The same of all cursors.
    package static let cursorFilesBytesMax = 32 * 1024 * 1024 * 1024
    /// How long the rest of a command may take once its first bytes are there (MySQL's `net_read_timeout`).
    package static let readStallSecondsMax: Int64 = 30
    /// How often connections are looked at for time that has run out.
    package static let sweepMilliseconds: Int64 = 500
    /// How long the end of a connection with TLS waits for the client's.
    package static let closeMillisecondsMax: Int64 = 100
    /// Kept in a file that is given up for who makes room on a full disk: removing rows writes first.
    package static let reserveBytes: Int64 = 8 * 1024 * 1024
    /// Connections that have not logged in yet; one more, and the oldest of them goes.
    package static let handshakesMax = 2_000
    /// Connections beyond the configured number, for administrators.
    package static let reservedConnections = 5
    /// Row buffers of one result that may wait for the socket at a time.
    package static let rowBuffersInFlight = 4

    // Statements
    /// Depth of parentheses and brackets that the engine's parser is shown.
    package static let statementNestingMax = 200
    /// UNION, INTERSECT and EXCEPT in one statement.
    package static let setOperationsMax = 1_000
    /// Tokens in one statement, constants of IN lists and VALUES included. The tree that the gate walks takes some
    /// kilobytes for each.
    package static let statementTokensMax = 200_000
    /// Characters of a result's column that is named by its expression.
    package static let columnNameCharactersMax = 256
    /// Characters of a schema, table or column name.
    package static let identifierCharactersMax = 64
    /// Columns of a table.
    package static let columnsMax = 4_096
    /// DIV in one statement.
    package static let divisionsMax = 1_000
    /// Tokens between INTERVAL and its unit.
    package static let intervalTokensMax = 200
    /// Tokens of a statement that is answered without the engine.
    package static let localTokensMax = 2_000
    /// Bytes of text that a function of the evaluator looks through.
    package static let evaluatedTextBytesMax = 64 * 1024
    /// Bytes that functions make out of little (repeat, lpad, range …) for one chunk of rows, at most 2,048 of them.
    package static let functionResultBytesMax: Int64 = 1024 * 1024 * 1024
    /// Bytes of all user variables of a session.
    package static let userVariableBytesMax = 8 * 1024 * 1024
    /// Bytes of a query as it is written for the engine.
    package static let engineTextBytesMax = 256 * 1024 * 1024
    /// Names that a wrong one is compared with.
    package static let suggestionsMax = 1_000
    /// Hints of one statement.
    package static let hintsMax = 64
    /// Characters of `client-token` and of `label`.
    package static let clientTokenCharactersMax = 128
    package static let labelCharactersMax = 255
    /// Seconds of `max-running-time-sec`.
    package static let runningSecondsMax = 21_600
    /// Seconds of `result-reuse-max-age-sec`.
    package static let reuseSecondsMax = 604_800
    /// The priorities of tasks are from 0 to this.
    package static let taskPriorityMax = 9
    package static let taskPriorityDefault = 5
    /// Seconds of WAIT QUERY_TASK's TIMEOUT.
    package static let waitSecondsMax = 86_400

    /// Bytes of a statement that may be read, and answered if it needs nothing else, on the event loop.
    package static let inlineStatementBytesMax = 4 * 1024
    /// Texts of the metadata file that are kept as they were decoded, of each kind, and the bytes of one.
    package static let decodedTextsMax = 256
    package static let decodedTextBytesMax = 16 * 1024
    /// Bytes of a query whose examination is kept, and about how many all that are kept hold.
    package static let examinedTextBytesMax = 64 * 1024
    package static let examinedBytesMax = 8 * 1024 * 1024
    /// Statements that are kept as they were read.
    package static let cachedStatementsMax = 512
    /// Bytes of a statement that the audit log keeps.
    package static let auditedTextBytesMax = 4 * 1024
    /// Bytes of a statement that SHOW PROCESSLIST can show.
    package static let shownStatementBytesMax = 64 * 1024
    /// User variables of one session.
    package static let userVariablesMax = 1_024
    /// How long a killed statement's engine may take to end before the client is answered without it.
    package static let killPatienceMilliseconds = 100
    /// Tasks that SHOW TASKS shows without a LIMIT, and characters of what each says.
    package static let shownTasksMax = 50
    package static let shownTaskCharactersMax = 60
    /// How long whoever cancels tasks waits for the ends of those that run to be recorded.
    package static let cancelPatienceMilliseconds = 5_000
    /// How long an engine may go on after a kill before the log says so: longer than its worker lives.
    package static let lingerMilliseconds = 3_000
    /// How often a client that wants to know is told how far its statement is.
    package static let progressMilliseconds = 500

    // Engines' processes
    /// Bytes of a frame between the daemon and a worker, but for rows, statements and their trees.
    package static let frameBytesMax = 64 * 1024 * 1024
    /// How long the engine may take to open, when the daemon starts.
    package static let engineStartSeconds = 60
    /// How long a worker may take to be bound.
    package static let workerBindMilliseconds = 10_000
    /// How long the end of a killed worker is waited for: a large one takes the kernel some time.
    package static let workerEndSeconds = 5.0
    /// How long a worker that works may say nothing, not even how far it is, before it is killed.
    package static let workerSilenceMilliseconds = 15_000
    /// How long a worker may go on after it was asked to stop, before it is killed.
    package static let workerStopMilliseconds = 1_000
    /// How often a worker's memory is looked at, and how often it tells how far it is.
    package static let workerWatchMilliseconds = 100
    package static let workerProgressMilliseconds = 200
    /// Bytes of a worker beyond its engine's: the program, stacks, and what the engine does not count.
    package static let workerSlackBytes: Int64 = 512 * 1024 * 1024
    /// The least memory that a query gets, where the cluster has as much.
    package static let workerMemoryBytesMin: Int64 = 128 * 1024 * 1024
    /// Files that a worker is bound to one by one; of more, their folders.
    package static let workerFilesMax = 256
    /// Descriptors of a worker.
    package static let workerDescriptorsMax = 4_096
    /// Workers of a cluster that are forked and not bound.
    package static let readyWorkers = 2
    /// Workers of a cluster that wait for a query with their key, and for how long.
    package static let idleWorkersMax = 64
    /// Bytes that a worker which waits may hold.
    package static let idleWorkerBytesMax: Int64 = 64 * 1024 * 1024
    package static let idleWorkerSeconds = 60
    /// Faults of engines' processes beneath one task after which it runs again.
    package static let engineFaultsMax = 1
    /// Kills from outside after which a task runs with all of the cluster's memory.
    package static let engineKillsBesideOthersMax = 2
    /// How long a task waits after the first kill of its engine's process from outside, which doubles with each, and at
    /// most.
    package static let engineRetryMilliseconds = 100
    package static let engineRetryMillisecondsMax = 10_000
    /// How long planning a statement may take.
    package static let planningMilliseconds = 30_000

    // Work
    /// Statements that the engine plans at a time outside of its own places (PREPARE, EXPLAIN, CREATE VIEW), and of one
    /// account.
    package static let planningThreads = 8
    package static let planningThreadsPerAccount = 2
    /// Statements that wait for one of the statement threads.
    package static let statementQueueMax = 4_096
    /// Writes that wait for the metadata file's writer.
    package static let storeQueueMax = 65_536
    /// Writes that share one transaction.
    package static let storeBatchMax = 512
    /// How long a write that could not be stored, a task's end for one, waits for its next try.
    package static let storeRetryMilliseconds = 1_000
    /// Task ids that are set aside at a time, and skipped if the daemon dies: each is one page less to sync for each of
    /// them.
    package static let taskIDsReserved = 100
    /// Rows of `show query_task` that are kept for whoever asks again, and the bytes of text of one.
    package static let recentTaskRowsMax = 16_384
    package static let recentTaskRowBytesMax = 2 * 1024
    /// Rows that `show query_task` answers without a LIMIT of its own.
    package static let taskRowsMax = 10_000
    /// Rows of tasks that are read at a time, where all are read.
    package static let taskPageRows = 1_000
    /// Bytes of text in an answer that the daemon itself makes.
    package static let answerBytesMax = 64 * 1024 * 1024
    /// Bytes of a LIKE pattern there.
    package static let likePatternBytesMax = 1_024
    /// Comparisons in the WHERE of `show query_task`.
    package static let conditionsMax = 500
    /// Tasks that one transaction cancels or removes.
    package static let taskStepMax = 256
    /// How often the daemon looks for tasks that are to be removed, and at the free space.
    package static let housekeepingMilliseconds = 1_000
    /// How long the metadata file may lie behind its log, and from which size on the log is put back at once.
    package static let checkpointMilliseconds = 30_000
    package static let logBytesMax: Int64 = 8 * 1024 * 1024
    /// Accounts whose turns a cluster remembers.
    package static let fairAccountsMax = 10_000
    /// Pools of one daemon.
    package static let clustersMax = 64
    /// A result's files that hold it for `query_result`: bytes of its description.
    package static let resultDescriptionBytesMax = 64 * 1024 * 1024
    /// Partitions of a table.
    package static let partitionsMax = 60_000
    /// Partitions of all tables that are kept in memory.
    package static let partitionsInMemoryMax = 500_000
    /// Files that columns are inferred from.
    package static let inferredFilesMax = 100
    /// Times that decided files are tried to be moved to their places, a second apart.
    package static let publishAttemptsMax = 5
    /// Folders that MSCK REPAIR names a reason for, why they are no partitions.
    package static let repairWarningsMax = 64
    /// Partitions whose values the engine tries conditions on while a statement is planned.
    package static let triedPartitionsMax = 20_000
    /// How long it may do so.
    package static let conditionsMilliseconds = 500
    /// Constants of an IN list that partitions are compared with.
    package static let prunedConstantsMax = 1_000
    /// Parts and depth of what is said of a query's rows outside of it, where that goes on to its tables.
    package static let handedOnPartsMax = 256
    package static let handedOnDepthMax = 32
    /// Footers of Parquet files that an engine remembers, some 64 bytes each; and how many it reads by one statement.
    package static let footersMax = 200_000
    package static let footersPerBatch = 1_000
    /// Kinds of files, by their columns' types, that a Parquet table's view reads apart from each other.
    package static let parquetGroupsMax = 64
    /// Files of a kept connection's tables, and bytes of the statements that made it: they are compared with those of
    /// each query that comes.
    package static let workspaceFilesMax = 256
    package static let workspaceKeyBytesMax = 256 * 1024
    /// Connections with the tables of their last query that an engine keeps for the next like it.
    package static let engineWorkspacesMax = 16
    /// Sets of partitions of one table that one query reads apart from each other.
    package static let scanSelectionsMax = 32
    /// Views inside views.
    package static let viewDepthMax = 16
    /// Tables and views that a query comes to when its views are written out.
    package static let expandedTablesMax = 2_000
    /// Bytes of a text that is written anew, a piece at a time.
    package static let rewrittenPieceBytes = 1 << 20
    /// Bytes of a line of text or JSON.
    package static let textLineBytesMax = 16 * 1024 * 1024
    /// About where a file of a table that Loon writes ends, and the next begins.
    package static let tableFileBytesMax: Int64 = 256 * 1024 * 1024
    /// Files of one table scan.
    package static let filesPerScanMax = 100_000

    // Messages
    /// A completion message, encoded.
    package static let messageBytesMax = 60 * 1024
    /// Text fields of a completion message, each.
    package static let messageFieldBytesMax = 4 * 1024
    /// Bytes of a broker's answer that are read.
    package static let brokerAnswerBytesMax = 64 * 1024
    /// How far the clock must go back for the pump to take it for a step.
    package static let clockStepMilliseconds: Int64 = 2_000
    /// Elements within each other of XML that a peer sends.
    package static let brokerAnswerDepthMax = 16
    /// The longest peace that a peer can ask for one message.
    package static let retryAfterMillisecondsMax: Int64 = 3_600_000
    /// Messages that are posted to one endpoint at a time, and to all.
    package static let messagesInFlight = 8
    package static let messagesInFlightMax = 256
    /// Messages that the pump holds in memory, those in flight included.
    package static let messagesInMemoryMax = 1_024
    /// Endpoints whose messages the pump looks for at a time.
    package static let messageLanesMax = 1_024
    /// How long a message may be on its way before its row says SENDING.
    package static let messageSlowMilliseconds = 50
    /// How long an endpoint that fails again and again is left alone, at most.
    package static let breakerMillisecondsMax: Int64 = 30_000
    /// The same of an endpoint with messages that are too old and were never tried: each is to have its try.
    package static let overdueBreakerMilliseconds: Int64 = 1_000
    /// How much of the daemon's up-time may be forgotten by a crash.
    package static let upTimeStoredMilliseconds: Int64 = 60_000
    /// Bytes of an error's text that reach a client or a task's row.
    package static let errorMessageBytesMax = 4 * 1024
}
