/// The order of runs in a cluster: queries and tasks share its places, and neither can take the last one from the
/// other. Where both wait for a place, they take turns. Tasks wait in the metadata file; here is only known whether to
/// look for one. Synchronous, without a clock.
struct ClusterStateMachine {
    enum Admission: Equatable {
        case accepted
        /// Too many wait already.
        case refuse
        /// The daemon stops.
        case stopping
    }

    enum Action: Equatable {
        /// The query that has waited longest takes a place.
        case startQuery
        /// The metadata file is to be asked for the next task, for which a place is kept.
        case claimTask
    }

    private let placesMax: Int
    private let queriesMax: Int
    private let tasksMax: Int
    private let waitingMax: Int
    private var runningQueries = 0
    private var waitingQueries = 0
    private var runningTasks = 0
    private var isClaiming = false
    /// A task may have come since the file was last asked.
    private var mayHaveMore = false
    /// Whether the last place was given to a query.
    private var wasQuery = false
    private var isStopping = false

    /// Of `placesMax` places queries may take `queriesMax` and tasks `tasksMax`, and neither all, unless there is only
    /// one.
    init(placesMax: Int, queriesMax: Int, tasksMax: Int, waitingMax: Int) {
        self.placesMax = placesMax
        let shareMax = max(1, placesMax - 1)
        self.queriesMax = min(queriesMax, shareMax)
        self.tasksMax = min(tasksMax, shareMax)
        self.waitingMax = waitingMax
    }

    var isIdle: Bool { runningTasks == 0 && runningQueries == 0 && !isClaiming }

    private var hasPlace: Bool { runningQueries + runningTasks + (isClaiming ? 1 : 0) < placesMax }
    private var taskCanStart: Bool { mayHaveMore && !isClaiming && !isStopping && runningTasks < tasksMax }

    /// Queries that may run at a time.
    var queryPlacesMax: Int { queriesMax }

    /// The next action. Asked after each event, until there is nothing. `startable`: how many of the waiting queries
    /// may run, as far as their accounts go.
    mutating func next(startable: Int) -> Action? {
        let queryCanStart = startable > 0 && waitingQueries > 0 && runningQueries < queriesMax
        guard hasPlace, queryCanStart || taskCanStart else { return nil }
        wasQuery = taskCanStart && queryCanStart ? !wasQuery : queryCanStart
        if wasQuery {
            waitingQueries -= 1
            runningQueries += 1
            return .startQuery
        }
        mayHaveMore = false
        isClaiming = true
        return .claimTask
    }

    // MARK: Events

    mutating func querySubmitted() -> Admission {
        guard !isStopping else { return .stopping }
        guard waitingQueries < waitingMax || (waitingQueries == 0 && hasPlace && runningQueries < queriesMax) else {
            return .refuse
        }
        waitingQueries += 1
        return .accepted
    }

    mutating func queryEnded() { runningQueries -= 1 }

    /// A query waits no more, and never ran.
    mutating func queryLeft() { waitingQueries -= 1 }

    mutating func taskMayWait() { mayHaveMore = true }

    mutating func claimed(_ found: Bool) {
        isClaiming = false
        guard found else { return }
        runningTasks += 1
        mayHaveMore = true
    }

    /// The metadata file could not be asked. Asked again when a task may wait.
    mutating func claimFailed() { isClaiming = false }

    mutating func taskEnded() {
        runningTasks -= 1
        mayHaveMore = true
    }

    /// No more queries are accepted and no more tasks started; queries that wait still get their places.
    mutating func stop() { isStopping = true }
}
