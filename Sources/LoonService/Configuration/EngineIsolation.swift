/// How long an engine's process serves.
package enum EngineIsolation: String, Sendable {
    /// One account's queries over the same files.
    case account
    /// One query.
    case query
}

/// Whether the kernel's walls stand around engines' processes.
package enum EngineSandbox: String, Sendable {
    /// Where the kernel has them.
    case available
    /// Or the daemon does not start.
    case required
    case off
}
