import Synchronization

/// Asks a run to stop. The one who runs hangs an action on it, which is taken off before what it acts on is gone.
package final class Cancellation: Sendable {
    private struct State: ~Copyable {
        var reason: QueryError?
        var action: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())

    package init() {}

    /// Why the run is to stop, `nil` while it may go on.
    package var reason: QueryError? { state.withLock { $0.reason } }

    /// Asks the run to stop. The first reason stays.
    package func cancel(_ reason: QueryError) {
        state.withLock {
            if $0.reason == nil { $0.reason = reason }
            // Inside the lock, so that the action's target cannot be taken down meanwhile.
            $0.action?()
        }
    }

    /// Runs `body` with `action` called if the run is to stop meanwhile; throws the reason where it is to stop already.
    package func run<Value>(stoppingWith action: @escaping @Sendable () -> Void, _ body: () throws -> Value) throws -> Value {
        try state.withLock {
            if let reason = $0.reason { throw reason }
            $0.action = action
        }
        defer { state.withLock { $0.action = nil } }
        return try body()
    }
}
