import LoonCore
import LoonTasks
import MySQLProtocol
import SQLFrontend
import Synchronization

extension Session {
    /// The only column of the answer to a submission.
    static let taskIDColumn = ResultColumn(name: "ASYNC_TASK_ID", type: .text)

    /// Makes the statement a task, and answers with its id once it is durable.
    func submit(_ parsed: ParsedStatement, _ caller: StatementContext, _ response: ResponseWriter) throws {
        let request = TaskRequest(
            parsed, hints: caller.hints, schema: caller.schema,
            sqlMode: caller.variables.value("sql_mode")?.textValue ?? "",
            dialect: caller.dialect, viewer: caller.viewer, connectionID: login.connectionID, cluster: cluster)
        try context.submitter.submit(request, warn: diagnostics.warn) { result in
            switch result {
            case .success(let task):
                self.audited(task, response)
                response.rows([Self.taskIDColumn], [[.text(task.description)]], warnings: self.diagnostics.count)
            case .failure(let error): self.fail(error, response)
            }
        }
    }

    /// The audit log names the task.
    private func audited(_ task: TaskID, _ response: ResponseWriter) {
        let running = state.withLock { $0.running }
        if running?.response === response { running?.audit?.task = task }
    }
}
