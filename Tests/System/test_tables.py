"""Schemas, tables and synchronous queries over files."""

import pymysql
import pytest

import loon


def refused(daemon, sql, user="root"):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(sql, user)
    return raised.value.args


@pytest.fixture(scope="module")
def flights(daemon):
    for table in ["airlines", "flights", "weather", "planes", "airports"]:
        daemon.put(f"oss://lake/nycflights13/{table}/{table}.csv", (loon.FLIGHTS / f"{table}.csv").read_bytes())
    daemon.query("create schema nycflights13 with dbproperties (catalog='oss', location='oss://lake/nycflights13/')")
    for statement in (
        (loon.ROOT / "scripts/demo/tables.sql").read_text().replace("oss://demo-lake", "oss://lake").split(";")
    ):
        if "nycflights13." in statement:
            daemon.query(statement)
    return daemon


def test_the_documents_table(daemon):
    rows = daemon.query("select * from oss_schema.oss_json order by id", "user")
    assert rows == (
        (1, "Hangzhou", 21.0, 1),
        (2, "Shanghai", 23.5, 0),
        (3, "Beijing", 14.0, 0),
        (4, "Shenzhen", 27.0, 1),
    )


def test_show_and_describe(daemon):
    assert ("oss_schema",) in daemon.query("show databases")
    assert daemon.query("show schemas like 'oss%'") == (("oss_schema",),)
    assert daemon.query("show tables from oss_schema") == (("oss_json",),)
    assert daemon.query("show full tables from oss_schema like 'o__\\_json'") == (("oss_json", "BASE TABLE"),)
    assert [row[:2] for row in daemon.query("describe oss_schema.oss_json")] == [
        ("id", "int"),
        ("name", "string"),
        ("temperature", "double"),
        ("rainy", "boolean"),
    ]
    assert refused(daemon, "describe oss_schema.nothing")[0] == 1146
    assert refused(daemon, "show tables")[0] == 1046


