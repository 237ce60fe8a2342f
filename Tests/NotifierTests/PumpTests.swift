import Logging
import LoonCore
import Synchronization
import Testing

@testable import Notifier

/// The pump with a stepped clock, an outbox in memory and a network that a test decides about.
@Suite struct PumpTests {
    @Test func backsOffWithJitterUntilTheMessageIsTooOldOrWasTriedTooOften() {
        let policy = RetryPolicy(baseMilliseconds: 100, capMilliseconds: 1_000, giveUpMilliseconds: 10_000)
        #expect(policy.retryAt(now: 0, age: 0, attempts: 1, random: 0.5) == 50)
        #expect(policy.retryAt(now: 0, age: 0, attempts: 3, random: 0.5) == 200)
        #expect(policy.retryAt(now: 0, age: 0, attempts: 10, random: 0.999) == 999)
        #expect(policy.retryAt(now: 0, age: 0, attempts: 1_000_000, random: 0) == 1)
        #expect(policy.retryAt(now: 0, age: 0, attempts: 1, retryAfter: 7_000, random: 0.5) == 7_000)
        #expect(policy.retryAt(now: 10_000, age: 10_000, attempts: 1, random: 0) == nil)
        let counted = RetryPolicy(
            baseMilliseconds: 100, capMilliseconds: 1_000, giveUpMilliseconds: 10_000, attemptsMax: 3)
        #expect(counted.retryAt(now: 0, age: 0, attempts: 2, random: 0) != nil)
        #expect(counted.retryAt(now: 0, age: 0, attempts: 3, random: 0) == nil)
    }

    @Test func anOutcomeThatCannotBeStoredIsNotPostedAgain() {
        let world = World()
        world.outbox.add(1, to: "http://a.example")
        world.outbox.isFull.store(true, ordering: .relaxed)
        world.run(seconds: 60)
        #expect(world.network.posts["http://a.example"] == 1 && world.outbox.count == 1)
        world.outbox.isFull.store(false, ordering: .relaxed)
        world.run(seconds: 60)
        #expect(world.network.posts["http://a.example"] == 1 && world.outbox.delivered == [1])
    }

    /// A broker that is down for a day: nothing is lost, nobody hammers it, and when it is back everything goes out
    /// soon.
    @Test func aBrokerThatIsDeadForTwentyFourHours() {
        let world = World(giveUpSeconds: 48 * 3_600)
        world.network.dead = ["http://dead.example"]
        for number in 1...500 { world.outbox.add(Int64(number), to: "http://dead.example") }
        var others: Int64 = 10_000
        for _ in 0..<24 * 60 {
            world.outbox.add(others, to: "http://well.example", now: world.now)
            others += 1
            world.run(seconds: 60)
        }
        #expect(world.outbox.delivered.count == 24 * 60, "the other endpoint's messages went out meanwhile")
        #expect(world.longestWait < 1_000)
        // With jitter, a look every 15 s on the average; each is one connection.
        let tries = world.network.posts["http://dead.example"] ?? 0
        #expect((3_000...12_000).contains(tries), "\(tries)")
        world.network.dead = []
        world.run(seconds: 600)
        #expect(world.outbox.delivered.count == 24 * 60 + 500 && world.outbox.count == 0)
    }

    @Test func messagesOfADeadBrokerAreGivenUpAtTheirAge() {
        let world = World(giveUpSeconds: 3_600)
        world.network.dead = ["http://dead.example"]
        for number in 1...1_000 { world.outbox.add(Int64(number), to: "http://dead.example") }
        world.run(seconds: 3_590)
        #expect(world.outbox.givenUp.isEmpty)
        // Those that were not tried until then are tried now, each once.
        world.run(seconds: 1_500)
        #expect(world.outbox.givenUp.count == 1_000 && world.outbox.count == 0)
        #expect(world.network.posts["http://dead.example"] ?? 0 >= 1_000)
    }

    /// Nobody was there to send it, or the clock was wrong: its age is not the message's fault.
    @Test func aMessageIsTriedHoweverOldTheClockSaysItIs() {
        let world = World(giveUpSeconds: 10)
        world.outbox.add(1, to: "http://a.example", now: world.now)
        world.now += 1_000_000
        world.run(seconds: 1)
        #expect(world.outbox.delivered == [1])
        // After the step it still has its time.
        world.network.dead = ["http://a.example"]
        world.outbox.add(2, to: "http://a.example", now: world.now)
        world.run(seconds: 3)
        world.now += 1_000_000
        world.run(seconds: 3)
        #expect(world.outbox.givenUp.isEmpty)
        world.network.dead = []
        world.run(seconds: 3)
        #expect(world.outbox.delivered == [1, 2])
    }

