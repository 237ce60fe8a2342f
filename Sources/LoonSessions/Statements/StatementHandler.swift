import AccessControl
import Dispatch
import LoonCore
import LoonLake
import LoonTasks
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLDialect
import SQLFrontend
import Synchronization
import SystemTables

/// Answers one statement that is not to become a task. Runs on a statement thread, or on the event loop where nothing
/// of it blocks.
struct StatementHandler {
    let session: Session
    let caller: StatementContext
    let response: ResponseWriter
    /// `nil` where the statement is answered at once, with nobody to stop it.
    let running: RunningStatement?
    var context: SessionContext { caller.services }
    private var cancellation: Cancellation { caller.cancellation }

    func handle(_ parsed: ParsedStatement) throws {
        switch parsed.statement {
        case .empty(let hasComment):
            guard hasComment else { throw QueryError(.emptyQuery, "Query was empty") }
            response.ok()
        case .query(let select):
            if let select, let answer = try local(select) {
                return response.rows(answer.columns, select.limit == nil ? limited(answer.rows) : answer.rows)
            }
            try query(parsed)
        case .explain(let isAnalyze):
            try explain(try parsed.innerQuery(), isAnalyze: isAnalyze, caller.hints)
        case .use(let name):
            try session.use(name)
            response.ok()
        case .set(let assignments): try set(assignments)
        case .evaluate(let expressions):
            let evaluator = Evaluator(caller.dialect)
            for expression in expressions { _ = try evaluator.value(expression) }
            response.ok()
        case .show(let subject, let filter):
            let answer = try ShowHandler(caller).answer(subject, filter)
            response.rows(answer.columns, answer.rows)
        case .showQueryTask, .showTasks, .cancelQueryTask, .cancelQueryTasks, .resendMessage, .waitQueryTask:
            try TaskHandler(caller, response: response).handle(parsed.statement, running)
        case .kill(let connection, let isQueryOnly):
            let id = try Evaluator(caller.dialect).value(connection).integerValue
            guard let id = UInt32(exactly: id) else { throw QueryError(.unknownThread, "Unknown thread id: \(id)") }
            try session.kill(id, isQueryOnly: isQueryOnly)
            response.ok()
        case .createSchema(let statement): try DefinitionHandler(caller, response: response).create(statement)
        case .dropSchema(let name, let ifExists, let isCascade):
            try DefinitionHandler(caller, response: response).dropSchema(
                name, ifExists: ifExists, isCascade: isCascade)
        case .createTable(let statement): try DefinitionHandler(caller, response: response).create(statement)
        case .createTableLike(let name, let source, let ifNotExists, let location, let properties):
            try DefinitionHandler(caller, response: response)
                .create(name, like: source, ifNotExists: ifNotExists, location: location, properties: properties)
        case .createTableLikeMapping(let statement, let source):
            try DefinitionHandler(caller, response: response).create(
                statement, mapping: source, cancellation: cancellation)
        case .createView(let statement):
            try DefinitionHandler(caller, response: response).create(
                statement, parsed, cancellation: cancellation)
        case .dropView(let name, let ifExists):
            try DefinitionHandler(caller, response: response).dropTable(
                name, ifExists: ifExists, isView: true)
        case .dropTable(let name, let ifExists):
            try DefinitionHandler(caller, response: response).dropTable(
                name, ifExists: ifExists, isView: false)
        case .alterTable(let name, let change):
            try TableChanges(caller, response: response, cancellation: cancellation).alter(name, change)
        case .repairTable(let name, let adds, let drops):
            try TableChanges(caller, response: response, cancellation: cancellation).repair(
                name, adds: adds, drops: drops)
        case .repairSchema(let name):
            try TableChanges(caller, response: response, cancellation: cancellation).repairSchema(name)
        case .insert, .createTableAs: try write(parsed)
        case .account(let statement): try AccountHandler(caller, response: response).run(statement)
        case .transaction(let statement): carryOut(statement)
        case .accepted: response.ok()
        case .unsupported(let kind): throw QueryError(.notSupported, "\(kind) is not supported yet")
        }
    }

    private func carryOut(_ statement: TransactionStatement) {
        session.carryOut(statement)
        response.ok(warnings: caller.diagnostics.count)
    }

    /// Answers now, with what is in memory or what a thread that is there for it reads, or returns false.
    func answerAtOnce(_ parsed: ParsedStatement) throws -> Bool {
        if case .showQueryTask(let account, let selection, let full) = parsed.statement {
            return try TaskHandler(caller, response: response).lookUp(account: account, selection, full: full)
        }
        guard parsed.needsNothing else { return false }
        try handle(parsed)
        return true
    }

    // MARK: Queries

