/// Who runs when: places for synchronous queries, first come first served, and places of their own for tasks, so that neither starves the
/// other. Tasks wait in the metadata file; here is only known whether to look for one. Synchronous, without a clock.
struct SchedulerStateMachine {
    enum Admission: Equatable {
        case start, wait
        /// Too many wait already.
        case refuse
        /// The daemon stops.
        case stopping
    }

    private let queriesMax: Int
    private let waitingMax: Int
    private let tasksMax: Int
    private var runningQueries = 0
    private var waitingQueries = 0
    private var runningTasks = 0
    /// The metadata file is being asked for the next task.
    private var isClaiming = false
    /// A task may have come since it was last asked.
    private var mayHaveMore = false
    private var isStopping = false

    init(queriesMax: Int, waitingMax: Int, tasksMax: Int) {
        self.queriesMax = queriesMax
        self.waitingMax = waitingMax
        self.tasksMax = tasksMax
    }

    var isIdle: Bool { runningTasks == 0 && runningQueries == 0 && !isClaiming }

    // MARK: Queries

    mutating func querySubmitted() -> Admission {
        guard !isStopping else { return .stopping }
        if runningQueries < queriesMax {
            runningQueries += 1
            return .start
        }
        guard waitingQueries < waitingMax else { return .refuse }
        waitingQueries += 1
        return .wait
    }

    /// True: the oldest that waits takes the place.
    mutating func queryEnded() -> Bool {
        guard waitingQueries > 0 else {
            runningQueries -= 1
            return false
        }
        waitingQueries -= 1
        return true
    }

    // MARK: Tasks. True: ask the metadata file for the next one.

    mutating func taskMayWait() -> Bool {
        mayHaveMore = true
        return claimIfPossible()
    }

    mutating func claimed(_ found: Bool) -> Bool {
        isClaiming = false
        if found {
            runningTasks += 1
            mayHaveMore = true
        }
        return claimIfPossible()
    }

    /// The metadata file could not be asked. Asked again when a task may wait.
    mutating func claimFailed() {
        isClaiming = false
        mayHaveMore = true
    }

    mutating func taskEnded() -> Bool {
        runningTasks -= 1
        mayHaveMore = true
        return claimIfPossible()
    }

    private mutating func claimIfPossible() -> Bool {
        guard mayHaveMore, !isClaiming, !isStopping, runningTasks < tasksMax else { return false }
        mayHaveMore = false
        isClaiming = true
        return true
    }

    /// Nothing more is started.
    mutating func stop() { isStopping = true }
}