    /// Too old when the daemon starts, and never tried: it has one try.
    @Test func aMessageThatIsTooOldHasItsFirstTry() {
        let world = World(giveUpSeconds: 10)
        world.outbox.add(1, to: "http://a.example", now: world.now, upCreated: world.upTime - 1_000_000)
        world.outbox.add(2, to: "http://dead.example", now: world.now, upCreated: world.upTime - 1_000_000)
        world.network.dead = ["http://dead.example"]
        world.run(seconds: 5)
        #expect(world.outbox.delivered == [1] && world.outbox.givenUp == [2])
        #expect(world.network.posts["http://dead.example"] == 1)
    }

    @Test func anEndpointThatNeverAnswersTakesNoPlacesFromOthers() {
        let world = World()
        for lane in 0..<500 {
            world.network.silent.insert("http://silent\(lane).example")
            for number in 0..<3 { world.outbox.add(Int64(lane * 100 + number), to: "http://silent\(lane).example") }
        }
        // One that has shown that it is well before.
        world.outbox.add(200_000, to: "http://well.example")
        world.network.silent.remove("http://well.example")
        world.run(seconds: 1)
        for number in 0..<500 { world.outbox.add(Int64(300_000 + number), to: "http://well.example", now: world.now) }
        world.run(seconds: 60)
        #expect(world.outbox.delivered.count == 501)
    }

    /// More endpoints than are looked at in one turn: each is seen, and one that comes later too.
    @Test func noLaneIsOverlooked() {
        let world = World()
        for lane in 0..<(Limits.messageLanesMax * 2 + 10) {
            world.outbox.add(Int64(lane), to: "http://l\(lane).example")
        }
        world.run(seconds: 5)
        #expect(world.outbox.count == 0)
        world.outbox.add(9_999, to: "http://a.example", now: world.now)
        world.run(seconds: 1)
        #expect(world.outbox.count == 0)
    }

    @Test func anAnswerThatAsksForPeaceGetsIt() {
        let world = World()
        world.network.busy = ["http://busy.example": 30_000]
        for number in 1...50 { world.outbox.add(Int64(number), to: "http://busy.example") }
        world.run(seconds: 29)
        // Those that were on their way when the first answer came.
        #expect((1...Limits.messagesInFlight).contains(world.network.posts["http://busy.example"] ?? 0))
        world.network.busy = [:]
        world.run(seconds: 60)
        #expect(world.outbox.delivered.count == 50)
    }

    /// What was to be tried at a moment of a clock that was wrong is not left until that comes again.
    @Test func aClockThatIsSetBackHoldsNothingUp() {
        let world = World()
        world.network.dead = ["http://a.example"]
        for number in 1...10 { world.outbox.add(Int64(number), to: "http://a.example") }
        world.run(seconds: 120)
        world.network.dead = []
        world.now -= 2 * 3_600_000
        world.outbox.add(11, to: "http://a.example", now: world.now)
        world.run(seconds: 60)
        #expect(world.outbox.delivered.count == 11)
    }

    @Test func namesBelowLocalhostShareALane() {
        func lane(_ endpoint: String) -> String {
            NotificationTarget(
                product: .webhook, model: "queue", topic: nil, queue: nil, producerID: nil, endpoint: endpoint,
                instanceID: nil, delaySeconds: nil
            ).lane
        }
        #expect(lane("http://MQ_INST_1.localhost:8080") == "http://localhost:8080")
        #expect(lane("http://a.b.localhost/x") == "http://localhost")
        #expect(lane("https://a.localhost.example:1") == "https://a.localhost.example:1")
    }

    @Test func readsTheBrokersAnswer() {
        let body = Array("<Message><MessageId>M1</MessageId><MessageBodyMD5>ab</MessageBodyMD5></Message>".utf8)
        let reader = AnswerReader.vendor(bodyMD5: "AB")
        #expect(reader.outcome(status: 201, body: body) == .delivered(messageID: "M1"))
        let refusal = Array("<Error><Code>TopicNotExist</Code><Message>gone</Message></Error>".utf8)
        #expect(reader.outcome(status: 404, body: refusal) == .refused("HTTP 404 TopicNotExist: gone"))
        #expect(reader.outcome(status: 503, body: []) == .failed("HTTP 503"))
        #expect(reader.outcome(status: 999, body: []) == .failed("HTTP 999"))
        let rabbit = AnswerReader.rabbitMQ(eventID: "e")
        #expect(rabbit.outcome(status: 200, body: Array("{\"routed\":true}".utf8)) == .delivered(messageID: "e"))
        guard case .postponed = rabbit.outcome(status: 200, body: Array("{\"routed\":false}".utf8)) else {
            Issue.record("a message that no queue took counts as delivered")
            return
        }
    }
}

