import DuckDBTree
import LoonCore
import Testing

@testable import LoonLake

@Suite struct QueryTextTests {
    private let table = ExternalTable(
        schema: "s", name: "v", columns: [], format: .json, location: "", creator: AccountIdentity(name: "a", number: 0)
    )

    /// A text that names one table at `place`.
    private func query(
        _ sql: String, table name: String = "t", schema: String? = nil, at place: Int, hasAlias: Bool = false,
        qualifiers: Set<String> = [], bounded: [Examination.BoundedCall] = [], inView: Bool = false
    ) -> (QueryText, Examination.TableReference, Examination.Scan) {
        let scan = Examination.Scan(place: place, hasAlias: hasAlias, predicate: .unknown, joined: .unknown)
        let reference = Examination.TableReference(schema: schema, table: name, scans: [scan])
        let examination = Examination(
            tables: [reference], words: nil, functions: [], isSampled: false, bounded: bounded, qualifiers: qualifiers,
            isCollated: false)
        let view = ViewDefinition(statement: "", schema: "s", sqlMode: "", queryColumns: [])
        let text = QueryText(
            sql: sql, account: nobody, schema: "s", view: inView ? (table, view) : nil, examination: examination,
            tree: nil,
            targets: [.other], expandedCount: 1)
        return (text, reference, scan)
    }

    @Test func aTableIsRenamedInItsPlaceAndKeepsItsName() throws {
        let (text, reference, scan) = query("SELECT a FROM t WHERE a > 1", at: 14)
        let edit = try #require(text.renaming(reference, scan)?("t 2"))
        #expect(text.edited([edit]) == #"SELECT a FROM "s"."t 2" AS "t" WHERE a > 1"#)
        #expect(edit.replacement == .table(schema: "s", name: "t 2", alias: "t"))
        let (quoted, named, place) = query(#"SELECT a FROM "S"."T""#, table: "t", schema: "s", at: 14)
        #expect(try #require(quoted.renaming(named, place)?("x")).range == 14..<21, "in whatever case, and quoted")
        let (aliased, other, third) = query("SELECT x.a FROM t AS x", at: 16, hasAlias: true)
        #expect(
            aliased.edited([try #require(aliased.renaming(other, third)?("u"))])
                == #"SELECT x.a FROM "s"."u" AS x"#)
    }

    @Test func whatDoesNotStandThereIsNotReplaced() {
        for (sql, place) in [
            ("SELECT a FROM tt", 14), ("SELECT a FROM t_1", 14), ("SELECT a FROM té", 14), ("SELECT a FROM x", 14),
            ("SELECT a FROM t", 99), ("TABLE t", 6), ("SELECT a FROM /* c */t", 21),
        ] {
            let (text, reference, scan) = query(sql, at: place)
            #expect(text.renaming(reference, scan) == nil, "\(sql)")
        }
        // Under another name the column's qualifier would mean nothing.
        let (text, reference, scan) = query("SELECT s.t.a FROM t", at: 18, qualifiers: ["s"])
        #expect(text.renaming(reference, scan) == nil)
        let (nameless, none, where_) = query("SELECT a FROM ''", table: "", at: 14)
        #expect(nameless.renaming(none, where_) == nil)
    }

    @Test func boundedFunctionsAreReplacedWhereTheyAreCalledPlainly() throws {
        let call = Examination.BoundedCall(place: 7, name: "repeat", instead: "loon_bounded_repeat")
        let (text, _, _) = query("SELECT REPEAT('a', 2) FROM t", at: 27, bounded: [call])
        #expect(text.edited(try text.complete([])) == "SELECT loon_bounded_repeat('a', 2) FROM t")
        let (other, _, _) = query("SELECT $x$repeat$x$", at: 99, bounded: [call])
        #expect(throws: QueryError.self) { try other.complete([]) }
    }

    @Test func namesOfAViewGetItsSchema() throws {
        let (text, reference, scan) = query("SELECT a FROM t", at: 14, inView: true)
        #expect(text.edited(try text.complete([])) == #"SELECT a FROM "s".t"#)
        // One that is renamed has it already.
        let edit = try #require(text.renaming(reference, scan)?("u"))
        #expect(text.edited(try text.complete([edit])) == #"SELECT a FROM "s"."u" AS "t""#)
        let (odd, _, _) = query("SELECT a FROM (t)", at: 14, inView: true)
        #expect(throws: QueryError.self) { try odd.complete([]) }
    }
}
