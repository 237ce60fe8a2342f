"""Views, and how tables, schemas and views are described."""

import contextlib

import duckdb
import pytest

import loon
from lake_support import TEXT, parted, schema, table  # noqa: F401
from test_tables import refused


def test_views(daemon):
    base = table(daemon, "a int, b string", TEXT + " location '{place}'", "1,x\n2,y\n").split(".")[1]
    with contextlib.closing(daemon.connect(database="l")) as connection:
        loon.query(
            connection, f"create view v1 as select a, concat(b, '!') as c from {base} where b <> 'no {base}' -- the end"
        )
        loon.query(
            connection,
            "create view v2 (p comment 'first', q) comment 'of a view' as with v1 as (select * from v1) select v1.a, c from v1 join l.v1 w using (c)",
        )
    # From another schema, and from none.
    for database in (None, "oss_schema"):
        with contextlib.closing(daemon.connect(database=database)) as connection:
            assert loon.query(connection, "select * from l.v2 order by p") == ((1, "x!"), (2, "y!"))
    assert [row[:2] for row in daemon.query("describe l.v2")] == [("p", "int"), ("q", "string")]
    assert ("v1", "VIEW") in daemon.query("show full tables from l")
    with contextlib.closing(daemon.connect(database="l")) as connection:
        shown = loon.query(connection, "show create view v2")[0][1]
        loon.query(connection, "drop view v2")
        loon.query(connection, shown)
        assert loon.query(connection, "show create view v2")[0][1] == shown
    assert refused(daemon, "create view l.v1 as select 1 as x")[0] == 1050
    daemon.query("create or replace view l.v1 as select 7 as a, 'z' as c")
    assert daemon.query("select * from l.v2") == ((7, "z"),)
    assert refused(daemon, "drop table l.v1")[0] == 1347 and refused(daemon, f"drop view l.{base}")[0] == 1347
    assert refused(daemon, "insert into l.v1 values (1, 'a')")[0] == 1288
    assert refused(daemon, "create view l.bad as select * from l.nothing")[0] == 1146
    assert refused(daemon, "create view l.bad (a) as select 1 as a, 2 as b")[0] == 1136
    # One that reads itself.
    daemon.query("create or replace view l.v1 as select p as a, q as c from l.v2")
    assert refused(daemon, "select * from l.v1")[0] == 1235
    daemon.query("drop view l.v1")
    number, text = refused(daemon, "select * from l.v2")
    assert number == 1146 and "l.v2" in text


def test_views_keep_their_columns(daemon):
    base = table(daemon, "a int, b string", TEXT + " location '{place}'", "1,x,9\n")
    daemon.query(f"create view l.stable as select * from {base}")
    daemon.query(f"alter table {base} add columns (c int)")
    assert daemon.query("select * from l.stable") == ((1, "x"),)
    daemon.query(f"alter table {base} replace columns (b string, a string)")
    assert daemon.query("select a, b from l.stable") == (("x", "1"),)
    daemon.query(f"alter table {base} replace columns (z string)")
    assert refused(daemon, "select * from l.stable")[0] == 1054


def test_like_and_like_mapping(daemon, tmp_path):
    daemon.query(
        f"create external table l.like_a (a int comment 'c') partitioned by (p string) {TEXT} location 'oss://lake/l/like_a/'"
    )
    daemon.query("create table l.like_b like l.like_a")
    assert daemon.query("describe l.like_b") == daemon.query("describe l.like_a")
    assert "oss://lake/l/like_b/" in daemon.query("show create table l.like_b")[0][1]
    duckdb.sql(
        f"copy (select 1::int as i, [1,2] as l, {{'x': 1.5::double}} as s, date '2024-01-01' as d) to '{tmp_path}/a.parquet'"
    )
    daemon.put("oss://lake/l/mapped/a.parquet", (tmp_path / "a.parquet").read_bytes())
    daemon.query("create external table l.mapped like mapping('oss://lake/l/mapped/')")
    assert [row[:2] for row in daemon.query("describe l.mapped")] == [
        ("i", "int"),
        ("l", "array<int>"),
        ("s", "struct<x:double>"),
        ("d", "date"),
    ]
    assert daemon.query("select i, l, s from l.mapped") == ((1, "[1,2]", '{"x":1.5}'),)
    daemon.put("oss://lake/l/mapped_csv/a.csv", "id,name\n1,x\n2,y\n")
    daemon.query("create external table l.mapped_csv like mapping('oss://lake/l/mapped_csv/a.csv')")
    assert daemon.query("select id, name from l.mapped_csv") == ((1, "x"), (2, "y"))
    for number, mark in enumerate("|;\t"):
        daemon.put(f"oss://lake/l/mapped_text{number}/a.txt", f"id{mark}name\n1{mark}x\n2{mark}\n")
        daemon.query(f"create external table l.mapped_text{number} like mapping('oss://lake/l/mapped_text{number}/')")
        assert daemon.query(f"select id, name from l.mapped_text{number}") == ((1, "x"), (2, ""))
    daemon.put("oss://lake/l/mapped_json/a.json", '{"id":1,"tags":["a"]}\n')
    daemon.query("create external table l.mapped_json like mapping('oss://lake/l/mapped_json/')")
    assert daemon.query("select * from l.mapped_json") == ((1, '["a"]'),)
    assert refused(daemon, "create external table l.m like mapping('oss://lake/l/nowhere/')")[0] == 1017
    assert refused(daemon, "create external table l.m like mapping('oss://lake/oss_schema/')")[0] == 1210