// MARK: The world around the pump

private final class World {
    let outbox = MemoryOutbox()
    let network = FakeNetwork()
    var now: Int64 = 100_000_000
    /// Goes on with time that passes, and not with steps of the clock.
    private(set) var upTime: Int64 = 5_000_000
    /// Between a message to a healthy endpoint and its delivery, in milliseconds.
    var longestWait: Int64 { outbox.longestWait }
    private var pump: Pump
    private let inbox = Mutex<[(Int64, Bool, Bool)]>([])

    init(giveUpSeconds: Int64 = 86_400) {
        var sender = SenderIdentity(
            key: AccessKey(id: "k", secret: Secret("s")),
            rules: EndpointRules([EndpointRule(scheme: nil, host: "*.example", port: nil, addresses: [.loopback])]))
        sender.webhookSecret = WebhookSecret("whsec_" + String(repeating: "QUJD", count: 10))
        let retry = RetryPolicy(
            baseMilliseconds: 1_000, capMilliseconds: 300_000, giveUpMilliseconds: giveUpSeconds * 1_000)
        let box = Box()
        pump = Pump(
            outbox: outbox, sender: sender, retry: retry, transport: network,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            random: { 0.5 }
        ) { box.items.append(($0, $1, $2)) }
        self.box = box
        outbox.clock = { [unowned self] in self.now }
        outbox.upClock = { [unowned self] in self.upTime }
    }

    private let box: Box

    final class Box: @unchecked Sendable { var items: [(Int64, Bool, Bool)] = [] }

    /// Lets time pass, from event to event.
    func run(seconds: Int64) {
        let end = now + seconds * 1_000
        var hasNews = true
        while now < end {
            for (number, isDurable, mayRelease) in box.items {
                pump.wasRecorded(number, isDurable: isDurable, mayRelease: mayRelease, now: now)
            }
            box.items = []
            network.now = now
            let sleep = pump.turn(hasNews: hasNews, now: now)
            hasNews = false
            let ended = network.ended(now: now)
            if ended.isEmpty, box.items.isEmpty {
                let step = min(max(sleep, 1), max(1, network.nextEnd - now), end - now)
                now += step
                upTime += step
            }
            for (number, ending) in ended { pump.ended(number, ending, now: now) }
        }
    }
}

/// Answers at once, but for endpoints that are dead (refuse after 1 ms), silent (never answer within 10 s) or busy (503
/// with Retry-After).
private final class FakeNetwork: Transport, @unchecked Sendable {
    var dead: Set<String> = []
    var silent: Set<String> = []
    var busy: [String: Int64] = [:]
    private(set) var posts: [String: Int] = [:]
    private var flying: [(number: Int64, ending: TransferEnding, at: Int64)] = []
    var now: Int64 = 0

    var nextEnd: Int64 { flying.map(\.at).min() ?? .max }

    func start(
        url: String, headers: [(name: String, value: String)], body: [UInt8], number: Int64,
        addresses: Set<AddressClass>
    ) throws(QueryError) {
        let lane = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(
            separator: "/")
        posts[lane, default: 0] += 1
        if dead.contains(lane) {
            flying.append((number, .broken("connection refused"), now))
        } else if silent.contains(lane) {
            flying.append((number, .broken("time is up"), now + 10_000))
        } else if let peace = busy[lane] {
            flying.append((number, .answered(status: 503, body: [], retryAfter: peace), now))
        } else {
            flying.append((number, .answered(status: 204, body: [], retryAfter: nil), now))
        }
    }

    func ended(now: Int64) -> [(Int64, TransferEnding)] {
        self.now = now
        let ended = flying.filter { $0.at <= now }
        flying.removeAll { $0.at <= now }
        return ended.map { ($0.number, $0.ending) }
    }

    func perform(waiting milliseconds: Int32) -> [(number: Int64, ending: TransferEnding)] { [] }
    func wake() {}
}

private final class MemoryOutbox: Outbox, @unchecked Sendable {
    private struct Row {
        var message: OutboxMessage
        var due: Int64
    }

    private var lanes: [String: [Row]] = [:]
    private(set) var delivered: [Int64] = []
    private(set) var givenUp: [Int64] = []
    private(set) var longestWait: Int64 = 0
    var clock: () -> Int64 = { 0 }
    var upClock: () -> Int64 = { 0 }
    var upTime: Int64 { upClock() }
    /// Nothing can be stored.
    let isFull = Atomic(false)
    var count: Int { lanes.values.reduce(0) { $0 + $1.count } }

