package import LoonCore

/// The places of a store's files on this machine.
package struct StorePlaces: Sendable {
    /// The folder of the buckets.
    package let root: String
    /// The folder of what is not whole yet.
    package let staging: String

    package init(root: String, staging: String) {
        self.root = root
        self.staging = staging
    }

    package func path(of source: FileSource) -> String {
        switch source {
        case .object(let key): "\(root)/\(key.bucket)/\(key.key)"
        case .staged(let name): "\(staging)/\(name)"
        }
    }
}
