"""Tables over files: Hive's DDL, delimited text by Hive's rules, JSON, Parquet, Avro, partitions and views."""

import datetime
import decimal
import random

import duckdb

from lake_support import TEXT, D, parted, schema, table  # noqa: F401
from test_tables import refused

# Delimited text. Each case: columns, row format, the file, and the rows by Hive's documented rules
# (https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL#LanguageManualDDL-RowFormats&SerDe).
WARN = object()


# JSON


def test_json(daemon):
    content = (
        '{"A":1,"b":{"X":1,"y":[1,2]},"M":{"K":1}}\n{"a":"bad","b":{"x":2}}\n\n{"a":3,"extra":{"a":5}}\n{"a":null}\n'
    )
    name = table(
        daemon, "a int, b struct<x:int,y:array<int>>, m map<string,int>", "stored as json location '{place}'", content
    )
    assert daemon.query(f"select * from {name}") == (
        (1, '{"x":1,"y":[1,2]}', '{"K":1}'),
        (None, '{"x":2,"y":null}', None),
        (3, None, None),
        (None, None, None),
    )
    flat = table(
        daemon,
        "id int, Name string, d decimal(10,2), t timestamp",
        "stored as json location '{place}'",
        '{"ID":1,"name":"x","D":1.5,"t":"2024-01-01 00:00:00"}\n{"id":2,"NAME":"Id","d":null}\n',
    )
    assert daemon.query(f"select * from {flat}") == (
        (1, "x", D("1.50"), datetime.datetime(2024, 1, 1)),
        (2, "Id", None, None),
    )
    for mode, rows in (("null", ((1,), (None,), (2,))), ("drop", ((1,), (2,)))):
        rest = f"stored as json location '{{place}}' tblproperties ('loon.malformed'='{mode}')"
        assert daemon.query("select * from " + table(daemon, "a int", rest, '{"a":1}\nno json\n{"a":2}\n')) == rows
    rest = "stored as json location '{place}' tblproperties ('loon.malformed'='drop')"
    dropping = table(daemon, "a int, b int", rest, '{"a":1,"B":2}\n{"a":2,"b":"x"}\n{"a":3}\n')
    assert daemon.query(f"select * from {dropping}") == ((1, 2), (3, None)) and daemon.query(
        f"select count(a) from {dropping}"
    ) == ((2,),)
    number, text = refused(
        daemon, "select * from " + table(daemon, "a int", "stored as json location '{place}'", '{"a":1}\n{"a":\n')
    )
    assert number in (1105, 1366) and "JSON" in text


# Parquet and Avro


def test_parquet_by_name_with_what_is_missing(daemon, tmp_path):
    duckdb.sql(
        f"copy (select 1::int as A, 'old' as s) to '{tmp_path}/1.parquet'; copy (select 2::bigint as a, 2.5::float as d, 'new' as S) to '{tmp_path}/2.parquet'"
    )
    name = table(
        daemon,
        "a bigint, d double, s string, e array<int>",
        "stored as parquet location '{place}'",
        {f"{n}.parquet": (tmp_path / f"{n}.parquet").read_bytes() for n in (1, 2)},
    )
    assert daemon.query(f"select * from {name} order by a") == ((1, None, "old", None), (2, 2.5, "new", None))
    assert daemon.query(f"select count(*) from {name} where d is null and a = 1") == ((1,),)


def test_avro(daemon):
    import io

    import fastavro

    files = {}
    for number, fields, rows in (
        (1, [("a", "int"), ("B", ["null", "string"])], [{"a": 1, "B": "x"}, {"a": 2, "B": None}]),
        (2, [("a", "long"), ("c", "double")], [{"a": 2**40, "c": 1.5}]),
    ):
        out = io.BytesIO()
        fastavro.writer(
            out, {"type": "record", "name": "r", "fields": [{"name": n, "type": t} for n, t in fields]}, rows
        )
        files[f"{number}.avro"] = out.getvalue()
    name = table(daemon, "a bigint, b string, c double", "stored as avro location '{place}'", files)
    assert set(daemon.query(f"select * from {name}")) == {(1, "x", None), (2, None, None), (2**40, None, 1.5)}


def test_orc_is_kept_and_says_who_reads_it(daemon):
    name = table(daemon, "a int", "stored as orc location '{place}'", "ORC")
    assert "STORED AS ORC" in daemon.query(f"show create table {name}")[0][1]
    number, text = refused(daemon, f"select * from {name}")
    assert number == 1235 and "ORC" in text