    /// The answer to a SELECT that needs no engine; `nil` where it needs one.
    private func local(_ select: LocalSelect) throws -> (columns: [ResultColumn], rows: [[SQLValue]])? {
        guard select.table != nil else {
            var query = try LocalQuery(select, columns: [], context: caller.dialect)
            try query.add([])
            return query.finish()
        }
        guard let table = caller.localTable(select) else { return nil }
        var query = try LocalQuery(select, columns: table.resultColumns, context: caller.dialect)
        let scope = SystemTableScope(select.filter)
        try StatementTables(caller: caller).reader.forEachRow(of: table, scope) { try query.add($0) }
        return query.finish()
    }

    private func limited(_ rows: [[SQLValue]]) -> [[SQLValue]] {
        guard let limit = caller.variables.selectLimit, limit < rows.count else { return rows }
        return Array(rows.prefix(limit))
    }

    private func query(_ parsed: ParsedStatement) throws {
        guard let running else { throw QueryError(.internalFault, "A query was begun where nothing may block") }
        let (schema, variables) = (caller.schema, caller.variables)
        running.stage = .planning
        let dialect = caller.dialect
        let hints = caller.hints
        try limit(running, variables, hints)
        let cluster = try context.clusters.choose(hints, usual: caller.cluster)
        let planned = try context.lake.planner.plan(
            try parsed.engineText(dialect), schema: schema, dialect: dialect, for: .run, viewer: caller.viewer)
        try cluster.checkScan(planned.scannedBytes, hints)
        try context.accounts.charge(planned.scannedBytes, to: caller.account, now: context.clock.now())
        running.audit?.scannedBytes = planned.scannedBytes
        if let reason = running.cancellation.reason { throw reason }
        running.stage = .waiting
        let (caller, response, context) = (caller, response, context)
        ProgressReports(running, context: context).begin()
        try context.scheduler.run(in: cluster, account: running.account, whenAnswered: running.whenAnswered) {
            running.stage = .executing
            let sink = ResponseSink(response)
            let result = Result {
                try cluster.explaining {
                    try planned.withFilesHeld {
                        try cluster.engine.run(
                            $0, as: sink.encoding, rowsMax: parsed.hasLimit ? nil : variables.selectLimit,
                            cancellation: running.cancellation, sink: sink
                        ).profile
                    }
                }
            }
            context.sessions.released(running)
            switch result {
            case .success(let profile):
                caller.diagnostics.warn(profile)
                sink.finish(warnings: caller.diagnostics.count)
            case .failure(let error): caller.fail(error, response)
            }
        }
    }

