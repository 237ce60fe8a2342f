import Foundation
import LoonCore

/// The credentials that sign a request to the vendor's products.
struct Credentials: Sendable {
    let key: AccessKey
    /// Of keys that STS lent: sent beside the signature, which it is no part of, as the vendor's SDKs do.
    let token: Secret?
}

/// One message as the vendor's HTTP request: RocketMQ's `POST /topics/T/messages?ns=I`, MNS's `POST /queues/Q/messages`
/// and `POST /topics/T/messages`.
enum VendorRequest {
    private static let version = "2015-06-06"
    private static let contentType = "text/xml;charset=UTF-8"

    static func request(for message: OutboxMessage, endpoint: Endpoint, credentials: Credentials, now: Int64)
        -> OutgoingRequest
    {
        let target = message.target
        let product: RequestSignature.Product = target.product == .ons ? .ons : .mns
        let json = String(decoding: message.body, as: UTF8.self)
        let resource: String
        let text: String
        var elements: [(String, String)]
        if target.product == .ons {
            resource =
                "/topics/\(escaped(target.topic))/messages\(target.instanceID.map { "?ns=" + escaped($0) } ?? "")"
            text = json
            var properties = "KEYS:\(message.taskID)|"
            // Milliseconds since 1970 at which the broker hands the message on.
            if let delay = target.delaySeconds { properties += "__STARTDELIVERTIME:\(now + Int64(delay) * 1_000)|" }
            elements = [("MessageBody", text), ("MessageTag", message.tag), ("Properties", properties)]
        } else if target.topic != nil {
            resource = "/topics/\(escaped(target.topic))/messages"
            text = json
            elements = [("MessageBody", text), ("MessageTag", message.tag)]
        } else {
            resource = "/queues/\(escaped(target.queue))/messages"
            // The vendor's SDKs expect base64 of a queue's message by default.
            text = Data(message.body).base64EncodedString()
            elements = [("MessageBody", text)]
            if let delay = target.delaySeconds { elements.append(("DelaySeconds", "\(delay)")) }
        }
        let body = PlainXML.encode(
            "Message", namespace: "http://\(product == .ons ? "mq" : "mns").aliyuncs.com/doc/v1/", elements)
        var headers: [(name: String, value: String)] = [
            ("Content-MD5", BodyDigest.header(body)), ("Content-Type", contentType),
            ("Date", HTTPDate.format(milliseconds: now)), (product.headerPrefix + "version", version),
        ]
        let signature = RequestSignature(product: product, method: "POST", resource: resource, headers: headers)
        headers.append(("Authorization", signature.authorization(credentials.key)))
        if let token = credentials.token { headers.append(("security-token", token.exposed)) }
        return OutgoingRequest(
            url: endpoint.url + resource, headers: headers,
            body: body, reader: .vendor(bodyMD5: BodyDigest.md5(Array(text.utf8))))
    }

    private static let plain = CharacterSet(charactersIn: "-_.").union(.alphanumerics)

    private static func escaped(_ name: String?) -> String {
        let name = name ?? ""
        return name.addingPercentEncoding(withAllowedCharacters: plain) ?? name
    }
}

/// The vendor's answers.
enum VendorAnswer {
    static func sent(_ status: Int, _ body: [UInt8], bodyMD5: String) -> DeliveryOutcome {
        guard let sent = FlatXML.fields(body), let id = sent["MessageId"], let digest = sent["MessageBodyMD5"],
            !id.isEmpty
        else {
            return .failed("HTTP \(status) with an answer that is no broker's")
        }
        guard digest.uppercased() == bodyMD5 else {
            return .failed("the broker received another body: its MD5 is \(BrokerText.cut(digest, 64)), not \(bodyMD5)")
        }
        return .delivered(messageID: BrokerText.cut(id, 128))
    }

    static func reason(_ body: [UInt8]) -> String {
        guard let refusal = FlatXML.fields(body), let code = refusal["Code"] else { return "" }
        return " \(BrokerText.cut(code, 128)): \(BrokerText.cut(refusal["Message"] ?? "", 512))"
    }
}
