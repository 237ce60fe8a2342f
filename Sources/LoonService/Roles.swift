import AccessControl
import Foundation
import LoonCore
import Notifier
import Synchronization

/// The document's steps 1 to 3: whether the daemon may send a message in the role that the product asks for.
final class Roles: Sendable {
    private let folder: String?
    private let region: String
    private let accountUID: String
    private let clock: WallClock
    /// As it was read, and when.
    private let found: Mutex<(directory: RoleDirectory, at: Int64)?>

    /// How long a change of a file may take to be seen.
    private static let freshMilliseconds: Int64 = 1_000

    init(_ configuration: Configuration, clock: WallClock) {
        folder = configuration.roleFolder
        region = configuration.region
        accountUID = configuration.accountUID
        self.clock = clock
        found = Mutex(nil)
    }

    var directory: RoleDirectory {
        guard let folder else { return .standard }
        let now = clock.now()
        if let known = found.withLock({ $0 }), now - known.at < Self.freshMilliseconds, now >= known.at {
            return known.directory
        }
        let read = RoleDirectory(reading: folder)
        found.withLock { $0 = (read, now) }
        return read
    }

    /// The action of sending to a target and the resource it goes to, as policies write them
    /// (https://www.alibabacloud.com/help/en/mns/user-guide/custom-policies;
    /// https://www.alibabacloud.com/help/en/apsaramq-for-rocketmq/cloud-message-queue-rocketmq-4-x-series/user-guide/permission-policies).
    func permission(for target: NotificationTarget) -> (action: String, resource: String) {
        switch target.product {
        case .mns where target.topic != nil:
            ("mns:PublishMessage", "acs:mns:\(region):\(accountUID):/topics/\(target.topic ?? "")/messages")
        case .mns: ("mns:SendMessage", "acs:mns:\(region):\(accountUID):/queues/\(target.queue ?? "")/messages")
        default:
            (
                "mq:PUB",
                "acs:mq:\(region):\(accountUID):\(target.instanceID.map { $0 + "%" } ?? "")\(target.topic ?? "")"
            )
        }
    }

    /// The circumstances of a call.
    func context(isSecure: Bool) -> [String: String] {
        [
            "acs:CurrentTime": CivilTime(milliseconds: clock.now()).rfc3339UTC, "acs:SecureTransport": "\(isSecure)",
            "acs:MFAPresent": "false",
        ]
    }

    /// Every role, and those of the products where they are missing, with the decision on sending to whatever topic or
    /// queue.
    func report() -> [RoleReport] {
        let directory = directory
        let products = [NotificationTarget.Product.ons, .mns].map { product in
            NotificationTarget(
                product: product, model: "queue", topic: product == .ons ? "*" : nil,
                queue: product == .mns ? "*" : nil, producerID: nil,
                endpoint: "",
                instanceID: nil, delaySeconds: nil)
        }
        return Set(directory.roles.keys).union(products.compactMap(\.role)).sorted().map { name in
            let role = directory.roles[name]
            let permission = products.first { $0.role == name }.map(permission)
            return RoleReport(
                role: name, services: role?.services.joined(separator: ", ") ?? "",
                policies: ((try? role?.policies.get()) ?? []).joined(separator: ", "),
                decision: permission.map {
                    directory.decide(
                        role: name, action: $0.action, resource: $0.resource, context: context(isSecure: false))
                }
                    ?? RoleDecision(isAllowed: false, reason: "No product sends in this role"))
        }
    }

    /// Throws the reason where the message may not be sent.
    func authorize(_ target: NotificationTarget) throws(QueryError) {
        guard let role = target.role else { return }
        let (action, resource) = permission(for: target)
        let decision = directory.decide(
            role: role, action: action, resource: resource,
            context: context(isSecure: target.endpoint.lowercased().hasPrefix("https:")))
        if !decision.isAllowed { throw QueryError(.accessDenied, decision.reason) }
    }
}

extension SenderIdentity {
    init(_ configuration: Configuration, roles: Roles) throws(QueryError) {
        var key: AccessKey?
        if let id = configuration.accessKeyID, let secret = configuration.accessKeySecret {
            key = AccessKey(id: id, secret: secret)
        }
        self.init(key: key, rules: configuration.rules) { (target) throws(QueryError) in try roles.authorize(target) }
        webhookSecret = configuration.webhookSecret
        if let endpoint = configuration.rabbitMQEndpoint, let user = configuration.rabbitMQUser,
            let password = configuration.rabbitMQPassword
        {
            rabbitMQ = BrokerLogin(endpoint: try Endpoint(endpoint), user: user, password: password)
        }
        if let endpoint = configuration.stsEndpoint {
            tokenService = SecurityTokenService(endpoint: try Endpoint(endpoint), accountUID: configuration.accountUID)
        }
    }
}
