import Crypto
import Foundation
import LoonCore

/// One message as a CloudEvent over HTTP
/// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md), signed as Standard
/// Webhooks has it (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
enum WebhookRequest {
    static func request(for message: OutboxMessage, endpoint: Endpoint, secret: WebhookSecret, now: Int64)
        -> OutgoingRequest
    {
        var headers: [(name: String, value: String)] = []
        var body = message.body
        if message.target.isBinary == true,
            let event = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            let data = try? JSONSerialization.data(
                withJSONObject: event["data"] ?? [:], options: [.sortedKeys, .withoutEscapingSlashes])
        {
            body = Array(data)
            headers.append(("Content-Type", event["datacontenttype"] as? String ?? "application/json"))
            // The attributes are of letters, digits and signs that need no escape in a header.
            for (name, value) in event.sorted(by: { $0.key < $1.key }) where name != "data" && name != "datacontenttype"
            {
                if let text = value as? String { headers.append(("ce-" + name, text)) }
            }
        } else {
            headers.append(("Content-Type", "application/cloudevents+json; charset=UTF-8"))
        }
        let seconds = CivilTime.floorDivide(now, by: 1_000).quotient
        headers += [
            ("webhook-id", message.eventID), ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", secret.signature(id: message.eventID, seconds: seconds, body: body)),
        ]
        return OutgoingRequest(
            url: endpoint.url + endpoint.path, headers: headers, body: body, reader: .webhook(eventID: message.eventID))
    }
}

/// The key that a webhook's receiver verifies with: `whsec_` and the key in base64.
package struct WebhookSecret: Sendable {
    private let key: Secret

    /// `nil` where the text is none. The key has 24 to 64 bytes.
    package init?(_ text: String) {
        guard text.hasPrefix("whsec_"), let data = Data(base64Encoded: String(text.dropFirst(6))),
            (24...64).contains(data.count)
        else { return nil }
        key = Secret(text)
    }

    /// `v1,` and base64(HMAC-SHA256(key, "id.timestamp.body")).
    func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        let key = SymmetricKey(data: Data(base64Encoded: String(key.exposed.dropFirst(6))) ?? Data())
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: Data("\(id).\(seconds).".utf8))
        hmac.update(data: body)
        return "v1," + Data(hmac.finalize()).base64EncodedString()
    }
}
