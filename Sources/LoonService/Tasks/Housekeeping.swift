import Dispatch
import Logging
import LoonCore
import MetaStore
import Synchronization

/// Removes tasks that are no longer to be kept, with their results, in steps that nobody notices; watches the disk.
final class Housekeeping: Sendable {
    private let context: ServiceContext
    private let queue = DispatchQueue(label: "loon.housekeeping", qos: .utility)
    private let isStopped = Atomic<Bool>(false)

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

    private func lookAtDisk() { context.freeSpace.look(at: context.configuration.dataDirectory, context.configuration, context.log) }

    private func round() {
        guard !isStopped.load(ordering: .relaxed) else { return }
        lookAtDisk()
        var hasMore = false
        do {
            try context.store.noticeOthersWrites()
            hasMore = try Self.sweep(context.store, remove: { try self.context.removeResult(of: $0) }, Self.retention(context)) { removed in
                context.log.info("task.expired", metadata: ["tasks": "\(removed)"])
            }
        } catch {
            context.log.error("task.expire", metadata: ["error": "\(error)"])
        }
        // Even where much is to be done, look-ups and submissions have the file most of the time.
        let pause = hasMore ? Limits.housekeepingMilliseconds / 20 : Limits.housekeepingMilliseconds
        queue.asyncAfter(deadline: .now() + .milliseconds(pause)) { self.round() }
    }

    static func retention(_ context: ServiceContext) -> MetaStore.Retention {
        let configuration = context.configuration
        return MetaStore.Retention(
            before: configuration.keepDays == 0 ? nil : context.clock.now() - Int64(configuration.keepDays) * 86_400_000,
            countMax: configuration.keepCount == 0 ? nil : Int64(configuration.keepCount))
    }

    /// One step. Returns whether there is more to do.
    static func sweep(
        _ store: MetaStore, remove: (TaskID) throws -> Void, _ retention: MetaStore.Retention, removed: (Int) -> Void
    ) throws -> Bool {
        let count = try store.removeExpired(retention)
        if count > 0 { removed(count) }
        let results = try store.removals()
        for task in results { try remove(task) }
        if !results.isEmpty { try store.removed(results) }
        return count == Limits.taskStepMax || results.count == Limits.taskStepMax
    }
}
