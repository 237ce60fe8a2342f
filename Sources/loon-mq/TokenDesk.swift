import Foundation
import LoonCore
import Notifier

/// STS: AssumeRole lends keys for a while, which then sign as the broker's own does.
struct TokenDesk: Sendable {
    private struct Lent: Sendable {
        let secret: Secret
        let token: String
        let until: Int64
    }

    private var lent: [String: Lent] = [:]
    /// The roles that there are; `nil` for any.
    let roles: Set<String>?
    /// In place of what is asked for.
    let seconds: Int?

    init(roles: Set<String>?, seconds: Int?) {
        self.roles = roles
        self.seconds = seconds
    }

    /// The key of that id, if its token goes with it and it has not expired.
    func key(id: String, token: String?, now: Int64) -> AccessKey? {
        guard let found = lent[id], found.token == token, now < found.until else { return nil }
        return AccessKey(id: id, secret: found.secret)
    }

    /// Answers an AssumeRole with a status and JSON. `parameters` are those of the query and the body.
    mutating func answer(_ parameters: [String: String], method: String, key: AccessKey, now: Int64) -> (
        status: Int, json: [String: Any]
    ) {
        func refusal(_ status: Int, _ code: String, _ message: String) -> (Int, [String: Any]) {
            (status, ["Code": code, "Message": message, "RequestId": UUID().uuidString, "HostId": "loon-mq"])
        }
        guard parameters["Action"] == "AssumeRole" else {
            return refusal(404, "InvalidAction.NotFound", "Specified api is not found.")
        }
        guard parameters["AccessKeyId"] == key.id else {
            return refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        }
        let signed = parameters.filter { $0.key != "Signature" }
        let expected = SecurityTokenService.signature(
            of: SecurityTokenService.query(signed), method: method, secret: key.secret)
        guard parameters["Signature"] == expected else {
            return refusal(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
        }
        guard let arn = parameters["RoleArn"], arn.hasPrefix("acs:ram::"), let slash = arn.range(of: ":role/") else {
            return refusal(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
        }
        let session = parameters["RoleSessionName"] ?? ""
        guard (2...64).contains(session.count) else {
            return refusal(400, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
        }
        guard let duration = Int(parameters["DurationSeconds"] ?? "3600"), (900...43_200).contains(duration) else {
            return refusal(
                400, "InvalidParameter.DurationSeconds", "The Min/Max value of DurationSeconds is 15min/12hr.")
        }
        let role = String(arn[slash.upperBound...])
        guard roles?.contains(role) ?? true else {
            return refusal(404, "EntityNotExist.Role", "The specified Role not exists.")
        }
        let id = "STS." + UUID().uuidString.filter { $0 != "-" }
        let (secret, token) = (UUID().uuidString, UUID().uuidString + UUID().uuidString)
        let until = now + Int64(seconds ?? duration) * 1_000
        lent = lent.filter { $0.value.until > now }
        lent[id] = Lent(secret: Secret(secret), token: token, until: until)
        let end = CivilTime(milliseconds: until)
        return (
            200,
            [
                "RequestId": UUID().uuidString,
                "Credentials": [
                    "AccessKeyId": id, "AccessKeySecret": secret, "SecurityToken": token,
                    "Expiration": "\(end.date)T\(end.time)Z",
                ],
                "AssumedRoleUser": ["Arn": arn + "/" + session, "AssumedRoleId": "1:" + session],
            ]
        )
    }
}
