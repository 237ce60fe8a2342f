import Foundation
import LoonCore
import NIOCore
import NIOHTTP1
import Notifier
import Synchronization

/// The broker that all connections act on.
final class SharedBroker: Sendable {
    let state = Mutex(Broker())
}

/// One HTTP connection: checks each request's signature, lets the broker act and answers. Confined to its event loop.
final class BrokerHandler: ChannelInboundHandler {
    typealias InboundIn = NIOHTTPServerRequestFull
    typealias OutboundOut = HTTPServerResponsePart

    static let bodyBytesMax = 256 * 1024
    private static let skewMilliseconds: Int64 = 15 * 60 * 1_000
    private static let pollMilliseconds: Int64 = 20

    private let broker: SharedBroker
    private let key: AccessKey

    init(broker: SharedBroker, key: AccessKey) {
        self.broker = broker
        self.key = key
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let full = unwrapInboundIn(data)
        let request = BrokerRoute(full)
        if let refusal = check(request) { return answer(refusal, to: full.head, context) }
        let deadline = BrokerClock.now() + request.waitMilliseconds
        serve(request, full.head, until: deadline, context)
    }

    /// Answers now, or when there is a message, or when the client's patience is at its end.
    private func serve(_ request: BrokerRoute, _ head: HTTPRequestHead, until deadline: Int64, _ context: ChannelHandlerContext) {
        let now = BrokerClock.now()
        if let reply = broker.state.withLock({ request.perform(on: &$0, now: now) }) { return answer(reply, to: head, context) }
        guard now < deadline else {
            return answer(.failure(.notFound, "MessageNotExist", "Message not exist.", request.product), to: head, context)
        }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(Self.pollMilliseconds)) {
            guard bound.value.context.channel.isActive else { return }
            bound.value.handler.serve(request, head, until: deadline, bound.value.context)
        }
    }

    /// `nil` where the request is signed by the one key, and lately.
    private func check(_ request: BrokerRoute) -> BrokerReply? {
        let product = request.product
        guard let given = request.header("authorization") else {
            return .failure(.badRequest, "MissingAuthorizationHeader", "Authorization header is required.", product)
        }
        let expected = RequestSignature(product: product, method: request.method, resource: request.uri, headers: request.headers)
        let prefix = "\(product.scheme) \(key.id):"
        guard given.hasPrefix(prefix) else {
            return .failure(.forbidden, "InvalidAccessKeyId", "The AccessKey Id you provided is not exist.", product)
        }
        guard given == expected.authorization(key) else {
            return .failure(
                .forbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", product)
        }
        guard let date = request.header("date").flatMap(Self.milliseconds) else {
            return .failure(.badRequest, "InvalidDateHeader", "The Date header is missing or cannot be read.", product)
        }
        guard abs(date - BrokerClock.now()) < Self.skewMilliseconds else {
            return .failure(.requestTimeout, "TimeExpired", "The request's date is more than 15 minutes off.", product)
        }
        return nil
    }

    /// Reads `Thu, 09 Jul 2015 03:01:34 GMT`.
    private static func milliseconds(_ text: String) -> Int64? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text).map { Int64($0.timeIntervalSince1970 * 1_000) }
    }

    private func answer(_ reply: BrokerReply, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders([("Content-Length", "\(reply.body.count)"), ("x-mq-request-id", UUID().uuidString)])
        headers.add(name: "x-mns-request-id", value: UUID().uuidString)
        if !reply.body.isEmpty { headers.add(name: "Content-Type", value: "text/xml;charset=UTF-8") }
        if !head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: reply.status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
        let channel = context.channel
        let isKeptAlive = head.isKeepAlive
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in if !isKeptAlive { channel.close(promise: nil) } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
