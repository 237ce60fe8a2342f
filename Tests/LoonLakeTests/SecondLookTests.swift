import DuckDBEngine
import DuckDBTree
import Foundation
import LoonCore
import QueryEngine
import SQLDialect
import SQLFrontend
import Testing

@testable import LoonLake

/// The text that runs is the text that was seen: whatever stands between two words of a statement (SECURITY.md, the
/// gate).
@Suite struct SecondLookTests {
    private let dialect = DialectContext(
        now: 0, timeZoneOffsetMinutes: 0, variable: { _, _ in .null }, function: { _ in .null })

    /// All characters with the property White_Space, those that show nothing, quotes, comments, dollar tags, letters of
    /// many bytes.
    private static let fillers: [String] = {
        let spaces = (0...0x3000).compactMap { Unicode.Scalar($0) }.filter(\.properties.isWhitespace).map {
            String(Character($0))
        }
        let unseen = ["\u{FEFF}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{180E}", "\u{00AD}"]
        let comments = ["/* c */", "/**/", "-- c\n", "#c\n", "/*!80000 */", "/*! , 1 */"]
        let quotes = ["''", "'$'", "'a''b'", "\"\"", "\"x\"", "``", "`x`", "`$x$`", "'\u{A0}'", "`\u{A0}`", "'\\''"]
        let dollars = ["$$", "$x$", "a$x$", "$1", "a$", "é$x$"]
        let letters = ["é", "ß", "漢", "😀", "\u{212A}", "e\u{301}", "ﬁ", "\u{85}\u{A0}"]
        return spaces + unseen + comments + quotes + dollars + letters
    }()

    /// In pieces, between which there is a gap. Each column has a name: else the text is its name, with its spaces.
    private static let statements: [[String]] = [
        [
            "select", "repeat", "(", "'z'", ",", "2", ")", "as", "a", ",", "lpad", "(", "b", ",", "9", ",", "'ü'", ")",
            "c", "from", "t", "where", "b", "<>", "''",
        ],
        [
            "select", "x", ".", "a", "from", "s", ".", "t", "x", "join", "t", "on", "x", ".", "a", "=", "t", ".", "a",
            "where", "exists", "(", "select", "1", "from", "t", ")",
        ],
        [
            "select", "case", "(", "select", "max", "(", "a", ")", "from", "t", ")", "when", "1", "then", "rpad", "(",
            "'q'", ",", "3", ",", "'x'", ")", "else", "'n'", "end", "as", "k", "from", "t",
        ],
        [
            "with", "w", "as", "(", "select", "repeat", "(", "b", ",", "2", ")", "b", "from", "t", ")", "select", "b",
            ",", "`b`", "from", "w", ",", "u",
        ],
        [
            "select", "row_number", "(", ")", "over", "w", "as", "r", "from", "t", "window", "w", "as", "(", "order",
            "by", "repeat", "(", "b", ",", "2", ")", ")",
        ],
        [
            "select", "$repeat$A$repeat$", "as", "a", ",", "$repeat$", "as", "x", ",", "repeat", "(", "'z'", ",", "1",
            ")", "as", "c",
        ],
    ]

    /// What the text's plan would run, or `nil` where it is refused by name; a text that fails the second look is a
    /// fault of the test's.
    private func edited(_ text: String, inView: Bool, _ examinations: Examinations, _ engine: DuckDBEngine) throws
        -> [UInt8]?
    {
        let parsed: ParsedStatement
        do { parsed = try ParsedStatement(Array(text.utf8), mode: LexicalMode()) } catch { return nil }
        guard case .query = parsed.statement else { return nil }
        do {
            let sql = try parsed.engineText(dialect)
            let (examination, tree) = try examinations.examination(of: sql, for: nobody, by: engine)
            let table = ExternalTable(
                schema: "s", name: "v", columns: [], format: .parquet, location: "",
                creator: AccountIdentity(name: "a", number: 0),
                view: ViewDefinition(statement: text, schema: "s", sqlMode: "", queryColumns: []))
            let query = QueryText(
                sql: sql, account: nobody, schema: "s", view: inView ? table.view.map { (table, $0) } : nil,
                examination: examination,
                tree: tree,
                targets: examination.tables.map { _ in .other }, expandedCount: 1)
            // As where two scans of one table read different partitions.
            let renamings = examination.tables.flatMap { reference in
                reference.scans.enumerated().compactMap {
                    $0.isMultiple(of: 2) ? query.renaming(reference, $1)?("\(reference.table)\u{1}1") : nil
                }
            }
            let edits = try query.complete(renamings)
            let result = query.edited(edits)
            #expect(try examinations.isConfirmed(result, of: query, edits, by: engine), "\(text) → \(result)")
            return try engine.parse(result)
        } catch is QueryError { return nil }
    }

