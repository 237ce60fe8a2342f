import LoonCore
import LoonTasks
import MetaStore
import MySQLProtocol
import QueryEngine
import SQLFrontend

/// SHOW, CANCEL and WAIT QUERY_TASK, RESEND QUERY_TASK MESSAGE.
struct TaskHandler {
    let caller: StatementContext
    let response: ResponseWriter
    private var context: SessionContext { caller.services }

    init(_ caller: StatementContext, response: ResponseWriter) {
        self.caller = caller
        self.response = response
    }

    func handle(_ statement: Statement, _ running: RunningStatement?) throws {
        switch statement {
        case .showQueryTask(let account, let selection, let full): try show(account: account, selection, full: full)
        case .showTasks(let account, let selection): try showTasks(account: account, selection)
        case .cancelQueryTask(let id): try cancel(id)
        case .cancelQueryTasks(let predicate): try cancel(predicate)
        case .resendMessage(let id): try resend(id)
        case .waitQueryTask(let id, let seconds, let isStrict):
            guard let running else { throw QueryError(.internalFault, "A wait was begun where nothing may wait") }
            try wait(id, seconds: seconds, isStrict: isStrict, running)
        default: throw QueryError(.internalFault, "No statement about tasks")
        }
    }

    /// The tasks that are shown: an account sees its own, an administrator all.
    private func visible(_ account: String? = nil) throws(QueryError) -> TaskScope {
        guard caller.isAdministrator || account == nil || account == caller.account.name else {
            throw QueryError(.accessDenied, "Access denied; only an administrator sees the tasks of another account")
        }
        return caller.isAdministrator ? account.map(TaskScope.named) ?? .everybody : .owned(caller.account)
    }

    private func columns(full: Bool) -> [ResultColumn] {
        full ? context.store.fullTaskColumns : context.store.taskColumns
    }

    // MARK: SHOW

    func show(account: String?, _ selection: RowSelection, full: Bool) throws {
        let found = try context.store.taskRows(
            selection, in: try visible(account), full: full, progress: context.scheduler.progress)
        if found.isCut {
            caller.diagnostics.warn(
                QueryError(
                    .resultTooLarge,
                    "Only the first \(Limits.taskRowsMax) tasks are shown; loon.query_task has all, and so has "
                        + "LIMIT with an offset"
                )
            )
        }
        response.rows(
            columns(full: full), full ? found.rows.map(withProgress) : found.rows, warnings: caller.diagnostics.count)
    }

    static let shownColumns = [
        ResultColumn(name: "id", type: .text), ResultColumn(name: "state", type: .text),
        ResultColumn(name: "label", type: .text), ResultColumn(name: "created", type: .text),
        ResultColumn(name: "seconds", type: .float64), ResultColumn(name: "progress", type: .int64),
        ResultColumn(name: "rows", type: .int64), ResultColumn(name: "message", type: .text),
    ]

    /// SHOW TASKS: what a person asks first, in lines that fit a terminal. `message` is the statement's beginning where
    /// the task has not failed.
    func showTasks(account: String?, _ selection: RowSelection) throws {
        let found = try context.store.taskRows(
            selection, in: try visible(account), full: true, progress: context.scheduler.progress)
        let names = context.store.fullTaskColumns.map(\.name)
        let rows = found.rows.map { row in
            let row = withProgress(row)
            func value(_ name: String) -> SQLValue { names.firstIndex(of: name).map { row[$0] } ?? .null }
            let words = value("message").textValue.isEmpty ? value("command") : value("message")
            let line = words.textValue.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let elapsed: SQLValue = value("elapse_time").isNull ? .null : .real(value("elapse_time").realValue / 1_000)
            return [
                value("id"), value("status"), value("label"), value("create_time"), elapsed, value("progress"),
                value("row_count"), .text(String(line.prefix(Limits.shownTaskCharactersMax))),
            ]
        }
        response.rows(Self.shownColumns, rows, warnings: caller.diagnostics.count)
    }

    private func withProgress(_ row: [SQLValue]) -> [SQLValue] {
        context.scheduler.withProgress(row, isAdministrator: caller.isAdministrator)
    }

    /// Answers a look-up by id without a thread of its own: with the row that is in memory, or when it is read. False
    /// where something else is asked.
    func lookUp(account: String?, _ selection: RowSelection, full: Bool) throws -> Bool {
        let scope = try visible(account)
        let (caller, response, columns) = (caller, response, columns(full: full))
        @Sendable func answer(_ row: [SQLValue]?) {
            response.rows(columns, row.map { [full ? withProgress($0) : $0] } ?? [])
        }
        if let row = context.store.recentTaskRow(selection, in: scope, full: full) {
            answer(row)
            return true
        }
        return context.store.lookUp(selection, in: scope, full: full) { result in
            switch result {
            case .success(let row): answer(row)
            case .failure(let error): caller.fail(error, response)
            }
        }
    }

