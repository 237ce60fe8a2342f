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
    let path: [String]
    /// Names in lower case.
    let query: [String: String]
    private let body: [UInt8]

    init(_ request: NIOHTTPServerRequestFull) {
        headers = request.head.headers.map { ($0.name, $0.value) }
        let isONS =
            request.head.headers.contains(name: "x-mq-version")
            || (request.head.headers.first(name: "authorization") ?? "").hasPrefix("MQ ")
        product = isONS ? .ons : .mns
        method = request.head.method.rawValue
        uri = request.head.uri
        let parts = request.head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts[0].split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[String(halves[0]).lowercased()] =
                halves.count > 1 ? String(halves[1]).removingPercentEncoding ?? String(halves[1]) : ""
        }
        self.query = query
        body = request.body.map { Array($0.readableBytesView) } ?? []
    }

    /// Whether the body is the one that its signed digest says; one that has none is any.
    var hasSignedBody: Bool { header("content-md5").map { BodyDigest.isHeader($0, of: body) } ?? true }

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// How long a GET waits for a message: what it says, or what the queue has as its usual.
    func waitMilliseconds(_ broker: Broker) -> Int64 {
        guard method == "GET", path.count == 3, path[2] == "messages", query["peekonly"] == nil else { return 0 }
        let usual = path[0] == "queues" ? broker.queues[path[1]]?.attributes.pollingWaitSeconds : nil
        return Int64(min(max(query["waitseconds"].flatMap(Int.init) ?? usual ?? 0, 0), 30)) * 1_000
    }

    /// Whether it is for STS, whose requests sign themselves.
    var isForTokens: Bool { path.isEmpty && parameters["Action"] != nil }
    /// Whether it tells the broker what to do wrong.
    var isAboutFaults: Bool { path == ["faults"] }

    /// Of the query and a form in the body.
    var parameters: [String: String] {
        let type = header("content-type") ?? ""
        let form =
            type.hasPrefix("application/x-www-form-urlencoded")
            ? Self.pairs(String(decoding: body, as: UTF8.self)) : [:]
        return Self.pairs(uri.split(separator: "?", maxSplits: 1).dropFirst().joined()).merging(form) { $1 }
    }

    private static func pairs(_ text: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ half: Substring) -> String {
                half.replacing("+", with: " ").removingPercentEncoding ?? String(half)
            }
            pairs[decoded(halves[0])] = halves.count > 1 ? decoded(halves[1]) : ""
        }
        return pairs
    }

    /// `nil`: there is no message now.
    func perform(on broker: inout Broker, now: Int64) -> BrokerReply? {
        guard path.count == 3, path[2] == "messages" else {
            return AdministrationRoute(self).perform(on: &broker, now: now)
        }
        switch (path[0], product) {
        case ("queues", _): return MessageRoute(self).perform(.queue(path[1]), &broker, now)
        case ("topics", .ons):
            return MessageRoute(self).perform(.topic((query["ns"] ?? "") + "%" + path[1]), &broker, now)
        case ("topics", .mns): return method == "POST" ? MessageRoute(self).publish(to: path[1], &broker, now) : unknown
        default: return unknown
        }
    }

    var unknown: BrokerReply { .failure(.badRequest, "InvalidRequestURL", "Http request URL is not valid.", product) }
    var malformed: BrokerReply {
        .failure(.badRequest, "MalformedXML", "The XML you provided was not well-formed.", product)
    }

    func decode<Value: Decodable>() -> Value? { PlainXML.decode(body, trimming: false) }
}
