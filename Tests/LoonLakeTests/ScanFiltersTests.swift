import DuckDBEngine
import Foundation
import LoonCore
import QueryEngine
import Testing

@testable import LoonLake

/// What a query says of one table's rows, read off the tree of the engine's own parser. Too little costs time; too much
/// leaves rows out.
@Suite struct ScanFiltersTests {
    /// The first scan of `t`.
    private func scan(_ sql: String) throws -> Examination.Scan {
        let (engine, folder) = try WallTests.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let examination = try Examinations().examination(of: sql, for: nobody, by: engine).0
        return try #require(examination.tables.first { $0.table == "t" }?.scans.first, "\(sql) reads no t")
    }

    @Test(
        arguments: [
            ("a = 1", .compare(column: "a", .equal, .integer(1))),
            ("1 < a", .compare(column: "a", .greater, .integer(1))),
            ("t.a <> 'x'", .compare(column: "a", .notEqual, .text("x"))),
            ("a >= DATE '2024-01-02'", .compare(column: "a", .greaterOrEqual, .date("2024-01-02"))),
            ("a IN (1, 2)", .isIn(column: "a", [.integer(1), .integer(2)])),
            ("a NOT IN ('x')", .not(.isIn(column: "a", [.text("x")]))),
            ("a IS NULL", .isNull(column: "a")),
            (
                "a BETWEEN 1 AND 2",
                .all([
                    .compare(column: "a", .greaterOrEqual, .integer(1)),
                    .compare(column: "a", .lessOrEqual, .integer(2)),
                ])
            ),
            (
                "NOT (a = 1 OR b = 2)",
                .not(.any([.compare(column: "a", .equal, .integer(1)), .compare(column: "b", .equal, .integer(2))]))
            ),
            ("lower(a) = 'x' AND b = 2", .all([.unknown, .compare(column: "b", .equal, .integer(2))])),
            ("a = b", .unknown),
            ("a IN (1, 'x')", .unknown),
            ("a = NULL", .unknown),
        ] as [(String, ScanPredicate)])
    func aConditionIsReadAsFarAsItIsUnderstood(condition: String, predicate: ScanPredicate) throws {
        #expect(try scan("SELECT 1 FROM t WHERE \(condition)").predicate == predicate, "\(condition)")
    }

    /// The texts that `t.x` must be one of.
    @Test(
        arguments: [
            ("SELECT 1 FROM t q WHERE q.x = 'k'", ["k"]),
            ("SELECT 1 FROM t q WHERE t.x = 'k'", nil),
            ("SELECT 1 FROM u, t WHERE u.x = 'k'", nil),
            // Handed on from outside, under the names that the columns have there.
            ("SELECT 1 FROM (SELECT x AS y FROM t) q WHERE q.y = 'k'", ["k"]),
            ("SELECT 1 FROM (SELECT x FROM t WHERE x <> 'j') q WHERE x IN ('k', 'l')", ["k", "l"]),
            ("WITH q (y) AS (SELECT x FROM t) SELECT 1 FROM q WHERE y = 'k'", ["k"]),
            ("SELECT 1 FROM (SELECT x FROM t UNION ALL SELECT x FROM u) q WHERE x = 'k'", ["k"]),
            // Another value than the table's, or rows that others depend on.
            ("SELECT 1 FROM (SELECT x || '' AS x FROM t) q WHERE x = 'k'", nil),
            ("SELECT 1 FROM (SELECT y AS x, x AS y FROM t) q WHERE x = 'k'", nil),
            ("SELECT 1 FROM (SELECT x FROM t LIMIT 1) q WHERE x = 'k'", nil),
            ("SELECT 1 FROM (SELECT x, row_number() OVER () AS r FROM t) q WHERE x = 'k'", nil),
            ("SELECT 1 FROM (SELECT max(x) AS x FROM t) q WHERE x = 'k'", nil),
        ] as [(String, Set<String>?)])
    func aPredicateIsHandedOnToTheColumnThatItIsAbout(sql: String, texts: Set<String>?) throws {
        #expect(try required(scan(sql).predicate) == texts, "\(sql)")
    }

    @Test(
        arguments: [
            ("SELECT 1 FROM t JOIN u ON t.x = u.y WHERE u.y = 'k'", ["k"]),
            ("SELECT 1 FROM t, u WHERE t.x = u.y AND u.y IN ('k', 'l')", ["k", "l"]),
            ("SELECT 1 FROM t JOIN u USING (x) WHERE u.x = 'k'", ["k"]),
            ("SELECT 1 FROM t LEFT JOIN u ON t.x = u.y WHERE u.y = 'k'", nil),
            ("SELECT 1 FROM t JOIN u ON t.x > u.y WHERE u.y = 'k'", nil),
            ("SELECT 1 FROM t JOIN u ON t.x = u.y OR t.z = 1 WHERE u.y = 'k'", nil),
            ("SELECT 1 FROM t JOIN v ON t.x = v.x JOIN u USING (z) WHERE u.z = 'k'", nil),
        ] as [(String, Set<String>?)])
    func aJoinHandsOnWhatIsSaidOfTheOtherColumn(sql: String, texts: Set<String>?) throws {
        #expect(try required(scan(sql).joined) == texts, "\(sql)")
    }

    /// A test of the table's own column, whatever is said of its type.
    private func required(_ predicate: ScanPredicate) -> Set<String>? {
        switch predicate {
        case .ofTexts(let inner), .ofOneType(let inner): required(inner)
        case .all(let parts): parts.lazy.compactMap { required($0) }.first
        default: predicate.required("x")
        }
    }
}
