/// A role that messages are sent in, as SHOW RAM ROLES tells it.
package struct RoleReport: Sendable {
    package let role: String
    /// The services that may take the role on, by name, separated by commas.
    package let services: String
    /// The names of its policies, separated by commas.
    package let policies: String
    /// Whether the daemon may send to any topic or queue in that role, and why.
    package let decision: RoleDecision

    package init(role: String, services: String, policies: String, decision: RoleDecision) {
        self.role = role
        self.services = services
        self.policies = policies
        self.decision = decision
    }
}
