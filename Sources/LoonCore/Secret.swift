/// A password, key or token: prints as stars wherever it is printed by mistake.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The secret itself, for the one call that needs it.
    package let exposed: String

    package init(_ text: String) { exposed = text }

    package var description: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