def test_links_are_not_followed(daemon):
    daemon.put("oss://lake/secret/a.csv", "7\n")
    (daemon.data / "oss/lake/l").mkdir(exist_ok=True)
    (daemon.data / "oss/lake/l/link").symlink_to("../secret")
    daemon.query(f"create external table l.linked (a int) {TEXT} location 'oss://lake/l/link/'")
    assert "link" in refused(daemon, "select * from l.linked")[1]


def test_altering_partitions(daemon):
    daemon.query(
        f"create external table l.alter_p (v string) partitioned by (d date, k bigint) {TEXT} location 'oss://lake/l/alter_p/'"
    )
    daemon.put("oss://lake/l/alter_p/d=2024-01-01/k=1/a", "in place\n")
    daemon.put("oss://lake/l/elsewhere/a", "elsewhere\n")
    daemon.query(
        "alter table l.alter_p add partition (d='2024-01-01', k=1) partition (k=2, d='2024-01-02') location 'oss://lake/l/elsewhere'"
    )
    assert daemon.query("show partitions l.alter_p") == (("d=2024-01-01/k=1",), ("d=2024-01-02/k=2",))
    assert daemon.query("select v, k, cast(d as varchar) from l.alter_p order by k") == (
        ("in place", 1, "2024-01-01"),
        ("elsewhere", 2, "2024-01-02"),
    )
    assert daemon.query("select v from l.alter_p where d = date '2024-01-02'") == (("elsewhere",),)
    assert refused(daemon, "alter table l.alter_p add partition (d='2024-01-01', k=1)")[0] == 1517
    daemon.put("oss://lake/l/elsewhere2/a", "moved\n")
    daemon.query(
        "alter table l.alter_p add if not exists partition (d='2024-01-01', k=1) location 'oss://lake/l/elsewhere2/'"
    )
    assert daemon.query("select v from l.alter_p order by k") == (("moved",), ("elsewhere",))
    for sql, number in [
        ("add partition (d='no date', k=1)", 1366),
        ("add partition (d='2024-01-01')", 1735),
        ("add partition (d='2024-01-01', z=1)", 1735),
        ("add partition (d='2024-01-01', k=9) location 'oss://lake/oss_schema/'", 1210),
        ("add partition (d='2024-01-01', k=9) location 'oss://lake/l/elsewhere/'", 1210),
        ("drop partition (z=1)", 1054),
    ]:
        assert refused(daemon, "alter table l.alter_p " + sql)[0] == number, sql
    daemon.query("alter table l.alter_p drop partition (d='2024-01-02'), partition (d='2030-01-01', k=1)")
    assert daemon.query("show partitions l.alter_p") == (("d=2024-01-01/k=1",),)
    daemon.query("msck repair table l.alter_p sync_dir")
    (daemon.data / "oss/lake/l/alter_p/d=2024-01-05/k=7").mkdir(parents=True)
    (daemon.data / "oss/lake/l/alter_p/d=nonsense/k=7").mkdir(parents=True)
    daemon.query("msck repair database l")
    assert ("d=2024-01-05/k=7",) in daemon.query("show partitions l.alter_p")
    (daemon.data / "oss/lake/l/alter_p/d=2024-01-05/k=7").rmdir()
    daemon.query("msck repair table l.alter_p sync partitions")
    assert ("d=2024-01-05/k=7",) not in daemon.query("show partitions l.alter_p")
    assert refused(daemon, "show partitions oss_schema.oss_json")[0] == 1347


# ALTER TABLE, views and other DDL


def test_alter_table(daemon):
    name = table(daemon, "a int, b string", TEXT + " location '{place}'", "1,x,2.5\n")
    daemon.query(f"alter table {name} add columns (c double comment 'new')")
    assert daemon.query(f"select * from {name}") == ((1, "x", 2.5),)
    daemon.query(f"alter table {name} change column b name string comment 'renamed'")
    assert daemon.query(f"select name from {name}") == (("x",),)
    assert "COMMENT 'renamed'" in daemon.query(f"show create table {name}")[0][1]
    daemon.query(f"alter table {name} set tblproperties ('skip.header.line.count'='1')")
    assert daemon.query(f"select * from {name}") == ()
    daemon.query(f"alter table {name} unset tblproperties ('skip.header.line.count')")
    daemon.query(f"alter table {name} rename to l.renamed")
    assert daemon.query("select count(*) from l.renamed") == ((1,),)
    assert refused(daemon, f"select * from {name}")[0] == 1146
    for sql, number in [
        ("add columns (A int)", 1060),
        ("change nothing x int", 1054),
        ("rename to oss_schema.oss_json", 1210),
        ("rename to nowhere.x", 1049),
        ("set location 'oss://lake/other/'", 1210),
        ("add column", 1064),
        ("frobnicate", 1235),
    ]:
        assert refused(daemon, "alter table l.renamed " + sql)[0] == number, sql


