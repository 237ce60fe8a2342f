import Crypto
import Foundation
package import LoonCore

/// The key that a sender proves itself with.
package struct AccessKey: Sendable {
    package let id: String
    package let secret: Secret

    package init(id: String, secret: Secret) {
        self.id = id
        self.secret = secret
    }
}

/// The signature that MNS and RocketMQ over HTTP share
/// (https://www.alibabacloud.com/help/en/message-service/latest/sign-requests): base64(HMAC-SHA1(secret, METHOD ⏎
/// Content-MD5 ⏎ Content-Type ⏎ Date ⏎ the product's own headers, sorted, `name:value` ⏎ each, resource)).
package struct RequestSignature: Sendable {
    package enum Product: Sendable {
        case ons, mns

        /// The word before the key's id in `Authorization`.
        package var scheme: String { self == .ons ? "MQ" : "MNS" }
        /// The prefix of the product's own headers.
        package var headerPrefix: String { self == .ons ? "x-mq-" : "x-mns-" }
    }

    package let product: Product
    package let method: String
    /// Path and query exactly as sent.
    package let resource: String
    /// Names in any case.
    package let headers: [(name: String, value: String)]

    package init(product: Product, method: String, resource: String, headers: [(name: String, value: String)]) {
        self.product = product
        self.method = method
        self.resource = resource
        self.headers = headers
    }

    package var stringToSign: String {
        let own = headers.map { ($0.name.lowercased(), $0.value) }.filter { $0.0.hasPrefix(product.headerPrefix) }
            .sorted { $0.0 < $1.0 }.map { "\($0.0):\($0.1)\n" }.joined()
        return "\(method)\n\(header("content-md5"))\n\(header("content-type"))\n\(header("date"))\n\(own)\(resource)"
    }

    /// The signature by itself, in base64.
    package func signature(secret: Secret) -> String {
        let key = SymmetricKey(data: Data(secret.exposed.utf8))
        return Data(HMAC<Insecure.SHA1>.authenticationCode(for: Data(stringToSign.utf8), using: key))
            .base64EncodedString()
    }

    /// The value of `Authorization`.
    package func authorization(_ key: AccessKey) -> String {
        "\(product.scheme) \(key.id):\(signature(secret: key.secret))"
    }

    private func header(_ name: String) -> String { headers.first { $0.name.lowercased() == name }?.value ?? "" }
}

package enum BodyDigest {
    /// MD5 in upper-case hex, as the brokers report it.
    package static func md5(_ body: [UInt8]) -> String {
        Insecure.MD5.hash(data: body).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    /// The value of Content-MD5, which the signature covers: base64 of the digest's hexadecimal text in lower case, as
    /// the vendor's SDKs send it, and not of its bytes, as RFC 1864 has it.
    package static func header(_ body: [UInt8]) -> String { Data(md5(body).lowercased().utf8).base64EncodedString() }

    /// Whether a header is this body's, in either form.
    package static func isHeader(_ header: String, of body: [UInt8]) -> Bool {
        header == self.header(body) || header == Data(Insecure.MD5.hash(data: body)).base64EncodedString()
    }
}