@pytest.mark.parametrize(
    "ddl",
    [
        "create external table t_ddl (`a b` int comment 'it''s', s struct<x:int,y:array<map<string,decimal(10,2)>>>) comment 'c' "
        "stored as json location 'oss://lake/oss_schema/d/'",
        "create external table t_ddl (a int) row format delimited fields terminated by '\\t' escaped by '\\\\' null defined as 'NA' "
        "stored as textfile location 'oss://lake/oss_schema/d/' tblproperties ('skip.header.line.count'='2')",
        "create external table t_ddl (a string, b string) row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        "with serdeproperties ('separatorChar'=';', 'quoteChar'='''') stored as textfile location 'oss://lake/oss_schema/d/'",
        "create external table t_ddl (a bigint,) stored as parquet location 'oss://lake/oss_schema/d/x.parquet'",
    ],
)
def test_show_create_table_runs_again_as_it_stands(daemon, ddl):
    with daemon.connect(database="oss_schema") as connection:
        loon.query(connection, ddl)
        shown = loon.query(connection, "show create table t_ddl")[0][1]
        described = loon.query(connection, "describe t_ddl")
        loon.query(connection, "drop table t_ddl")
        loon.query(connection, shown)
        assert loon.query(connection, "show create table t_ddl")[0][1] == shown
        assert loon.query(connection, "describe t_ddl") == described
        loon.query(connection, "drop table t_ddl")


def test_text_is_read_as_hive_reads_it(daemon):
    daemon.put("oss://lake/oss_schema/text/a.csv", "h\n1,x,2.5,2024-01-01\nno,,NA,never\n3\n4,y,1,2024-02-03,surplus\n")
    daemon.put("oss://lake/oss_schema/text/_hidden.csv", "h\n9,9,9,9\n")
    daemon.put("oss://lake/oss_schema/text/.hidden", "h\n9,9,9,9\n")
    daemon.query(
        "create external table oss_schema.text_table (i int, s string, d double, day date) row format delimited fields terminated by ',' "
        "null defined as 'NA' location 'oss://lake/oss_schema/text/' tblproperties ('skip.header.line.count'='1')"
    )
    rows = daemon.query("select i, s, d, cast(day as varchar) from oss_schema.text_table")
    assert rows == (
        (1, "x", 2.5, "2024-01-01"),
        (None, "", None, None),
        (3, None, None, None),
        (4, "y", 1.0, "2024-02-03"),
    )


def test_quoted_csv(daemon):
    daemon.put("oss://lake/oss_schema/quoted.csv", 'a;"b ""c"";\n";d\n')
    daemon.query(
        "create external table oss_schema.quoted (a string, b string, c string) row format serde "
        "'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties ('separatorChar'=';', 'escapeChar'='\"') "
        "location 'oss://lake/oss_schema/quoted.csv'"
    )
    assert daemon.query("select * from oss_schema.quoted") == (("a", 'b "c";\n', "d"),)


def test_parquet(daemon, tmp_path):
    import duckdb

    duckdb.sql(
        f"copy (select range::int as n, 'v' || range as s from range(1000)) to '{tmp_path}/a.parquet' (format parquet)"
    )
    daemon.put("oss://lake/oss_schema/p/a.parquet", (tmp_path / "a.parquet").read_bytes())
    daemon.query(
        "create external table oss_schema.p (n int, s string) stored as parquet location 'oss://lake/oss_schema/p/'"
    )
    assert daemon.query("select count(*), sum(n), max(s) from oss_schema.p") == ((1000, 499500, "v999"),)


def test_joins_ctes_and_subqueries(flights):
    rows = flights.query(
        "with late as (select carrier, count(*) as n from nycflights13.flights where dep_delay > 60 group by carrier) "
        "select a.name, l.n from late l join nycflights13.airlines a on a.carrier = l.carrier "
        "where l.n > (select avg(n) from late) and exists (select 1 from nycflights13.planes) order by l.n desc limit 2"
    )
    assert rows == (("ExpressJet Airlines Inc.", 6861), ("JetBlue Airways", 4571))
    assert flights.query("select count(*) from nycflights13.flights") == ((336_776,),)
    assert flights.query("select count(*) from nycflights13.flights where dep_time is null") == ((8_255,),)


def test_an_empty_folder_is_an_empty_table_and_a_missing_file_an_error(daemon):
    daemon.query(
        "create external table oss_schema.nothing_there (a int) stored as json location 'oss://lake/oss_schema/empty/'"
    )
    assert daemon.query("select count(*), max(a) from oss_schema.nothing_there") == ((0, None),)
    daemon.query(
        "create external table oss_schema.missing (a int) stored as json location 'oss://lake/oss_schema/missing.json'"
    )
    number, text = refused(daemon, "select * from oss_schema.missing")
    assert number == 1017 and "oss://lake/oss_schema/missing.json" in text


def test_a_broken_json_line_is_an_error_that_says_where(daemon):
    daemon.put("oss://lake/oss_schema/broken/a.json", '{"a": 1}\n{"a": \n')
    daemon.query(
        "create external table oss_schema.broken (a int) stored as json location 'oss://lake/oss_schema/broken/'"
    )
    number, text = refused(daemon, "select * from oss_schema.broken")
    assert number in (1105, 1366) and "JSON" in text and str(daemon.data) not in text
    task = daemon.await_task(daemon.submit("select * from oss_schema.broken"))
    assert task["status"] == "FAILURE" and "JSON" in task["message"] and str(daemon.data) not in task["message"]


@pytest.mark.parametrize(
    "sql, number",
    [
        ("create external table oss_schema.x (a int) stored as json location 'oss://lake/elsewhere/'", 1210),
        ("create external table oss_schema.x (a int) stored as json location 'oss://lake/oss_schema2/'", 1210),
        ("create external table oss_schema.x (a int) stored as json location 'oss://lake/oss_schema/../secret/'", 1210),
        ("create external table oss_schema.x (a int) stored as json location '/etc/'", 1210),
        ("create external table oss_schema.x (a int) stored as json location 'oss://nobucket/x/'", 1210),
        ("create external table oss_schema.oss_json (a int) stored as json location 'oss://lake/oss_schema/x/'", 1050),
        ("create external table oss_schema.x (a int, A int) stored as json location 'oss://lake/oss_schema/x/'", 1064),
        ("create external table oss_schema.x (a nonsense) stored as json location 'oss://lake/oss_schema/x/'", 1064),
        ("create external table oss_schema.x (a int) stored as sequencefile location 'oss://lake/oss_schema/x/'", 1235),
        ("create external table nowhere.x (a int) stored as json location 'oss://lake/oss_schema/x/'", 1049),
        ("create schema oss_schema with dbproperties (catalog='oss', location='oss://lake/other/')", 1007),
        ("create schema s2 with dbproperties (catalog='oss', location='oss://lake/oss_schema/inner/')", 1210),
        ("create schema s2 with dbproperties (catalog='oss', location='oss://lake/')", 1210),
        ("create schema s2 with dbproperties (catalog='oss', location='oss://lake/noslash')", 1210),
        ("create schema s2 with dbproperties (catalog='oss')", 1210),
        ("create schema s2 with dbproperties (catalog='mysql', location='oss://lake/x/')", 1235),
        (
            "create schema s2 with dbproperties (location='oss://aliyun-oa-query-results-1000000000000000-oss-cn-hangzhou/x/')",
            1210,
        ),
        ("create schema temp with dbproperties (location='oss://lake/temp/')", 1227),
        ("drop schema oss_schema", 1010),
        ("drop schema nowhere", 1008),
        ("drop table oss_schema.nowhere", 1051),
        ("create table oss_schema.x", 1064),
        ("create external table oss_schema.x (a int)", 1064),
    ],
)
def test_definitions_that_are_refused(daemon, sql, number):
    assert refused(daemon, sql)[0] == number


def test_only_an_administrator_makes_schemas(daemon):
    assert refused(daemon, "create schema s3 with dbproperties (location='oss://lake/s3/')", "user")[0] == 1227
    assert refused(daemon, "drop schema oss_schema", "user")[0] == 1227


@pytest.mark.parametrize(
    "sql",
    [
        "select * from '/etc/passwd'",
        'select * from "/etc/passwd"',
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from query('select 1')",
        "select * from duckdb_settings()",
        "select getenv('HOME')",
        "attach '/tmp/x.db'",
        "copy (select 1) to '/tmp/loon-out.csv'",
        "install httpfs",
        "pragma version",
        "select * from pg_catalog.pg_class",
        "select json_serialize_plan('select 1')",
        "select * from information_schema.nothing",
        "select * from pg_catalog.pg_tables",
        "select * from sqlite_master",
        "with x as (select * from read_json('/etc/passwd')) select * from x",
        "select (select count(*) from read_blob('/etc/passwd'))",
        "select pg_get_viewdef(n) from range(20000, 26000) t(n)",
        "select format_type(23, 0)",
        "select current_setting('temp_directory')",
        # A name of WITH counts where it is in scope, and in no other place.
        "select * from `/etc/passwd` where exists (with `/etc/passwd` as (select 1) select 1)",
        "select * from (with duckdb_views as (select 1) select 1) a, duckdb_views v",
        "with duckdb_views as (select * from duckdb_views) select * from duckdb_views",
        "with a as (select * from b), b as (select 1) select * from a",
        "select * from (with \u212a as (select 1) select 1) x, k",
        "with \u212aey as (select 1) select * from key",
        "with recursive pg_class as (select * from pg_class union all select 1) select * from pg_class",
        "export database '/tmp/x'",
        "select * from memory.main.x",
    ],
)
def test_nothing_but_the_catalogs_tables_can_be_read(daemon, sql):
    number, text = refused(daemon, sql, "user")
    assert number in (1046, 1049, 1064, 1109, 1146, 1227, 1235), (number, text)


def test_names_of_with_where_they_are_in_scope(daemon):
    for sql in [
        "with oss_json as (select 7 as id) select id from oss_json",
        "with a as (select 7 as id), b as (select * from a) select id from b",
        "with a as (select 7 as id) select (select max(id) from a)",
        "with A as (select 7 as id) select id from a where exists (select 1 from A)",
        "with recursive t as (select 1 as n union all select n + 1 from t where n < 7) select max(n) from t",
        "select * from (with a as (select 7) select * from a) x",
        "(with a as (select 7) select * from a) union (with b as (select 7) select * from b)",
    ]:
        with daemon.connect(database="oss_schema") as connection:
            assert loon.query(connection, sql) == ((7,),), sql


@pytest.mark.parametrize(
    "ddl",
    [
        "create external table oss_schema.evil (a string) row format delimited fields terminated by '|' "
        "null defined as 'x\u0600'', columns = {{c0: $$VARCHAR$$}}); copy (select 1) to $${root}/lake/pwned.csv$$; --' location 'oss://lake/oss_schema/evil/'",
        "create external table oss_schema.evil (`a\u0600\"\", n from read_csv($$/etc/passwd$$) t(c0, n); --` string) location 'oss://lake/oss_schema/evil/'",
        "create external table oss_schema.`evil\u0600\"; drop` (a string) location 'oss://lake/oss_schema/evil/'",
    ],
)
def test_marks_around_a_quote_do_not_hide_it(daemon, ddl):
    """U+0600 joins the next character to one grapheme, which is not equal to a quote."""
    daemon.put("oss://lake/oss_schema/evil/a.csv", "1,2\n")
    with daemon.connect(database="oss_schema") as connection:
        loon.query(connection, ddl.format(root=daemon.data / "oss"))
        name = [row[0] for row in loon.query(connection, "show tables") if row[0].startswith("evil")][0]
        assert loon.query(connection, f"select * from `{name}`") in ((("1",),), (("1,2",),))
        shown = loon.query(connection, f"show create table `{name}`")[0][1]
        loon.query(connection, f"drop table `{name}`")
        loon.query(connection, shown)
        loon.query(connection, f"drop table `{name}`")
    assert not (daemon.data / "oss/lake/pwned.csv").exists()


def test_escapes_of_delimited_text_and_the_json_serde(daemon):
    daemon.put("oss://lake/oss_schema/escaped/a.csv", "a\\,b,c\nd,e\\\\f\n")
    daemon.query(
        "create external table oss_schema.escaped (a string, b string) row format delimited fields terminated by ',' escaped by '\\\\' "
        "location 'oss://lake/oss_schema/escaped/'"
    )
    assert daemon.query("select * from oss_schema.escaped") == (("a,b", "c"), ("d", "e\\f"))
    daemon.query(
        "create external table oss_schema.serde_json (id int) row format serde 'org.apache.hive.hcatalog.data.JsonSerDe' "
        "location 'oss://lake/oss_schema/oss_json/'"
    )
    assert daemon.query("select sum(id) from oss_schema.serde_json") == ((10,),)


def test_a_folder_named_like_a_partition_is_a_folder(daemon):
    daemon.put("oss://lake/oss_schema/parts/dt=2020/a.json", '{"a": 1}\n')
    daemon.query(
        "create external table oss_schema.parts (a int, dt int) stored as json location 'oss://lake/oss_schema/parts/dt=2020/'"
    )
    assert daemon.query("select * from oss_schema.parts") == ((1, None),)


def test_a_file_that_cannot_be_named_is_an_error_and_not_left_out(daemon):
    daemon.put("oss://lake/oss_schema/odd/a.json", '{"a": 1}\n')
    (daemon.data / "oss/lake/oss_schema/odd/b\\c.json").write_text('{"a": 2}\n')
    daemon.query("create external table oss_schema.odd (a int) stored as json location 'oss://lake/oss_schema/odd/'")
    assert "backslash" in refused(daemon, "select * from oss_schema.odd")[1]


def test_deep_and_long_statements_are_refused_or_answered(daemon):
    for sql in [
        "select " + "(" * 5000 + "1" + ")" * 5000,
        "select " + "+".join(["1"] * 3000),
        " union all ".join(["select 1"] * 5000),
        "select " + "case when true then " * 150 + "1" + " end" * 150,
        "select " + "not " * 20000 + "true",
        "select " + "-" * 20000 + "1",
        "select " + "[" * 190 + "1" + "]" * 190,
    ]:
        try:
            daemon.query(sql, "user")
        except pymysql.err.MySQLError as error:
            assert error.args[0] in (1064, 1105, 1235), error
    assert daemon.program.is_running()


def test_the_catalog_is_there_again_after_a_restart(tmp_path):
    import conftest

    daemon = loon.Daemon(tmp_path / "data").start()
    conftest.prepare(daemon)
    before = daemon.query("show create table oss_schema.oss_json"), daemon.query("show create schema oss_schema")
    assert daemon.program.stop() == 0
    daemon.start()
    assert (
        daemon.query("show create table oss_schema.oss_json"),
        daemon.query("show create schema oss_schema"),
    ) == before
    assert len(daemon.query("select * from oss_schema.oss_json")) == 4
    daemon.query("drop table oss_schema.oss_json")
    daemon.query("drop schema oss_schema")
    daemon.program.kill()
