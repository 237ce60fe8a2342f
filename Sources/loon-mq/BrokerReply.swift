import Foundation
import NIOHTTP1
import Notifier
import XMLCoder

/// An answer of either product. https://www.alibabacloud.com/help/en/message-service/latest/api-reference
struct BrokerReply: Sendable {
    let status: HTTPResponseStatus
    var headers: [(String, String)] = []
    var body: [UInt8]
    var contentType = "text/xml;charset=UTF-8"

    static let empty = BrokerReply(.noContent)

    init(_ status: HTTPResponseStatus, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(_ status: HTTPResponseStatus, _ value: some Encodable, root: String, product: RequestSignature.Product = .mns)
    {
        self.status = status
        let namespace = product == .ons ? "http://mq.aliyuncs.com/doc/v1/" : "http://mns.aliyuncs.com/doc/v1/"
        let data = try? XMLEncoder().encode(
            value, withRootKey: root, rootAttributes: ["xmlns": namespace],
            header: XMLHeader(version: 1.0, encoding: "utf-8"))
        body = Array(data ?? Data())
    }

    // MARK: Bodies. The property names are the elements' names.

    private struct Sent: Encodable {
        let MessageId: String
        let MessageBodyMD5: String
    }

    private struct SentList: Encodable { let Message: [Sent] }

    private struct Refusal: Encodable {
        let Code: String
        let Message: String
        let RequestId: String
        let HostId: String
    }

    private struct Received: Encodable {
        let MessageId: String
        var ReceiptHandle: String?
        let MessageBody: String
        let MessageBodyMD5: String
        var PublishTime: Int64?
        var EnqueueTime: Int64?
        var FirstConsumeTime: Int64?
        var FirstDequeueTime: Int64?
        var NextConsumeTime: Int64?
        var NextVisibleTime: Int64?
        var ConsumedTimes: Int?
        var DequeueCount: Int?
        var Priority: Int?
        var MessageTag: String?
        var Properties: String?
    }

    private struct List: Encodable { let Message: [Received] }

    private struct ReceiptErrors: Encodable {
        struct Item: Encodable {
            let ErrorCode = "ReceiptHandleError"
            let ErrorMessage = "The receipt handle you provided is not valid."
            let ReceiptHandle: String
        }
        let Error: [Item]
    }

    // MARK: Answers

    static func sent(_ message: Broker.Message, _ product: RequestSignature.Product) -> BrokerReply {
        BrokerReply(
            .created,
            body: PlainXML.encode(
                "Message", namespace: "http://\(product == .ons ? "mq" : "mns").aliyuncs.com/doc/v1/",
                [("MessageId", message.id), ("MessageBodyMD5", message.bodyMD5)]))
    }

    static func sent(_ messages: [Broker.Message]) -> BrokerReply {
        BrokerReply(
            .created, SentList(Message: messages.map { Sent(MessageId: $0.id, MessageBodyMD5: $0.bodyMD5) }),
            root: "Messages", product: .mns)
    }

    static func failure(
        _ status: HTTPResponseStatus, _ code: String, _ text: String, _ product: RequestSignature.Product
    ) -> BrokerReply {
        BrokerReply(
            status, Refusal(Code: code, Message: text, RequestId: UUID().uuidString, HostId: "loon-mq"), root: "Error",
            product: product)
    }

    static func badReceipts(_ receipts: [String], _ product: RequestSignature.Product) -> BrokerReply {
        BrokerReply(
            .notFound, ReceiptErrors(Error: receipts.map { .init(ReceiptHandle: $0) }), root: "Errors", product: product
        )
    }

    /// RocketMQ's answer is a list always, MNS's only where a list was asked for.
    static func received(_ deliveries: [Delivery], asList: Bool, _ product: RequestSignature.Product) -> BrokerReply {
        let messages = deliveries.map { delivery in
            let message = delivery.message
            var received = Received(
                MessageId: message.id, ReceiptHandle: delivery.receipt.isEmpty ? nil : delivery.receipt,
                MessageBody: message.body,
                MessageBodyMD5: message.bodyMD5)
            switch product {
            case .ons:
                received.PublishTime = message.published
                received.FirstConsumeTime = delivery.firstConsumed
                received.NextConsumeTime = delivery.visibleAgain
                received.ConsumedTimes = delivery.times
                received.MessageTag = message.tag
                received.Properties = message.properties
            case .mns:
                received.EnqueueTime = message.published
                received.FirstDequeueTime = delivery.firstConsumed
                // One that is only looked at is handed to nobody.
                received.NextVisibleTime = delivery.receipt.isEmpty ? nil : delivery.visibleAgain
                received.DequeueCount = delivery.times
                received.Priority = message.priority
            }
            return received
        }
        if !asList, let only = messages.first { return BrokerReply(.ok, only, root: "Message", product: product) }
        return BrokerReply(.ok, List(Message: messages), root: "Messages", product: product)
    }
}
