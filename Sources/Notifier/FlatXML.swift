/// The vendor's answers: a root element with elements of text in it, and nothing deeper
/// (https://help.aliyun.com/document_detail/35134.html,
/// `<Message><MessageId>…</MessageId><MessageBodyMD5>…</MessageBodyMD5></Message>`). Read once for each message, by
/// going over the bytes.
struct FlatXML {
    private let bytes: [UInt8]
    private var place = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The texts by their elements' names, the first of each, without the space around them. `nil` where the bytes are
    /// anything else: a comment, a document type, an element within an element's text, a reference that is not XML's
    /// own.
    static func fields(_ body: [UInt8]) -> [String: String]? {
        guard String(validating: body, as: UTF8.self) != nil else { return nil }
        var scanner = FlatXML(body)
        return scanner.run()
    }

    private mutating func run() -> [String: String]? {
        skipSpace()
        if takes("<?xml ") {
            while place < bytes.count, bytes[place] != UInt8(ascii: ">") { place += 1 }
            guard place < bytes.count, bytes[place - 1] == UInt8(ascii: "?") else { return nil }
            place += 1
            skipSpace()
        }
        guard let root = openTag() else { return nil }
        var fields: [String: String] = [:]
        if !root.isEmpty {
            while true {
                skipSpace()
                if takes("</") { break }
                guard let field = openTag(), let text = field.isEmpty ? "" : text(until: field.name) else { return nil }
                if fields[field.name] == nil { fields[field.name] = text }
            }
            guard closes(root.name) else { return nil }
        }
        skipSpace()
        return place == bytes.count ? fields : nil
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    private mutating func takes(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place + count <= bytes.count, text.withUTF8Buffer({ $0.elementsEqual(bytes[place..<place + count]) })
        else { return false }
        place += count
        return true
    }

    /// `<name attributes…>` or `<name/>`; what the attributes say does not matter.
    private mutating func openTag() -> (name: String, isEmpty: Bool)? {
        guard takes("<"), let name = name() else { return nil }
        var quote: UInt8?
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: "<") {
                return nil
            } else if byte == UInt8(ascii: ">") {
                return (name, bytes[place - 2] == UInt8(ascii: "/"))
            }
        }
        return nil
    }

    private mutating func name() -> String? {
        let start = place
        while place < bytes.count, Self.isName(bytes[place]) { place += 1 }
        return place > start && place - start <= 64 ? String(decoding: bytes[start..<place], as: UTF8.self) : nil
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }

    /// `name>`, behind `</`.
    private mutating func closes(_ name: String) -> Bool {
        guard self.name() == name else { return false }
        skipSpace()
        return takes(">")
    }

    private mutating func text(until name: String) -> String? {
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "<") {
                guard takes("</"), closes(name) else { return nil }
                return Self.trimmed(text)
            }
            if byte == UInt8(ascii: "&") {
                guard let scalar = reference() else { return nil }
                text += String(scalar).utf8
            } else {
                text.append(byte)
                place += 1
            }
        }
        return nil
    }

    private static func trimmed(_ text: [UInt8]) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: text[first...last], as: UTF8.self)
    }

    /// `&lt;` and its like, `&#10;`, `&#xA;`.
    private mutating func reference() -> Unicode.Scalar? {
        if takes("&lt;") { return "<" }
        if takes("&gt;") { return ">" }
        if takes("&amp;") { return "&" }
        if takes("&quot;") { return "\"" }
        if takes("&apos;") { return "'" }
        guard takes("&#") else { return nil }
        let radix = takes("x") ? 16 : 10
        guard let end = bytes[place...].prefix(8).firstIndex(of: UInt8(ascii: ";")),
            let number = UInt32(String(decoding: bytes[place..<end], as: UTF8.self), radix: radix)
        else { return nil }
        place = end + 1
        return Unicode.Scalar(number)
    }
}
