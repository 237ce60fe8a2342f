import Foundation
import LoonCore
import NIOCore
import NIOHTTP1
import Notifier
import Synchronization

/// The broker that all connections act on.
final class SharedBroker: Sendable {
    struct State {
        var broker = Broker()
        var faults = Faults()
        var tokens: TokenDesk
    }
    let state: Mutex<State>
    private let journal: Journal?

    /// `file`: where messages outlive the process; `nil`: nowhere.
    init(file: String?, tokens: TokenDesk) throws {
        var state = State(tokens: tokens)
        journal = try file.map { try Journal(path: $0) { state.broker.apply($0) } }
        self.state = Mutex(state)
    }

    /// Lets `body` act. What it has changed is in the file before the answer is given.
    func act(_ body: (inout Broker) -> BrokerReply?) -> BrokerReply? {
        state.withLock { state in
            let reply = body(&state.broker)
            let changes = state.broker.takeChanges()
            do { try journal?.write(changes) } catch {
                return .failure(.internalServerError, "InternalError", "The broker's file takes nothing.", .mns)
            }
            return reply
        }
    }
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
    private let takesFaults: Bool

    init(broker: SharedBroker, key: AccessKey, takesFaults: Bool) {
        self.broker = broker
        self.key = key
        self.takesFaults = takesFaults
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let full = unwrapInboundIn(data)
        let request = BrokerRoute(full)
        if request.isAboutFaults { return answer(takeFault(request), to: full.head, context) }
        guard let fault = broker.state.withLock({ $0.faults.next() }) else {
            return begin(request, full.head, nil, context)
        }
        guard fault.kind == .latency else { return begin(request, full.head, fault, context) }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(fault.milliseconds)) {
            guard bound.value.context.channel.isActive else { return }
            bound.value.handler.begin(request, full.head, nil, bound.value.context)
        }
    }

    private func takeFault(_ request: BrokerRoute) -> BrokerReply {
        guard takesFaults else { return .failure(.forbidden, "AccessDenied", "Start loon-mq with --faults.", .mns) }
        return broker.state.withLock { state in
            if request.method == "DELETE" {
                state.faults.clear()
            } else if !state.faults.add(request.query) {
                return request.unknown
            }
            return .empty
        }
    }

    private func begin(
        _ request: BrokerRoute, _ head: HTTPRequestHead, _ fault: Faults.Fault?, _ context: ChannelHandlerContext
    ) {
        if let fault, fault.kind == .error {
            var reply = BrokerReply.failure(
                .init(statusCode: fault.status), "InternalError", "As it was asked for.", request.product)
            if let seconds = fault.retryAfter { reply.headers.append(("Retry-After", "\(seconds)")) }
            return answer(reply, to: head, context)
        }
        if request.isForTokens { return answer(lend(request), to: head, context, fault) }
        if let refusal = check(request) { return answer(refusal, to: head, context, fault) }
        let wait = broker.state.withLock { request.waitMilliseconds($0.broker) }
        serve(request, head, until: BrokerClock.now() + wait, fault, context)
    }

    private func lend(_ request: BrokerRoute) -> BrokerReply {
        let (status, json) = broker.state.withLock {
            $0.tokens.answer(request.parameters, method: request.method, key: key, now: BrokerClock.now())
        }
        var reply = BrokerReply(
            .init(statusCode: status), body: Array((try? JSONSerialization.data(withJSONObject: json)) ?? Data()))
        reply.contentType = "application/json;charset=UTF-8"
        BrokerLog.write("sts.answered", "status=\(status)")
        return reply
    }

    /// Answers now, or when there is a message, or when the client's patience is at its end.
    private func serve(
        _ request: BrokerRoute, _ head: HTTPRequestHead, until deadline: Int64, _ fault: Faults.Fault?,
        _ context: ChannelHandlerContext
    ) {
        let now = BrokerClock.now()
        if let reply = broker.act({ request.perform(on: &$0, now: now) }) {
            return answer(reply, to: head, context, fault)
        }
        guard now < deadline else {
            return answer(
                .failure(.notFound, "MessageNotExist", "Message not exist.", request.product), to: head, context, fault)
        }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(Self.pollMilliseconds)) {
            guard bound.value.context.channel.isActive else { return }
            bound.value.handler.serve(request, head, until: deadline, fault, bound.value.context)
        }
    }

    /// `nil` where the request is signed by the one key, or one that was lent, and lately.
    private func check(_ request: BrokerRoute) -> BrokerReply? {
        let product = request.product
        guard let given = request.header("authorization") else {
            return .failure(.badRequest, "MissingAuthorizationHeader", "Authorization header is required.", product)
        }
        let expected = RequestSignature(
            product: product, method: request.method, resource: request.uri, headers: request.headers)
        let id =
            given.split(separator: " ", maxSplits: 1).last?.split(separator: ":", maxSplits: 1).first.map(String.init)
            ?? ""
        let lent = broker.state.withLock {
            $0.tokens.key(id: id, token: request.header("security-token"), now: BrokerClock.now())
        }
        guard let signer = id == key.id ? key : lent else {
            return .failure(.forbidden, "InvalidAccessKeyId", "The AccessKey Id you provided is not exist.", product)
        }
        guard given == expected.authorization(signer) else {
            return .failure(
                .forbidden, "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.", product)
        }
        guard request.hasSignedBody else {
            return .failure(.badRequest, "InvalidDigest", "The Content-MD5 you specified is not the body's.", product)
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
        dates.date(from: text).map { Int64($0.timeIntervalSince1970 * 1_000) }
    }

    /// To make one takes longer than the rest of a request.
    private static let dates: DateFormatter = {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }()

    private func answer(
        _ reply: BrokerReply, to head: HTTPRequestHead, _ context: ChannelHandlerContext, _ fault: Faults.Fault? = nil
    ) {
        var reply = reply
        switch fault?.kind {
        case .drop: return context.close(promise: nil)
        case .garbage: reply.body = Array("\u{1}no XML at all <<<".utf8)
        case .digest:
            let text = String(decoding: reply.body, as: UTF8.self)
            reply.body = Array(
                text.replacing(/<MessageBodyMD5>[0-9A-F]+/, with: "<MessageBodyMD5>00000000000000000000000000000000")
                    .utf8)
        case .latency, .error, nil: break
        }
        var headers = HTTPHeaders(
            [("Content-Length", "\(reply.body.count)"), ("x-mq-request-id", UUID().uuidString)] + reply.headers)
        headers.add(name: "x-mns-request-id", value: UUID().uuidString)
        if !reply.body.isEmpty { headers.add(name: "Content-Type", value: reply.contentType) }
        if !head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: reply.status, headers: headers))),
            promise: nil)
        if !reply.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
        }
        let channel = context.channel
        let isKeptAlive = head.isKeepAlive
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !isKeptAlive { channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
