/// A schema's or table's name as the catalog and the engine compare it: letters of ASCII without regard to case,
/// everything else byte by byte. (Unicode's rules would take the Kelvin sign for a k, and two ways to write ä for one.)
package struct CatalogName: Hashable, Sendable {
    private let bytes: [UInt8]

    package init(_ text: String) {
        bytes = text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The name with its letters of ASCII in lower case.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}
