import NIOHTTP1
import Notifier

/// Sending, receiving and acknowledging.
struct MessageRoute {
    private let route: BrokerRoute
    private var product: RequestSignature.Product { route.product }
    private var query: [String: String] { route.query }

    /// RocketMQ hands out again after five minutes.
    private static let onsInvisible: Int64 = 300_000
    private static let batchMax = 16

    init(_ route: BrokerRoute) { self.route = route }

    func perform(_ place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply? {
        switch route.method {
        case "POST": return send(to: place, &broker, now)
        case "GET": return receive(place, &broker, now)
        case "DELETE": return acknowledge(place, &broker, now)
        case "PUT":
            guard case .queue(let name) = place else { return route.unknown }
            return changeVisibility(name, &broker, now)
        default: return .failure(.methodNotAllowed, "InvalidRequestURL", "The method is not supported.", product)
        }
    }

    private struct Incoming: Decodable {
        let MessageBody: String
        let MessageTag: String?
        let Properties: String?
        let DelaySeconds: Int64?
        let Priority: Int?
    }

    private struct Batch: Decodable { let Message: [Incoming] }

    private struct Receipts: Decodable { let ReceiptHandle: [String] }

    // MARK: Sending

    private func send(to place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        if let message: Incoming = route.decode() {
            return answering { () throws(Broker.SendFailure) in
                .sent(try send(message, to: place, &broker, now), product)
            }
        }
        guard product == .mns, let batch: Batch = route.decode(), !batch.Message.isEmpty else { return route.malformed }
        guard batch.Message.count <= Self.batchMax else {
            return .failure(.badRequest, "InvalidArgument", "A batch has at most \(Self.batchMax) messages.", product)
        }
        return answering { () throws(Broker.SendFailure) in
            guard batch.Message.reduce(0, { $0 + $1.MessageBody.utf8.count }) <= 65_536 else { throw .tooLarge }
            var sent: [Broker.Message] = []
            for message in batch.Message { sent.append(try send(message, to: place, &broker, now)) }
            return .sent(sent)
        }
    }

    private func send(_ message: Incoming, to place: Broker.Place, _ broker: inout Broker, _ now: Int64) throws(Broker
        .SendFailure) -> Broker.Message
    {
        // Seven days for MNS, forty for RocketMQ, as the vendor has it.
        var delay = message.DelaySeconds.map { min(max($0, 0), 604_800) * 1_000 }
        if let start = Self.startDeliveryTime(message.Properties) {
            delay = min(max(start, now), now + 40 * 86_400_000) - now
        }
        let sent = try broker.send(
            message.MessageBody, tag: message.MessageTag, properties: message.Properties,
            priority: min(max(message.Priority ?? 8, 1), 16),
            delay: delay,
            to: place, now: now)
        BrokerLog.write(
            "broker.received", "product=\(product.scheme) id=\(sent.id) bytes=\(message.MessageBody.utf8.count)")
        return sent
    }

    func publish(to topic: String, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        guard let message: Incoming = route.decode() else { return route.malformed }
        return answering { () throws(Broker.SendFailure) in
            let sent = try broker.publish(message.MessageBody, tag: message.MessageTag, to: topic, now: now)
            BrokerLog.write(
                "broker.published", "product=\(product.scheme) id=\(sent.id) bytes=\(message.MessageBody.utf8.count)")
            return .sent(sent, product)
        }
    }

    private func answering(_ body: () throws(Broker.SendFailure) -> BrokerReply) -> BrokerReply {
        do throws(Broker.SendFailure) { return try body() } catch {
            switch error {
            case .full: return .failure(.serviceUnavailable, "QpsLimitExceeded", "The topic or queue is full.", product)
            case .tooLarge:
                return .failure(
                    .badRequest, "InvalidArgument", "The message is larger than MaximumMessageSize.", product)
            }
        }
    }

    private static func startDeliveryTime(_ properties: String?) -> Int64? {
        let entry = properties?.split(separator: "|").first { $0.hasPrefix("__STARTDELIVERTIME:") }
        return entry?.split(separator: ":").last.flatMap { Int64($0) }
    }

    // MARK: Receiving

    private func receive(_ place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply? {
        let most = min(max(query["numofmessages"].flatMap(Int.init) ?? 1, 1), Self.batchMax)
        let deliveries: [Delivery]
        switch place {
        case .topic(let name):
            guard let group = query["consumer"] else {
                return .failure(.badRequest, "InvalidArgument", "consumer is required.", product)
            }
            let tags = (query["tag"] ?? "").replacing("||", with: "|").split(separator: "|").map(String.init).filter {
                $0 != "*"
            }
            deliveries = broker.consume(
                topic: name, group: group, tags: Set(tags), most: most, invisible: Self.onsInvisible, now: now)
        case .queue(let name):
            let isPeek = query["peekonly"]?.lowercased() == "true"
            deliveries =
                isPeek
                ? broker.peek(queue: name, most: most, now: now) : broker.receive(queue: name, most: most, now: now)
        }
        guard !deliveries.isEmpty else { return nil }
        return .received(deliveries, asList: product == .ons || query["numofmessages"] != nil, product)
    }

    private func acknowledge(_ place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        let single = query["receipthandle"]
        var receipts = single.map { [$0] } ?? []
        if receipts.isEmpty {
            guard let list: Receipts = route.decode() else { return route.malformed }
            receipts = list.ReceiptHandle
        }
        let bad = broker.acknowledge(place, group: query["consumer"], receipts: receipts, now: now)
        if bad.isEmpty { return .empty }
        return single == nil ? .badReceipts(bad, product) : badReceipt
    }

    private var badReceipt: BrokerReply {
        .failure(.badRequest, "ReceiptHandleError", "The receipt handle you provided is not valid.", product)
    }

    private struct Visibility: Encodable {
        let ReceiptHandle: String
        let NextVisibleTime: Int64
    }

    private func changeVisibility(_ queue: String, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        guard let receipt = query["receipthandle"] else {
            return .failure(.badRequest, "MissingReceiptHandle", "ReceiptHandle is required.", product)
        }
        guard let seconds = query["visibilitytimeout"].flatMap(Int.init), (1...43_200).contains(seconds) else {
            return .failure(.badRequest, "MissingVisibilityTimeout", "VisibilityTimeout is from 1 to 43200.", product)
        }
        guard let changed = broker.changeVisibility(queue: queue, receipt: receipt, seconds: seconds, now: now) else {
            return badReceipt
        }
        return BrokerReply(
            .ok, Visibility(ReceiptHandle: changed.receipt, NextVisibleTime: changed.visible), root: "ChangeVisibility")
    }
}
