import Foundation

/// Roles and policies as the vendor's documents, in a folder: `roles/<role>/trust-policy.json`,
/// `roles/<role>/policies.json` (which policies are attached, in the form of ListPoliciesForRole),
/// `policies/<policy>.json`.
package struct RoleDirectory: Sendable {
    package struct Role: Sendable {
        package let name: String
        let trust: Result<PolicyDocument, PolicyDocument.Fault>
        /// The names of the policies that are attached to it.
        package let policies: Result<[String], PolicyDocument.Fault>

        /// The services that its trust policy names.
        package var services: [String] {
            ((try? trust.get())?.statements ?? []).flatMap { $0.principals["Service"] ?? [] }
        }
    }

    /// By name.
    package let roles: [String: Role]
    private let policies: [String: Result<PolicyDocument, PolicyDocument.Fault>]

    /// The service that assumes the roles: the original's name.
    package static let service = "openanalytics.aliyuncs.com"

    /// Reads a folder. What cannot be read in it shows when it is asked about.
    package init(reading folder: String) {
        func read(_ path: String) -> [UInt8]? {
            FileManager.default.contents(atPath: "\(folder)/\(path)").map { Array($0) }
        }
        func names(_ place: String) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(place)")) ?? []
        }
        var roles: [String: Role] = [:]
        for name in names("roles") where !name.hasPrefix(".") {
            roles[name] = Role(
                name: name, trust: Self.document(read("roles/\(name)/trust-policy.json"), isTrustPolicy: true),
                policies: Self.attached(read("roles/\(name)/policies.json")))
        }
        self.roles = roles
        var policies: [String: Result<PolicyDocument, PolicyDocument.Fault>] = [:]
        for name in names("policies") where name.hasSuffix(".json") && !name.hasPrefix(".") {
            policies[String(name.dropLast(5))] = Self.document(read("policies/\(name)"), isTrustPolicy: false)
        }
        self.policies = policies
    }

    /// The roles of the original's documentation with the vendor's own policies, for who has set up no folder:
    /// `config/ram` holds the same.
    package static let standard = RoleDirectory(
        standing: [
            "AliyunOpenAnalyticsAccessingMQRole": ("AliyunMQFullAccess", ["mq:*", "rocketmq:*", "mq-as:*"]),
            "AliyunOpenAnalyticsAccessingMNSRole": ("AliyunMNSFullAccess", ["mns:*"]),
        ])

    private init(standing: [String: (policy: String, actions: [String])]) {
        func statement(_ actions: [String], _ resources: [String], _ principals: [String: [String]]) -> Result<
            PolicyDocument, PolicyDocument.Fault
        > {
            .success(
                PolicyDocument(statements: [
                    .init(
                        effect: .allow, actions: actions, isNotAction: false, resources: resources,
                        principals: principals, conditions: [])
                ]))
        }
        roles = Dictionary(
            uniqueKeysWithValues: standing.map { name, attached in
                (
                    name,
                    Role(
                        name: name, trust: statement(["sts:AssumeRole"], [], ["Service": [Self.service]]),
                        policies: .success([attached.policy]))
                )
            })
        policies = Dictionary(
            uniqueKeysWithValues: standing.values.map { ($0.policy, statement($0.actions, ["*"], [:])) })
    }

    private static func document(_ json: [UInt8]?, isTrustPolicy: Bool) -> Result<PolicyDocument, PolicyDocument.Fault>
    {
        guard let json else { return .failure(.init(description: "it is not there")) }
        return Result { () throws(PolicyDocument.Fault) in try PolicyDocument(json: json, isTrustPolicy: isTrustPolicy)
        }
    }

    private struct Attached: Decodable {
        struct Policies: Decodable { let Policy: [Policy] }
        struct Policy: Decodable { let PolicyName: String }
        let Policies: Policies
    }

    private static func attached(_ json: [UInt8]?) -> Result<[String], PolicyDocument.Fault> {
        guard let json else { return .success([]) }
        guard let attached = try? JSONDecoder().decode(Attached.self, from: Data(json)) else {
            return .failure(
                .init(description: "it does not have the form {\"Policies\": {\"Policy\": [{\"PolicyName\": …}]}}"))
        }
        return .success(attached.Policies.Policy.map(\.PolicyName))
    }
}

