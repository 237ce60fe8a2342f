import Foundation
import LoonCore
import QueryEngine
import Synchronization

/// The workers of a cluster: those that wait for a query with their key, and a few that are forked and not bound.
final class WorkerPool: Sendable {
    private struct Idle {
        let worker: EngineWorker
        let since: ContinuousClock.Instant
        /// Whether it has been found to be small enough to wait.
        var isWeighed = false
    }

    private struct State {
        /// The one that was used last stands last.
        var idle: [Idle] = []
        var busy: [Int64: EngineWorker] = [:]
        var ready: [(worker: Int64, socket: FrameSocket)] = []
        var lastFolder = 0
    }

    private let parent: WorkerParentProcess
    private let options: WorkerEngine.Options
    private let state = Mutex(State())

    init(_ parent: WorkerParentProcess, _ options: WorkerEngine.Options) {
        self.parent = parent
        self.options = options
    }

    /// A worker with the key, and rather one that has had such a share, as another takes the engine a while to set.
    /// `isAny`: any of the account's will do.
    func take(_ access: AccessSet, _ share: WorkerShare, isAny: Bool = false) throws -> EngineWorker {
        func fits(_ worker: EngineWorker) -> Bool {
            isAny ? worker.access.account == access.account : worker.access == access
        }
        let found = state.withLock { state -> EngineWorker? in
            let index =
                state.idle.lastIndex { fits($0.worker) && $0.worker.lastShare == share }
                ?? state.idle.lastIndex { fits($0.worker) }
            guard let index else { return nil }
            let worker = state.idle.remove(at: index).worker
            state.busy[worker.number] = worker
            return worker
        }
        if let found { return found }
        let worker = try start(access)
        state.withLock { $0.busy[worker.number] = worker }
        return worker
    }

    /// For a later query with its key. The one that was used least lately makes room.
    func keepForLater(_ worker: EngineWorker) {
        guard !options.isolatesQueries, worker.access.writable.isEmpty else { return retire(worker) }
        let oldest = state.withLock { state -> EngineWorker? in
            state.busy[worker.number] = nil
            state.idle.append(Idle(worker: worker, since: .now))
            return state.idle.count > Limits.idleWorkersMax ? state.idle.removeFirst().worker : nil
        }
        oldest?.retire()
    }

    func retire(_ worker: EngineWorker) {
        state.withLock { _ = $0.busy.removeValue(forKey: worker.number) }
        worker.retire()
    }

    /// Ends the workers that wait.
    func retireIdle() {
        let ended = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for idle in ended { idle.worker.retire() }
    }

    /// Kills those that hold more memory than they may, and ends those that wait for too long or are too large.
    func look(at moment: ContinuousClock.Instant) {
        for worker in state.withLock({ Array($0.busy.values) }) {
            worker.stopIfLate(moment)
            guard let limit = worker.memoryBytesMax, let process = worker.process,
                let held = ProcessMemory.bytes(of: process), held > limit + Limits.workerSlackBytes
            else { continue }
            parent.statistics.killedForMemory.add(1, ordering: .relaxed)
            worker.kill(.memory(limit))
        }
        let oldest = moment - .seconds(Limits.idleWorkerSeconds)
        let unweighed = state.withLock { $0.idle.filter { !$0.isWeighed }.map(\.worker) }
        let large = Set(unweighed.filter(\.isLarge).map(\.number))
        let weighed = Set(unweighed.map(\.number))
        let ended = state.withLock { state in
            func ends(_ idle: Idle) -> Bool { idle.since < oldest || large.contains(idle.worker.number) }
            let ended = state.idle.filter(ends)
            state.idle.removeAll(where: ends)
            for index in state.idle.indices where weighed.contains(state.idle[index].worker.number) {
                state.idle[index].isWeighed = true
            }
            return ended
        }
        for idle in ended { idle.worker.retire() }
    }

    private func start(_ access: AccessSet) throws -> EngineWorker {
        let (ready, number) = state.withLock { state in
            state.lastFolder += 1
            return (state.ready.isEmpty ? nil : state.ready.removeFirst(), state.lastFolder)
        }
        let folder = "\(options.spill)/\(number)/"
        // On a full disk it runs without: where it has to spill the engine says so.
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let binding = WorkerBinding(
            version: ServiceVersion.text, root: options.places.root, staging: options.places.staging,
            readable: access.readable, writable: access.writable, spill: folder, spillLimit: options.spillLimit,
            dataBytesMax: options.memoryBytes + Limits.workerSlackBytes, landlockMax: options.landlockMax,
            readsAvro: access.readsAvro)
        let worker: EngineWorker
        do {
            worker = try bound(ready, access, binding)
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        prepare()
        return worker
    }

    /// Has workers forked that are ready when they are wanted.
    func prepare() {
        while state.withLock({ $0.ready.count }) < Limits.readyWorkers, let next = try? parent.fork() {
            state.withLock { $0.ready.append(next) }
        }
    }

    /// One that has waited may have been killed meanwhile.
    private func bound(_ ready: (worker: Int64, socket: FrameSocket)?, _ access: AccessSet, _ binding: WorkerBinding)
        throws -> EngineWorker
    {
        func bind(_ forked: (worker: Int64, socket: FrameSocket)) throws -> EngineWorker {
            do { return try EngineWorker(forked, access, binding, parent) } catch {
                parent.kill(forked.worker)
                parent.forget(forked.worker)
                throw error
            }
        }
        if let ready, let worker = try? bind(ready) { return worker }
        do { return try bind(try parent.fork()) } catch let error as QueryError { throw error } catch {
            throw QueryError(.engine, "The engine's process cannot be started; try again", detail: "\(error)")
        }
    }
}

/// The memory of a process, as the kernel tells it (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
package enum ProcessMemory {
    /// Its own memory, and shared memory that is no file; `nil` where there is no such process.
    package static func bytes(of process: Int32) -> Int64? {
        let descriptor = open("/proc/\(process)/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4_096) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            var total: Int64 = 0
            for line in String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n") {
                guard line.hasPrefix("RssAnon:") || line.hasPrefix("RssShmem:") else { continue }
                total += (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) } ?? 0) * 1_024
            }
            return total
        }
    }
}
