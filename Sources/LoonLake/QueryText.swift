import DuckDBTree
import LoonCore

/// The text of a statement or of a view, in the engine's dialect, with what it names.
struct QueryText {
    typealias View = (table: ExternalTable, definition: ViewDefinition)

    /// A replacement of some bytes, and of the tree's nodes of that place.
    struct Edit: Hashable {
        let range: Range<Int>
        let text: String
        let replacement: StatementTree.Replacement
    }

    /// The meaning of a name in the text.
    enum Target {
        /// By the table's number in the query.
        case table(Int)
        /// By the number of the view's text.
        case view(Int)
        case other
    }

    let sql: String
    /// The account whose text it is: of a view its owner.
    let account: AccountIdentity
    /// The schema that names without one are in.
    let schema: String?
    /// The view whose text this is; `nil` for the statement itself.
    let view: View?
    let examination: Examination
    /// Where it had to be made for the examination.
    let tree: StatementTree?
    /// The meanings of `examination.tables`, in their order.
    let targets: [Target]
    /// How many tables it names once its views are written out.
    let expandedCount: Int

    /// Adds the edits that the text needs in any case.
    func complete(_ edits: [Edit]) throws(QueryError) -> [Edit] {
        edits + (try boundedFunctions()) + (try schemas(besides: edits))
    }

    /// The text for the engine.
    func edited(_ edits: [Edit]) -> String {
        guard !edits.isEmpty else { return sql }
        var bytes = Array(sql.utf8)
        for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            bytes.replaceSubrange(edit.range, with: Array(edit.text.utf8))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How the table's name in the place of `scan` is replaced by another one, of the same schema; `nil` where that
    /// would change what the text means, or the name does not stand there as expected.
    func renaming(_ reference: Examination.TableReference, _ scan: Examination.Scan) -> ((String) -> Edit)? {
        guard let schema = reference.schema ?? self.schema, !examination.qualifiers.contains(schema.lowercased()) else {
            return nil
        }
        let bytes = Array(sql.utf8)
        guard scan.place < bytes.count, !Self.isBehindTable(scan.place, in: bytes) else { return nil }
        guard var end = Self.end(of: reference.schema ?? reference.table, in: bytes, at: scan.place) else { return nil }
        if reference.schema != nil {
            guard end < bytes.count, bytes[end] == UInt8(ascii: "."),
                let last = Self.end(of: reference.table, in: bytes, at: end + 1)
            else { return nil }
            end = last
        }
        let range = scan.place..<end
        let alias = scan.hasAlias ? "" : " AS \(Self.quoted(reference.table))"
        return { name in
            Edit(
                range: range, text: "\(Self.quoted(schema)).\(Self.quoted(name))\(alias)",
                replacement: .table(schema: schema, name: name, alias: reference.table))
        }
    }

    /// Whether the name may belong to `TABLE t`, which takes no alias: behind a comment it is not looked for.
    private static func isBehindTable(_ place: Int, in bytes: [UInt8]) -> Bool {
        let before = bytes[..<min(place, bytes.count)].reversed().drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let last = before.first, last != UInt8(ascii: "/") else { return true }
        let word = String(decoding: before.prefix { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }.reversed(), as: UTF8.self)
            .lowercased()
        return !["from", "join"].contains(word) && last != UInt8(ascii: ",") && last != UInt8(ascii: "(")
    }

    /// Where `name` ends that begins at `place`, quoted or not, in whatever case; `nil` where something else stands
    /// there.
    private static func end(of name: String, in bytes: [UInt8], at place: Int) -> Int? {
        // A scan without a place has the largest one; `FROM ''` names a table without a name.
        guard place < bytes.count, !name.isEmpty else { return nil }
        for text in [quoted(name), name] {
            let end = place + text.utf8.count
            guard end <= bytes.count,
                zip(bytes[place..<end], text.utf8).allSatisfy({ lowercased($0) == lowercased($1) })
            else { continue }
            guard end < bytes.count else { return end }
            // A longer name that begins alike.
            let next = bytes[end]
            let isName =
                next >= 0x80 || (0x30...0x39).contains(next) || (0x61...0x7A).contains(lowercased(next))
                || "\"_$".utf8.contains(next)
            return isName ? nil : end
        }
        return nil
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// The edits that put bounded functions in the places of others.
    private func boundedFunctions() throws(QueryError) -> [Edit] {
        guard !examination.bounded.isEmpty else { return [] }
        let bytes = Array(sql.utf8)
        return try examination.bounded.map { call throws(QueryError) in
            let (place, name, instead) = (call.place, call.name, call.instead)
            guard let end = Self.end(of: name, in: bytes, at: place) else {
                throw QueryError(.notSupported, "The function '\(name)' is to be called as \(name)(…)")
            }
            return Edit(range: place..<end, text: instead, replacement: .function(from: name, to: instead))
        }
    }

    /// In a view the engine would look for unqualified names in the schema of whoever asks.
    private func schemas(besides others: [Edit]) throws(QueryError) -> [Edit] {
        guard let view else { return [] }
        let schema = schema ?? ""
        var edits: [Edit] = []
        let bytes = Array(sql.utf8)
        for reference in examination.tables where reference.schema == nil {
            for scan in reference.scans where !others.contains(where: { $0.range.lowerBound == scan.place }) {
                guard Self.end(of: reference.table, in: bytes, at: scan.place) != nil else {
                    throw QueryError(
                        .notSupported,
                        "The view \(view.table.schema).\(view.table.name) names the table '\(reference.table)' "
                            + "in a way that cannot be checked; "
                            + "write its name alone, or in backticks")
                }
                edits.append(
                    Edit(range: scan.place..<scan.place, text: "\(Self.quoted(schema)).", replacement: .schema(schema)))
            }
        }
        return edits
    }

    /// By scalars, as the engine reads it.
    private static func quoted(_ name: String) -> String {
        "\"" + String(String.UnicodeScalarView(name.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] })) + "\""
    }
}
