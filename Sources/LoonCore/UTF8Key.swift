/// A text as a dictionary's key, by its bytes: Swift holds two ways to write a letter to be one text, and disks and
/// engines hold them to be two.
package struct UTF8Key: Hashable, Sendable {
    private let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }
}
