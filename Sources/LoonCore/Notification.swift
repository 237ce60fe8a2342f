/// Where a task's completion message goes, as the statement's hints said.
package struct NotificationTarget: Sendable, Equatable, Codable {
    package enum Product: String, Sendable, Codable, CaseIterable {
        /// RocketMQ over HTTP.
        case ons
        /// Message Service.
        case mns
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

    /// Stands for a target that this version cannot read.
    package static let unreadable = NotificationTarget(
        product: .ons, model: "queue", topic: nil, queue: nil, producerID: nil, endpoint: "", instanceID: nil, delaySeconds: nil)

    package init(
        product: Product, model: String, topic: String?, queue: String?, producerID: String?, endpoint: String,
        instanceID: String?, delaySeconds: Int?
    ) {
        self.product = product
        self.model = model
        self.topic = topic
        self.queue = queue
        self.producerID = producerID
        self.endpoint = endpoint
        self.instanceID = instanceID
        self.delaySeconds = delaySeconds
    }
}

/// A message of the outbox: committed with the task's last state, posted until the broker has it.
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
    /// Tries so far.
    package let attempts: Int
    /// When the row was made, in milliseconds since 1970.
    package let created: Int64

    package init(
        number: Int64, taskID: TaskID, connectionID: Int64, target: NotificationTarget, body: [UInt8], tag: String, attempts: Int, created: Int64
    ) {
        self.number = number
        self.taskID = taskID
        self.connectionID = connectionID
        self.target = target
        self.body = body
        self.tag = tag
        self.attempts = attempts
        self.created = created
    }
}