    /// Stops the statement at what max_execution_time says, or the hint max-running-time-sec.
    private func limit(_ running: RunningStatement, _ variables: SessionVariables, _ hints: StatementHints) throws {
        let limits = [variables.executionMillisecondsMax, hints.runningSecondsMax.map { Int64($0) * 1_000 } ?? 0]
            .filter { $0 > 0 }
        guard let milliseconds = limits.min() else { return }
        let seconds = hints.runningSecondsMax.flatMap { Int64($0) * 1_000 == milliseconds ? $0 : nil }
        let reason = QueryError(
            .timeLimit,
            seconds.map { "The limit max-running-time-sec = \($0) is exceeded" }
                ?? "Query execution was interrupted, maximum statement execution time exceeded")
        let number = running.statementNumber
        context.timers.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: milliseconds))) {
            [weak running, weak session] in
            guard let running, let session, running.statementNumber == number,
                session.state.withLock({ $0.running === running })
            else { return }
            session.interrupt(running, reason)
        }
    }

    /// The columns that a statement's result will have, as far as they can be known without running it.
    func describe(_ parsed: ParsedStatement, hasParameters: Bool) throws -> [ResultColumn] {
        switch parsed.statement {
        case .query(let select):
            if let select, select.table == nil || caller.localTable(select) != nil {
                return try local(select.table == nil ? select : select.limited(to: 0))?.columns ?? []
            }
            let schema = caller.schema
            let dialect = caller.dialect
            let planned = try context.lake.planner.plan(
                try parsed.engineText(dialect), schema: schema, dialect: dialect, for: .description,
                viewer: caller.viewer)
            do {
                return try planned.withFilesHeld { try context.engine.describe($0, cancellation: cancellation) }
            } catch {
                // With values it may be clear what without them is not.
                if hasParameters { return [] }
                throw error
            }
        case .explain: return [ResultColumn(name: "EXPLAIN", type: .text)]
        case .show(let subject, let filter): return try ShowHandler(caller).answer(subject, filter).columns
        case .showQueryTask(_, _, let full): return full ? context.store.fullTaskColumns : context.store.taskColumns
        case .waitQueryTask: return context.store.taskColumns
        case .showTasks: return TaskHandler.shownColumns
        default: return []
        }
    }

    /// The engine's plan, as one text. To find out what a run makes of it takes a place, as running does.
    private func explain(_ parsed: ParsedStatement, isAnalyze: Bool, _ hints: StatementHints) throws {
        guard let running else { throw QueryError(.internalFault, "A query was begun where nothing may block") }
        let cluster = try context.clusters.choose(hints, usual: caller.cluster)
        let (schema, variables) = (caller.schema, caller.variables)
        try limit(running, variables, hints)
        let dialect = caller.dialect
        let planned = try context.lake.planner.plan(
            try parsed.engineText(dialect), schema: schema, dialect: dialect, for: isAnalyze ? .run : .description,
            viewer: caller.viewer)
        try context.lake.planner.requireTexts(ofViewsIn: planned, caller.viewer)
        let (caller, response, context) = (caller, response, context)
        @Sendable func answer() {
            let result = Result {
                try cluster.explaining {
                    try planned.withFilesHeld {
                        try cluster.engine.explain($0, isAnalyze: isAnalyze, cancellation: running.cancellation)
                    }
                }
            }
            context.sessions.released(running)
            switch result {
            case .success(let text):
                response.rows(
                    [ResultColumn(name: "EXPLAIN", type: .text)], [[.text(text)]], warnings: caller.diagnostics.count)
            case .failure(let error): caller.fail(error, response)
            }
        }
        guard isAnalyze else { return answer() }
        try cluster.checkScan(planned.scannedBytes, hints)
        try context.accounts.charge(planned.scannedBytes, to: caller.account, now: context.clock.now())
        running.stage = .waiting
        try context.scheduler.run(in: cluster, account: running.account, whenAnswered: running.whenAnswered) {
            running.stage = .executing
            answer()
        }
    }

    /// INSERT and CREATE TABLE … AS take an engine's place, as queries do.
    private func write(_ parsed: ParsedStatement) throws {
        guard let running else { throw QueryError(.internalFault, "A write was begun where nothing may block") }
        let dialect = caller.dialect
        let (schema, variables) = (caller.schema, caller.variables)
        if case .createTableAs(let statement, _) = parsed.statement {
            if statement.ifNotExists, try exists(statement.name) { return response.ok() }
            caller.diagnostics.warnOfProperties(statement.unknownProperties)
        }
        let hints = caller.hints
        let cluster = try context.clusters.choose(hints, usual: caller.cluster)
        let write = TableWrite(
            statement: parsed.statement, engineText: try parsed.innerQuery().engineText(dialect), schema: schema,
            dialect: dialect,
            account: caller.account, task: nil,
            ignoresConflict: hints.ignoresConflict)
        try limit(running, variables, hints)
        running.stage = .waiting
        let (caller, response, context) = (caller, response, context)
        try context.scheduler.run(in: cluster, account: running.account, whenAnswered: running.whenAnswered) {
            running.stage = .executing
            let result = Result {
                try cluster.explaining {
                    try TableWriter(
                        context: context.lake, engine: cluster.engine, checkScan: { try cluster.checkScan($0, hints) }
                    ).run(
                        write, cancellation: running.cancellation)
                }
            }
            context.sessions.released(running)
            switch result {
            case .success(let outcome):
                running.audit?.scannedBytes = outcome.scannedBytes
                caller.diagnostics.warn(outcome.profile)
                response.ok(affectedRows: UInt64(max(0, outcome.rowCount)), warnings: caller.diagnostics.count)
            case .failure(let error): caller.fail(error, response)
            }
        }
    }

    private func exists(_ name: TableName) throws -> Bool {
        guard let schema = name.schema ?? caller.schema else { return false }
        try caller.rights.require(.create, schema: schema, table: name.table)
        return try context.store.table(schema: schema, name: name.table) != nil
    }

    // MARK: Others

    private func set(_ assignments: [Assignment]) throws {
        var variables = session.state.withLock { $0.variables }
        // All or nothing; each sees what those before it have set.
        for assignment in assignments {
            let seen = variables
            let base = caller.dialect
            let context = DialectContext(
                now: base.now, timeZoneOffsetMinutes: base.timeZoneOffsetMinutes,
                systemTimeZoneOffsetMinutes: base.systemTimeZoneOffsetMinutes,
                variable: { seen.value($0, isGlobal: $1) }, userVariable: { seen.userVariables[$0] ?? .null },
                function: base.function)
            try variables.set(assignment, evaluator: Evaluator(context), isAdmin: caller.isAdministrator)
        }
        let changed = variables
        session.state.withLock { $0.variables = changed }
        response.ok()
    }

    /// COM_FIELD_LIST: the columns of a table, which the mariadb CLI completes names from.
    func listFields(of name: String) throws {
        let (table, columns) = try ShowHandler(caller).columns(of: TableName(schema: nil, table: name))
        response.fieldList(columns, table: table)
    }
}
