import Foundation
import LoonCore
import XMLCoder

/// One message as the product's HTTP request: RocketMQ's `POST /topics/T/messages?ns=I`, MNS's `POST /queues/Q/messages`.
struct BrokerRequest: Sendable {
    let url: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    /// What the broker must report as the digest of the message's body.
    let bodyMD5: String

    private static let version = "2015-06-06"
    private static let contentType = "text/xml;charset=UTF-8"

    init(_ message: OutboxMessage, endpoint: Endpoint, key: AccessKey, now: Int64) throws {
        let target = message.target
        let product: RequestSignature.Product
        let resource: String
        let text: String
        switch target.product {
        case .ons:
            product = .ons
            let instance = target.instanceID.map { "?ns=" + Self.escaped($0) } ?? ""
            resource = "/topics/\(Self.escaped(target.topic ?? ""))/messages\(instance)"
            text = String(decoding: message.body, as: UTF8.self)
            var properties = "KEYS:\(message.taskID)|"
            // Milliseconds since 1970 at which the broker hands the message on.
            if let delay = target.delaySeconds { properties += "__STARTDELIVERTIME:\(now + Int64(delay) * 1_000)|" }
            body = try Self.xml(
                OutgoingMessage(MessageBody: text, MessageTag: message.tag, Properties: properties, DelaySeconds: nil),
                namespace: "http://mq.aliyuncs.com/doc/v1/")
        case .mns:
            product = .mns
            resource = "/queues/\(Self.escaped(target.queue ?? ""))/messages"
            // What the vendor's SDKs expect of a queue's message by default.
            text = Data(message.body).base64EncodedString()
            body = try Self.xml(
                OutgoingMessage(MessageBody: text, MessageTag: nil, Properties: nil, DelaySeconds: target.delaySeconds),
                namespace: "http://mns.aliyuncs.com/doc/v1/")
        }
        bodyMD5 = BodyDigest.md5(Array(text.utf8))
        var headers: [(name: String, value: String)] = [
            ("Content-Type", Self.contentType), ("Date", HTTPDate.format(milliseconds: now)), (product.headerPrefix + "version", Self.version),
        ]
        let signature = RequestSignature(product: product, method: "POST", resource: resource, headers: headers)
        headers.append(("Authorization", signature.authorization(key)))
        self.headers = headers
        url = endpoint.url + resource
    }

    private struct OutgoingMessage: Encodable {
        let MessageBody: String
        let MessageTag: String?
        let Properties: String?
        let DelaySeconds: Int?
    }

    private static func xml(_ message: OutgoingMessage, namespace: String) throws -> [UInt8] {
        Array(
            try XMLEncoder().encode(
                message, withRootKey: "Message", rootAttributes: ["xmlns": namespace], header: XMLHeader(version: 1.0, encoding: "utf-8")))
    }

    private static func escaped(_ name: String) -> String {
        name.addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: "-_.").union(.alphanumerics)) ?? name
    }
}

/// What became of one try.
enum DeliveryOutcome: Sendable, Equatable {
    case delivered(messageID: String)
    /// Worth another try.
    case failed(String)
    /// Not worth one: the broker refuses the request itself.
    case refused(String)
}

/// Reads a broker's answer. What is no answer of the protocol counts as a failure of the moment.
enum BrokerAnswer {
    private struct Sent: Decodable {
        let MessageId: String
        let MessageBodyMD5: String
    }
    private struct Refusal: Decodable {
        let Code: String
        let Message: String?
    }

    static func outcome(status: Int, body: [UInt8], bodyMD5: String) -> DeliveryOutcome {
        switch status {
        case 200...299:
            guard let sent: Sent = decode(body), !sent.MessageId.isEmpty else {
                return .failed("HTTP \(status) with an answer that is no broker's")
            }
            guard sent.MessageBodyMD5.uppercased() == bodyMD5 else {
                return .failed("the broker received another body: its MD5 is \(sent.MessageBodyMD5.prefix(64)), not \(bodyMD5)")
            }
            return .delivered(messageID: String(sent.MessageId.prefix(256)))
        case 408, 429, 500...599: return .failed("HTTP \(status)" + reason(body))
        default: return .refused("HTTP \(status)" + reason(body))
        }
    }

    private static func reason(_ body: [UInt8]) -> String {
        guard let refusal: Refusal = decode(body) else { return "" }
        return " \(refusal.Code.prefix(128)): \((refusal.Message ?? "").prefix(512))"
    }

    private static func decode<Value: Decodable>(_ body: [UInt8]) -> Value? {
        PlainXML.decode(body)
    }
}
