import Foundation
import GRDB
import LoonCore
import MetaStore
import Testing

@Suite struct MetaStoreTests {
    let path = NSTemporaryDirectory() + "loon-" + UUID().uuidString + ".sqlite"

    func store() throws -> MetaStore {
        try #require(try MetaStore(path: path, region: "hz", offsetMinutes: 480, mayCreate: true))
    }

    private func submission(
        notifies: Bool = true, command: String = "select 1", account: String = "a", hints: [String: String] = [:],
        priority: Int = 5,
        cluster: String = "public"
    ) -> Submission {
        let target = NotificationTarget(
            product: .ons, model: "queue", topic: "t", queue: nil, producerID: "g", endpoint: "http://127.0.0.1:1",
            instanceID: "MQ_INST_1",
            delaySeconds: nil)
        return Submission(
            kind: .select, command: command, schema: "s", sessionSchema: nil, source: .asked(SessionValues()),
            sqlMode: "",
            timeZoneOffsetMinutes: 0,
            now: 1, owner: AccountIdentity(name: account, number: 0), connectionID: 5,
            hints: hints.merging(["run_async": "true"]) { $1 }, notification: notifies ? target : nil,
            placement: .init(cluster: cluster, priority: priority))
    }

    private func submit(_ store: MetaStore, now: Int64 = 1_000) async throws -> TaskID {
        try await submit(store, submission(), now: now).id
    }

    private func submit(
        _ store: MetaStore, _ submission: Submission, reusing source: TaskID? = nil, now: Int64 = 1_000
    ) async throws -> MetaStore.Accepted {
        try await withCheckedThrowingContinuation { next in
            store.submit(submission, reusing: source, now: now, message: { _ in Array("body".utf8) }) {
                next.resume(with: $0.mapError { $0 as any Error })
            }
        }
    }

    private func claim(_ store: MetaStore, _ policy: ClaimPolicy = ClaimPolicy(cluster: "public")) async throws
        -> TaskRecord?
    {
        try await withCheckedThrowingContinuation { next in
            store.claimNext(policy, now: 2_000, engineQueryID: "e", message: { _ in [] }) {
                next.resume(with: $0.mapError { $0 as any Error })
            }
        }
    }

    private func cancel(_ store: MetaStore, _ predicate: RowPredicate) async throws -> MetaStore.Cancelled {
        let numbers = try store.unfinished(predicate, in: .everybody, from: 0)
        return try await withCheckedThrowingContinuation { next in
            store.cancel(
                numbers, as: TaskOutcome(state: .cancelled, measures: TaskMeasures()), now: 2_500,
                message: { _ in Array("body".utf8) }
            ) {
                next.resume(with: $0.mapError { $0 as any Error })
            }
        }
    }

    private func finish(
        _ store: MetaStore, _ id: TaskID, _ state: TaskState = .success, file: String? = nil, fingerprint: String? = nil
    ) async throws -> Bool {
        let outcome = TaskOutcome(
            state: state, measures: TaskMeasures(rowCount: 4), resultFile: file, fingerprint: fingerprint)
        return try await withCheckedThrowingContinuation { next in
            store.finish(
                id, outcome, now: 3_000, message: { _ in Array("body".utf8) }
            ) { next.resume(with: $0.mapError { $0 as any Error }) }
        }
    }

    private func messages(_ store: MetaStore, now: Int64, excluding excluded: Set<Int64> = []) throws -> [OutboxMessage]
    {
        try store.dueMessages(lane: "http://127.0.0.1:1", now: now, excluding: excluded, limit: 10).messages
    }

