import Foundation
import Notifier

/// The messages of all topics and queues, in memory. Synchronous; takes the time, in milliseconds since 1970, as an argument.
struct Broker: Sendable {
    struct Message: Sendable {
        let id: String
        let body: String
        let bodyMD5: String
        let tag: String?
        let properties: String?
        let published: Int64
        /// Not handed out before.
        let deliverable: Int64
    }

    /// A message that was handed out.
    struct Delivery: Sendable {
        let message: Message
        let receipt: String
        let firstConsumed: Int64
        /// Until when the receipt is good.
        let visibleAgain: Int64
        let times: Int
    }

    enum SendFailure: Error { case full }

    private var topics: [String: Topic] = [:]
    private var queues: [String: Mailbox] = [:]

    /// Messages that a topic or queue holds; more are refused.
    static let messagesMax = 100_000

    mutating func send(
        _ body: String, tag: String?, properties: String?, delay: Int64, to place: Place, now: Int64
    ) throws(SendFailure) -> Message {
        let id = UUID().uuidString.filter { $0 != "-" }
        let message = Message(
            id: id, body: body, bodyMD5: BodyDigest.md5(Array(body.utf8)), tag: tag, properties: properties, published: now, deliverable: now + delay)
        switch place {
        case .topic(let name):
            guard topics[name, default: Topic()].log.count < Self.messagesMax else { throw .full }
            topics[name, default: Topic()].append(message)
        case .queue(let name):
            guard queues[name, default: Mailbox()].count < Self.messagesMax else { throw .full }
            queues[name, default: Mailbox()].append(message)
        }
        return message
    }

    enum Place: Sendable {
        /// The name with its instance.
        case topic(String)
        case queue(String)
    }

    /// RocketMQ: each consumer group gets every message once.
    mutating func consume(topic: String, group: String, tags: Set<String>, most: Int, invisible: Int64, now: Int64) -> [Delivery] {
        topics[topic, default: Topic()].consume(group: group, tags: tags, most: most, invisible: invisible, now: now)
    }

    mutating func receive(queue: String, most: Int, invisible: Int64, now: Int64) -> [Delivery] {
        queues[queue, default: Mailbox()].take(most: most, invisible: invisible, now: now) { _ in true }
    }

    /// Returns the receipts that are no longer good.
    mutating func acknowledge(topic: String, group: String, receipts: [String], now: Int64) -> [String] {
        receipts.filter { !(topics[topic]?.groups[group]?.acknowledge($0, now: now) ?? false) }
    }

    mutating func acknowledge(queue: String, receipts: [String], now: Int64) -> [String] {
        receipts.filter { !(queues[queue]?.acknowledge($0, now: now) ?? false) }
    }
}

/// A topic keeps its messages for groups that come later.
private struct Topic: Sendable {
    private(set) var log: [Broker.Message] = []
    var groups: [String: Mailbox] = [:]

    mutating func append(_ message: Broker.Message) {
        log.append(message)
        for group in groups.keys { groups[group]?.append(message) }
    }

    mutating func consume(group: String, tags: Set<String>, most: Int, invisible: Int64, now: Int64) -> [Broker.Delivery] {
        if groups[group] == nil {
            var mailbox = Mailbox()
            for message in log { mailbox.append(message) }
            groups[group] = mailbox
        }
        return groups[group]?.take(most: most, invisible: invisible, now: now) { tags.isEmpty || tags.contains($0.tag ?? "") } ?? []
    }
}

/// The messages that one group or queue has not acknowledged, in order of arrival.
private struct Mailbox: Sendable {
    private struct Entry {
        let message: Broker.Message
        var visible: Int64
        var receipt: String?
        var firstConsumed: Int64?
        var times = 0
    }

    private var entries: [Entry] = []
    var count: Int { entries.count }

    mutating func append(_ message: Broker.Message) { entries.append(Entry(message: message, visible: message.deliverable)) }

    mutating func take(most: Int, invisible: Int64, now: Int64, where accepts: (Broker.Message) -> Bool) -> [Broker.Delivery] {
        var taken: [Broker.Delivery] = []
        for index in entries.indices where taken.count < most && entries[index].visible <= now && accepts(entries[index].message) {
            let receipt = UUID().uuidString
            entries[index].receipt = receipt
            entries[index].visible = now + invisible
            entries[index].times += 1
            let first = entries[index].firstConsumed ?? now
            entries[index].firstConsumed = first
            taken.append(
                Broker.Delivery(
                    message: entries[index].message, receipt: receipt, firstConsumed: first, visibleAgain: now + invisible,
                    times: entries[index].times))
        }
        return taken
    }

    /// A receipt is good once, until its message becomes visible again.
    mutating func acknowledge(_ receipt: String, now: Int64) -> Bool {
        guard let index = entries.firstIndex(where: { $0.receipt == receipt && $0.visible > now }) else { return false }
        entries.remove(at: index)
        return true
    }
}
