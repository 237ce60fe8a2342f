import Foundation

/// A message that was handed out, or looked at.
struct Delivery: Sendable {
    let message: Broker.Message
    /// '' for one that was looked at alone.
    let receipt: String
    let firstConsumed: Int64
    /// Until when the receipt is good.
    let visibleAgain: Int64
    let times: Int
}

/// The messages that one group or queue has not acknowledged, in order of priority and arrival.
struct Mailbox: Sendable {
    private struct Entry {
        let message: Broker.Message
        var visible: Int64
        var receipt: String?
        var firstConsumed: Int64?
        var times = 0
    }

    private var entries: [Entry] = []
    var count: Int { entries.count }

    /// Counts of messages that may be handed out, that were and are not acknowledged, and that are delayed.
    func counts(now: Int64) -> (active: Int, inactive: Int, delayed: Int) {
        let active = entries.count { $0.visible <= now }
        let delayed = entries.count { $0.visible > now && $0.times == 0 }
        return (active, entries.count - active - delayed, delayed)
    }

    mutating func append(_ message: Broker.Message) {
        let entry = Entry(message: message, visible: message.deliverable)
        // Most have the same priority: the place is at the end.
        var place = entries.count
        while place > 0, entries[place - 1].message.priority > message.priority { place -= 1 }
        entries.insert(entry, at: place)
    }

    mutating func remove(_ id: String) { entries.removeAll { $0.message.id == id } }

    mutating func dropPublished(before: Int64) { entries.removeAll { $0.message.published < before } }

    mutating func take(most: Int, invisible: Int64, now: Int64, where accepts: (Broker.Message) -> Bool = { _ in true })
        -> [Delivery]
    {
        var taken: [Delivery] = []
        for index in entries.indices
        where taken.count < most && entries[index].visible <= now && accepts(entries[index].message) {
            let receipt = UUID().uuidString
            entries[index].receipt = receipt
            entries[index].visible = now + invisible
            entries[index].times += 1
            let first = entries[index].firstConsumed ?? now
            entries[index].firstConsumed = first
            taken.append(
                Delivery(
                    message: entries[index].message, receipt: receipt, firstConsumed: first,
                    visibleAgain: now + invisible,
                    times: entries[index].times))
        }
        return taken
    }

    func peek(most: Int, now: Int64) -> [Delivery] {
        entries.lazy.filter { $0.visible <= now }.prefix(most).map {
            Delivery(
                message: $0.message, receipt: "", firstConsumed: $0.firstConsumed ?? 0, visibleAgain: $0.visible,
                times: $0.times)
        }
    }

    mutating func changeVisibility(_ receipt: String, to visible: Int64, now: Int64) -> (
        receipt: String, visible: Int64
    )? {
        guard let index = place(of: receipt, now: now) else { return nil }
        let fresh = UUID().uuidString
        entries[index].receipt = fresh
        entries[index].visible = visible
        return (fresh, visible)
    }

    /// The id of the message that a receipt is for. It is good until the message becomes visible again.
    func message(of receipt: String, now: Int64) -> String? {
        place(of: receipt, now: now).map { entries[$0].message.id }
    }

    private func place(of receipt: String, now: Int64) -> Int? {
        entries.firstIndex { $0.receipt == receipt && $0.visible > now }
    }
}

/// A topic of RocketMQ keeps its messages for groups that come later.
struct GroupedTopic: Sendable {
    private var log: [Broker.Message] = []
    private(set) var groups: [String: Mailbox] = [:]
    /// Acknowledged before the group was seen: by a process that has ended.
    private var acknowledged: [String: Set<String>] = [:]
    /// The most that a group has still to acknowledge.
    var count: Int { groups.values.map(\.count).max() ?? 0 }

    /// The oldest messages are kept for no group that comes later, as the vendor keeps none for more than some days.
    mutating func append(_ message: Broker.Message) {
        if log.count >= Broker.messagesMax { log.removeFirst(Broker.messagesMax / 10) }
        log.append(message)
        for group in groups.keys { groups[group]?.append(message) }
    }

    mutating func remove(_ id: String, group: String) {
        if groups[group] == nil { acknowledged[group, default: []].insert(id) } else { groups[group]?.remove(id) }
    }

    mutating func consume(group: String, tags: Set<String>, most: Int, invisible: Int64, now: Int64) -> [Delivery] {
        if groups[group] == nil {
            var mailbox = Mailbox()
            let done = acknowledged.removeValue(forKey: group) ?? []
            for message in log where !done.contains(message.id) { mailbox.append(message) }
            groups[group] = mailbox
        }
        return groups[group]?.take(most: most, invisible: invisible, now: now) {
            tags.isEmpty || tags.contains($0.tag ?? "")
        } ?? []
    }
}
