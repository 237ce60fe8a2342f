/// Where a task's completion message goes, as the statement's hints said.
package struct NotificationTarget: Sendable, Equatable, Codable {
    package enum Product: String, Sendable, Codable, CaseIterable {
        /// RocketMQ over HTTP.
        case ons
        /// Message Service.
        case mns
        /// CloudEvents over HTTP POST, with the signature of Standard Webhooks.
        case webhook
        /// RabbitMQ by its management HTTP API.
        case rabbitmq
    }

    /// Which changes of a task's state are announced.
    package enum Events: String, Sendable, Codable, CaseIterable {
        case finish
        case startAndFinish = "start,finish"
        /// That it was accepted, too.
        case all
    }

    package let product: Product
    /// `queue` or `topic`: the column `mq_model`.
    package let model: String
    package let topic: String?
    package let queue: String?
    package let producerID: String?
    /// As given, with the letters' case kept: instance ids are case-sensitive.
    package let endpoint: String
    /// RocketMQ's instance, `MQ_INST_…`.
    package let instanceID: String?
    package let delaySeconds: Int?
    /// RabbitMQ's; `nil` for the one that follows from the queue, or from the event's type.
    package let routingKey: String?
    /// Of a webhook: whether the event's attributes are headers and its data the body (CloudEvents' binary mode).
    package let isBinary: Bool?
    /// `nil` for `finish` alone.
    package let events: Events?

    /// The role of the document's steps 1 to 3 that the daemon sends in; `nil` for products that know no roles.
    package var role: String? {
        switch product {
        case .ons: "AliyunOpenAnalyticsAccessingMQRole"
        case .mns: "AliyunOpenAnalyticsAccessingMNSRole"
        case .webhook, .rabbitmq: nil
        }
    }

    /// The part of an endpoint whose messages share a fate: scheme, host and port of the endpoint. All names below
    /// `localhost` are one machine (RFC 6761), whatever is before them.
    package var lane: String {
        let slashes = endpoint.utf8.indices.filter { endpoint.utf8[$0] == UInt8(ascii: "/") }
        let name = (slashes.count > 2 ? String(endpoint[..<slashes[2]]) : endpoint).lowercased()
        guard slashes.count > 1, let local = name.firstRange(of: ".localhost") else { return name }
        let rest = name[local.upperBound...]
        guard rest.isEmpty || rest.hasPrefix(":") else { return name }
        return name[...name.utf8.index(after: slashes[0])] + "localhost" + rest
    }

    /// Stands for a target that this version cannot read.
    package static let unreadable = NotificationTarget(
        product: .ons, model: "queue", topic: nil, queue: nil, producerID: nil, endpoint: "", instanceID: nil,
        delaySeconds: nil)

    package init(
        product: Product, model: String, topic: String?, queue: String?, producerID: String?, endpoint: String,
        instanceID: String?, delaySeconds: Int?, routingKey: String? = nil, isBinary: Bool? = nil, events: Events? = nil
    ) {
        self.product = product
        self.model = model
        self.topic = topic
        self.queue = queue
        self.producerID = producerID
        self.endpoint = endpoint
        self.instanceID = instanceID
        self.delaySeconds = delaySeconds
        self.routingKey = routingKey
        self.isBinary = isBinary
        self.events = events
    }
}

/// A message of the outbox: committed with the task's state that it announces, posted until the broker has it.
package struct OutboxMessage: Sendable {
    /// The outbox row.
    package let number: Int64
    package let taskID: TaskID
    /// The connection that submitted the task, for the log.
    package let connectionID: Int64
    package let target: NotificationTarget
    /// The CloudEvents JSON, before the product's own encoding.
    package let body: [UInt8]
    /// The task's state, which RocketMQ carries as the message's tag.
    package let tag: String
    /// Counts the messages of a task from 1 on.
    package let sequence: Int
    /// Whether it announces the task's end: what `mq_status` and its like are about.
    package let isFinal: Bool
    /// Tries so far.
    package let attempts: Int
    /// When the row was made, in milliseconds since 1970.
    package let created: Int64
    /// The daemon's up-time at that moment, in milliseconds.
    package let upCreated: Int64

    /// `<task id>.<sequence>`: the same at every try, so that a consumer can drop repeats.
    package var eventID: String { "\(taskID).\(sequence)" }

    package init(
        number: Int64, taskID: TaskID, connectionID: Int64, target: NotificationTarget, body: [UInt8], tag: String,
        sequence: Int,
        isFinal: Bool, attempts: Int, created: Int64, upCreated: Int64
    ) {
        self.number = number
        self.taskID = taskID
        self.connectionID = connectionID
        self.target = target
        self.body = body
        self.tag = tag
        self.sequence = sequence
        self.isFinal = isFinal
        self.attempts = attempts
        self.created = created
        self.upCreated = upCreated
    }
}
