import Synchronization

/// Asks a run to stop, and how far it is. The one who runs hangs its two answers on it, which are taken off before what
/// they reach for is gone.
package final class Cancellation: Sendable {
    private struct State: ~Copyable {
        var reason: QueryError?
        var isPast = false
        var action: (@Sendable () -> Void)?
        var progress: (@Sendable () -> Double?)?
        var progressSeen: Double?
        var process: (@Sendable () -> EngineProcess?)?
    }
    private let state = Mutex(State())

    package init() {}

    /// Why the run is to stop, `nil` while it may go on.
    package var reason: QueryError? { state.withLock { $0.reason } }

    /// How much of the run is done, from 0 to 1; `nil` where that is not known. Never goes back, whatever the engine
    /// thinks of a run that ends.
    package var progress: Double? {
        state.withLock { state in
            if let now = state.progress?() { state.progressSeen = max(state.progressSeen ?? 0, min(now, 1)) }
            return state.progressSeen
        }
    }

    /// The process that the run is in, `nil` where it is in none.
    package var process: EngineProcess? { state.withLock { $0.process }?() }

    /// Another run begins under the same hand: it can be stopped, whatever the one before has decided.
    package func beginNext() {
        state.withLock {
            $0.progressSeen = nil
            $0.isPast = false
        }
    }

    /// Asks the run to stop. The first reason stays. False where what was to be stopped has happened.
    @discardableResult
    package func cancel(_ reason: QueryError) -> Bool {
        state.withLock {
            guard !$0.isPast else { return false }
            if $0.reason == nil { $0.reason = reason }
            // Inside the lock, so that the action's target cannot be taken down meanwhile.
            $0.action?()
            return true
        }
    }

    /// From here on the run cannot be stopped: what it does is decided. Throws the reason where it is to stop already.
    package func decideRun() throws {
        try state.withLock {
            if let reason = $0.reason { throw reason }
            $0.isPast = true
        }
    }

    /// Runs `body` with `action` called if the run is to stop meanwhile, `progress` asked how far it is, and `process`
    /// where; throws the reason where it is to stop already.
    package func run<Value>(
        stoppingWith action: @escaping @Sendable () -> Void, progress: @escaping @Sendable () -> Double?,
        process: (@Sendable () -> EngineProcess?)? = nil, _ body: () throws -> Value
    ) throws -> Value {
        try state.withLock {
            if let reason = $0.reason { throw reason }
            $0.action = action
            $0.progress = progress
            $0.process = process
        }
        defer {
            state.withLock {
                $0.action = nil
                $0.progress = nil
                $0.process = nil
            }
        }
        return try body()
    }
}

/// The process that an engine runs a statement in.
package struct EngineProcess: Sendable {
    /// Its number, as the kernel has it.
    package let id: Int32
    /// Memory of its own that it holds, in bytes.
    package let memoryBytes: Int64

    package init(id: Int32, memoryBytes: Int64) {
        self.id = id
        self.memoryBytes = memoryBytes
    }
}
