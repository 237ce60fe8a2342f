import Dispatch
import Logging
package import LoonCore
import LoonLake
package import MetaStore
package import ObjectStore
import Synchronization

/// Removes tasks that are no longer to be kept, with their results, in steps that nobody notices; watches the disk.
package final class Housekeeping: Sendable {
    /// The operator's decisions about it.
    package struct Settings: Sendable {
        let dataDirectory: String
        /// Free MiB of its disk below which a warning is logged, and below which no task is accepted.
        let warnFreeMiB: Int
        let minFreeMiB: Int
        /// Days after which a task and its result are removed; 0 for never.
        let keepDays: Int
        /// The newest tasks that stay, whatever their age; 0 for all.
        let keepCount: Int

        package init(dataDirectory: String, warnFreeMiB: Int, minFreeMiB: Int, keepDays: Int, keepCount: Int) {
            self.dataDirectory = dataDirectory
            self.warnFreeMiB = warnFreeMiB
            self.minFreeMiB = minFreeMiB
            self.keepDays = keepDays
            self.keepCount = keepCount
        }
    }

    private let context: TaskContext
    private let settings: Settings
    private let queue = DispatchQueue(label: "loon.housekeeping", qos: .utility)
    private let isStopped = Atomic<Bool>(false)
    private let publications = DispatchQueue(label: "loon.publications", qos: .utility)
    private let isRetrying = Atomic<Bool>(false)
    /// Tasks whose results could not be removed.
    private let failures = Mutex<Set<TaskID>>([])

    package init(context: TaskContext, settings: Settings) {
        self.context = context
        self.settings = settings
    }

    /// Looks at the disk at once, and then at everything again and again.
    package func start() {
        lookAtDisk()
        queue.async { self.round() }
    }

    /// Returns when no step is under way.
    package func stop() {
        isStopped.store(true, ordering: .relaxed)
        queue.sync {}
    }

    private func lookAtDisk() {
        context.freeSpace.look(
            at: settings.dataDirectory, warnBelowMiB: settings.warnFreeMiB, refuseBelowMiB: settings.minFreeMiB,
            context.log)
    }

    private func round() {
        guard !isStopped.load(ordering: .relaxed) else { return }
        lookAtDisk()
        DiskReserve(settings.dataDirectory).fill()
        retryPublications()
        var hasMore = false
        do {
            try context.store.maintain()
            if try context.store.noticeOthersWrites() { try context.accounts.reload() }
            var failures = self.failures.withLock { $0 }
            hasMore = try Self.sweep(
                context.store, context.objects, resultBucket: context.lake.resultBucket, retention, failures: &failures,
                removed: { context.log.info("task.expired", metadata: ["tasks": "\($0)"]) },
                failed: { context.log.error("task.expire", metadata: ["task": "\($0)", "error": "\($1)"]) })
            self.failures.withLock { [failures] in $0 = failures }
        } catch {
            context.log.error("task.expire", metadata: ["error": "\(error)"])
        }
        // Even where much is to be done, look-ups and submissions have the file most of the time.
        let pause = hasMore ? Limits.housekeepingMilliseconds / 20 : Limits.housekeepingMilliseconds
        queue.asyncAfter(deadline: .now() + .milliseconds(pause)) { self.round() }
    }

    /// On a queue of its own, one at a time: a disk that hangs holds up nothing else.
    private func retryPublications() {
        guard !context.lake.openPublications.all.isEmpty, !isRetrying.exchange(true, ordering: .relaxed) else { return }
        publications.async {
            Publisher(context: self.context.lake).retry()
            self.isRetrying.store(false, ordering: .relaxed)
        }
    }

    private var retention: MetaStore.Retention {
        MetaStore.Retention(
            before: settings.keepDays == 0
                ? nil : context.clock.now() - Int64(settings.keepDays) * 86_400_000,
            countMax: settings.keepCount == 0 ? nil : Int64(settings.keepCount))
    }

    /// One step. Returns whether there is more to do. What cannot be removed is left for the next start, and `failed`
    /// told.
    package static func sweep(
        _ store: MetaStore, _ objects: any ObjectStorage, resultBucket: String,
        _ retention: MetaStore.Retention, evenUnsent: Bool = false,
        failures: inout Set<TaskID>, removed: (Int) -> Void, failed: (TaskID, any Error) -> Void
    ) throws -> Bool {
        let count = try store.removeExpired(retention, evenUnsent: evenUnsent)
        if count > 0 { removed(count) }
        let removals = try store.removals(excluding: failures)
        var done: [TaskID] = []
        for removal in removals {
            do {
                try objects.removeFolder(
                    try removal.resultFile.map { try ObjectKey($0).parent }
                        ?? .resultFolder(of: removal.task, in: resultBucket))
                done.append(removal.task)
            } catch {
                failed(removal.task, error)
                if failures.count < Limits.taskStepMax { failures.insert(removal.task) }
            }
        }
        if !done.isEmpty { try store.removed(done) }
        return count == Limits.taskStepMax || done.count == Limits.taskStepMax
    }
}