@pytest.mark.parametrize(
    "ddl",
    [
        f"create external table l.again (a int) partitioned by (y int comment 'year', m string) {TEXT} collection items terminated by ';' map keys terminated by '=' location 'oss://lake/l/x/'",
        "create external table l.again (a string) row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with serdeproperties ('input.regex'='(\\\\d+)''x') location 'oss://lake/l/x/'",
        "create external table l.again (a string) row format serde 'org.apache.hadoop.hive.serde2.MultiDelimitSerDe' with serdeproperties ('field.delim'='||') location 'oss://lake/l/x/'",
        "create external table l.again (a string) row format serde 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' with serdeproperties ('serialization.encoding'='gbk') location 'oss://lake/l/x/'",
        "create external table l.again (a int) stored as avro location 'oss://lake/l/x/'",
        "create table l.again (a int not null, primary key (a))",
        "create external table l.again (a int) comment 'c' location 'oss://lake/l/x/' stored as orc tblproperties ('x'='y')",
    ],
)
def test_show_create_runs_again(daemon, ddl):
    daemon.query(ddl)
    shown = daemon.query("show create table l.again")[0][1]
    daemon.query("drop table l.again")
    daemon.query(shown)
    assert daemon.query("show create table l.again")[0][1] == shown
    daemon.query("drop table l.again")


def test_schemas(daemon, parted):
    daemon.query("create schema l2 with dbproperties (location='oss://lake/l2/')")
    daemon.query("create table l2.t (a int)")
    assert refused(daemon, "drop schema l2")[0] == 1010 and refused(daemon, "drop schema l2 restrict")[0] == 1010
    daemon.query("drop schema l2 cascade")
    daemon.query("create schema l2 with dbproperties (location='oss://lake/l2/')")
    assert daemon.query("show tables from l2") == ()
    assert ("oss", "l2", "root") in daemon.query("show schemas extra")
    assert ("# Partition Information", "", "") in daemon.query("describe formatted l.parted")
    assert "Total Time" in daemon.query("explain analyze select count(*) from l.parted")[0][0]


@pytest.mark.parametrize(
    "sql, number, near",
    [
        ("create external table l.x (a int,, b int) location 'oss://lake/l/x/'", 1064, "near ',"),
        ("create external table l.x (a uniontype<int>) location 'oss://lake/l/x/'", 1235, "UNIONTYPE"),
        (
            "create external table l.x (a int) clustered by (a) into 4 buckets location 'oss://lake/l/x/'",
            1235,
            "CLUSTERED BY",
        ),
        (
            "create external table l.x (a int) location 'oss://lake/l/x/' tblproperties ('compression.type'='bogus')",
            1235,
            "bogus",
        ),
        ("create external table l.x (a int) stored by 'x' location 'oss://lake/l/x/'", 1235, "STORED BY"),
        (
            "create external table l.x (a int) partitioned by (p array<int>) location 'oss://lake/l/x/'",
            1064,
            "simple type",
        ),
        ("create external table l.x (a int) partitioned by (A int) location 'oss://lake/l/x/'", 1064, "twice"),
        (
            "create external table l.x (a int) row format serde 'com.example.GrokSerDe' location 'oss://lake/l/x/'",
            1235,
            "GrokSerDe",
        ),
        (
            "create external table l.x (a string) row format serde 'x.LazySimpleSerDe' with serdeproperties ('serialization.encoding'='klingon') location 'oss://lake/l/x/'",
            1235,
            "klingon",
        ),
        ("alter table l.parted partition (y=1) compact 'major'", 1235, "PARTITION"),
        ("insert overwrite directory 'x' select 1", 1235, "DIRECTORY"),
        ("insert into l.parted", 1064, "a query is expected"),
        ("msck repair l.parted", 1064, "near 'l.parted'"),
        ("create or replace table l.x (a int)", 1235, "OR REPLACE TABLE"),
    ],
)
def test_what_is_off_says_where(daemon, parted, sql, number, near):
    found, text = refused(daemon, sql)
    assert found == number and near in text, text
