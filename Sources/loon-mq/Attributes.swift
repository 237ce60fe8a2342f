import Foundation
import Notifier

/// A queue's attributes of MNS, with their defaults. Times in seconds, sizes in bytes.
struct QueueAttributes: Codable, Sendable, Equatable {
    var delaySeconds = 0
    var maximumMessageSize = 65_536
    var messageRetentionPeriod = 345_600
    var visibilityTimeout = 30
    var pollingWaitSeconds = 0
    var loggingEnabled = false
    let created: Int64
    var modified: Int64

    init(since now: Int64) {
        created = now
        modified = now
    }

    /// Whether they say the same of a queue, whenever they were made.
    func isLike(_ other: QueueAttributes) -> Bool {
        var other = other
        other.modified = modified
        return self == QueueAttributes(other, created: created)
    }

    private init(_ other: QueueAttributes, created: Int64) {
        (delaySeconds, maximumMessageSize, messageRetentionPeriod) = (
            other.delaySeconds, other.maximumMessageSize, other.messageRetentionPeriod
        )
        (visibilityTimeout, pollingWaitSeconds, loggingEnabled) = (
            other.visibilityTimeout, other.pollingWaitSeconds, other.loggingEnabled
        )
        self.created = created
        modified = other.modified
    }
}

struct TopicAttributes: Codable, Sendable, Equatable {
    var maximumMessageSize = 65_536
    var loggingEnabled = false
    let created: Int64
    var modified: Int64

    init(since now: Int64) {
        created = now
        modified = now
    }
}

/// A queue of MNS.
struct Queue: Sendable {
    var attributes: QueueAttributes
    var mailbox: Mailbox

    init(since now: Int64) { self.init(attributes: QueueAttributes(since: now), mailbox: Mailbox()) }

    init(attributes: QueueAttributes, mailbox: Mailbox) {
        self.attributes = attributes
        self.mailbox = mailbox
    }

    mutating func receive(most: Int, now: Int64) -> [Delivery] {
        mailbox.dropPublished(before: now - Int64(attributes.messageRetentionPeriod) * 1_000)
        return mailbox.take(most: most, invisible: Int64(attributes.visibilityTimeout) * 1_000, now: now)
    }
}

/// A topic of MNS: what is published goes to the queues that are subscribed, and is not kept.
struct SubscribedTopic: Sendable {
    var attributes: TopicAttributes
    var subscriptions: [String: Subscription]
}

struct Subscription: Codable, Sendable {
    enum Format: String, Codable, Sendable { case xml = "XML", json = "JSON", simplified = "SIMPLIFIED" }

    /// `acs:mns:{region}:{account}:queues/{name}`
    let endpoint: String
    let filterTag: String?
    var strategy: String
    let format: Format
    let created: Int64
    var modified: Int64

    /// The name of the queue; `nil` where the endpoint is of another kind.
    var queue: String? {
        guard endpoint.hasPrefix("acs:mns:"), let range = endpoint.range(of: ":queues/") else { return nil }
        return String(endpoint[range.upperBound...])
    }

    func wants(_ tag: String?) -> Bool { filterTag.map { $0 == tag } ?? true }

    /// The content that a queue gets of a topic's message.
    func content(of message: Broker.Message, topic: String, subscription: String) -> String {
        let fields: [(name: String, text: String)] =
            [
                ("TopicOwner", "loon"), ("TopicName", topic), ("Subscriber", "loon"),
                ("SubscriptionName", subscription), ("MessageId", message.id),
                ("MessageMD5", message.bodyMD5), ("Message", message.body), ("PublishTime", "\(message.published)"),
            ] + (message.tag.map { [("MessageTag", $0)] } ?? [])
        switch format {
        case .simplified: return message.body
        case .xml:
            return String(
                decoding: PlainXML.encode("Notification", namespace: "http://mns.aliyuncs.com/doc/v1/", fields),
                as: UTF8.self)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let object = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.text) })
            return String(decoding: (try? encoder.encode(object)) ?? Data(), as: UTF8.self)
        }
    }
}
