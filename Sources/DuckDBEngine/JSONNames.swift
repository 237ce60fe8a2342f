import LoonCore

/// Gives the fields of JSON objects the names that the DDL has for them. Hive compares the names without regard to
/// case; the engine's reader does not, and reads NULL. Keys of a MAP are data, and stay.
///
/// The shape of a column is a text: `{name:shape,…}` for a STRUCT, with names in quotes, `[shape]` for an ARRAY,
/// `*shape` for a MAP, `_` for the rest.
struct JSONNames {
    private indirect enum Node {
        case scalar
        case structure([(lower: [UInt8], name: [UInt8], node: Node)])
        case list(Node)
        case map(Node)
    }
    private let root: Node

    static func shape(_ columns: [TableColumn]) -> String {
        shape(.structure(columns.map { .init(name: $0.name, type: $0.type) }))
    }

    private static func shape(_ type: HiveType) -> String {
        switch type {
        case .structure(let fields):
            // A quote cannot stand in a name of a shape.
            let names = fields.map { "\"\(String($0.name.unicodeScalars.filter { $0 != "\"" }))\":\(shape($0.type))" }
            return "{" + names.joined(separator: ",") + "}"
        case .array(let element): return "[" + shape(element) + "]"
        case .map(_, let value): return "*" + shape(value)
        default: return "_"
        }
    }

    init(shape: UnsafeBufferPointer<CChar>) {
        let bytes = shape.map { UInt8(bitPattern: $0) }
        var place = 0
        root = Self.parse(bytes, &place)
    }

    private static func parse(_ bytes: [UInt8], _ place: inout Int) -> Node {
        guard place < bytes.count else { return .scalar }
        let first = bytes[place]
        place += 1
        switch first {
        case UInt8(ascii: "*"): return .map(parse(bytes, &place))
        case UInt8(ascii: "["):
            let element = parse(bytes, &place)
            place += 1
            return .list(element)
        case UInt8(ascii: "{"):
            var fields: [(lower: [UInt8], name: [UInt8], node: Node)] = []
            while place < bytes.count, bytes[place] != UInt8(ascii: "}") {
                if bytes[place] == UInt8(ascii: ",") { place += 1 }
                let start = place + 1
                place = start
                while place < bytes.count, bytes[place] != UInt8(ascii: "\"") { place += 1 }
                let name = Array(bytes[start..<min(place, bytes.count)])
                place += 2
                fields.append((name.map(lowered), name, parse(bytes, &place)))
            }
            place += 1
            return .structure(fields)
        default: return .scalar
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

    /// Writes `text` with the DDL's names into `out`; false where nothing differs, and then `out` holds nothing of use.
    /// A text that is no JSON comes out as it is.
    func rename(_ text: UnsafeBufferPointer<UInt8>, into out: inout TextBuffer) -> Bool {
        var scan = Scan(text: text)
        scan.value(root, &out)
        guard scan.isChanged else { return false }
        out.append(UnsafeBufferPointer(rebasing: text[scan.copied...]))
        return true
    }

    /// One pass over the text. What lies between changed names is copied in one piece.
    private struct Scan {
        let text: UnsafeBufferPointer<UInt8>
        var place = 0
        var copied = 0
        var isChanged = false

        init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

        private mutating func skipSpace() {
            while place < text.count, text[place] <= 0x20 { place += 1 }
        }

        mutating func value(_ node: Node, _ out: inout TextBuffer) {
            skipSpace()
            guard place < text.count else { return }
            switch (text[place], node) {
            case (UInt8(ascii: "{"), .structure(let fields)):
                let renamed = { (scan: inout Scan, name: Range<Int>, out: inout TextBuffer) -> Node in
                    guard let field = scan.field(name, fields) else { return .scalar }
                    if !scan.text[name].elementsEqual(field.name) {
                        out.append(UnsafeBufferPointer(rebasing: scan.text[scan.copied..<name.lowerBound]))
                        field.name.withUnsafeBufferPointer { out.append($0) }
                        scan.copied = name.upperBound
                        scan.isChanged = true
                    }
                    return field.node
                }
                members(renamed, &out)
            case (UInt8(ascii: "{"), .map(let node)): members({ _, _, _ in node }, &out)
            case (UInt8(ascii: "["), .list(let node)):
                place += 1
                repeat { value(node, &out) } while next(closing: UInt8(ascii: "]"))
            default: skipValue()
            }
        }

        private mutating func members(
            _ node: (inout Scan, Range<Int>, inout TextBuffer) -> Node, _ out: inout TextBuffer
        ) {
            place += 1
            repeat {
                skipSpace()
                guard place < text.count, text[place] == UInt8(ascii: "\"") else { return }
                let start = place + 1
                skipString()
                guard place <= text.count, place > start else { return }
                let member = node(&self, start..<(place - 1), &out)
                skipSpace()
                guard place < text.count, text[place] == UInt8(ascii: ":") else { return }
                place += 1
                value(member, &out)
            } while next(closing: UInt8(ascii: "}"))
        }

        /// Past a comma true, past the end false.
        private mutating func next(closing: UInt8) -> Bool {
            skipSpace()
            guard place < text.count else { return false }
            let byte = text[place]
            if byte == UInt8(ascii: ",") || byte == closing { place += 1 }
            return byte == UInt8(ascii: ",")
        }

        private func field(_ name: Range<Int>, _ fields: [(lower: [UInt8], name: [UInt8], node: Node)]) -> (
            name: [UInt8], node: Node
        )? {
            for field in fields where field.lower.count == name.count {
                var index = 0
                while index < field.lower.count, field.lower[index] == JSONNames.lowered(text[name.lowerBound + index])
                { index += 1 }
                if index == field.lower.count { return (field.name, field.node) }
            }
            return nil
        }

        private mutating func skipString() {
            place += 1
            while place < text.count, text[place] != UInt8(ascii: "\"") {
                place += text[place] == UInt8(ascii: "\\") ? 2 : 1
            }
            place = min(place + 1, text.count)
        }

        /// A value whose names do not matter.
        private mutating func skipValue() {
            var depth = 0
            while place < text.count {
                switch text[place] {
                case UInt8(ascii: "\""):
                    skipString()
                    if depth == 0 { return }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return }
                    depth -= 1
                    if depth == 0 {
                        place += 1
                        return
                    }
                case UInt8(ascii: ","): if depth == 0 { return }
                default: break
                }
                place += 1
            }
        }
    }
}
