"""Properties, projections and folders of tables."""

import datetime

import pymysql
import pytest

from strangers import TEXT, refused, rows, table, warnings


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.put("oss://lake/f/x", "x")
    daemon.query("create schema f with dbproperties (location='oss://lake/f/')")


def test_a_property_that_changes_nothing_says_so(daemon):
    place = "location 'oss://lake/f/p/'"
    assert warnings(
        daemon,
        f"create external table f.p1 (a int) stored as json {place} tblproperties ('loon.malfromed'='drop', 'numRows'='1')",
    ) == ["The property 'loon.malfromed' is not known, and changes nothing; did you mean 'loon.malformed'?"]
    serde = "row format serde 'org.openx.data.jsonserde.JsonSerDe' with serdeproperties ('dots.in.keys'='true')"
    assert "dots.in.keys" in warnings(daemon, f"create external table f.p2 (a int) {serde} {place}")[0]
    assert (
        "skip.header.line.count"
        in warnings(daemon, "alter table f.p1 set tblproperties ('skip.heder.line.count'='1')")[0]
    )
    refused(
        daemon,
        f"create external table f.p3 (a int) stored as json {place} tblproperties ('loon.malformed'='dropp')",
        "null, fail or drop",
    )


def test_input_formats_as_hive_prints_them(daemon):
    lazy = (
        "row format serde 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' with serdeproperties ('field.delim'=',')"
    )
    formats = "stored as inputformat 'org.apache.hadoop.mapred.TextInputFormat' outputformat 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'"
    assert rows(daemon, table(daemon, "a int, b int", f"{lazy} {formats}", {"a.csv": "1,2\n"})) == [(1, 2)]
    refused(
        daemon,
        "create external table f.i (a int) stored as inputformat 'x.Y' outputformat 'z' location 'oss://lake/f/i/'",
        "x.Y",
    )


@pytest.mark.parametrize(
    "pattern, words",
    [
        ("(a)(?=b)", "look-ahead"),
        ("(a)(?<!b)", "look-behind"),
        ("(a)\\\\1", "reference"),
        ("(a)" * 10, "10 groups"),
        ("(a++)", "possessive"),
    ],
)
def test_a_pattern_that_the_engine_has_not_is_refused_at_once(daemon, pattern, words):
    clause = f"row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with serdeproperties ('input.regex' = '{pattern}')"
    refused(daemon, f"create external table f.re (a string) {clause} location 'oss://lake/f/re/'", words)


def test_patterns_that_the_engine_has(daemon):
    clause = "row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with serdeproperties ('input.regex' = '{}')"
    for pattern, line in [("(?:x|y)(a)[(](b)", "xa(b\n"), ("\\\\((a)\\\\)(b)", "(a)b\n")]:
        assert rows(daemon, table(daemon, "a string, b string", clause.format(pattern), {"a.txt": line})) == [
            ("a", "b")
        ], pattern


def test_bytes_in_results_are_text_that_others_read(daemon):
    sql = "select unhex('00ff61') as b, unhex('') as e, cast(null as blob) as n, 1 as i from range(1)"
    task = daemon.submit(sql)
    assert daemon.read(daemon.await_task(task)["result_file_oss_file"]) == 'b,e,n,i\n00 ff 61,"",,1\n'
    task = daemon.submit(sql, "result-format=json")
    assert daemon.read(daemon.await_task(task)["result_file_oss_file"]) == '{"b":"AP9h","e":"","n":null,"i":1}\n'


def test_two_spellings_of_a_value_are_one_partition(daemon):
    name = table(
        daemon,
        "a int",
        "partitioned by (h int, D int) " + TEXT,
        {"h=07/D=1/a.csv": "1\n", "h=7/d=2/a.csv": "2\n", "h=9/D=3/a.csv": "3\n"},
    )
    assert warnings(daemon, f"msck repair table {name}") == []
    assert rows(daemon, name) == [(1, 7, 1), (2, 7, 2), (3, 9, 3)]
    daemon.query(f"insert overwrite table {name} partition (h=7, d=1) select 5")
    assert rows(daemon, name) == [(2, 7, 2), (3, 9, 3), (5, 7, 1)]
    daemon.query(f"alter table {name} drop partition (h=7)")
    assert rows(daemon, name) == [(3, 9, 3)]


