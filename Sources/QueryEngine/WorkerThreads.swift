import Foundation

/// Threads for work that blocks, apart from the event loops and the cooperative pool. They are made when first needed
/// and kept.
///
/// `@unchecked`: everything mutable is guarded by `condition`.
package final class WorkerThreads: @unchecked Sendable {
    /// The engine's parser and binder are recursive: on small stacks a long expression ends the process.
    package static let engineStackBytes = 32 * 1024 * 1024

    private let name: String
    private let threadsMax: Int
    private let queueMax: Int
    private let condition = NSCondition()
    private var jobs: [@Sendable () -> Void] = []
    private var threadCount = 0
    private var idleCount = 0

    /// At most `threadsMax` jobs run at a time, at most `queueMax` wait.
    package init(name: String, threadsMax: Int, queueMax: Int) {
        self.name = name
        self.threadsMax = threadsMax
        self.queueMax = queueMax
    }

    /// Runs `job` on one of the threads. False where too many wait already.
    package func run(_ job: @escaping @Sendable () -> Void) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard jobs.count < queueMax || idleCount > 0 else { return false }
        jobs.append(job)
        if idleCount >= jobs.count {
            condition.signal()
        } else if threadCount < threadsMax {
            threadCount += 1
            let thread = Thread { self.work() }
            thread.name = name
            thread.stackSize = Self.engineStackBytes
            thread.start()
        }
        return true
    }

    private func work() {
        condition.lock()
        while true {
            while jobs.isEmpty {
                idleCount += 1
                condition.wait()
                idleCount -= 1
            }
            let job = jobs.removeFirst()
            condition.unlock()
            job()
            condition.lock()
        }
    }
}
