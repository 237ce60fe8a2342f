import Foundation
import NIOCore
import NIOHTTP1
import Notifier
import Testing

@testable import loon_mq

@Suite struct BrokerRouteTests {
    private func route(
        _ method: HTTPMethod, _ uri: String, _ headers: [(String, String)] = [], body: String = ""
    ) -> BrokerRoute {
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: HTTPHeaders(headers))
        return BrokerRoute(NIOHTTPServerRequestFull(head: head, body: body.isEmpty ? nil : ByteBuffer(string: body)))
    }

    private func text(_ reply: BrokerReply?) -> String { reply.map { String(decoding: $0.body, as: UTF8.self) } ?? "" }

    @Test func theProductIsToldByItsHeaders() {
        #expect(route(.POST, "/topics/t/messages", [("x-mq-version", "2015-06-06")]).product == .ons)
        #expect(route(.POST, "/topics/t/messages", [("Authorization", "MQ id:signature")]).product == .ons)
        #expect(route(.POST, "/queues/q/messages", [("Authorization", "MNS id:signature")]).product == .mns)
    }

    @Test func pathsAndQueriesAreDecoded() {
        let route = route(.GET, "/queues/a%2Fb/messages?WaitSeconds=7&peekonly=true&x=%C3%BC&flag")
        #expect(route.path == ["queues", "a/b", "messages"])
        #expect(route.query == ["waitseconds": "7", "peekonly": "true", "x": "ü", "flag": ""])
    }

    @Test func aSignedBodyIsTheOneThatCame() {
        // Base64 of the digest's hexadecimal digits, as the vendor's SDK sends it.
        let digest = Data("5d41402abc4b2a76b9719d911017c592".utf8).base64EncodedString()
        #expect(route(.POST, "/queues/q/messages", [("Content-MD5", digest)], body: "hello").hasSignedBody)
        #expect(!route(.POST, "/queues/q/messages", [("Content-MD5", digest)], body: "hullo").hasSignedBody)
        #expect(route(.POST, "/queues/q/messages", body: "hello").hasSignedBody)
    }

    @Test func onlyAReceiverWaits() {
        let broker = Broker()
        #expect(route(.GET, "/queues/q/messages?waitseconds=3").waitMilliseconds(broker) == 3_000)
        #expect(route(.GET, "/queues/q/messages?waitseconds=99").waitMilliseconds(broker) == 30_000)
        #expect(route(.GET, "/queues/q/messages?waitseconds=-1").waitMilliseconds(broker) == 0)
        #expect(route(.GET, "/queues/q/messages?waitseconds=3&peekonly=true").waitMilliseconds(broker) == 0)
        #expect(route(.POST, "/queues/q/messages?waitseconds=3").waitMilliseconds(broker) == 0)
        #expect(route(.GET, "/queues?waitseconds=3").waitMilliseconds(broker) == 0)
    }

    @Test func aQueueTakesWhatItHandsOut() {
        var broker = Broker()
        #expect(route(.PUT, "/queues/q", body: "<Queue></Queue>").perform(on: &broker, now: 0)?.status == .created)
        let sent = route(
            .POST, "/queues/q/messages", body: "<Message><MessageBody>hello</MessageBody></Message>"
        ).perform(on: &broker, now: 0)
        #expect(sent?.status == .created)
        let received = route(.GET, "/queues/q/messages").perform(on: &broker, now: 1)
        #expect(received?.status == .ok && text(received).contains("<MessageBody>hello</MessageBody>"))
        #expect(route(.GET, "/queues/q/messages?waitseconds=3").perform(on: &broker, now: 2) == nil, "it is hidden now")
    }

    @Test func whatIsNoRequestIsRefused() {
        var broker = Broker()
        #expect(route(.POST, "/nowhere/q/messages").perform(on: &broker, now: 0)?.status == .badRequest)
        #expect(route(.GET, "/").perform(on: &broker, now: 0)?.status == .badRequest)
        _ = route(.PUT, "/queues/q", body: "<Queue></Queue>").perform(on: &broker, now: 0)
        let malformed = route(.POST, "/queues/q/messages", body: "<Message>").perform(on: &broker, now: 0)
        #expect(malformed?.status == .badRequest && text(malformed).contains("MalformedXML"))
        let missing = route(.GET, "/queues/none").perform(on: &broker, now: 0)
        #expect(missing?.status == .notFound && text(missing).contains("QueueNotExist"))
        #expect(route(.PATCH, "/queues/q/messages").perform(on: &broker, now: 0)?.status == .methodNotAllowed)
    }

    @Test func tokensAreAskedForAtTheRoot() {
        #expect(route(.GET, "/?Action=AssumeRole").isForTokens && !route(.GET, "/queues?Action=x").isForTokens)
        let form = route(
            .POST, "/", [("content-type", "application/x-www-form-urlencoded")],
            body: "Action=AssumeRole&RoleArn=a+b%2B")
        #expect(form.parameters == ["Action": "AssumeRole", "RoleArn": "a b+"] && form.isForTokens)
    }
}
