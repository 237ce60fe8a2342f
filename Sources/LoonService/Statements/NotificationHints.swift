import LoonCore
import Notifier
import SQLFrontend

/// Reads where a task's message goes out of its hints, and refuses what cannot work.
struct NotificationHints {
    let configuration: Configuration

    /// The target, `nil` where no message is asked for, and a warning where the hints were taken to mean another product.
    func target(_ hints: Hints) throws(QueryError) -> (NotificationTarget?, warning: QueryError?) {
        guard let word = hints["mq_notify_by"] else { return (nil, nil) }
        guard let named = NotificationTarget.Product(rawValue: word.lowercased()) else {
            let known = NotificationTarget.Product.allCases.map(\.rawValue).joined(separator: ", ")
            throw QueryError(.hintValue, "mq-notify-by '\(word)' is not a product; there are: \(known)")
        }
        guard configuration.accessKeyID != nil, configuration.accessKeySecret != nil else {
            throw QueryError(
                .hintValue, "No message can be sent: the daemon has no access key; set notify.access-key-id and notify.access-key-secret-file")
        }
        // The document's own example says mns with RocketMQ's hints; its newer edition says ons.
        let isMeantForONS = named == .mns && hints["mq_queue"] == nil && hints["mq_topic"] != nil && hints["mq_producer_id"] != nil
        let warning =
            isMeantForONS
            ? QueryError(.hintValue, "mq-notify-by=mns with mq-topic and mq-producer-id is taken as mq-notify-by=ons; for MNS write mq-queue") : nil
        let delay = try hints.delaySeconds()
        let target = named == .ons || isMeantForONS ? try ons(hints, delay) : try mns(hints, delay)
        return (target, warning)
    }

    private func ons(_ hints: Hints, _ delay: Int?) throws(QueryError) -> NotificationTarget {
        if let model = hints["mq_model"], model.lowercased() != "queue" {
            throw QueryError(.hintValue, "mq-model of ons is queue, not '\(model)'")
        }
        let topic = try name("mq-topic", hints["mq_topic"], for: "ons")
        let producer = try name("mq-producer-id", hints["mq_producer_id"], for: "ons")
        let endpoint = try endpoint(hints["mq_endpoint"], for: "ons")
        var instance = hints["mq_instance_id"] ?? endpoint.instanceID
        if let given = instance { instance = try name("mq-instance-id", given, for: "ons") }
        return NotificationTarget(
            product: .ons, model: "queue", topic: topic, queue: nil, producerID: producer, endpoint: endpoint.url, instanceID: instance,
            delaySeconds: delay)
    }

    private func mns(_ hints: Hints, _ delay: Int?) throws(QueryError) -> NotificationTarget {
        if let model = hints["mq_model"], model.lowercased() != "queue" {
            throw QueryError(.notSupported, "mq-model '\(model)' of mns is not supported yet; queue is")
        }
        let queue = try name("mq-queue", hints["mq_queue"], for: "mns")
        let endpoint = try endpoint(hints["mq_endpoint"] ?? configuration.mnsEndpoint, for: "mns")
        return NotificationTarget(
            product: .mns, model: "queue", topic: nil, queue: queue, producerID: nil, endpoint: endpoint.url, instanceID: nil, delaySeconds: delay)
    }

    private func name(_ hint: String, _ value: String?, for product: String) throws(QueryError) -> String {
        guard let value, !value.isEmpty else { throw QueryError(.hintValue, "mq-notify-by=\(product) needs the hint \(hint)") }
        let isPlain =
            value.utf8.count <= 120
            && value.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_%".unicodeScalars.contains($0))
            }
        guard isPlain else {
            throw QueryError(.hintValue, "\(hint) '\(value.prefix(130))' has letters, digits, - and _ only, and at most 120 of them")
        }
        return value
    }

    private func endpoint(_ value: String?, for product: String) throws(QueryError) -> Endpoint {
        guard let value else {
            throw QueryError(.hintValue, "mq-notify-by=\(product) needs the hint mq-endpoint, such as http://MQ_INST_1_demo.localhost:8080")
        }
        let endpoint = try Endpoint(value)
        _ = try configuration.rules.addresses(for: endpoint)
        return endpoint
    }
}
