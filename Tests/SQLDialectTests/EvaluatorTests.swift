import LoonCore
import Testing

@testable import SQLDialect
@testable import SQLFrontend

@Suite struct EvaluatorTests {
    private var context: DialectContext {
        DialectContext(
            now: 1_795_330_440_000, timeZoneOffsetMinutes: 480, systemTimeZoneOffsetMinutes: 480,
            variable: { name, isGlobal in
                name == "sql_mode" ? .text(isGlobal ? "GLOBAL" : "A,B") : name == "n" ? .integer(3) : nil
            },
            userVariable: { $0 == "@u" ? .integer(7) : .null },
            function: { $0 == "user" ? .text("root@localhost") : .null })
    }

    private func value(_ sql: String) throws -> SQLValue? {
        guard case .query(let select?) = try ParsedStatement(Array("select \(sql)".utf8), mode: LexicalMode()).statement
        else { return nil }
        var query = try LocalQuery(select, columns: [], context: context)
        try query.add([])
        return query.finish().rows.first?.first
    }

    @Test(arguments: [
        ("1", SQLValue.integer(1)), ("'a' 'x'", .text("ax")), ("1 + 2 * 3", .integer(7)), ("-(2 - 5)", .integer(3)),
        ("7 % 4", .integer(3)),
        ("7 % 0", .null),
        ("1 = 1", .integer(1)), ("'a' = 'A'", .integer(0)), ("'1' = 1", .integer(1)), ("null = 1", .null),
        ("null <=> null", .integer(1)),
        ("not 1", .integer(0)), ("not not 5", .integer(1)), ("null and 0", .integer(0)), ("null or 1", .integer(1)),
        ("null or 0", .null),
        ("1 in (2, null)", .null), ("1 in (1, null)", .integer(1)), ("1 not in (2)", .integer(1)),
        ("2 between 1 and 3", .integer(1)),
        ("'abc' like 'a%'", .integer(1)), ("'abc' not like 'A%'", .integer(1)), ("1 is null", .integer(0)),
        ("null is not null", .integer(0)),
        ("case 2 when 1 then 'a' when 2 then 'b' end", .text("b")), ("case when 0 then 1 end", .null),
        ("case when 1 > 2 then 1 else 'x' end", .text("x")),
        ("concat(@@sql_mode, ',C')", .text("A,B,C")), ("@@global.sql_mode", .text("GLOBAL")),
        ("@u + @@n", .integer(10)), ("@nothing", .null),
        ("left(user(), instr(concat(user(), '@'), '@') - 1)", .text("root")),
        ("substring('abcdef', -3, 2)", .text("de")),
        ("substring('abc', 2)", .text("bc")), ("right('abc', 2)", .text("bc")), ("upper('aé')", .text("AÉ")),
        ("length('é')", .integer(2)),
        ("char_length('é')", .integer(1)), ("trim('  a ')", .text("a")), ("if(1 > 0, 'y', 'n')", .text("y")),
        ("ifnull(null, 2)", .integer(2)),
        ("coalesce(null, null, 3)", .integer(3)), ("nullif(1, 1)", .null), ("concat('a', null)", .null),
        ("concat_ws('-', 'a', null, 'b')", .text("a-b")),
        ("now()", .text("2026-11-22 14:54:00")), ("utc_timestamp()", .text("2026-11-22 06:54:00")),
        ("current_date", .text("2026-11-22")),
        ("timediff(now(), utc_timestamp())", .text("08:00:00")),
        ("time_format(timediff(utc_timestamp(), now()), '%H:%i')", .text("-08:00")),
        ("convert_tz('2001-01-01 01:00:00', 'UTC', '+02:00')", .text("2001-01-01 03:00:00")),
        ("convert_tz('x', 'UTC', 'UTC')", .null),
        ("convert_tz('2001-01-01 01:00:00', 'UTC', 'Nowhere/At_All') is not null", .integer(0)),
        ("unix_timestamp()", .integer(1_795_330_440)),
        ("cast('12' as signed)", .integer(12)), ("_utf8mb4'x'", .text("x")), ("18446744073709551615", .unsigned(.max)),
        ("1e3", .real(1_000)),
        ("binary 'a' = 'a'", .integer(1)), ("true and not false", .integer(1)), ("'x' collate utf8mb4_bin", .text("x")),
    ])
    func computes(_ sql: String, _ expected: SQLValue) throws { #expect(try value(sql) == expected) }

    @Test(arguments: [
        "1.5", "1 / 2", "count(*)", "(select 1)", "sqrt(4)", "1 ^ 2", "a.b(1)", "interval 1 day", "'a' regexp 'b'",
        "1 << 2",
    ])
    func leavesToTheEngine(_ sql: String) throws { #expect(try value(sql) == nil) }

    @Test func overflowIsAnError() { #expect(throws: QueryError.self) { try value("9223372036854775807 + 1") } }

    private func rows(_ sql: String) throws -> [[SQLValue]] {
        guard case .query(let select?) = try ParsedStatement(Array(sql.utf8), mode: LexicalMode()).statement else {
            return []
        }
        let columns = [ResultColumn(name: "TABLE_NAME", type: .text), ResultColumn(name: "N", type: .int64)]
        var query = try LocalQuery(select, columns: columns, context: context)
        for (name, number) in [("orders", 2), ("Lines", 1), ("items", 2)] {
            try query.add([.text(name), .integer(Int64(number))])
        }
        return query.finish().rows
    }

    @Test func filtersSortsAndCuts() throws {
        #expect(try rows("select table_name from x.tables where TABLE_NAME = 'LINES'") == [[.text("Lines")]])
        #expect(
            try rows("select t.table_name as n from x.tables t where n > 1 order by table_name desc") == [
                [.text("orders")], [.text("items")],
            ])
        #expect(try rows("select distinct n from x.tables order by n limit 1, 5") == [[.integer(2)]])
        #expect(try rows("select n as m from x.tables having m in (1)") == [[.integer(1)]])
        #expect(try rows("select * from x.tables where table_name like 'i%'") == [[.text("items"), .integer(2)]])
        #expect(
            try rows("select n, table_name from x.tables order by 1, 2 limit 1") == [[.integer(1), .text("Lines")]])
        #expect(try rows("select -n as n from x.tables order by n, table_name limit 1") == [[.integer(-2)]])
        #expect(throws: QueryError.self) { try rows("select nothing from x.tables") }
        #expect(throws: QueryError.self) { try rows("select n from x.tables where y.n = 1") }
    }

    @Test func sayWhatIsAskedFor() throws {
        guard
            case .query(let select?) = try ParsedStatement(
                Array("select 1 from t where table_schema = 'a' and (1 or 0) and table_name in ('b', 'c')".utf8),
                mode: LexicalMode()
            ).statement
        else {
            Issue.record("it needs the engine")
            return
        }
        #expect(
            select.filter?.required("table_schema") == ["a"] && select.filter?.required("table_name") == ["b", "c"])
        #expect(select.filter?.required("other") == nil)
    }

    @Test(arguments: [
        ("%", "", true), ("a%", "ABC", true), ("a_c", "abc", true), ("a_c", "ac", false), ("a\\_c", "abc", false),
        ("a\\_c", "a_c", true),
        ("%b%d%", "abcde", true), ("%b%d", "abcde", false), ("", "", true), ("", "a", false), ("%%%%a", "bbba", true),
    ])
    func likes(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(LikePattern(pattern).matches(text) == matches)
    }
}
