import Foundation
import LoonCore
import MetaStore
import Testing

@Suite struct MetaStoreTests {
    private let path = NSTemporaryDirectory() + "loon-" + UUID().uuidString + ".sqlite"

    private func store() throws -> MetaStore { try MetaStore(path: path, region: "hz", offsetMinutes: 480) }

    private func submission(notifies: Bool = true) -> Submission {
        let target = NotificationTarget(
            product: .ons, model: "queue", topic: "t", queue: nil, producerID: "g", endpoint: "http://127.0.0.1:1", instanceID: "MQ_INST_1",
            delaySeconds: nil)
        return Submission(
            kind: "SELECT", command: "select 1", schema: "s", sessionSchema: nil, engineText: "select 1", sqlMode: "", timeZoneOffsetMinutes: 0,
            now: 1, account: "a", connectionID: 5,
            hints: ["run_async": "true"], notification: notifies ? target : nil)
    }

    private func submit(_ store: MetaStore, now: Int64 = 1_000) async throws -> TaskID {
        try await withCheckedThrowingContinuation { next in
            store.submit(submission(), now: now) { next.resume(with: $0.mapError { $0 as any Error }) }
        }
    }

    private func claim(_ store: MetaStore) async throws -> TaskRecord? {
        try await withCheckedThrowingContinuation { next in
            store.claimNext(now: 2_000, engineQueryID: "e") { next.resume(with: $0.mapError { $0 as any Error }) }
        }
    }

    private func finish(_ store: MetaStore, _ id: TaskID, _ state: TaskState = .success) async throws -> Bool {
        try await withCheckedThrowingContinuation { next in
            store.finish(
                id, TaskOutcome(state: state, measures: TaskMeasures(rowCount: 4)), now: 3_000, message: { _ in Array("body".utf8) }
            ) { next.resume(with: $0.mapError { $0 as any Error }) }
        }
    }

    /// The trap that GRDB sets: NORMAL would lose commits in a power cut.
    @Test func commitsAreSynced() throws { #expect(try store().synchronousMode() == 2) }

    @Test func aTaskEndsOnceWithItsMessage() async throws {
        let store = try store()
        let id = try await submit(store)
        #expect(try await finish(store, id) == false, "it does not run yet")
        #expect(try await claim(store)?.id == id)
        #expect(try await claim(store) == nil)
        #expect(try await finish(store, id))
        #expect(try await finish(store, id, .failure) == false)
        let due = try store.dueMessages(now: 3_000, excluding: [], limit: 10)
        #expect(due.map(\.taskID) == [id] && due.map(\.tag) == ["SUCCESS"])
        #expect(try store.dueMessages(now: 2_999, excluding: [], limit: 10).isEmpty)
        #expect(try store.dueMessages(now: 3_000, excluding: Set(due.map(\.number)), limit: 10).isEmpty)
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
        #expect(try again.recover(now: 5_000) { _ in [] }.queued == 1)
        let task = try #require(try await claim(again))
        #expect(task.id == first && task.attempts == 2 && task.submission == submission())
        // An earlier clock does not bring an earlier id.
        #expect(try await submit(again, now: 0).description > first.description)
    }

    @Test func aTaskThatEndsTheDaemonRunsAloneAndAtLastNotAtAll() async throws {
        let store = try store()
        let guilty = try await submit(store)
        let innocent = try await submit(store)
        #expect(try await claim(store)?.id == guilty)
        #expect(try await claim(store)?.id == innocent)
        _ = try store.recover(now: 1) { _ in [] }
        // Both are suspected now; each runs alone.
        #expect(try await claim(store)?.id == guilty)
        #expect(try await claim(store) == nil)
        for _ in 1..<Limits.loneDeathsMax {
            _ = try store.recover(now: 1) { _ in [] }
            #expect(try await claim(store)?.id == guilty)
        }
        #expect(try store.recover(now: 9_000) { _ in Array("sorry".utf8) }.ended == [guilty])
        #expect(try store.task(guilty)?.state == .failure)
        #expect(try store.dueMessages(now: 9_000, excluding: [], limit: 10).map(\.taskID) == [guilty])
        #expect(try await claim(store)?.id == innocent)
        #expect(try await finish(store, innocent))
    }

    @Test func aCleanStopSuspectsNobody() async throws {
        let store = try store()
        let ids = [try await submit(store), try await submit(store)]
        for _ in 0..<5 {
            _ = try await claim(store)
            _ = try await claim(store)
            try store.queueInterrupted(now: 1)
            #expect(try store.recover(now: 1) { _ in [] }.queued == 0)
        }
        #expect([try await claim(store)?.id, try await claim(store)?.id] == ids)
    }

    /// A claim that walked the finished tasks would take the longer the more there are.
    @Test func claimsUseTheirIndexes() throws {
        let store = try store()
        for (query, index) in [
            ("SELECT n, suspect FROM task WHERE status = 'QUEUED' ORDER BY suspect DESC, n LIMIT 1", "task_queued"),
            ("SELECT count(*) AS tasks, max(suspect) AS suspect FROM task WHERE status = 'RUNNING'", "task_running"),
            ("UPDATE task SET status = 'QUEUED' WHERE status = 'RUNNING'", "task_running"),
        ] { #expect(try store.queryPlan(query).contains(index), "\(query)") }
    }

    @Test func manySubmittersShareCommitsAndGetDistinctIDs() async throws {
        let store = try store()
        let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
            for _ in 0..<500 { group.addTask { try await submit(store) } }
            return try await group.reduce(into: Set<TaskID>()) { $0.insert($1) }
        }
        #expect(ids.count == 500)
        #expect(try store.taskRows(RowSelection(), account: nil, full: false, offsetMinutes: 480).count == 500)
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

    @Test func hasTheDocumentsColumns() {
        #expect(MetaStore.taskColumns.count == 27)
        #expect(MetaStore.taskColumns.first?.name == "id" && MetaStore.taskColumns.last?.name == "mq_total_time")
    }
}
