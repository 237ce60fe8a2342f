import LoonCore
package import Notifier
import SQLFrontend

/// Reads where a task's messages go out of its hints and the configuration's defaults, and refuses what cannot work.
package struct NotificationHints: Sendable {
    private let sender: SenderIdentity
    /// Hints of messages for statements that give none, by account and by cluster; an account's win.
    private let accountDefaults: [String: [String: String]]
    private let clusterDefaults: [String: [String: String]]
    /// The endpoint of MNS for statements that give none.
    private let mnsEndpoint: String?

    package init(
        sender: SenderIdentity, accountDefaults: [String: [String: String]],
        clusterDefaults: [String: [String: String]], mnsEndpoint: String?
    ) {
        self.sender = sender
        self.accountDefaults = accountDefaults
        self.clusterDefaults = clusterDefaults
        self.mnsEndpoint = mnsEndpoint
    }

    /// The target, `nil` where no message is asked for, and a warning where the hints were taken to mean another
    /// product.
    func target(_ given: StatementHints, account: String, cluster: String) throws(QueryError) -> (
        NotificationTarget?, warning: QueryError?
    ) {
        let defaults = accountDefaults[account] ?? clusterDefaults[cluster] ?? [:]
        let hints = try given.filled(from: defaults)
        guard let word = hints["mq_notify_by"], word.lowercased() != "none" else { return (nil, nil) }
        guard let named = NotificationTarget.Product(rawValue: word.lowercased()) else {
            let known = NotificationTarget.Product.allCases.map(\.rawValue).joined(separator: ", ")
            throw QueryError(.hintValue, "mq-notify-by '\(word)' is not a product; there are: \(known)")
        }
        // The document's own example says mns with RocketMQ's hints; its newer edition says ons.
        let isMeantForONS =
            named == .mns && hints["mq_queue"] == nil && hints["mq_topic"] != nil && hints["mq_producer_id"] != nil
        let warning =
            isMeantForONS
            ? QueryError(
                .hintValue,
                "mq-notify-by=mns with mq-topic and mq-producer-id is taken as mq-notify-by=ons; for MNS write "
                    + "mq-queue, or mq-model=topic"
            )
            : nil
        let product = isMeantForONS ? .ons : named
        try sender.check(product)
        let target =
            switch product {
            case .ons: try ons(hints)
            case .mns: try mns(hints)
            case .webhook: try webhook(hints)
            case .rabbitmq: try rabbitMQ(hints)
            }
        return (target, warning)
    }

    private func ons(_ hints: StatementHints) throws(QueryError) -> NotificationTarget {
        _ = try model(hints, for: "ons", "queue")
        let topic = try name("mq-topic", hints["mq_topic"], for: "ons")
        let producer = try name("mq-producer-id", hints["mq_producer_id"], for: "ons")
        let endpoint = try endpoint(hints["mq_endpoint"], for: "ons")
        var instance = hints["mq_instance_id"] ?? endpoint.instanceID
        if let given = instance { instance = try name("mq-instance-id", given, for: "ons") }
        return NotificationTarget(
            product: .ons, model: "queue", topic: topic, queue: nil, producerID: producer, endpoint: endpoint.url,
            instanceID: instance,
            delaySeconds: hints.delaySeconds, events: try events(hints))
    }

    private func mns(_ hints: StatementHints) throws(QueryError) -> NotificationTarget {
        let model = try model(hints, for: "mns", "queue", "topic")
        let isTopic = model == "topic"
        let topic = isTopic ? try name("mq-topic", hints["mq_topic"], for: "mns with mq-model=topic") : nil
        let queue = isTopic ? nil : try name("mq-queue", hints["mq_queue"], for: "mns")
        let delay = hints.delaySeconds
        if isTopic, delay != nil {
            throw QueryError(.hintValue, "mq-delayed-by: a topic of MNS delivers at once; a queue can delay")
        }
        let endpoint = try endpoint(hints["mq_endpoint"] ?? mnsEndpoint, for: "mns")
        return NotificationTarget(
            product: .mns, model: model, topic: topic, queue: queue, producerID: nil, endpoint: endpoint.url,
            instanceID: nil, delaySeconds: delay,
            events: try events(hints))
    }

    private func webhook(_ hints: StatementHints) throws(QueryError) -> NotificationTarget {
        if hints.delaySeconds != nil {
            throw QueryError(.hintValue, "mq-delayed-by: a webhook is called at once")
        }
        let endpoint = try endpoint(hints["mq_endpoint"], for: "webhook")
        let mode = hints["mq_mode"]?.lowercased() ?? "structured"
        guard ["structured", "binary"].contains(mode) else {
            throw QueryError(
                .hintValue, "mq-mode of webhook is structured or binary (CloudEvents' modes of HTTP), not '\(mode)'")
        }
        return NotificationTarget(
            product: .webhook, model: try model(hints, for: "webhook", "queue"), topic: nil, queue: nil,
            producerID: nil,
            endpoint: endpoint.url + endpoint.path, instanceID: nil, delaySeconds: nil, isBinary: mode == "binary",
            events: try events(hints))
    }

    /// A queue by its name, or an exchange, which is what RabbitMQ calls a topic. The instance is the virtual host.
    private func rabbitMQ(_ hints: StatementHints) throws(QueryError) -> NotificationTarget {
        if hints.delaySeconds != nil { throw QueryError(.hintValue, "mq-delayed-by: RabbitMQ delivers at once") }
        let model = try model(
            hints, for: "rabbitmq", "queue", "topic",
            usual: hints["mq_queue"] == nil && hints["mq_topic"] != nil ? "topic" : "queue")
        let isTopic = model == "topic"
        return NotificationTarget(
            product: .rabbitmq, model: model,
            topic: isTopic ? try text("mq-topic", hints["mq_topic"], for: "rabbitmq with mq-model=topic") : nil,
            queue: isTopic ? nil : try text("mq-queue", hints["mq_queue"], for: "rabbitmq"), producerID: nil,
            endpoint: try rabbitMQEndpoint(hints["mq_endpoint"]),
            instanceID: try hints["mq_instance_id"].map { value throws(QueryError) in
                try text("mq-instance-id", value, for: "rabbitmq")
            }, delaySeconds: nil,
            routingKey: try hints["mq_routing_key"].map { value throws(QueryError) in
                try text("mq-routing-key", value, for: "rabbitmq")
            },
            events: try events(hints))
    }

    /// The configured one, whose login the daemon has.
    private func rabbitMQEndpoint(_ value: String?) throws(QueryError) -> String {
        let endpoint = try endpoint(value ?? sender.rabbitMQ?.endpoint.url, for: "rabbitmq")
        guard endpoint == sender.rabbitMQ?.endpoint else {
            throw QueryError(
                .hintValue,
                "mq-endpoint '\(endpoint.url)' is not notify.rabbitmq-endpoint, and the daemon has a login for "
                    + "that alone"
            )
        }
        return endpoint.url
    }

    // MARK: Values

    private func events(_ hints: StatementHints) throws(QueryError) -> NotificationTarget.Events? {
        let events = hints.events
        return events == .finish ? nil : events
    }

    private func model(_ hints: StatementHints, for product: String, _ known: String..., usual: String? = nil)
        throws(QueryError)
        -> String
    {
        guard let model = hints["mq_model"]?.lowercased() else { return usual ?? known[0] }
        guard known.contains(model) else {
            throw QueryError(.hintValue, "mq-model of \(product) is \(known.joined(separator: " or ")), not '\(model)'")
        }
        return model
    }

    private func name(_ hint: String, _ value: String?, for product: String) throws(QueryError) -> String {
        guard let value, !value.isEmpty else {
            throw QueryError(.hintValue, "mq-notify-by=\(product) needs the hint \(hint)")
        }
        let isPlain =
            value.utf8.count <= 120
            && value.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_%".unicodeScalars.contains($0))
            }
        guard isPlain else {
            throw QueryError(
                .hintValue, "\(hint) '\(value.prefix(130))' has letters, digits, - and _ only, and at most 120 of them")
        }
        return value
    }

    /// RabbitMQ's names are any short text.
    private func text(_ hint: String, _ value: String?, for product: String) throws(QueryError) -> String {
        guard let value, !value.isEmpty else {
            throw QueryError(.hintValue, "mq-notify-by=\(product) needs the hint \(hint)")
        }
        guard value.utf8.count <= 255, value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw QueryError(.hintValue, "\(hint) has at most 255 bytes, none of them a control character")
        }
        guard value != ".", value != ".." else {
            throw QueryError(.hintValue, "\(hint) '\(value)' stands for a folder in a URL, and cannot be asked for")
        }
        return value
    }

    private func endpoint(_ value: String?, for product: String) throws(QueryError) -> Endpoint {
        guard let value else {
            let example =
                switch product {
                case "webhook": "https://example.com/hooks/loon"
                case "rabbitmq": "http://127.0.0.1:15672"
                default: "http://MQ_INST_1_demo.localhost:8080"
                }
            throw QueryError(.hintValue, "mq-notify-by=\(product) needs the hint mq-endpoint, such as \(example)")
        }
        let endpoint = try Endpoint(value, allowsPath: product == "webhook")
        _ = try sender.rules.addresses(for: endpoint)
        return endpoint
    }
}
