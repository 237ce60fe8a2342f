import LoonCore
import MySQLProtocol
import QueryEngine
import SQLFrontend
import Synchronization

/// Answers one statement that is not to become a task. Runs on a statement thread.
struct StatementHandler {
    let session: Session
    let response: ResponseWriter
    var context: ServiceContext { session.context }

    func handle(_ parsed: ParsedStatement) throws {
        switch parsed.statement {
        case .empty(let hasComment):
            guard hasComment else { throw QueryError(.emptyQuery, "Query was empty") }
            response.ok()
        case .query: try query(parsed)
        case .localSelect(let items, let limit): try localSelect(items, limit: limit)
        case .use(let name):
            try session.use(name)
            response.ok()
        case .set(let assignments): try set(assignments)
        case .showDatabases(let pattern): try showDatabases(like: pattern)
        case .showTables(let full, let schema, let pattern): try showTables(full: full, schema: schema, like: pattern)
        case .showColumns(let name, let full): try showColumns(name, full: full)
        case .showCreateTable(let name): try showCreateTable(name)
        case .showCreateSchema(let name): try showCreateSchema(name)
        case .showQueryTask(let account, let selection, let full): try showQueryTask(account: account, selection, full: full)
        case .showWarnings: showWarnings()
        case .showVariables(let pattern): showVariables(like: pattern)
        case .createSchema(let statement): try DefinitionHandler(session: session, response: response).create(statement)
        case .dropSchema(let name, let ifExists): try DefinitionHandler(session: session, response: response).dropSchema(name, ifExists: ifExists)
        case .createTable(let statement): try DefinitionHandler(session: session, response: response).create(statement)
        case .dropTable(let name, let ifExists): try DefinitionHandler(session: session, response: response).dropTable(name, ifExists: ifExists)
        case .accepted: response.ok()
        case .unsupported(let kind): throw QueryError(.notSupported, "\(kind) is not supported yet")
        }
    }

    // MARK: Queries

    private func query(_ parsed: ParsedStatement) throws {
        let schema = session.state.withLock(\.schema)
        let planned = try context.planner.plan(try parsed.engineText(session.dialectContext()), schema: schema, isProfiled: false)
        let cancellation = Cancellation()
        let isClosed = session.state.withLock { state in
            state.running = cancellation
            return state.isClosed
        }
        if isClosed { cancellation.cancel(QueryError(.interrupted, "The client went away")) }
        let (session, response, engine) = (session, response, context.engine)
        try session.scheduler.run {
            let sink = ResponseSink(response)
            let result = Result { try engine.run(planned.query, cancellation: cancellation, sink: sink) }
            // Before the answer ends: after it, what runs may be the client's next query.
            session.state.withLock { $0.running = nil }
            switch result {
            case .success: sink.finish()
            case .failure(let error): session.fail(error, response)
            }
        }
    }

    private func localSelect(_ items: [SelectItem], limit: Int?) throws {
        let (schema, variables) = session.state.withLock { ($0.schema, $0.variables) }
        var columns: [ResultColumn] = []
        var row: [SQLValue] = []
        for item in items {
            let value: SQLValue
            switch item.source {
            case .literal(let literal): value = literal
            case .function(let name): value = SessionFunctions.value(name, login: session.login, schema: schema)
            case .variable(let name):
                guard let known = variables.value(name) else { throw QueryError(.unknownVariable, "Unknown system variable '\(name)'") }
                value = known
            }
            columns.append(ResultColumn(name: item.name, type: value.columnType))
            row.append(value)
        }
        response.rows(columns, limit == 0 ? [] : [row])
    }

    private func set(_ assignments: [Assignment]) throws {
        var variables = session.state.withLock(\.variables)
        // All or nothing.
        for assignment in assignments { try variables.set(assignment, isAdmin: session.isAdmin) }
        let changed = variables
        session.state.withLock { $0.variables = changed }
        response.ok()
    }
}

extension SQLValue {
    var columnType: ColumnType {
        switch self {
        case .null: .null
        case .integer: .int64
        case .text: .text
        }
    }
}
