import Foundation
package import LoonCore

/// One message through RabbitMQ's management HTTP API: `POST /api/exchanges/{vhost}/{exchange}/publish`
/// (https://www.rabbitmq.com/docs/3.13/management#http-api).
enum RabbitMQRequest {
    /// The default exchange, which routes by the queue's name, as the API calls it.
    private static let defaultExchange = "amq.default"

    static func request(for message: OutboxMessage, endpoint: Endpoint, login: BrokerLogin) throws -> OutgoingRequest {
        let target = message.target
        let publication = Publication(
            properties: .init(
                delivery_mode: 2, content_type: "application/cloudevents+json; charset=UTF-8",
                message_id: message.eventID,
                correlation_id: message.taskID.description, type: "loon.task." + message.tag.lowercased()),
            routing_key: target.queue ?? target.routingKey ?? "loon.task." + message.tag.lowercased(),
            payload: String(decoding: message.body, as: UTF8.self),
            payload_encoding: "string")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let exchange = target.queue == nil ? target.topic ?? "" : defaultExchange
        let authorization = Data("\(login.user):\(login.password.exposed)".utf8).base64EncodedString()
        return OutgoingRequest(
            url: endpoint.url + "/api/exchanges/\(escaped(target.instanceID ?? "/"))/\(escaped(exchange))/publish",
            headers: [("Content-Type", "application/json"), ("Authorization", "Basic " + authorization)],
            body: Array(try encoder.encode(publication)), reader: .rabbitMQ(eventID: message.eventID))
    }

    /// The names are the API's.
    private struct Publication: Encodable {
        struct Properties: Encodable {
            /// 2: kept on the broker's disk.
            let delivery_mode: Int
            let content_type: String
            let message_id: String
            let correlation_id: String
            let type: String
        }
        let properties: Properties
        let routing_key: String
        let payload: String
        let payload_encoding: String
    }

    private struct Answer: Decodable { let routed: Bool }

    private struct Refusal: Decodable {
        let error: String
        let reason: String?
    }

    /// A message that no queue was bound for is lost to RabbitMQ: it is posted again, until there is one.
    static func outcome(_ body: [UInt8], eventID: String) -> DeliveryOutcome {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            return .failed("an answer that is not RabbitMQ's")
        }
        return answer.routed
            ? .delivered(messageID: eventID)
            : .postponed("RabbitMQ has no queue for the message: bind one to the exchange")
    }

    static func reason(_ body: [UInt8]) -> String {
        guard let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body)) else { return "" }
        return " \(BrokerText.cut(refusal.error, 128)): \(BrokerText.cut(refusal.reason ?? "", 512))"
    }

    private static let plain = CharacterSet(charactersIn: "-_.").union(.alphanumerics)

    private static func escaped(_ name: String) -> String {
        name.addingPercentEncoding(withAllowedCharacters: plain) ?? name
    }
}

/// A user of a broker and his password, which go to that broker alone: whoever names another endpoint in a hint would
/// read them there.
package struct BrokerLogin: Sendable {
    package let endpoint: Endpoint
    package let user: String
    package let password: Secret

    package init(endpoint: Endpoint, user: String, password: Secret) {
        self.endpoint = endpoint
        self.user = user
        self.password = password
    }
}
