import Foundation
import LoonCore
import XMLCoder

/// The XML of the two protocols as it comes from a peer: elements and text alone.
package enum PlainXML {
    /// `nil` where the bytes are no such XML, or not of the type's form.
    ///
    /// Foundation's parser (6.3) crashes on some document types, comments and processing instructions, and a document
    /// type can make a small body large. The protocols have none of them, so whatever holds one is not shown to the
    /// parser.
    ///
    /// `trimming` takes the space around values off, which a message's body is to keep.
    package static func decode<Value: Decodable>(_ body: [UInt8], trimming: Bool = true) -> Value? {
        guard String(validating: body, as: UTF8.self) != nil, !body.contains(0) else { return nil }
        var rest = body[...]
        if rest.starts(with: "<?xml ".utf8) {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end > 0, rest[end - 1] == UInt8(ascii: "?") else {
                return nil
            }
            rest = rest[(end + 1)...]
        }
        // The decoder goes down by calls: a peer must not choose how deep.
        var depth = 0
        for (byte, next) in zip(rest, rest.dropFirst()) {
            switch (byte, next) {
            case (UInt8(ascii: "<"), UInt8(ascii: "!")), (UInt8(ascii: "<"), UInt8(ascii: "?")): return nil
            case (UInt8(ascii: "<"), UInt8(ascii: "/")), (UInt8(ascii: "/"), UInt8(ascii: ">")): depth -= 1
            case (UInt8(ascii: "<"), _):
                depth += 1
                if depth > Limits.brokerAnswerDepthMax { return nil }
            default: break
            }
        }
        let decoder = XMLDecoder()
        decoder.trimValueWhitespaces = trimming
        return try? decoder.decode(Value.self, from: Data(rest))
    }

    /// `<root xmlns="namespace"><name>text</name>…</root>`. Texts hold no characters that XML cannot carry.
    package static func encode(_ root: String, namespace: String, _ elements: [(name: String, text: String)]) -> [UInt8]
    {
        var xml = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?><\(root) xmlns=\"\(namespace)\">".utf8)
        for (name, text) in elements {
            xml += "<\(name)>".utf8
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "&"): xml += "&amp;".utf8
                case UInt8(ascii: "<"): xml += "&lt;".utf8
                case UInt8(ascii: ">"): xml += "&gt;".utf8
                // A parser would make a line feed of it.
                case UInt8(ascii: "\r"): xml += "&#13;".utf8
                default: xml.append(byte)
                }
            }
            xml += "</\(name)>".utf8
        }
        xml += "</\(root)>".utf8
        return xml
    }
}
