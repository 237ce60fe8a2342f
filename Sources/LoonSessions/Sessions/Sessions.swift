import LoonCore
import MySQLProtocol
import Synchronization

/// The open sessions, and the statements of killed ones that an engine has not let go of yet.
final class Sessions: Sendable {
    private struct State {
        var open: [UInt32: Session] = [:]
        var zombies: [ObjectIdentifier: RunningStatement] = [:]
        var opened: Int64 = 0
        var most: Int = 0
    }
    private let state = Mutex(State())
    private let statements = Atomic<Int>(0)

    func add(_ session: Session) {
        state.withLock { state in
            state.open[session.login.connectionID] = session
            state.opened += 1
            state.most = max(state.most, state.open.count)
        }
    }

    /// A connection that changed its user has another session by now.
    func remove(_ session: Session) {
        state.withLock { state in
            if state.open[session.login.connectionID] === session { state.open[session.login.connectionID] = nil }
        }
    }

    /// A connection that changes its user gives up the session that it has.
    func count(of account: String, besides connectionID: UInt32) -> Int64 {
        state.withLock {
            Int64($0.open.values.count { $0.login.user == account && $0.login.connectionID != connectionID })
        }
    }

    func session(_ connectionID: UInt32) -> Session? { state.withLock { $0.open[connectionID] } }

    var all: [Session] { state.withLock { $0.open.values.sorted { $0.login.connectionID < $1.login.connectionID } } }

    /// Statements that were answered but still run.
    var zombies: [RunningStatement] { state.withLock { Array($0.zombies.values) } }

    /// Takes note of a statement that was answered in the engine's place, unless the engine has let go of it meanwhile.
    func addZombie(_ statement: RunningStatement) {
        state.withLock { if statement.stage == .executing { $0.zombies[ObjectIdentifier(statement)] = statement } }
    }

    /// The engine has let go of the statement.
    func released(_ statement: RunningStatement) {
        statement.stage = .sending
        state.withLock { $0.zombies[ObjectIdentifier(statement)] = nil }
    }

    func countStatement() { statements.wrappingAdd(1, ordering: .relaxed) }

    /// Counts for SHOW STATUS and COM_STATISTICS.
    struct Counts {
        let open: Int
        let running: Int
        let opened: Int64
        let most: Int
        let statements: Int
    }

    var counts: Counts {
        let (sessions, opened, most) = state.withLock { ($0.open.values.map { $0 }, $0.opened, $0.most) }
        return Counts(
            open: sessions.count, running: sessions.count { $0.state.withLock { $0.running != nil } }, opened: opened,
            most: most,
            statements: statements.load(ordering: .relaxed))
    }
}

/// A statement on its way, for those who look at it or stop it.
final class RunningStatement: Sendable {
    enum Stage: String, Sendable {
        case starting, planning, executing
        case waiting = "waiting for a place"
        case waitingForTask = "waiting for a task"
        case sending = "sending data"
    }

    let connectionID: UInt32
    let owner: AccountIdentity
    var account: String { owner.name }
    let host: String
    let schema: String?
    let command: String
    let text: String
    /// Milliseconds since 1970.
    let started: Int64
    let cancellation = Cancellation()
    let response: ResponseWriter
    private let stageNow = Mutex(Stage.starting)
    /// Which of several statements of a command runs.
    private let number = Atomic<Int>(0)
    private let endings = Mutex<[@Sendable () -> Void]>([])

    private let auditEntry = Mutex<AuditLog.Entry?>(nil)
    private let auditLog: AuditLog

    init(session: Session, command: String, text: String, response: ResponseWriter) {
        auditLog = session.context.audit
        connectionID = session.login.connectionID
        owner = session.account
        host = session.login.host
        schema = session.state.withLock(\.schema)
        self.command = command
        self.text = text
        self.response = response
        started = session.context.clock.now()
    }

    /// The next of several statements begins. What was to happen to the one before it happens no more.
    func beginNext() {
        closeAudit()
        number.wrappingAdd(1, ordering: .relaxed)
        cancellation.beginNext()
    }
    var statementNumber: Int { number.load(ordering: .relaxed) }

    /// Calls `body` when the answer has ended, however it did.
    func whenAnswered(_ body: @escaping @Sendable () -> Void) {
        endings.withLock { $0.append(body) }
        // The statement may have been answered before.
        if response.hasAnswered { answered() }
    }

    func answered() {
        closeAudit()
        let bodies = endings.withLock { bodies in
            defer { bodies = [] }
            return bodies
        }
        for body in bodies { body() }
    }

    /// The statement's entry of the audit log.
    var audit: AuditLog.Entry? {
        get { auditEntry.withLock { $0 } }
        set { auditEntry.withLock { $0 = newValue } }
    }

    private func closeAudit() {
        let entry = auditEntry.withLock { entry in
            defer { entry = nil }
            return entry
        }
        if let entry { auditLog.statement(entry) }
    }

    var stage: Stage {
        get { stageNow.withLock { $0 } }
        set { stageNow.withLock { $0 = newValue } }
    }
}
