import Foundation
import Notifier

/// The messages of all topics and queues. Synchronous; takes the time, in milliseconds since 1970, as an argument. What
/// is to outlive the process are its `Change`s; who has been handed a message is not.
struct Broker: Sendable {
    struct Message: Codable, Sendable {
        let id: String
        let body: String
        let bodyMD5: String
        let tag: String?
        let properties: String?
        /// 1 to 16; lower ones are handed out first.
        let priority: Int
        let published: Int64
        /// Not handed out before.
        let deliverable: Int64
    }

    enum Place: Codable, Sendable {
        /// RocketMQ's: the name with its instance.
        case topic(String)
        case queue(String)
    }

    /// A change that is kept.
    enum Change: Codable, Sendable {
        case sent(Place, Message)
        /// `group`: of a topic.
        case acknowledged(Place, group: String?, id: String)
        /// `nil`: is gone.
        case queue(String, QueueAttributes?)
        case topic(String, TopicAttributes?)
        case subscription(topic: String, name: String, Subscription?)
    }

    enum SendFailure: Error { case full, tooLarge }

    private var topics: [String: GroupedTopic] = [:]
    private(set) var queues: [String: Queue] = [:]
    private(set) var mnsTopics: [String: SubscribedTopic] = [:]
    /// Since they were last taken.
    private var changes: [Change] = []

    /// Messages that a topic or queue holds; more are refused.
    static let messagesMax = 100_000

    mutating func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }

    // MARK: Changes

    mutating func apply(_ change: Change) {
        switch change {
        case .sent(.topic(let name), let message): topics[name, default: GroupedTopic()].append(message)
        case .sent(.queue(let name), let message):
            queues[name, default: Queue(since: message.published)].mailbox.append(message)
        case .acknowledged(.topic(let name), let group, let id): topics[name]?.remove(id, group: group ?? "")
        case .acknowledged(.queue(let name), _, let id): queues[name]?.mailbox.remove(id)
        case .queue(let name, let attributes):
            queues[name] = attributes.map { Queue(attributes: $0, mailbox: queues[name]?.mailbox ?? Mailbox()) }
        case .topic(let name, let attributes):
            mnsTopics[name] = attributes.map {
                SubscribedTopic(attributes: $0, subscriptions: mnsTopics[name]?.subscriptions ?? [:])
            }
        case .subscription(let topic, let name, let subscription): mnsTopics[topic]?.subscriptions[name] = subscription
        }
    }

    mutating func make(_ change: Change) {
        apply(change)
        changes.append(change)
    }

    // MARK: Messages

    mutating func send(
        _ body: String, tag: String? = nil, properties: String? = nil, priority: Int = 8, delay: Int64?,
        to place: Place, now: Int64
    ) throws(SendFailure) -> Message {
        var wait = delay ?? 0
        if case .queue(let name) = place {
            let attributes = queues[name]?.attributes ?? QueueAttributes(since: now)
            guard body.utf8.count <= attributes.maximumMessageSize else { throw .tooLarge }
            wait = delay ?? Int64(attributes.delaySeconds) * 1_000
        }
        let message = Message(
            id: UUID().uuidString.filter { $0 != "-" }, body: body, bodyMD5: BodyDigest.md5(Array(body.utf8)), tag: tag,
            properties: properties,
            priority: priority, published: now, deliverable: now + wait)
        switch place {
        case .topic(let name): guard topics[name]?.count ?? 0 < Self.messagesMax else { throw .full }
        case .queue(let name): guard queues[name]?.mailbox.count ?? 0 < Self.messagesMax else { throw .full }
        }
        make(.sent(place, message))
        return message
    }

    /// MNS: a copy for each queue that is subscribed and wants messages with that tag.
    mutating func publish(_ body: String, tag: String?, to name: String, now: Int64) throws(SendFailure) -> Message {
        if mnsTopics[name] == nil { make(.topic(name, TopicAttributes(since: now))) }
        guard let topic = mnsTopics[name], body.utf8.count <= topic.attributes.maximumMessageSize else {
            throw .tooLarge
        }
        let message = Message(
            id: UUID().uuidString.filter { $0 != "-" }, body: body, bodyMD5: BodyDigest.md5(Array(body.utf8)), tag: tag,
            properties: nil, priority: 8,
            published: now, deliverable: now)
        for (subscriber, subscription) in topic.subscriptions where subscription.wants(tag) {
            guard let queue = subscription.queue else { continue }
            _ = try send(
                subscription.content(of: message, topic: name, subscription: subscriber), delay: nil, to: .queue(queue),
                now: now)
        }
        return message
    }

    /// RocketMQ: each consumer group gets every message once.
    mutating func consume(topic: String, group: String, tags: Set<String>, most: Int, invisible: Int64, now: Int64)
        -> [Delivery]
    {
        topics[topic, default: GroupedTopic()].consume(
            group: group, tags: tags, most: most, invisible: invisible, now: now)
    }

    mutating func receive(queue name: String, most: Int, now: Int64) -> [Delivery] {
        queues[name, default: Queue(since: now)].receive(most: most, now: now)
    }

    mutating func peek(queue name: String, most: Int, now: Int64) -> [Delivery] {
        queues[name]?.mailbox.peek(most: most, now: now) ?? []
    }

    /// `nil` where the receipt is no longer good.
    mutating func changeVisibility(queue name: String, receipt: String, seconds: Int, now: Int64) -> (
        receipt: String, visible: Int64
    )? {
        queues[name]?.mailbox.changeVisibility(receipt, to: now + Int64(seconds) * 1_000, now: now)
    }

    /// Returns the receipts that are no longer good.
    mutating func acknowledge(_ place: Place, group: String?, receipts: [String], now: Int64) -> [String] {
        receipts.filter { receipt in
            let id =
                switch place {
                case .topic(let name): topics[name]?.groups[group ?? ""]?.message(of: receipt, now: now)
                case .queue(let name): queues[name]?.mailbox.message(of: receipt, now: now)
                }
            guard let id else { return true }
            make(.acknowledged(place, group: group, id: id))
            return false
        }
    }
}