def test_msck_says_which_folders_it_passes_over(daemon):
    files = {"h=x/a.csv": "1\n", "other/a.csv": "1\n", "_hidden/a.csv": "1\n", "h=1/a.csv": "1\n", "h=01/a.csv": "2\n"}
    name = table(daemon, "a int", "partitioned by (h int) " + TEXT, files)
    daemon.put(f"oss://lake/f/{name[2:]}/h=__HIVE_DEFAULT_PARTITION__/a.csv", "3\n")
    found = warnings(daemon, f"msck repair table {name}")
    assert daemon.query(f"select count(*) from {name} where h is null") == ((1,),)
    assert len(found) == 3 and all("is passed over" in text for text in found), found
    assert any("'x' is no value of INT" in text for text in found) and any("same values" in text for text in found)
    name = table(daemon, "a int", "partitioned by (dt date) " + TEXT, {"dt=20240106/a.csv": "1\n"})
    assert "no value of DATE" in warnings(daemon, f"msck repair table {name}")[0]


PROJECTED = """partitioned by (region string, day string, h int) row format delimited location 'oss://lake/f/pp/' tblproperties (
    'projection.enabled'='true', 'projection.region.type'='enum', 'projection.region.values'='eu, us', 'projection.day.type'='date',
    'projection.day.range'='2024-01-30,2024-02-02', 'projection.day.format'='yyyy/MM/dd', 'projection.h.type'='integer',
    'projection.h.range'='0,23', 'projection.h.digits'='2', 'storage.location.template'='oss://lake/f/pp/${region}/${day}/${h}/')"""


def test_partitions_are_projected(daemon):
    for number, place in enumerate(
        ["eu/2024/01/30/00", "eu/2024/02/01/07", "us/2024/02/02/23", "us/2024/02/03/00", "xx/2024/02/01/00"]
    ):
        daemon.put(f"oss://lake/f/pp/{place}/a.csv", f"{number}\n")
    assert warnings(daemon, f"create external table f.pp (n int) {PROJECTED}") == []
    assert daemon.query("select * from f.pp order by n") == (
        (0, "eu", "2024/01/30", 0),
        (1, "eu", "2024/02/01", 7),
        (2, "us", "2024/02/02", 23),
    )
    assert daemon.query("select n from f.pp where region = 'eu' and h between 3 and 9") == ((1,),)
    assert daemon.query("select n from f.pp where day in ('2024/02/02', '2024/02/03')") == ((2,),)
    refused(daemon, "insert into f.pp partition (region='eu', day='2024/02/01', h=8) values (9)", "projection")


def test_projected_days_and_injected_values(daemon):
    today = datetime.datetime.now(datetime.UTC).date()
    for days in (0, 1, 5):
        daemon.put(f"oss://lake/f/pi/u=7/dt={today - datetime.timedelta(days=days)}/a.csv", f"{days}\n")
    daemon.query(
        "create external table f.pi (n int) partitioned by (u bigint, dt date) row format delimited location 'oss://lake/f/pi/' tblproperties ("
        "'projection.enabled'='true', 'projection.u.type'='injected', 'projection.dt.type'='date', 'projection.dt.range'='NOW-2DAYS,NOW',"
        "'projection.dt.format'='yyyy-MM-dd')"
    )
    assert daemon.query("select n from f.pi where u = 7 order by n") == ((0,), (1,))
    assert daemon.query(f"select n from f.pi where u = 7 and dt = '{today}'") == ((0,),)
    assert daemon.query("select n from f.pi where u = 8") == ()
    refused(daemon, "select n from f.pi", "injected", "'u'")


@pytest.mark.parametrize(
    "properties, words",
    [
        ("'projection.h.type'='integer'", "projection.h.range"),
        ("'projection.h.type'='integer', 'projection.h.range'='5,1'", "projection.h.range"),
        ("'projection.h.type'='what'", "enum, integer, date or injected"),
        ("'projection.h.type'='date', 'projection.h.range'='NOW,NOW'", "projection.h.format"),
        (
            "'projection.h.type'='enum', 'projection.h.values'='1', 'storage.location.template'='oss://lake/f/x/'",
            "${column}",
        ),
    ],
)
def test_a_projection_that_says_nothing_is_refused(daemon, properties, words):
    refused(
        daemon,
        "create external table f.pw (n int) partitioned by (h int) row format delimited location 'oss://lake/f/pw/' "
        f"tblproperties ('projection.enabled'='true', {properties})",
        words,
    )


def test_a_projection_stays_in_its_table(daemon):
    daemon.put("oss://lake/f/other/a.csv", "1\n")
    daemon.query(
        "create external table f.px (n int) partitioned by (h string) row format delimited location 'oss://lake/f/px/' tblproperties ("
        "'projection.enabled'='true', 'projection.h.type'='injected', 'storage.location.template'='oss://lake/f/px/${h}/')"
    )
    for value in ["../other", "/../other", "a/../../other"]:
        with pytest.raises(pymysql.Error):
            daemon.query(f"select * from f.px where h = '{value}'")
