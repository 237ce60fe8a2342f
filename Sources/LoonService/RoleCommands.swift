import AccessControl

/// The work of `loond ram`.
package struct RoleCommands: Sendable {
    private let roles: Roles

    package init(_ configuration: Configuration) { roles = Roles(configuration, clock: .system) }

    /// Whether the role may do `action` on `resource`, and which statement decides. `circumstances` are further keys
    /// that conditions ask for.
    package func check(
        role: String, action: String, resource: String, isSecure: Bool, circumstances: [String: String]
    ) -> (isAllowed: Bool, reason: String) {
        let context = roles.context(isSecure: isSecure).merging(circumstances) { $1 }
        let decision = roles.directory.decide(role: role, action: action, resource: resource, context: context)
        return (decision.isAllowed, decision.reason)
    }

    /// A line for each role.
    package func list() -> [String] {
        roles.report().map { "\($0.role)  \($0.decision.isAllowed ? "allowed" : "denied")  \($0.decision.reason)" }
    }
}
