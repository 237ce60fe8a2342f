import Dispatch
import Foundation

extension NSCondition {
    /// Waits within the lock until `isDone`, and for `seconds` at most; false where it is not done by then. The clock
    /// is the monotonic one: `wait(until:)` follows the wall clock, which may be set.
    func wait(seconds: Double, until isDone: () -> Bool) -> Bool {
        if isDone() { return true }
        let deadline = ContinuousClock.now + .seconds(seconds)
        let alarm = DispatchWorkItem { [self] in
            lock()
            broadcast()
            unlock()
        }
        // A little later, so that it is not heard before its time.
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds + 0.02, execute: alarm)
        defer { alarm.cancel() }
        while !isDone() {
            guard .now < deadline else { return false }
            wait()
        }
        return true
    }
}
