import Crypto
import Foundation
package import LoonCore

/// Where keys are borrowed for a while: the vendor's STS
/// (https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole).
package struct SecurityTokenService: Sendable {
    package let endpoint: Endpoint
    /// The account whose roles are assumed.
    package let accountUID: String
    /// Classes that the endpoint's addresses may be of: it is the operator's own, so that no rule need name it.
    let addresses: Set<AddressClass> = [.loopback, .private, .public]

    package init(endpoint: Endpoint, accountUID: String) {
        self.endpoint = endpoint
        self.accountUID = accountUID
    }

    private static let durationSeconds = 3_600

    /// AssumeRole, signed as the vendor's RPC APIs ask: every parameter percent-encoded, sorted, joined, encoded again,
    /// HMAC-SHA1 with the secret and `&`.
    func request(role: String, session: String, key: AccessKey, nonce: String, now: Int64) -> (
        url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) {
        let time = CivilTime(milliseconds: now)
        let parameters = [
            "AccessKeyId": key.id, "Action": "AssumeRole", "DurationSeconds": "\(Self.durationSeconds)",
            "Format": "JSON",
            "RoleArn": "acs:ram::\(accountUID):role/\(role)", "RoleSessionName": session,
            "SignatureMethod": "HMAC-SHA1", "SignatureNonce": nonce,
            "SignatureType": "", "SignatureVersion": "1.0", "Timestamp": "\(time.date)T\(time.time)Z",
            "Version": "2015-04-01",
        ]
        let query = Self.query(parameters)
        let signature = Self.signature(of: query, method: "POST", secret: key.secret)
        return (
            endpoint.url + "/", [("Content-Type", "application/x-www-form-urlencoded")],
            Array((query + "&Signature=" + Self.encoded(signature)).utf8)
        )
    }

    /// The parameters as they are signed: sorted, `name=value`, joined by `&`.
    package static func query(_ parameters: [String: String]) -> String {
        parameters.map { (encoded($0.key), encoded($0.value)) }.sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }.joined(
            separator: "&")
    }

    package static func signature(of query: String, method: String, secret: Secret) -> String {
        let key = SymmetricKey(data: Data((secret.exposed + "&").utf8))
        let text = "\(method)&%2F&\(encoded(query))"
        return Data(HMAC<Insecure.SHA1>.authenticationCode(for: Data(text.utf8), using: key)).base64EncodedString()
    }

    /// RFC 3986: all but letters, digits and `-_.~`.
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let character = UnicodeScalar(byte)
            if byte < 0x80,
                character.properties.isAlphabetic || ("0"..."9").contains(character)
                    || "-_.~".unicodeScalars.contains(character)
            {
                encoded.unicodeScalars.append(character)
            } else {
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    // MARK: Answers

    private struct Answer: Decodable {
        struct Credentials: Decodable {
            let AccessKeyId: String
            let AccessKeySecret: String
            let SecurityToken: String
            let Expiration: String
        }
        let Credentials: Credentials
    }

    private struct Refusal: Decodable {
        let Code: String
        let Message: String?
    }

    enum Outcome {
        case lent(Credentials, until: Int64)
        /// Worth another try.
        case failed(String)
        case refused(String)
    }

    static func outcome(status: Int, body: [UInt8]) -> Outcome {
        if (200...299).contains(status), let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)),
            let end = CivilTime.microseconds(
                parsing: answer.Credentials.Expiration.replacing("T", with: " ").replacing("Z", with: ""))
        {
            let lent = answer.Credentials
            return .lent(
                Credentials(
                    key: AccessKey(id: lent.AccessKeyId, secret: Secret(lent.AccessKeySecret)),
                    token: Secret(lent.SecurityToken)),
                until: end / 1_000)
        }
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body))
        let reason =
            "STS answered HTTP \(status)"
            + (refusal.map { " \(BrokerText.cut($0.Code, 128)): \(BrokerText.cut($0.Message ?? "", 512))" } ?? "")
        // Too many at a time, or a clock that is off: another try, with another time and nonce, may do.
        let passing = ["Throttling", "SignatureNonceUsed", "InvalidTimeStamp"].contains {
            refusal?.Code.hasPrefix($0) ?? false
        }
        switch status {
        case 400...499 where status != 408 && status != 429 && !passing: return .refused(reason)
        default: return .failed(reason)
        }
    }
}

/// The keys that STS lent, by role, and the messages that wait for some. Synchronous, without a clock.
struct LentKeys {
    private var lent: [String: (credentials: Credentials, lent: Int64, renewal: Int64)] = [:]
    private var waiting: [String: [OutboxMessage]] = [:]

    /// Renewed this long before they expire, or when half of their time is over.
    private static let marginMilliseconds: Int64 = 300_000
    /// The age up to which keys are new: a refusal then has another reason than their age.
    private static let freshMilliseconds: Int64 = 60_000

    /// `nil` where there are none that are good for a while.
    func credentials(role: String, now: Int64) -> Credentials? {
        guard let found = lent[role], now < found.renewal else { return nil }
        return found.credentials
    }

    /// Forgets keys that a broker did not take, unless they are new. True where there were some.
    mutating func drop(_ role: String, now: Int64) -> Bool {
        guard let found = lent[role], now - found.lent > Self.freshMilliseconds else { return false }
        lent[role] = nil
        return true
    }

    /// True where nobody has asked for the role's keys yet.
    mutating func wait(_ message: OutboxMessage, for role: String) -> Bool {
        defer { waiting[role, default: []].append(message) }
        return waiting[role] == nil
    }

    /// Returns the messages that have waited.
    mutating func lend(_ credentials: Credentials?, until: Int64, now: Int64, to role: String) -> [OutboxMessage] {
        lent[role] = credentials.map { ($0, now, until - min(Self.marginMilliseconds, max(0, until - now) / 2)) }
        return waiting.removeValue(forKey: role) ?? []
    }
}
