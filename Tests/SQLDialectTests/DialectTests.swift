import LoonCore
import Testing

@testable import SQLDialect
@testable import SQLFrontend

@Suite struct DialectTests {
    private func rewritten(_ sql: String, mode: LexicalMode = LexicalMode()) throws -> String {
        let context = DialectContext(
            now: 1_795_330_440_000, timeZoneOffsetMinutes: 480,
            variable: { name, _ in name == "sql_mode" ? .text("it's") : nil },
            userVariable: { $0 == "@n" ? .integer(-5) : .null },
            function: { $0 == "connection_id" ? .integer(7) : .null })
        return try ParsedStatement(Array(sql.utf8), mode: mode).engineText(context)
    }

    @Test(arguments: [
        ("select `a``b\"c` from t", #"select "a`b""c" from t"#),
        (#"select 'it\'s', "two", 'a''b', '\n\%'"#, "select 'it''s', 'two', 'a''b', '\n\\%'"),
        ("select 1 /* c */ , 2 -- d\n, 3 # e", "select 1 , 2 , 3"),
        ("select a--1", "select a - - 1"), ("select a from t limit 5, 10", "select a from t LIMIT 10 OFFSET 5"),
        ("select a <=> b && c", "select a IS NOT DISTINCT FROM b AND c"), ("select E'x'", "select E 'x'"),
        ("select 1 - -1", "select 1 - - 1"),
        ("select now() from t", "select TIMESTAMP '2026-11-22 14:54:00' from t"),
        ("select t.now from t", "select t.now from t"),
        ("select connection_id() + 1", "select 7 + 1"), ("select @@sql_mode from t", "select 'it''s' from t"),
        ("select 1;", "select 1"),
        ("select 1a from t", "select \"1a\" from t"), ("select /*!50000 a */ from t", "select a from t"),
        ("select 1e5, .5 from t", "select 1e5, .5 from t"),
        ("select now() + 1 from dual where true", "select TIMESTAMP '2026-11-22 14:54:00' + 1 where true"),
        ("select a from dual, t", "select a from dual, t"),
        (#"select a like 'b\_%' from t"#, #"select a like 'b\_%' ESCAPE '\' from t"#),
        ("select t.div from t", "select t.div from t"),
        ("select @n from t", "select (-5) from t"),
        ("select _utf8mb4'x' collate utf8mb4_bin from t", "select 'x' from t"),
        (
            "select a from information_schema.tables, `mysql`.user",
            #"select a from "loon$information_schema".tables, "loon$mysql".user"#
        ),
        ("select /*!90000 a */ 1.5 /*M! b */", "select 1.5"), ("select /*!100100 a */ b from t", "select b from t"),
    ])
    func writes(_ sql: String, _ expected: String) throws { #expect(try unnamed(sql) == expected) }

    /// Without the names that expressions are given.
    private func unnamed(_ sql: String, mode: LexicalMode = LexicalMode()) throws -> String {
        try rewritten(sql, mode: mode).replacing(#/ AS "(?:[^"]|"")*"/#, with: "")
    }

    @Test(arguments: [
        ("select count(*) from t", #"select count(*) AS "count(*)" from t"#),
        ("select count(*) n, a+1, b c, 'x' from t", #"select count(*) n, a + 1 AS "a+1", b c, 'x' AS "x" from t"#),
        (
            "with w as (select max(a) from t) select min(b) from w",
            #"with w as (select max(a) from t) select min(b) AS "min(b)" from w"#
        ),
        (
            "select case when a then 1 end, a is null from t",
            #"select case when a then 1 end AS "case when a then 1 end", a is null AS "a is null" from t"#
        ),
        ("select (select 1), t.*, t.a from t", #"select (select 1) AS "(select 1)", t.*, t.a from t"#),
        ("select sum(a)", #"select sum(a) AS "sum(a)""#),
        (
            "select a  +  'x' from t union select b + 1 from t",
            #"select a +  CAST('0' AS DOUBLE) AS "a  +  'x'" from t union select b + 1 from t"#
        ),
        ("select a as b, sum(c) as `d` from t", #"select a as b, sum(c) as "d" from t"#),
        ("select a from t", "select a from t"),
    ])
    func namesColumnsAsMySQLDoes(_ sql: String, _ expected: String) throws { #expect(try rewritten(sql) == expected) }

    @Test func heedsTheSQLMode() throws {
        let mode = LexicalMode(sqlMode: "ANSI_QUOTES,NO_BACKSLASH_ESCAPES")
        #expect(try unnamed(#"select "a", '\' from t"#, mode: mode) == #"select "a", '\' from t"#)
    }

    @Test(arguments: [
        "select @a := 1 from t", "select 2 ^ 3 from t", "select 1 + interval 1 + interval 2 day day from t",
        "select 0x4 from t",
        "select ~a from t", "select a | b & c from t", "select 1 << a + 1 & 2 from t",
        "select ? from t",
        "select @@nothing from t",
        "select '\\0' from t",
    ])
    func refuses(_ sql: String) { #expect(throws: QueryError.self) { try rewritten(sql) } }

    /// Tasks that a version before has stored, whose text the engine's parser no longer gets as it stands.
    @Test(arguments: [
        ("SELECT a AS 名称 FROM t", "SELECT a AS \"名称\" FROM t"),
        ("SELECT a$b, 'é$' FROM t", "SELECT \"a$b\", 'é$' FROM t"),
        ("SELECT \"é\"\"$\", 1.5e3 FROM s.é", "SELECT \"é\"\"$\", 1.5e3 FROM s.\"é\""), ("SELECT 1", "SELECT 1"),
    ])
    func quotesWhatAnEarlierVersionStoredBare(text: String, expected: String) {
        #expect(StoredText.plain(text) == expected)
    }
}
