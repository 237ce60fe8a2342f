/// The schemas whose tables the daemon makes itself.
package enum SystemSchema {
    /// Lower case.
    package static let names = ["information_schema", "mysql", "performance_schema", "loon"]
    private static let prefix = "loon$"

    /// The schema's name among the engine's, which has an information_schema of its own; `nil` for any other schema.
    package static func engineName(_ name: String) -> String? {
        let name = name.lowercased()
        return names.contains(name) ? prefix + name : nil
    }

    /// The inverse of `engineName`.
    package static func name(ofEngineName name: String) -> String? {
        let name = name.lowercased()
        return name.hasPrefix(prefix) && names.contains(String(name.dropFirst(prefix.count)))
            ? String(name.dropFirst(prefix.count)) : nil
    }
}
