import LoonCore
import Testing

@testable import SQLFrontend

@Suite struct StatementTests {
    private func parse(_ sql: String, mode: LexicalMode = LexicalMode()) throws(QueryError) -> ParsedStatement {
        try ParsedStatement(Array(sql.utf8), mode: mode)
    }

    @Test(arguments: [
        ("select 1 + 1", "SELECT"), ("with x as (select 1) select * from x", "SELECT"),
        ("(select 1) union (select 2)", "SELECT"),
        ("/*!40100 select 1 */", "SELECT"), ("-- c\n# d\nuse x", "USE"), ("insert into x values (1)", "INSERT"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW"),
        ("describe t", "SHOW"), ("explain select 1", "EXPLAIN"), ("show engines", "SHOW"),
        ("show nothing", "SHOW NOTHING"),
        ("start transaction read only", "BEGIN"),
        ("set password = 'x'", "ALTER USER"), ("grant select on *.* to a", "GRANT"),
        ("create user a identified by 'x'", "CREATE USER"), ("drop table if exists a.b;", "DROP TABLE"),
    ])
    func knowsTheKind(_ sql: String, _ kind: String) throws { #expect(try parse(sql).statement.kind == kind) }

    @Test(arguments: [
        "selec", "select 1; select 2", "select 'a", "select `a", "select \"a", "/* open", "/*! select 1",
        "create external table", "show", "use",
        "use a b", "1", "select $$a$$", "select \u{0}", "commit; drop table t", "begin; select 1",
        "show warnings; drop table t",
        "set x transaction y", "create external table t (a int location 'x'", "show query_task where", "set a",
        "select @",
        "create external table t (a array<int>>) location 'oss://b/'",
        "create external table t (`a\u{7}b` int) location 'oss://b/'",
    ])
    func refuses(_ sql: String) { #expect(throws: QueryError.self) { try parse(sql) } }

    @Test func anErrorSaysWhere() {
        do {
            _ = try parse("show\nquery_task where\n  id ! 5")
            Issue.record("it was taken")
        } catch {
            #expect(error.code == .syntax)
            #expect(error.message.contains("near '! 5' at line 3"))
        }
    }

    @Test func boundsWhatTheEngineSees() {
        for sql in [
            "select " + String(repeating: "(", count: 300) + "1" + String(repeating: ")", count: 300),
            Array(repeating: "select 1", count: 1_100).joined(separator: " union all "),
            "select " + String(repeating: "1,", count: Limits.statementTokensMax / 2) + "1",
            "show query_task where id = 1" + String(repeating: " or id = 1", count: 20_000),
            "show query_task where id in (" + Array(repeating: "1", count: 1_000).joined(separator: ",") + ")",
        ] { #expect(throws: QueryError.self) { try parse(sql) } }
    }

    @Test func readsHintsBeforeTheStatementOnly() throws {
        let statement = try parse(
            "/*+ run-async=true, MQ-Topic = 'a,b' ,\n mq-endpoint=http://MQ_INST_1.x:8080 */ -- c\n "
                + "/*+engine=spark*/ select 1 /*+ run_async=false */"
        )
        #expect(
            statement.hints.values == [
                "run_async": "true", "mq_topic": "a,b", "mq_endpoint": "http://MQ_INST_1.x:8080", "engine": "spark",
            ])
        #expect(try StatementHints(statement.hints).isAsync && statement.misplacedHints == ["run_async"])
        #expect(try parse("/*+ MAX_EXECUTION_TIME(1000) */ select 1").hints.values.isEmpty)
        #expect(throws: QueryError.self) { try parse("/*+ run_async */ select 1") }
        #expect(throws: QueryError.self) { try parse("/*+ mq-topic='dont, run_async=true */ select 1") }
        #expect(
            try parse("/*+ mq-topic=don't, run_async=true */ select 1").hints.values == [
                "mq_topic": "don't", "run_async": "true",
            ])
        #expect(try parse("/*+ don't care */ select 1").hints.values.isEmpty)
        #expect(try parse("select /*+ SET_VAR(sort_buffer_size = 16M) */ 1").hints.values.isEmpty)
        for (hints, words) in [
            ("run_async=maybe", "true or false"), ("priority=10", "from 0 to 9"), ("label=", "1 to"),
            ("result-format=xml", "csv, json, parquet"), ("notify-on=never", "finish"), ("cluster=''", "is empty"),
            ("max-scan-bytes=-1", "whole number"),
        ] {
            let parsed = try parse("/*+ \(hints) */ select 1")
            #expect { try StatementHints(parsed.hints) } throws: { "\($0)".contains(words) }
        }
    }

    @Test func readsTheConditionsOfShowQueryTask() throws {
        let statement = try parse(
            "show full query_task for 'bo' where not (status = 'RUNNING' or row_count >= -5) and message like "
                + "'a\\%' and mq_queue is not null "
                + "and id in ('a', 'b') and creator_id not in ('x') order by id desc, status limit 5, 10")
        guard case .showQueryTask(let account, let selection, let full) = statement.statement else {
            Issue.record("it is \(statement.statement)")
            return
        }
        #expect(account == "bo" && full && selection.offset == 5 && selection.limit == 10)
        #expect(selection.order == [.init(column: "id", descending: true), .init(column: "status", descending: false)])
        let expected: RowPredicate = .all([
            .not(
                .any([
                    .compare(column: "status", .equal, .text("RUNNING")),
                    .compare(column: "row_count", .greaterOrEqual, .integer(-5)),
                ])),
            .like(column: "message", "a\\%"), .not(.isNull(column: "mq_queue")),
            .isIn(column: "id", [.text("a"), .text("b")]),
            .not(.isIn(column: "creator_id", [.text("x")])),
        ])
        #expect(selection.predicate == expected)
    }

    @Test func answersConstantsWithoutTheEngine() throws {
        guard
            case .query(let select?) = try parse("select 1, 'a' as `b c`, @@session.autocommit x, database() limit 1")
                .statement
        else {
            Issue.record("it needs the engine")
            return
        }
        let names = select.items.compactMap { if case .value(_, let name) = $0 { name } else { nil } }
        #expect(names == ["1", "b c", "x", "database()"] && select.limit == 1)
        for sql in [
            "select 1 from t, u", "select 1.5 + 1", "select 1 union select 2", "select count(*)", "select 1 group by 1",
            "select (select 1)",
        ] {
            #expect(try parse(sql).statement == .query(nil))
        }
    }

    @Test func readsNestedTypes() throws {
        let ddl =
            "create external table t (a array<map<string,struct<x:int,`y z`:decimal(10,2)>>>, b varchar(10)) "
            + "stored as json location 'oss://b/'"
        guard case .createTable(let table) = try parse(ddl).statement else {
            Issue.record("it is no table")
            return
        }
        let structure = HiveType.structure([
            .init(name: "x", type: .int), .init(name: "y z", type: .decimal(precision: 10, scale: 2)),
        ])
        #expect(table.columns.map(\.type) == [.array(.map(key: .string, value: structure)), .varchar(10)])
    }
}