// MARK: Decisions

/// Whether a role may do something, and why.
package struct RoleDecision: Sendable, Equatable {
    package let isAllowed: Bool
    /// Which statement decided, or what is missing.
    package let reason: String

    package init(isAllowed: Bool, reason: String) {
        self.isAllowed = isAllowed
        self.reason = reason
    }
}

extension RoleDirectory {
    /// Whether Loon's service may assume the role, and the role then do `action` on `resource`. An explicit Deny wins
    /// over any Allow; what nothing allows is denied. `context` holds the circumstances that conditions ask for, such
    /// as `acs:SecureTransport`.
    package func decide(role name: String, action: String, resource: String, context: [String: String]) -> RoleDecision
    {
        func no(_ reason: String) -> RoleDecision { RoleDecision(isAllowed: false, reason: reason) }
        guard let role = roles[name] else {
            return no("The role \(name) does not exist; create it (step 1 of the documentation)")
        }
        if let reason = refusalToAssume(role, context) { return no(reason) }
        let attached: [String]
        switch role.policies {
        case .success(let names): attached = names
        case .failure(let fault): return no("The list of policies of the role \(name) cannot be read: \(fault)")
        }
        guard !attached.isEmpty else {
            return no("The role \(name) has no policy; add one that allows \(action) (step 3 of the documentation)")
        }
        var allowing: String?
        for policy in attached {
            switch policies[policy] {
            case nil: return no("The policy \(policy), which the role \(name) has, does not exist")
            case .failure(let fault):
                return no("The policy \(policy), which the role \(name) has, cannot be read: \(fault)")
            case .success(let document):
                for (index, statement) in document.statements.enumerated()
                where statement.covers(action: action) && statement.covers(resource: resource)
                    && statement.holds(in: context)
                {
                    let place = "statement \(index + 1) of the policy \(policy)"
                    if statement.effect == .deny {
                        return no("The role \(name) may not do \(action) on \(resource): \(place) denies it")
                    }
                    allowing = allowing ?? place
                }
            }
        }
        guard let allowing else {
            return no(
                "The role \(name) may not do \(action) on \(resource): no statement of "
                    + "\(attached.joined(separator: ", ")) allows it"
            )
        }
        return RoleDecision(
            isAllowed: true, reason: "The role \(name) may do \(action) on \(resource): \(allowing) allows it")
    }

    /// Why the service may not assume the role; `nil` where it may.
    private func refusalToAssume(_ role: Role, _ context: [String: String]) -> String? {
        let document: PolicyDocument
        switch role.trust {
        case .success(let found): document = found
        case .failure(let fault): return "The trust policy of the role \(role.name) cannot be read: \(fault)"
        }
        func covers(_ statement: PolicyDocument.Statement) -> Bool {
            // A denial may be of many by a pattern; what is allowed is named.
            let names = statement.principals["Service"] ?? []
            let isAsked =
                statement.effect == .deny
                ? names.contains { Wildcard.matches($0, Self.service) } : names.contains(Self.service)
            return statement.covers(action: "sts:AssumeRole") && isAsked && statement.holds(in: context)
        }
        if let denying = document.statements.firstIndex(where: { $0.effect == .deny && covers($0) }) {
            return
                "The role \(role.name) may not be assumed: statement \(denying + 1) of its trust policy denies "
                + "it to \(Self.service)"
        }
        if document.statements.contains(where: { $0.effect == .allow && covers($0) }) { return nil }
        if role.services.contains("") {
            return
                "The trust policy of the role \(role.name) names a blank service; write \(Self.service) there "
                + "(step 2 of the documentation)"
        }
        let named = document.statements.flatMap { $0.principals.values.flatMap { $0 } }.joined(separator: ", ")
        return
            "The trust policy of the role \(role.name) does not let \(Self.service) assume it (it names "
            + "\(named)); name it there (step 2 of the documentation)"
    }
}
