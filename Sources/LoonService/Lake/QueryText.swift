import AccessControl
import LoonCore

/// The text of a statement or of a view, in the engine's dialect, with what it names.
struct QueryText {
    typealias View = (table: ExternalTable, definition: ViewDefinition)
    /// What is to stand in the place of some bytes.
    typealias Edit = (range: Range<Int>, text: String)

    /// What a name of the text means.
    enum Target {
        /// By the table's number in the query.
        case table(Int)
        /// By the number of the view's text.
        case view(Int)
        case other
    }

    let sql: String
    /// The schema that names without one are in.
    let schema: String?
    /// Whose text this is; `nil` for the statement itself.
    let view: View?
    let examination: StatementGate.Examination
    /// Of `examination.tables`, in their order.
    let targets: [Target]
    /// How many tables it names once its views are written out.
    let expandedCount: Int

    /// The text for the engine, with these edits and those that it needs in any case.
    func edited(_ edits: [Edit]) throws(QueryError) -> String {
        let all = edits + (try boundedFunctions()) + (try schemas(besides: edits))
        guard !all.isEmpty else { return sql }
        var bytes = Array(sql.utf8)
        for (range, text) in all.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) { bytes.replaceSubrange(range, with: Array(text.utf8)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How the table's name in the place of `scan` is replaced by another one, of the same schema; `nil` where that would change what the text
    /// means, or the name does not stand there as expected.
    func renaming(_ reference: StatementGate.TableReference, _ scan: StatementGate.Scan) -> ((String) -> Edit)? {
        guard let schema = reference.schema ?? self.schema, !examination.qualifiers.contains(schema.lowercased()) else { return nil }
        let bytes = Array(sql.utf8)
        guard !Self.isBehindTable(scan.place, in: bytes) else { return nil }
        guard var end = Self.end(of: reference.schema ?? reference.table, in: bytes, at: scan.place) else { return nil }
        if reference.schema != nil {
            guard end < bytes.count, bytes[end] == UInt8(ascii: "."), let last = Self.end(of: reference.table, in: bytes, at: end + 1) else { return nil }
            end = last
        }
        let range = scan.place..<end
        let alias = scan.hasAlias ? "" : " AS \(Self.quoted(reference.table))"
        return { name in (range, "\(Self.quoted(schema)).\(Self.quoted(name))\(alias)") }
    }

    /// Whether the name may belong to `TABLE t`, which takes no alias: behind a comment it is not looked for.
    private static func isBehindTable(_ place: Int, in bytes: [UInt8]) -> Bool {
        let before = bytes[..<min(place, bytes.count)].reversed().drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let last = before.first, last != UInt8(ascii: "/") else { return true }
        let word = String(decoding: before.prefix { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }.reversed(), as: UTF8.self).lowercased()
        return !["from", "join"].contains(word) && last != UInt8(ascii: ",") && last != UInt8(ascii: "(")
    }

    /// Where `name` ends that begins at `place`, quoted or not.
    private static func end(of name: String, in bytes: [UInt8], at place: Int) -> Int? {
        for text in [quoted(name), name] {
            let end = place + text.utf8.count
            guard end <= bytes.count, bytes[place..<end].elementsEqual(text.utf8) else { continue }
            // A longer name that begins alike.
            if end < bytes.count, bytes[end] == UInt8(ascii: "\"") || bytes[end] == UInt8(ascii: "_") || bytes[end] == UInt8(ascii: "$") { return nil }
            if end < bytes.count, bytes[end] >= 0x80 || UnicodeScalar(bytes[end]).properties.isAlphabetic || (0x30...0x39).contains(bytes[end]) { return nil }
            return end
        }
        return nil
    }

    /// What is to stand in the places of the functions that need a bound.
    private func boundedFunctions() throws(QueryError) -> [Edit] {
        guard !examination.bounded.isEmpty else { return [] }
        let bytes = Array(sql.utf8)
        var edits: [Edit] = []
        for (place, name, instead) in examination.bounded {
            let isQuoted = place < bytes.count && bytes[place] == UInt8(ascii: "\"")
            let end = place + name.utf8.count + (isQuoted ? 2 : 0)
            let isThere =
                end <= bytes.count
                && String(decoding: bytes[(isQuoted ? place + 1 : place)..<(isQuoted ? end - 1 : end)], as: UTF8.self).lowercased() == name
            guard isThere else { throw QueryError(.notSupported, "The function '\(name)' is to be called as \(name)(…)") }
            edits.append((place..<end, instead))
        }
        return edits
    }

    /// In a view the engine would look for unqualified names in the schema of whoever asks.
    private func schemas(besides others: [Edit]) throws(QueryError) -> [Edit] {
        guard let view else { return [] }
        var edits: [Edit] = []
        let bytes = Array(sql.utf8)
        for scan in examination.tables.filter({ $0.schema == nil }).flatMap(\.scans) where !others.contains(where: { $0.range.lowerBound == scan.place }) {
            guard scan.place < bytes.count, bytes[scan.place] != UInt8(ascii: "'") else {
                throw QueryError(
                    .notSupported, "The view \(view.table.schema).\(view.table.name) names a table in single quotes; write its name without")
            }
            edits.append((scan.place..<scan.place, "\(Self.quoted(schema ?? ""))."))
        }
        return edits
    }

    /// By scalars, as the engine reads it.
    private static func quoted(_ name: String) -> String {
        "\"" + String(String.UnicodeScalarView(name.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] })) + "\""
    }
}