    func add(_ number: Int64, to endpoint: String, now: Int64 = 100_000_000, upCreated: Int64? = nil) {
        let message = Self.message(number, endpoint, attempts: 0, created: now, upCreated: upCreated ?? upTime)
        lanes[endpoint, default: []].append(Row(message: message, due: now))
    }

    private static func message(_ number: Int64, _ endpoint: String, attempts: Int, created: Int64, upCreated: Int64)
        -> OutboxMessage
    {
        let target = NotificationTarget(
            product: .webhook, model: "queue", topic: nil, queue: nil, producerID: nil, endpoint: endpoint,
            instanceID: nil, delaySeconds: nil)
        let id = TaskID("q202611221454hz5f29c213\(String(repeating: "0", count: 7 - "\(number)".count))\(number)")
        guard let id else { preconditionFailure("the number \(number) makes no id") }
        return OutboxMessage(
            number: number, taskID: id, connectionID: 1, target: target, body: Array("{}".utf8), tag: "SUCCESS",
            sequence: 1, isFinal: true,
            attempts: attempts, created: created, upCreated: upCreated)
    }

    func lanes(after place: String?, limit: Int) throws(QueryError) -> [String] {
        Array(lanes.filter { !$0.value.isEmpty && $0.key > (place ?? "") }.keys.sorted().prefix(limit))
    }

    func dueMessages(
        lane: String, now: Int64, excluding excluded: Set<Int64>, limit: Int
    ) throws(QueryError) -> (messages: [OutboxMessage], nextDue: Int64?) {
        let rows = (lanes[lane] ?? []).filter { !excluded.contains($0.message.number) }.sorted { $0.due < $1.due }
        let due = rows.prefix(limit).prefix { $0.due <= now }
        return (due.map(\.message), rows.dropFirst(due.count).first?.due)
    }

    func oldestMessage() throws(QueryError) -> Int64? { lanes.values.joined().map(\.message.upCreated).min() }

    func overdueLanes(before created: Int64, limit: Int) throws(QueryError) -> Set<String> {
        Set(
            lanes.values.joined().filter { $0.message.upCreated < created && $0.message.attempts == 0 }.map(
                \.message.target.lane))
    }

    func giveUpMessages(before created: Int64, reason: String, excluding excluded: Set<Int64>, now: Int64)
        throws(QueryError) -> Int
    {
        let old = lanes.values.joined().filter {
            $0.message.upCreated < created && $0.message.attempts > 0 && !excluded.contains($0.message.number)
        }.prefix(256)
        for row in old { remove(row.message, to: \.givenUp) }
        return old.count
    }

    func markSending(_ numbers: [Int64]) {}

    func clockWentBack(now: Int64, dueAtMost limit: Int64) throws(QueryError) {
        for lane in lanes.keys {
            for index in (lanes[lane] ?? []).indices where lanes[lane]?[index].due ?? 0 > limit {
                lanes[lane]?[index].due = now
            }
        }
    }

    func recordDelivery(
        _ message: OutboxMessage, messageID: String, now: Int64,
        completion: @escaping @Sendable (Result<Void, QueryError>) -> Void
    ) {
        store(completion) {
            self.longestWait = max(
                self.longestWait, message.target.endpoint == "http://well.example" ? now - message.created : 0)
            self.remove(message, to: \.delivered)
        }
    }

    func recordFailure(
        _ message: OutboxMessage, reason: String, retryAt: Int64?, now: Int64,
        completion: @escaping @Sendable (Result<Void, QueryError>) -> Void
    ) {
        store(completion) {
            guard let retryAt else { return self.remove(message, to: \.givenUp) }
            let lane = message.target.lane
            guard let index = self.lanes[lane]?.firstIndex(where: { $0.message.number == message.number }) else {
                return
            }
            self.lanes[lane]?[index] = Row(
                message: Self.message(
                    message.number, lane, attempts: message.attempts + 1, created: message.created,
                    upCreated: message.upCreated), due: retryAt)
        }
    }

    private func store(_ completion: @Sendable (Result<Void, QueryError>) -> Void, _ body: () -> Void) {
        guard !isFull.load(ordering: .relaxed) else { return completion(.failure(QueryError(.storage, "full"))) }
        body()
        completion(.success(()))
    }

    private func remove(_ message: OutboxMessage, to list: ReferenceWritableKeyPath<MemoryOutbox, [Int64]>) {
        lanes[message.target.lane]?.removeAll { $0.message.number == message.number }
        self[keyPath: list].append(message.number)
    }
}
