import Dispatch
import Logging
import LoonCore
import MySQLProtocol
import Synchronization

/// KILL, and whatever else puts an end to a statement.
extension Session {
    /// Stops what runs on another connection, or closes that too.
    func kill(_ connectionID: UInt32, isQueryOnly: Bool) throws(QueryError) {
        guard let victim = context.sessions.session(connectionID) else {
            throw QueryError(.unknownThread, "Unknown thread id: \(connectionID)")
        }
        guard isAdministrator || victim.account == account else {
            throw QueryError(.notOwner, "You are not owner of thread \(connectionID)")
        }
        context.audit.kill(login, connectionID)
        let running = victim.state.withLock(\.running)
        if let running, running.response !== state.withLock(\.running)?.response || isQueryOnly {
            victim.interrupt(running, QueryError(.interrupted, "Query execution was interrupted"))
        }
        guard !isQueryOnly else { return }
        victim.login.disconnect()
        // Nobody finds it any more, even if its socket takes a moment.
        context.sessions.remove(victim)
    }

    /// Asks a statement to stop. The engine usually does within milliseconds; where it does not, the client is answered
    /// all the same (docs/invariants.md, 10).
    func interrupt(_ running: RunningStatement, _ reason: QueryError) {
        // A write that is decided answers for itself.
        guard running.cancellation.cancel(reason) else { return }
        let (context, metadata) = (context, metadata)
        context.timers.asyncAfter(deadline: .now() + .milliseconds(Limits.killPatienceMilliseconds)) {
            running.audit?.error = reason
            guard running.response.takeOver(reason) else { return }
            self.diagnostics.end(with: reason)
            context.sessions.addZombie(running)
            context.timers.asyncAfter(deadline: .now() + .milliseconds(Limits.lingerMilliseconds)) {
                guard context.sessions.zombies.contains(where: { $0 === running }) else { return }
                context.log.warning(
                    "statement.lingers",
                    metadata: metadata.merging(["ms": "\(context.clock.now() - running.started)"]) { $1 })
            }
        }
    }
}