    // MARK: RESEND

    func resend(_ id: String) throws {
        try context.store.resend(
            id, in: try visible(), now: context.clock.now(), message: context.scheduler.message)
        context.scheduler.wakeNotifier()
        response.ok(affectedRows: 1)
    }

    // MARK: CANCEL. Answers with how many tasks it was that ended by it.

    func cancel(_ id: String) throws {
        context.scheduler.cancel(id, in: try visible()) { answer($0) }
    }

    func cancel(_ predicate: RowPredicate, from start: Int64 = 0, count: Int = 0) throws {
        try context.scheduler.cancel(predicate, in: try visible(), from: start) { result in
            switch result {
            case .success(let step):
                guard let next = step.next else { return answer(.success(count + step.count)) }
                // Looking for more blocks.
                let accepted = context.statementThreads.run(
                    for: caller.login.user, isAdministrator: caller.isAdministrator
                ) {
                    do { try cancel(predicate, from: next, count: count + step.count) } catch {
                        caller.fail(error, response)
                    }
                }
                if !accepted {
                    caller.fail(
                        QueryError(
                            .queueFull,
                            "Too many statements are waiting; \(count + step.count) tasks were cancelled, try again"),
                        response)
                }
            case .failure(let error): answer(.failure(error))
            }
        }
    }

    private func answer(_ result: Result<Int, QueryError>) {
        switch result {
        case .success(let count): response.ok(affectedRows: UInt64(count))
        case .failure(let error): caller.fail(error, response)
        }
    }

    // MARK: WAIT

    /// Answers with the task's row when it has ended, or after `seconds`, with a warning; with an error where that is
    /// strict and the task has not succeeded. No thread waits meanwhile.
    func wait(_ id: String, seconds: Int?, isStrict: Bool, _ running: RunningStatement) throws {
        let scope = try visible()
        let selection = RowSelection(predicate: .compare(column: "id", .equal, .text(id)))
        let (caller, response, context) = (caller, response, context)
        @Sendable func answer(isLate: Bool) {
            let accepted = context.statementThreads.run(for: caller.login.user, isAdministrator: caller.isAdministrator)
            {
                do {
                    guard let row = try context.store.taskRows(selection, in: scope, full: false).rows.first else {
                        throw MetaStore.unknownTask(id)
                    }
                    if isLate {
                        caller.diagnostics.warn(
                            QueryError(.waitTimeout, "The task \(id) has not ended after \(seconds ?? 0) seconds"))
                    }
                    if isStrict, let fault = failure(row, isLate: isLate) { throw fault }
                    response.rows(context.store.taskColumns, [row], warnings: caller.diagnostics.count)
                } catch { caller.fail(error, response) }
            }
            if !accepted {
                caller.fail(QueryError(.queueFull, "Too many statements are waiting; try again"), response)
            }
        }
        let ticket = context.scheduler.waits.wait(for: id) { answer(isLate: false) }
        running.whenAnswered { context.scheduler.waits.leave(ticket) }
        do {
            guard let row = try context.store.taskRows(selection, in: scope, full: false).rows.first else {
                throw MetaStore.unknownTask(id)
            }
            let hasEnded = TaskState(rawValue: row[2].textValue)?.hasEnded ?? true
            // The ticket is given back once: whoever gives it back answers.
            if hasEnded, context.scheduler.waits.leave(ticket) {
                let fault = isStrict ? failure(row, isLate: false) : nil
                return fault.map { caller.fail($0, response) } ?? response.rows(context.store.taskColumns, [row])
            }
        } catch {
            guard context.scheduler.waits.leave(ticket) else { return }
            throw error
        }
        running.stage = .waitingForTask
        ProgressReports(running, context: context) { context.scheduler.progress(of: id) ?? 0 }.begin()
        guard let seconds else { return }
        let timer = Deadline(seconds: seconds, on: context.timers) {
            if context.scheduler.waits.leave(ticket) { answer(isLate: true) }
        }
        running.whenAnswered { timer.cancel() }
    }

    /// The error that a task's row is to who waits for its success.
    private func failure(_ row: [SQLValue], isLate: Bool) -> QueryError? {
        let id = row[0].textValue
        let column = context.store.taskColumns.firstIndex { $0.name == "message" } ?? 0
        switch TaskState(rawValue: row[2].textValue) {
        case .success: return nil
        case .failure: return QueryError(.taskFailed, "The task \(id) has failed: \(row[column].textValue)")
        case .cancelled: return QueryError(.interrupted, "The task \(id) was cancelled")
        default: return isLate ? QueryError(.waitTimeout, "The task \(id) has not ended in time; wait again") : nil
        }
    }
}
