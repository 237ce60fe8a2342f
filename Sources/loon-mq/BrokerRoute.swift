import Foundation
import NIOCore
import NIOHTTP1
import Notifier

/// A request, and what it asks of the broker.
struct BrokerRoute: Sendable {
    let product: RequestSignature.Product
    let method: String
    /// Path and query as sent.
    let uri: String
    let headers: [(name: String, value: String)]
    private let path: [String]
    private let query: [String: String]
    private let body: [UInt8]

    private static let onsInvisible: Int64 = 300_000
    private static let mnsInvisible: Int64 = 30_000

    init(_ request: NIOHTTPServerRequestFull) {
        headers = request.head.headers.map { ($0.name, $0.value) }
        let isONS = request.head.headers.contains(name: "x-mq-version") || (request.head.headers.first(name: "authorization") ?? "").hasPrefix("MQ ")
        product = isONS ? .ons : .mns
        method = request.head.method.rawValue
        uri = request.head.uri
        let parts = request.head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts[0].split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[String(halves[0]).lowercased()] = halves.count > 1 ? String(halves[1]).removingPercentEncoding ?? String(halves[1]) : ""
        }
        self.query = query
        body = request.body.map { Array($0.readableBytesView) } ?? []
    }

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// How long a GET waits for a message.
    var waitMilliseconds: Int64 {
        method == "GET" ? Int64(min(max(query["waitseconds"].flatMap(Int.init) ?? 0, 0), 30)) * 1_000 : 0
    }

    /// `nil`: there is no message now.
    func perform(on broker: inout Broker, now: Int64) -> BrokerReply? {
        if method == "PUT", path.count == 2, path[0] == "queues" { return .empty }  // made when first used
        guard path.count == 3, path[2] == "messages", path[0] == "queues" || path[0] == "topics" else {
            return .failure(.badRequest, "InvalidRequestURL", "Http request URL is not valid.", product)
        }
        let place: Broker.Place = path[0] == "queues" ? .queue(path[1]) : .topic((query["ns"] ?? "") + "%" + path[1])
        switch method {
        case "POST": return send(to: place, &broker, now)
        case "GET": return receive(place, &broker, now)
        case "DELETE": return acknowledge(place, &broker, now)
        default: return .failure(.methodNotAllowed, "InvalidRequestURL", "The method is not supported.", product)
        }
    }

    private struct Incoming: Decodable {
        let MessageBody: String
        let MessageTag: String?
        let Properties: String?
        let DelaySeconds: Int64?
    }

    private struct Receipts: Decodable { let ReceiptHandle: [String] }

    private func send(to place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        guard let message: Incoming = decode() else { return malformed }
        do throws(Broker.SendFailure) {
            let start = Self.startDeliveryTime(message.Properties)
            // Seven days for MNS, forty for RocketMQ, as the vendor has it.
            let seconds = min(max(message.DelaySeconds ?? 0, 0), 604_800)
            let wait = min(max(start ?? now, now), now + 40 * 86_400_000) - now
            let delay = max(seconds * 1_000, wait)
            let sent = try broker.send(
                message.MessageBody, tag: message.MessageTag, properties: message.Properties, delay: delay, to: place, now: now)
            BrokerLog.write("broker.received", "product=\(product.scheme) id=\(sent.id) bytes=\(message.MessageBody.utf8.count)")
            return .sent(sent, product)
        } catch {
            return .failure(.serviceUnavailable, "QpsLimitExceeded", "The topic or queue is full.", product)
        }
    }

    private static func startDeliveryTime(_ properties: String?) -> Int64? {
        let entry = properties?.split(separator: "|").first { $0.hasPrefix("__STARTDELIVERTIME:") }
        return entry?.split(separator: ":").last.flatMap { Int64($0) }
    }

    private func receive(_ place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply? {
        let most = min(max(query["numofmessages"].flatMap(Int.init) ?? 1, 1), 16)
        let deliveries: [Broker.Delivery]
        switch place {
        case .topic(let name):
            guard let group = query["consumer"] else { return .failure(.badRequest, "InvalidArgument", "consumer is required.", product) }
            let tags = (query["tag"] ?? "").replacing("||", with: "|").split(separator: "|").map(String.init).filter { $0 != "*" }
            deliveries = broker.consume(topic: name, group: group, tags: Set(tags), most: most, invisible: Self.onsInvisible, now: now)
        case .queue(let name): deliveries = broker.receive(queue: name, most: most, invisible: Self.mnsInvisible, now: now)
        }
        guard !deliveries.isEmpty else { return nil }
        return .received(deliveries, asList: product == .ons || query["numofmessages"] != nil, product)
    }

    private func acknowledge(_ place: Broker.Place, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        let single = query["receipthandle"]
        var receipts = single.map { [$0] } ?? []
        if receipts.isEmpty {
            guard let list: Receipts = decode() else { return malformed }
            receipts = list.ReceiptHandle
        }
        let bad =
            switch place {
            case .topic(let name): broker.acknowledge(topic: name, group: query["consumer"] ?? "", receipts: receipts, now: now)
            case .queue(let name): broker.acknowledge(queue: name, receipts: receipts, now: now)
            }
        if bad.isEmpty { return .empty }
        return single == nil
            ? .badReceipts(bad, product)
            : .failure(.badRequest, "ReceiptHandleError", "The receipt handle you provided is not valid.", product)
    }

    private var malformed: BrokerReply { .failure(.badRequest, "MalformedXML", "The XML you provided was not well-formed.", product) }

    private func decode<Value: Decodable>() -> Value? { PlainXML.decode(body, trimming: false) }
}
