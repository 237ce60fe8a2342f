import LoonCore
import Testing

@testable import Notifier

/// Vectors computed with the vendor's SDKs (aliyun-mns-sdk 1.3.0, mq_http_sdk 1.0.3), secret `secret`; the first is the
/// documentation's.
@Suite struct SignatureTests {
    private let date = "Thu, 09 Jul 2015 03:01:34 GMT"

    @Test func mnsStringToSign() {
        let signature = RequestSignature(
            product: .mns, method: "GET", resource: "/MyQueue",
            headers: [("Date", date), ("x-mns-version", "2015-06-06")])
        #expect(signature.stringToSign == "GET\n\n\nThu, 09 Jul 2015 03:01:34 GMT\nx-mns-version:2015-06-06\n/MyQueue")
    }

    @Test func mnsReceive() {
        let signature = RequestSignature(
            product: .mns, method: "GET", resource: "/queues/dla/messages?waitseconds=10",
            headers: [("Date", date), ("X-MNS-Version", "2015-06-06")])
        #expect(signature.signature(secret: Secret("secret")) == "j2o5oYU6GeopWVE35N45IVcLFNA=")
    }

    @Test func mnsSend() {
        let signature = RequestSignature(
            product: .mns, method: "POST", resource: "/queues/dla/messages",
            headers: [
                ("Content-MD5", "Mjg3NGZkNWMxNjc4ODlmOGQ4YWM1ZjZlZjkzZDk3MmM="),
                ("Content-Type", "text/xml;charset=UTF-8"), ("Date", date),
                ("x-mns-version", "2015-06-06"),
            ])
        #expect(signature.signature(secret: Secret("secret")) == "Xup7fA4n6LQMje9bK++TUobt2e4=")
    }

    @Test func onsSend() {
        let signature = RequestSignature(
            product: .ons, method: "POST", resource: "/topics/t/messages?ns=MQ_INST_1_x",
            headers: [("content-type", "text/xml;charset=UTF-8"), ("date", date), ("x-mq-version", "2015-06-06")])
        #expect(
            signature.authorization(AccessKey(id: "id", secret: Secret("secret")))
                == "MQ id:h2y1+NRyS7IE0ktmXwdMd2HmADY=")
    }

    @Test func dates() {
        #expect(HTTPDate.format(milliseconds: 1_436_410_894_000) == date)
        #expect(HTTPDate.format(milliseconds: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }

    @Test func theDigestOfA() { #expect(BodyDigest.md5(Array("a".utf8)) == "0CC175B9C0F1B6A831C399E269772661") }

    @Test func aSecretPrintsAsStars() {
        let key = AccessKey(id: "id", secret: Secret("hush"))
        #expect(!"\(key) \(String(reflecting: key))".contains("hush"))
    }
}