    @Test func whateverStandsInAGapTheTextThatRunsIsTheOneThatWasSeen() throws {
        let (engine, folder) = try WallTests.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let examinations = Examinations()
        var (accepted, refused) = (0, 0)
        for pieces in Self.statements {
            let plain = try [false, true].map {
                try edited(pieces.joined(separator: " "), inView: $0, examinations, engine)
                    .map { try StatementTree(serialized: $0) }
            }
            for (number, filler) in Self.fillers.enumerated() {
                let isSpace = filler.unicodeScalars.allSatisfy(\.properties.isWhitespace)
                for gap in 1..<pieces.count {
                    let isView = (number + gap).isMultiple(of: 2)
                    for text in [" \(filler) ", filler] {
                        let statement =
                            pieces[..<gap].joined(separator: " ") + text + pieces[gap...].joined(separator: " ")
                        let tree = try edited(statement, inView: isView, examinations, engine)
                        if tree == nil { refused += 1 } else { accepted += 1 }
                        // A space is a space, wherever it comes from.
                        guard isSpace, let plain = plain[isView ? 1 : 0] else { continue }
                        #expect(tree.map { plain.equals($0, with: [:]) } == true, "\(statement.debugDescription)")
                    }
                }
            }
        }
        #expect(accepted > 5_000 && refused > 1_000, "\(accepted) accepted, \(refused) refused")
    }

    /// The engine's parser shortens a text by such spaces, and places in its tree lie further left: each wall by itself
    /// notices.
    @Test func placesThatAreShiftedAreNoticed() throws {
        let (engine, folder) = try WallTests.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let space = "\u{A0}"
        let sql =
            "SELECT " + String(repeating: space, count: 49)
            + " $repeat$A$repeat$ AS a, \(space)$repeat$ AS x, content AS y FROM read_text('/x') "
            + "WHERE content <> \(space)$repeat$ AS b, repeat('z',1) AS c, 'q$repeat$ --' AS e"
        #expect(throws: QueryError.self) { try Examinations().examination(of: sql, for: nobody, by: engine) }
        // Without the check of its letters.
        let tree = try StatementTree(serialized: try engine.parse(sql))
        let examination = try StatementGate(macros: FunctionCatalog.macroNames).examine(tree)
        let query = QueryText(
            sql: sql, account: nobody, schema: nil, view: nil, examination: examination, tree: tree, targets: [],
            expandedCount: 0)
        let call = try #require(examination.bounded.first)
        #expect(throws: QueryError.self, "what stands there is not what the tree says") { try query.complete([]) }
        // Without the look at what stands there.
        let edit = QueryText.Edit(
            range: call.place..<call.place + 6, text: call.instead,
            replacement: .function(from: call.name, to: call.instead))
        let edited = try engine.parse(query.edited([edit]))
        #expect(!tree.equals(edited, with: [call.place: edit.replacement]))
    }

    @Test func aTreeWithOtherReplacementsIsNotTheSame() throws {
        let (engine, folder) = try WallTests.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func tree(_ sql: String) throws -> [UInt8] { try engine.parse(sql) }
        let walked = try StatementTree(serialized: tree("SELECT repeat('a', 2), 1.5 FROM t"))
        let function = StatementTree.Replacement.function(from: "repeat", to: "f")
        let table = StatementTree.Replacement.table(schema: "s", name: "u", alias: "t")
        #expect(walked.equals(try tree("SELECT f('a', 2), 1.5 FROM s.u AS t"), with: [7: function, 32: table]))
        #expect(walked.equals(try tree("SELECT  repeat ('a',2),1.5 FROM s.t"), with: [32: .schema("s")]))
        for other in [
            "SELECT f('a', 2), 1.5 FROM s.u", "SELECT f('a', 3), 1.5 FROM s.u AS t",
            "SELECT f('a', 2), 1.25 FROM s.u AS t", "SELECT f('A', 2), 1.5 FROM s.u AS t",
            "SELECT f('a', 2), 1.5 FROM s.u AS t, v", "SELECT f('a', 2, 1), 1.5 FROM s.u AS t",
            "SELECT f('a', 2) FROM s.u AS t",
            "SELECT repeat('a', 2), 1.5 FROM s.u AS t",
        ] { #expect(!walked.equals(try tree(other), with: [7: function, 32: table]), "\(other)") }
        // A replacement that no node takes.
        #expect(
            !walked.equals(
                try tree("SELECT f('a', 2), 1.5 FROM s.u AS t"), with: [7: function, 32: table, 3: function]))
    }
}