    /// The trap that GRDB sets: NORMAL would lose commits in a power cut.
    @Test func commitsAreSynced() throws { #expect(try store().synchronousMode() == 2) }

    @Test func whatIsDoneAgainWithoutHarmIsNotSyncedAlone() async throws {
        let store = try store()
        let id = try await submit(store)
        #expect(try await claim(store)?.id == id)
        #expect(try store.synchronousMode() == 1)
        #expect(try await finish(store, id))
        #expect(try store.synchronousMode() == 2)
        #expect(try await claim(store) == nil)
        _ = try await submit(store)
        #expect(try store.synchronousMode() == 2)
    }

    @Test func aTaskEndsOnceWithItsMessage() async throws {
        let store = try store()
        let id = try await submit(store)
        #expect(try await finish(store, id) == false, "it does not run yet")
        #expect(try await claim(store)?.id == id)
        #expect(try await claim(store) == nil)
        #expect(try await finish(store, id))
        #expect(try await finish(store, id, .failure) == false)
        let due = try messages(store, now: 3_000)
        #expect(due.map(\.taskID) == [id] && due.map(\.tag) == ["SUCCESS"])
        #expect(try messages(store, now: 2_999).isEmpty)
        #expect(try messages(store, now: 3_000, excluding: Set(due.map(\.number))).isEmpty)
        #expect(try store.task(id)?.messageState == .waiting)
    }

    @Test func whatRanIsQueuedAgainAfterARestart() async throws {
        var store: MetaStore? = try store()
        let instance = try #require(store?.instanceID)
        let first = try await submit(try #require(store))
        _ = try await claim(try #require(store))
        try store?.close()
        store = nil
        let again = try self.store()
        #expect(again.instanceID == instance)
        #expect(try again.recover(now: 5_000) == 1)
        let task = try #require(try await claim(again))
        #expect(task.id == first && task.attempts == 2 && task.submission == submission())
        // An earlier clock does not bring an earlier id.
        #expect(try await submit(again, now: 0).description > first.description)
    }

    @Test func whatWasInterruptedIsClaimedAgainInItsOrder() async throws {
        let store = try store()
        let ids = [try await submit(store), try await submit(store)]
        for _ in 0..<5 {
            _ = try await claim(store)
            _ = try await claim(store)
            try store.queueInterrupted(now: 1)
            #expect(try store.recover(now: 1) == 0)
        }
        #expect([try await claim(store)?.id, try await claim(store)?.id] == ids)
    }

    /// A claim that walked the finished tasks would take the longer the more there are.
    @Test func claimsUseTheirIndexes() throws {
        let store = try store()
        for (query, index) in [
            ("SELECT cluster, account FROM task WHERE status = 'RUNNING'", "task_by_status (status=?"),
            (
                "SELECT priority FROM task WHERE status = 'QUEUED' AND cluster = 'c' AND priority < 9 ORDER BY "
                    + "priority DESC LIMIT 1",
                "task_queued (cluster=? AND priority<?)"
            ),
            (
                "SELECT account, n FROM task WHERE status = 'QUEUED' AND cluster = 'c' AND priority = 5 AND "
                    + "account > 'a' ORDER BY account, n LIMIT 1",
                "task_queued (cluster=? AND priority=? AND account>?)"
            ),
            ("UPDATE task SET status = 'QUEUED' WHERE status = 'RUNNING'", "task_by_status"),
            (
                "SELECT n FROM task WHERE created < 5 AND status IN ('SUCCESS', 'FAILURE', 'CANCELLED') LIMIT 9",
                "task_by_"
            ),
            (
                "SELECT n FROM task WHERE n <= 5 AND status IN ('SUCCESS', 'FAILURE', 'CANCELLED') LIMIT 9",
                "task_by_status (status=? AND n<?)"
            ),
            (
                "SELECT id FROM task WHERE account = 'a' AND created >= 5 ORDER BY created, n",
                "task_by_account (account=? AND created>?)"
            ),
            ("SELECT 1 FROM task WHERE reused_from = 'q'", "task_by_source"),
            ("SELECT id FROM task WHERE account = 'a' AND client_token = 't'", "task_by_token"),
            (
                "SELECT id FROM task WHERE fingerprint = 'f' AND status = 'SUCCESS' ORDER BY n DESC LIMIT 1",
                "task_by_fingerprint"
            ),
            ("SELECT id FROM task WHERE (label COLLATE NOCASE = 'x')", "task_by_label"),
        ] {
            let plan = try store.queryPlan(query)
            #expect(plan.contains(index) && !plan.contains("TEMP B-TREE"), "\(query): \(plan)")
        }
    }

    @Test func turnsAreFair() async throws {
        let store = try store()
        for _ in 0..<3 { _ = try await submit(store, submission(account: "greedy")) }
        for account in ["b", "c"] { _ = try await submit(store, submission(account: account)) }
        _ = try await submit(store, submission(account: "c", priority: 9))
        _ = try await submit(store, submission(account: "other", priority: 9, cluster: "etl"))
        var served: [String] = []
        var turns: [String: Int] = [:]
        while let task = try await claim(store, ClaimPolicy(cluster: "public", turns: turns)) {
            served.append(task.submission.account)
            turns[task.submission.account] = served.count
            if served.count == 1 { #expect(task.submission.placement.priority == 9) }
            // One place: each ends before the next begins.
            #expect(try await finish(store, task.id))
        }
        #expect(served == ["c", "greedy", "b", "c", "greedy", "greedy"])
        #expect(try await claim(store, ClaimPolicy(cluster: "etl"))?.submission.account == "other")
    }

    @Test func anAccountRunsNoMoreThanItMay() async throws {
        let store = try store()
        for account in ["a", "a", "b"] {
            _ = try await submit(store, submission(account: account, priority: account == "a" ? 9 : 0))
        }
        let policy = ClaimPolicy(cluster: "public", runningPerAccountMax: 1)
        #expect(try await claim(store, policy)?.submission.account == "a")
        #expect(
            try await claim(store, policy)?.submission.account == "b",
            "the other of a has the higher priority and must wait")
        #expect(try await claim(store, policy) == nil)
    }

    @Test func aTokenNamesOneTask() async throws {
        let store = try store()
        let first = try await submit(store, submission(hints: ["client_token": "t"]))
        guard case .repeated(let again) = try await submit(store, submission(hints: ["client_token": "t"])) else {
            return #expect(Bool(false))
        }
        #expect(again == first.id)
        guard case .queued = try await submit(store, submission(account: "b", hints: ["client_token": "t"])) else {
            return #expect(Bool(false))
        }
        await #expect(throws: QueryError.self) {
            try await submit(store, submission(command: "select 2", hints: ["client_token": "t"]))
        }
        await #expect(throws: QueryError.self) {
            try await submit(store, submission(hints: ["client_token": "t", "label": "x"]))
        }
    }

    @Test func whatWaitsIsCancelledAndAnnouncedAndWhatRunsIsNamed() async throws {
        let store = try store()
        let running = try await submit(store)
        _ = try await claim(store)
        let waiting = try await submit(store)
        let cancelled = try await cancel(store, .compare(column: "status", .notEqual, .text("success")))
        #expect(cancelled.ended.map(\.id) == [waiting] && cancelled.running == [running])
        #expect(try store.task(waiting)?.state == .cancelled)
        #expect(try messages(store, now: 2_500).map(\.taskID) == [waiting])
        #expect(try await cancel(store, .all([])).ended.isEmpty)
    }

    @Test func aReusedResultGoesWithTheLastTaskThatHasIt() async throws {
        let store = try store()
        let source = try await submit(store)
        _ = try await claim(store)
        #expect(try await finish(store, source, file: "oss://b/f", fingerprint: "f"))
        #expect(try store.reusable(fingerprint: "f", since: 3_001) == nil)
        #expect(try store.reusable(fingerprint: "f", since: 3_000)?.task == source)
        guard case .reused(let second) = try await submit(store, submission(), reusing: source, now: 5_000) else {
            return #expect(Bool(false))
        }
        let task = try #require(try store.task(second))
        #expect(
            task.state == .success && task.resultFile == "oss://b/f" && task.reusedFrom == source.description
                && task.measures.rowCount == 4)
        #expect(try messages(store, now: 5_000).map(\.taskID) == [source, second])
        #expect(try store.removeExpired(.init(before: 4_000, countMax: nil)) == 0, "its message still waits")
        #expect(try store.removeExpired(.init(before: 4_000, countMax: nil), evenUnsent: true) == 1)
        #expect(try store.removals().isEmpty, "the second task still has it")
        #expect(try store.removeExpired(.init(before: nil, countMax: 0), evenUnsent: true) == 1)
        #expect(try store.removals().map(\.task) == [source] && store.removals().map(\.resultFile) == ["oss://b/f"])
        try store.removed([source])
        #expect(try store.removals().isEmpty)
    }

