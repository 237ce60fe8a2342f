import Dispatch
import Logging
import LoonCore
import LoonLake
import MetaStore
import ObjectStore
import Synchronization

/// Removes tasks that are no longer to be kept, with their results, in steps that nobody notices; watches the disk.
final class Housekeeping: Sendable {
    private let context: ServiceContext
    private let queue = DispatchQueue(label: "loon.housekeeping", qos: .utility)
    private let isStopped = Atomic<Bool>(false)
    private let publications = DispatchQueue(label: "loon.publications", qos: .utility)
    private let isRetrying = Atomic<Bool>(false)
    /// Tasks whose results could not be removed.
    private let failures = Mutex<Set<TaskID>>([])

    init(context: ServiceContext) { self.context = context }

    /// Looks at the disk at once, and then at everything again and again.
    func start() {
        lookAtDisk()
        queue.async { self.round() }
    }

    /// Returns when no step is under way.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        queue.sync {}
    }

    private func lookAtDisk() {
        context.freeSpace.look(at: context.configuration.dataDirectory, context.configuration, context.log)
    }

    private func round() {
        guard !isStopped.load(ordering: .relaxed) else { return }
        lookAtDisk()
        DiskReserve(context.configuration.dataDirectory).fill()
        retryPublications()
        var hasMore = false
        do {
            try context.store.maintain()
            if try context.store.noticeOthersWrites() { try context.accounts.reload() }
            var failures = self.failures.withLock { $0 }
            hasMore = try Self.sweep(
                context.store, context.objects, context.configuration, Self.retention(context), failures: &failures,
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

    static func retention(_ context: ServiceContext) -> MetaStore.Retention {
        let configuration = context.configuration
        return MetaStore.Retention(
            before: configuration.keepDays == 0
                ? nil : context.clock.now() - Int64(configuration.keepDays) * 86_400_000,
            countMax: configuration.keepCount == 0 ? nil : Int64(configuration.keepCount))
    }

    /// One step. Returns whether there is more to do. What cannot be removed is left for the next start, and `failed`
    /// told.
    static func sweep(
        _ store: MetaStore, _ objects: LocalObjectStore, _ configuration: Configuration,
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
                        ?? configuration.resultFolder(of: removal.task))
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
