package import Dispatch

/// Calls its body once after a time, unless it is cancelled or gone before: unlike a block on a queue it leaves nothing
/// behind then.
///
/// `@unchecked`: a dispatch source may be cancelled from any thread, which its type does not say.
package final class Deadline: @unchecked Sendable {
    private let timer: any DispatchSourceTimer

    package init(seconds: Int, on queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + .seconds(seconds))
        timer.setEventHandler(handler: body)
        timer.activate()
    }

    deinit { timer.cancel() }

    package func cancel() { timer.cancel() }
}
