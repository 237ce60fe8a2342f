import Foundation

extension StatementTree {
    /// The change that an edit of a text makes to the nodes at its place.
    package enum Replacement: Sendable, Equatable, Hashable {
        /// A function gets another name. Both are in lower case.
        case function(from: String, to: String)
        /// A table gets another name and its old one as its alias, where it has none.
        case table(schema: String, name: String, alias: String)
        /// A table without a schema gets one.
        case schema(String)
    }

    /// Whether `edited`, the parser's JSON of an edited text, is this tree with the replacements made, each at every
    /// node that carries its place (in bytes; the parser copies what CASE compares and a named window orders by), and
    /// each made. Where other nodes stand in the texts is left out of account.
    package func equals(_ edited: [UInt8], with replacements: [Int: Replacement]) -> Bool {
        var comparison = TreeComparison(replacements: replacements)
        return comparison.run(serialized.span, edited.span)
    }
}

/// Two serialized trees, read side by side: one serializer wrote both, so that equal trees are equal bytes. Decoding
/// the second would cost more than its parsing.
private struct TreeComparison {
    /// A text of both trees, without its quotes.
    typealias Texts = (walked: Range<Int>, edited: Range<Int>)

    /// The texts that a replacement concerns: compared when all of the node is known.
    struct Node {
        var place: Int?
        var type: Texts?
        var function: Texts?
        var schema: Texts?
        var table: Texts?
        var alias: Texts?
    }

    enum Key: String, CaseIterable {
        case type
        case function = "function_name"
        case schema = "schema_name"
        case table = "table_name"
        case alias
        case place = "query_location"

        /// In the order of their lengths, which alone tells most keys from these.
        static let byLength = Dictionary(grouping: allCases) { $0.rawValue.utf8.count }
    }

    let replacements: [Int: StatementTree.Replacement]
    private var made: Set<Int> = []
    /// A list instead of recursion: a tree's depth is the sender's choice.
    private var nodes: [Node] = []

    init(replacements: [Int: StatementTree.Replacement]) { self.replacements = replacements }

    mutating func run(_ walked: Span<UInt8>, _ edited: Span<UInt8>) -> Bool {
        var (here, there) = (0, 0)
        var key: Key?
        while here < walked.count {
            guard there < edited.count, walked[here] == edited[there] else { return false }
            switch walked[here] {
            case UInt8(ascii: "\""):
                let texts = (
                    walked: here + 1..<Self.end(of: walked, from: here + 1),
                    edited: there + 1..<Self.end(of: edited, from: there + 1)
                )
                (here, there) = (texts.walked.upperBound + 1, texts.edited.upperBound + 1)
                let isName = here < walked.count && walked[here] == UInt8(ascii: ":")
                if !isName, let key {
                    guard keep(texts, as: key) else { return false }
                } else if !Self.areEqual(walked, edited, texts) {
                    return false
                }
                key = isName ? Self.key(walked, texts.walked) : nil
                continue
            case UInt8(ascii: ":"):
                if key == .place {
                    let place = Self.number(walked, &here)
                    _ = Self.number(edited, &there)
                    if !nodes.isEmpty { nodes[nodes.count - 1].place = place }
                    key = nil
                    continue
                }
            case UInt8(ascii: "{"):
                nodes.append(Node())
                key = nil
            case UInt8(ascii: "}"):
                guard let node = nodes.popLast(), isReplaced(node, walked, edited) else { return false }
                key = nil
            default:
                key = nil
            }
            here += 1
            there += 1
        }
        return there == edited.count && nodes.isEmpty && made.count == replacements.count
    }

    /// False where the node has such a text already.
    private mutating func keep(_ texts: Texts, as key: Key) -> Bool {
        guard !nodes.isEmpty else { return true }
        let field: WritableKeyPath<Node, Texts?>
        switch key {
        case .type: field = \.type
        case .function: field = \.function
        case .schema: field = \.schema
        case .table: field = \.table
        case .alias: field = \.alias
        case .place: return true
        }
        guard nodes[nodes.count - 1][keyPath: field] == nil else { return false }
        nodes[nodes.count - 1][keyPath: field] = texts
        return true
    }

    /// Whether the node's texts are the same but for its replacement, which is made.
    private mutating func isReplaced(_ node: Node, _ walked: Span<UInt8>, _ edited: Span<UInt8>) -> Bool {
        let replacement = node.place.flatMap { replacements[$0] }
        let changed = replacement.map { Self.texts(of: node, walked, after: $0) } ?? [:]
        if let place = node.place, !changed.isEmpty { made.insert(place) }
        let all: [(Key, Texts?)] = [
            (.type, node.type), (.function, node.function), (.schema, node.schema), (.table, node.table),
            (.alias, node.alias),
        ]
        for (key, texts) in all {
            guard let expected = changed[key] else {
                guard texts.map({ Self.areEqual(walked, edited, $0) }) ?? true else { return false }
                continue
            }
            // By bytes: Unicode holds more texts to be alike than the engine does.
            guard let found = texts.flatMap({ Self.text(edited, $0.edited) }),
                found.utf8.elementsEqual(expected.utf8)
            else { return false }
        }
        return true
    }

    /// New values of some of the node's texts, by their keys; none where the replacement is not this node's.
    private static func texts(of node: Node, _ walked: Span<UInt8>, after replacement: StatementTree.Replacement)
        -> [Key: String]
    {
        func own(_ texts: Texts?) -> String? { texts.flatMap { text(walked, $0.walked) } }
        switch replacement {
        case .function(let name, let instead):
            return own(node.function)?.lowercased() == name ? [.function: instead] : [:]
        case .table(let schema, let name, let alias):
            guard own(node.type) == "BASE_TABLE" else { return [:] }
            let given = own(node.alias) ?? ""
            return [.schema: schema, .table: name, .alias: given.isEmpty ? alias : given]
        case .schema(let schema):
            return own(node.type) == "BASE_TABLE" ? [.schema: schema] : [:]
        }
    }

    /// Where the text that begins at `start` has its closing quote; the end of all where it has none.
    private static func end(of bytes: Span<UInt8>, from start: Int) -> Int {
        var place = start
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place, bytes.count)
    }

    /// Passes the colon at `place` and the digits behind it. `nil` where there are none, or the number is too large.
    private static func number(_ bytes: Span<UInt8>, _ place: inout Int) -> Int? {
        var value: UInt64? = 0
        place += 1
        let start = place
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
            let digit = UInt64(bytes[place] - 0x30)
            let (product, isOver) = (value ?? 0).multipliedReportingOverflow(by: 10)
            value = value == nil || isOver || product > .max - digit ? nil : product + digit
            place += 1
        }
        return place == start ? nil : value.flatMap { Int(exactly: $0) }
    }

    private static func areEqual(_ walked: Span<UInt8>, _ edited: Span<UInt8>, _ texts: Texts) -> Bool {
        guard texts.walked.count == texts.edited.count else { return false }
        for offset in 0..<texts.walked.count
        where walked[texts.walked.lowerBound + offset] != edited[texts.edited.lowerBound + offset] {
            return false
        }
        return true
    }

    private static func key(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Key? {
        Key.byLength[range.count]?.first { key in
            key.rawValue.utf8.enumerated().allSatisfy { bytes[range.lowerBound + $0.offset] == $0.element }
        }
    }

    /// The text without its escapes; `nil` where it is no JSON.
    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        let content = range.map { bytes[$0] }
        guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
        return try? JSONDecoder().decode(String.self, from: Data([0x22] + content + [0x22]))
    }
}
