import Foundation
package import LoonCore
package import QueryEngine
import Synchronization

/// A cluster's engine: each request goes to a worker that may touch what it needs, and nothing else. What a worker
/// answers is read as a stranger's bytes.
///
/// `@unchecked`: the timer is set up here, and cancelled by `deinit`.
package final class WorkerEngine: QueryEngine, @unchecked Sendable {
    /// Bounds of the cluster's workers.
    package struct Options: Sendable {
        let places: StorePlaces
        package let threads: Int
        package let memoryBytes: Int64
        package let runningMax: Int
        /// The folder of the workers' own folders.
        package let spill: String
        package let spillLimit: String?
        /// Whether a worker ends after each query.
        package let isolatesQueries: Bool
        /// The newest version of Landlock that is used; 0: none.
        package let landlockMax: Int

        package init(
            root: String, staging: String, threads: Int, memoryBytes: Int64, runningMax: Int, spill: String,
            spillLimit: String?, isolatesQueries: Bool, landlockMax: Int
        ) {
            places = StorePlaces(root: root, staging: staging)
            self.threads = threads
            self.memoryBytes = memoryBytes
            self.runningMax = runningMax
            self.spill = spill
            self.spillLimit = spillLimit
            self.isolatesQueries = isolatesQueries
            self.landlockMax = landlockMax
        }
    }

    private let places: StorePlaces
    private let pool: WorkerPool
    private let shares: WorkerShares
    private let planning: PlanningPlaces
    private let watch: any DispatchSourceTimer
    /// The engine that this one is another face of: its runs wait for all of the cluster's memory.
    private let base: WorkerEngine?

    package init(_ parent: WorkerParentProcess, _ options: Options) {
        places = options.places
        let pool = WorkerPool(parent, options)
        self.pool = pool
        shares = WorkerShares(
            threads: options.threads, memoryBytes: options.memoryBytes, runningMax: options.runningMax)
        planning = PlanningPlaces()
        base = nil
        watch = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "loon.workers.watch"))
        watch.schedule(
            deadline: .now(), repeating: .milliseconds(Limits.workerWatchMilliseconds), leeway: .milliseconds(10))
        watch.setEventHandler { pool.look(at: .now) }
        watch.activate()
        pool.prepare()
    }

    private init(withWholeMemoryOf base: WorkerEngine) {
        places = base.places
        pool = base.pool
        shares = base.shares
        planning = base.planning
        watch = base.watch
        self.base = base
    }

    deinit { if base == nil { watch.cancel() } }

    // MARK: QueryEngine

    package var withWholeMemory: any QueryEngine { WorkerEngine(withWholeMemoryOf: base ?? self) }

    package func parse(_ sql: String, of account: AccountIdentity) throws -> [UInt8] {
        try plan(.parse(sql), AccessSet(account: account), isAny: true) { Array($0) }
    }

    package func rows(
        _ rows: [[String?]], of columns: [TableColumn], matching conditions: [ScanCondition],
        for account: AccountIdentity
    ) throws -> [Int]? {
        let found = try plan(
            .rows(rows, of: columns, matching: conditions), AccessSet(account: account), isAny: true,
            milliseconds: Limits.conditionsMilliseconds
        ) { payload in
            try Self.read(payload) { (frame) throws(MalformedFrame) in
                try frame.optional { (frame) throws(MalformedFrame) in
                    try frame.list { (frame) throws(MalformedFrame) in try frame.integer() }
                }
            }
        }
        guard found?.allSatisfy(rows.indices.contains) ?? true, found.map({ $0 == Array(Set($0)).sorted() }) ?? true
        else { throw Self.protocolBroken }
        return found
    }

    package func describe(_ query: EngineQuery, cancellation: Cancellation) throws -> [ResultColumn] {
        try plan(.describe(query), AccessSet(query, places), cancellation: cancellation) { payload in
            try Self.read(payload) { (frame) throws(MalformedFrame) in try frame.list() }
        }
    }

    package func explain(_ query: EngineQuery, isAnalyze: Bool, cancellation: Cancellation) throws -> String {
        let operation = EngineRequest.Operation.explain(query, isAnalyze: isAnalyze)
        let access = AccessSet(query, places)
        let read: (UnsafeRawBufferPointer) throws -> String = { payload in
            try Self.read(payload) { (frame) throws(MalformedFrame) in try frame.text() }
        }
        guard isAnalyze else { return try plan(operation, access, cancellation: cancellation, read: read) }
        return try run(operation, access, query.valueTables, cancellation, read: read)
    }

    package func export(_ query: EngineQuery, to target: ExportTarget, cancellation: Cancellation) throws
        -> QueryProfile
    {
        let folder = places.path(of: target.folder)
        let access = AccessSet(query, places, writable: [folder.hasSuffix("/") ? folder : folder + "/"])
        return try run(.export(query, to: target), access, query.valueTables, cancellation) {
            try QueryProfile(payload: $0)
        }
    }

    package func keepRows(
        _ query: EngineQuery, in file: FileSource, isShown: Bool, rowsMax: Int?, cancellation: Cancellation
    ) throws -> KeptRows {
        try run(
            .keepRows(query, in: file, isShown: isShown, rowsMax: rowsMax),
            AccessSet(query, places, writable: [places.folder(of: file)]), query.valueTables, cancellation
        ) { try KeptRows(payload: $0) }
    }

    package func volatileFunctions() throws -> Set<String> {
        let nobody = AccountIdentity(name: "", number: -1)
        return try plan(.volatileFunctions, AccessSet(account: nobody)) { payload in
            try Self.read(payload) { (frame) throws(MalformedFrame) in Set(try frame.texts()) }
        }
    }

    package func endIdle() { pool.retireIdle() }

    package func inferColumns(
        of files: [FileSource], format: TableFormat, for account: AccountIdentity, cancellation: Cancellation
    ) throws -> InferredColumns {
        let access = AccessSet(account: account, readable: places.paths(of: files), readsAvro: format == .avro)
        return try plan(.inferColumns(of: files, format: format), access, cancellation: cancellation) {
            try InferredColumns(payload: $0)
        }
    }

    package func textTraits(
        of files: [FileSource], in location: String, quotes: QuoteRules?, for account: AccountIdentity,
        cancellation: Cancellation
    ) throws -> [TextTraits] {
        let traits = try exchange(
            .textTraits(of: files, quotes: quotes),
            AccessSet(account: account, readable: places.readable(files, in: location)), isAny: false, shares.planning,
            milliseconds: nil, [], cancellation, nil
        ) { payload in
            try Self.read(payload) { (frame) throws(MalformedFrame) in try frame.list(of: TextTraits.self) }
        }
        guard traits.count == files.count else { throw Self.protocolBroken }
        return traits
    }

    package func rewrite(
        _ rewritings: [TextRewriting], in location: String, folder: FileSource, for account: AccountIdentity,
        cancellation: Cancellation
    ) throws {
        let access = AccessSet(
            account: account, readable: places.readable(rewritings.map(\.source), in: location),
            writable: [places.path(of: folder) + "/"])
        return try exchange(
            .rewrite(rewritings), access, isAny: false, shares.planning, milliseconds: nil, [], cancellation, nil
        ) { _ in }
    }

    package func run(
        _ query: EngineQuery, as encoding: RowEncoding, rowsMax: Int?, cancellation: Cancellation, sink: any RowSink
    ) throws -> RunOutcome {
        try run(
            .run(query, as: encoding, rowsMax: rowsMax), AccessSet(query, places), query.valueTables, cancellation,
            sink: sink
        ) { try RunOutcome(payload: $0) }
    }

    // MARK: Exchanges

    private static var protocolBroken: QueryError {
        QueryError(.engine, "The engine's process broke the protocol; write the statement otherwise")
    }

    private static func read<Value>(
        _ payload: UnsafeRawBufferPointer, _ body: (inout FrameReader) throws(MalformedFrame) -> Value
    ) throws(MalformedFrame) -> Value {
        var frame = FrameReader(Array(payload))
        let value = try body(&frame)
        try frame.end()
        return value
    }

    /// Outside of the cluster's places, a few at a time, and not for long.
    private func plan<Answer>(
        _ operation: EngineRequest.Operation, _ access: AccessSet, isAny: Bool = false,
        milliseconds: Int = Limits.planningMilliseconds, cancellation: Cancellation = Cancellation(),
        read: (UnsafeRawBufferPointer) throws -> Answer
    ) throws -> Answer {
        try planning.take(access.account)
        defer { planning.giveBack(access.account) }
        return try exchange(
            operation, access, isAny: isAny, shares.planning, milliseconds: milliseconds, [], cancellation, nil, read)
    }

    private func run<Answer>(
        _ operation: EngineRequest.Operation, _ access: AccessSet, _ valueTables: [ValueTable],
        _ cancellation: Cancellation, sink: (any RowSink)? = nil, read: (UnsafeRawBufferPointer) throws -> Answer
    ) throws -> Answer {
        let share = base == nil ? shares.take() : try shares.takeWhole(cancellation)
        defer { shares.giveBack(share) }
        return try exchange(
            operation, access, isAny: false, share, milliseconds: nil, valueTables, cancellation, sink, read)
    }

    private func exchange<Answer>(
        _ operation: EngineRequest.Operation, _ access: AccessSet, isAny: Bool, _ share: WorkerShare,
        milliseconds: Int?, _ valueTables: [ValueTable], _ cancellation: Cancellation, _ sink: (any RowSink)?,
        _ read: (UnsafeRawBufferPointer) throws -> Answer
    ) throws -> Answer {
        if let reason = cancellation.reason { throw reason }
        let worker = try pool.take(access, share, isAny: isAny)
        var isReusable = false
        defer { if isReusable, !worker.hasExpired { pool.keepForLater(worker) } else { pool.retire(worker) } }
        do {
            let answer = try worker.exchange(
                operation, share: share, milliseconds: milliseconds, valueTables: valueTables,
                cancellation: cancellation
            ) { kind, payload -> Answer? in
                switch kind {
                case .answer: return try read(payload)
                case .failed:
                    let failure = try Failure(payload: payload)
                    isReusable = !failure.isLast && cancellation.reason == nil
                    throw failure.error
                case .notPlain:
                    isReusable = true
                    throw RowEncoding.NotPlain()
                case .columns:
                    guard let sink else { throw MalformedFrame() }
                    try sink.begin(try Self.read(payload) { (frame) throws(MalformedFrame) in try frame.list() })
                case .rows:
                    guard let sink, payload.count >= 8 else { throw MalformedFrame() }
                    let count = Int64(littleEndian: payload.loadUnaligned(as: Int64.self))
                    guard count >= 0 else { throw MalformedFrame() }
                    try sink.write(UnsafeRawBufferPointer(rebasing: payload[8...]), count: Int(count))
                default: throw MalformedFrame()
                }
                return nil
            }
            isReusable = cancellation.reason == nil
            return answer
        } catch _ where cancellation.reason == nil && worker.hasExpired {
            throw QueryError(
                .timeLimit, "The statement takes longer than \(milliseconds ?? 0) ms to plan; write it in a simpler way"
            )
        } catch is FrameSocket.Ended {
            throw cancellation.reason ?? worker.death()
        } catch is MalformedFrame {
            throw cancellation.reason ?? Self.protocolBroken
        } catch {
            throw cancellation.reason ?? error
        }
    }
}

/// The places of what is planned: some at a time, and two of an account's.
private final class PlanningPlaces: @unchecked Sendable {
    private let condition = NSCondition()
    private var taken: [AccountIdentity: Int] = [:]
    private var count = 0

    func take(_ account: AccountIdentity) throws(QueryError) {
        condition.lock()
        defer { condition.unlock() }
        let hasPlace = condition.wait(seconds: Double(Limits.planningMilliseconds) / 1_000) {
            count < Limits.planningThreads && taken[account, default: 0] < Limits.planningThreadsPerAccount
        }
        guard hasPlace else { throw QueryError(.queueFull, "Too many statements are being planned; try again") }
        count += 1
        taken[account, default: 0] += 1
    }

    func giveBack(_ account: AccountIdentity) {
        condition.lock()
        defer { condition.unlock() }
        count -= 1
        let left = taken[account, default: 1] - 1
        taken[account] = left > 0 ? left : nil
        condition.broadcast()
    }
}