    @Test func whatHasNotEndedIsKept() async throws {
        let store = try store()
        for _ in 0..<3 { _ = try await submit(store) }
        _ = try await claim(store)
        #expect(try store.removeExpired(.init(before: .max, countMax: 0)) == 0)
    }

    @Test func manySubmittersShareCommitsAndGetDistinctIDs() async throws {
        let store = try store()
        let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
            for _ in 0..<500 { group.addTask { try await submit(store) } }
            return try await group.reduce(into: Set<TaskID>()) { $0.insert($1) }
        }
        #expect(ids.count == 500)
        #expect(try store.taskRows(RowSelection(), in: .everybody, full: false).rows.count == 500)
    }

    @Test func oneFailedWriteLeavesTheOthersOfItsTransaction() async throws {
        let store = try store()
        let schema = SchemaDefinition(name: "S", location: "oss://b/s/", creator: "root")
        async let id = submit(store)
        #expect(throws: QueryError.self) { try store.createSchema(schema) { _ in throw QueryError(.location, "no") } }
        #expect(try await store.task(id) != nil)
        #expect(try store.createSchema(schema) { _ in })
        #expect(try store.schema("s") == schema, "names are compared without regard to case")
        #expect(try store.createSchema(schema) { _ in } == false)
    }

    @Test func hasTheDocumentsColumns() throws {
        let columns = try store().taskColumns
        #expect(columns.count == 27)
        #expect(columns.first?.name == "id" && columns.last?.name == "mq_total_time")
    }
}