def test_decimals_of_json_keep_their_digits(daemon):
    """The engine reads numbers that are no 64-bit integers as doubles."""
    generator = random.Random(8)
    numbers = [
        "12345678901234567890.12",
        "-0.123456789012345678",
        "99999999999999999999999999999999999999",
        "9007199254740993",
        "1e20",
        "-5",
        "0.1",
        "123456789012345678.5e2",
        "0",
    ] + [
        f"{generator.choice('-1234')}{generator.randrange(10**18)}.{generator.randrange(10**9):09}".replace("-0", "-1")
        for _ in range(200)
    ]
    # What looks like a number is a text, a key or a part of one.
    lines = [
        f'{{"n": {number}, "s": "x\\\\\\" 12345678901234567890.5", "12345678901234567890": 1, "l": [{{"v":{number}}},{{ "v" : {number} }}]}}'
        for number in numbers
    ]
    name = table(
        daemon,
        "n decimal(38,18), s string, l array<struct<v:decimal(38,18)>>",
        "stored as json location '{place}'",
        "\n".join(lines) + "\n",
    )
    with decimal.localcontext() as context:
        context.prec = 60
        for number, (n, s, v, w) in zip(
            numbers, daemon.query(f"select n, s, cast(l[1].v as varchar), l[2].v from {name}")
        ):
            expected = decimal.Decimal(number)
            if abs(expected) >= 10**20:
                assert n is None and w is None, number
            else:
                assert (
                    n == expected
                    and decimal.Decimal(v) == expected
                    and w == expected
                    and s == 'x\\" 12345678901234567890.5'
                ), number
    broken = table(daemon, "n decimal(38,2)", "stored as json location '{place}'", '{"n": 0123456789012345678901}\n')
    assert refused(daemon, f"select * from {broken}")[0] in (1366, 3140, 1105)


def test_letters_that_look_alike_are_two_everywhere(parted):
    """Swift holds the two ways to write a letter to be one text, and the engine two."""
    composed, decomposed = "\u00e1", "a\u0301"
    for number, letter in enumerate((composed, decomposed)):
        parted.put(f"oss://lake/l/twins/m={letter}/f.csv", f"{number}\n")
    parted.query(
        f"create external table l.twins (a int) partitioned by (m string) {TEXT} location 'oss://lake/l/twins/'"
    )
    parted.query("msck repair table l.twins")
    for _ in range(2):
        for number, letter in enumerate((composed, decomposed)):
            assert parted.query(f"select a from l.twins where m = '{letter}'") == ((number,),)
    assert sorted(
        parted.query(
            f"select a from l.twins where m = '{composed}' union all select a from l.twins where m = '{decomposed}'"
        )
    ) == [(0,), (1,)]
    for letter, digits in ((composed, "C3A1"), (decomposed, "61CC81")):
        parted.query(f"create or replace view l.twin as select hex('{letter}') as h")
        assert parted.query("select h from l.twin") == ((digits,),)
        parted.put(f"oss://lake/l/folder{letter}/f.csv", f"{digits}\n")
        parted.query("drop table if exists l.of_folder")
        parted.query(f"create external table l.of_folder (a string) {TEXT} location 'oss://lake/l/folder{letter}/'")
        assert parted.query("select a from l.of_folder") == ((digits,),)
    for one, other in (("\u00e4", "\u00c4"), (composed, decomposed)):
        assert parted.query(
            f"select count(*) from l.parted `{one}`, l.parted `{other}` where `{other}`.y = 2018 and `{one}`.y = 2019"
        ) == ((4,),)
        assert parted.query(
            f"select count(*) from (select * from l.parted) `{one}`, (select * from l.parted) `{other}` where `{other}`.y = 2018 and `{one}`.y = 2019"
        ) == ((4,),)
