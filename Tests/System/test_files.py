"""Files as strangers write them: read right, or refused by name."""

import bz2
import contextlib
import datetime
import decimal
import gzip
import lzma
import zlib

import duckdb
import pymysql
import pytest

import loon

D = decimal.Decimal
CSV = "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
JSON = "row format serde 'org.apache.hive.hcatalog.data.JsonSerDe'"
TEXT = "row format delimited fields terminated by ','"
COUNTER = iter(range(10_000))


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.put("oss://lake/f/x", "x")
    daemon.query("create schema f with dbproperties (location='oss://lake/f/')")


def table(daemon, columns, clause, files, rest=""):
    name = f"t{next(COUNTER)}"
    for file, content in files.items():
        daemon.put(f"oss://lake/f/{name}/{file}", content)
    daemon.query(f"create external table f.{name} ({columns}) {clause} location 'oss://lake/f/{name}/' {rest}")
    return f"f.{name}"


def rows(daemon, name):
    return sorted(daemon.query(f"select * from {name}"), key=repr)


def refused(daemon, sql, *words):
    with pytest.raises(pymysql.Error) as caught:
        daemon.query(sql)
    for word in words:
        assert word in caught.value.args[1], caught.value.args
    return caught.value.args[0]


def warnings(daemon, sql):
    with contextlib.closing(daemon.connect()) as connection:
        loon.query(connection, sql)
        return [row[2] for row in loon.query(connection, "show warnings")]


def parquet(tmp_path, select, *options):
    path = tmp_path / "made.parquet"
    duckdb.sql(f"copy ({select}) to '{path}' ({', '.join(('format parquet', *options))})")
    return path.read_bytes()


# MARK: Parquet


def test_bytes_are_equal_to_themselves_in_what_loon_wrote(daemon):
    daemon.query("create table f.bytes stored as parquet as select unhex(md5('0')) k, range as n from range(50)")
    assert daemon.query("select count(*) from f.bytes where k = unhex(md5('0'))") == ((50,),)
    assert daemon.query("select count(*) from f.bytes where k in (unhex(md5('0')), unhex('00'))") == ((50,),)
    assert daemon.query("select count(*) from f.bytes a join f.bytes b on a.k = b.k where b.n = 1") == ((50,),)
    task = daemon.submit("select count(*) as n from f.bytes where k = unhex(md5('0'))")
    assert daemon.read(daemon.await_task(task)["result_file_oss_file"]) == "n\n50\n"


def test_bytes_are_equal_to_themselves_beside_a_bloom_filter(daemon, tmp_path):
    name = table(
        daemon,
        "k binary",
        "stored as parquet",
        {"a.parquet": parquet(tmp_path, "select from_hex(md5('0')) k from range(50)")},
    )
    assert daemon.query(f"select count(*) from {name} where k = unhex(md5('0'))") == ((50,),)


def test_columns_whose_type_differs_from_file_to_file(daemon, tmp_path):
    files = {
        "1.parquet": parquet(
            tmp_path, "select timestamp '2024-01-05 12:00:00' as d, 2 as amt, 'Z\\xC3\\xBCrich'::blob as city"
        ),
        "2.parquet": parquet(tmp_path, "select date '2024-01-05' as D, 3.5 as Amt"),
        "3.parquet": parquet(tmp_path, "select 1 as other"),
    }
    name = table(daemon, "d date, amt decimal(10,2), city string", "stored as parquet", files)
    assert rows(daemon, name) == [
        (None, None, None),
        (datetime.date(2024, 1, 5), D("2.00"), "Zürich"),
        (datetime.date(2024, 1, 5), D("3.50"), None),
    ]
    assert daemon.query(f"select count(*) from {name} where d = '2024-01-05'") == ((2,),)
    assert daemon.query(f"select count(*) from {name} where amt > 1.50") == ((2,),)


def test_strings_without_annotation_that_are_no_utf8(daemon, tmp_path):
    data = parquet(tmp_path, "select unnest(['ok'::blob, '\\xff'::blob]) as s")
    for mode, expected in [("null", [("ok",), (None,)]), ("drop", [("ok",)])]:
        name = table(
            daemon, "s string", "stored as parquet", {"a.parquet": data}, f"tblproperties ('loon.malformed'='{mode}')"
        )
        assert rows(daemon, name) == expected
    name = table(
        daemon, "s string", "stored as parquet", {"a.parquet": data}, "tblproperties ('loon.malformed'='fail')"
    )
    refused(daemon, f"select * from {name}", "is not UTF-8", "column s")


def test_text_of_a_file_is_its_own_bytes(daemon, tmp_path):
    name = table(daemon, "t binary", "stored as parquet", {"a.parquet": parquet(tmp_path, "select 'a\\x41' as t")})
    assert rows(daemon, name) == [(b"a\\x41",)]


def test_more_kinds_of_files_than_are_read_apart(daemon, tmp_path):
    files = {
        f"{i}.parquet": parquet(tmp_path, f"select {i}::{'int' if i % 2 else 'bigint'} as a, 1 as c{i}")
        for i in range(70)
    }
    name = table(daemon, "a int, c3 int", "stored as parquet", files)
    assert daemon.query(f"select count(*), sum(a), sum(c3) from {name}") == ((70, 2415, 1),)
    daemon.put(f"oss://lake/f/{name[2:]}/x.parquet", parquet(tmp_path, "select 'x' as a"))
    refused(daemon, f"select sum(a) from {name}", "x.parquet", "VARCHAR", "BIGINT")


def test_a_column_of_the_file_that_is_called_as_the_engines_own(daemon, tmp_path):
    files = {f"dt={i}/a.parquet": parquet(tmp_path, f"select {i} as a, 9 as file_index") for i in range(3)}
    name = table(daemon, "a int, file_index int", "partitioned by (dt int) stored as parquet", files)
    daemon.query(f"msck repair table {name}")
    assert rows(daemon, name) == [(0, 9, 0), (1, 9, 1), (2, 9, 2)]


@pytest.mark.parametrize(
    "stored, declared", [("bigint", "int"), ("bigint", "smallint"), ("int", "tinyint"), ("uinteger", "smallint")]
)
def test_the_last_of_narrowed_numbers(daemon, tmp_path, stored, declared):
    files = {
        f"{i}.parquet": parquet(
            tmp_path, f"select (range + {i * 50})::{stored} as v from range(50)", "row_group_size 2048"
        )
        for i in range(2)
    }
    name = table(daemon, f"v {declared}", "stored as parquet", files)
    for order in ["v desc", "v + 0 desc", "v desc, 1"]:
        assert daemon.query(f"select v from {name} order by {order} limit 2") == ((99,), (98,)), order
    wide = table(daemon, "v bigint", "stored as parquet", files)
    for cast in ["v::int", "cast(v as int)", "cast(v as signed)"]:
        assert daemon.query(f"select {cast} as w from {wide} order by w desc limit 1") == ((99,),), cast
        assert daemon.query(f"select {cast} as w from {wide} order by 1 desc limit 1, 1") == ((98,),), cast


def test_bytes_and_texts_within_nested_values(daemon, tmp_path):
    daemon.query("create table f.nested (id int, s struct<q:binary,w:string>, l array<binary>) stored as parquet")
    daemon.query("insert into f.nested select 1, struct_pack(q := unhex('41ff'), w := 'x'), [unhex('42')]")
    assert daemon.query("select id, s.w, hex(s.q), hex(l[1]) from f.nested where s.q = unhex('41ff')") == (
        (1, "x", "41FF", "42"),
    )
    data = parquet(
        tmp_path,
        "select {'t': 'Z\\xC3\\xBC'::blob, 'u': 'a\\x41'} as s, ['a'::blob] as l, map {'k': 'v'::blob} as m, 1 as id",
    )
    name = table(
        daemon,
        "s struct<t:string,u:binary,z:int>, l array<string>, m map<string,string>",
        "stored as parquet",
        {"a.parquet": data},
    )
    assert daemon.query(f"select s.t, hex(s.u), s.z, l[1], m['k'] from {name}") == (
        ("Zü", b"a\\x41".hex().upper(), None, "a", "v"),
    )
    name = table(daemon, "id int, s struct<nothing:int>", "stored as parquet", {"a.parquet": data})
    assert daemon.query(f"select id, s.nothing from {name}") == ((1, None),)


# MARK: Text


@pytest.mark.parametrize(
    "name, content, what",
    [
        ("a.csv.bz2", bz2.compress(b"x\n"), "bzip2"),
        ("a.csv", bz2.compress(b"x\n"), "bzip2"),
        ("a.txt", lzma.compress(b"x\n"), "xz"),
        ("a.deflate", b"x", "deflate"),
        ("a.csv.lz4", b"x", "LZ4"),
        ("a.snappy", b"x", "Snappy"),
        ("a.csv", gzip.compress(b"x\n"), ".gz"),
        ("a.csv", b"\x28\xb5\x2f\xfd\x00\x00", ".zst"),
        ("a.csv", b"Obj\x01\x02\x14avro.codec\x08null\x00", "Avro"),
        ("a.zip", b"PK\x03\x04", "zip"),
        ("a.csv", zlib.compress(b"x\n" * 100), "deflate"),
    ],
)
@pytest.mark.parametrize("clause", [TEXT, JSON, CSV])
def test_what_is_no_text_is_refused_by_name(daemon, clause, name, content, what):
    made = table(daemon, "a string", clause, {name: content})
    refused(daemon, f"select * from {made}", what, name)


def test_text_that_begins_like_something_else_is_text(daemon):
    assert rows(daemon, table(daemon, "a string", TEXT, {"a.csv": "PAR1\nBZh1\nORC\nSEQ\n"})) == [
        ("BZh1",),
        ("ORC",),
        ("PAR1",),
        ("SEQ",),
    ]
    # The delimiters of Hive's own text stand where marks of files have their versions.
    for word in ["x", "ORCL", "PAR1S", "Obj", "RCF"]:
        assert rows(daemon, table(daemon, "a string, b string", "", {"a": f"{word}\x01y\n"})) == [(word, "y")]


@pytest.mark.parametrize("clause, line", [(TEXT, b"%s"), (TEXT + " escaped by '\\\\'", b"%s"), (JSON, b'{"a":"%s"}')])
@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_a_last_line_that_is_too_long_is_an_error(daemon, clause, line, pack):
    content = line % (b"x" * (33 << 20))
    name = table(daemon, "a string", clause, {"a.gz" if pack is gzip.compress else "a.txt": pack(content)})
    refused(daemon, f"select * from {name}", "bytes", "oss://lake/f/")


def test_text_behind_a_closing_quote_belongs_to_the_field(daemon):
    content = '1,"abc"def,x\n2,"q""r",y\n3,a"b,z\n4,"two\nlines",w\n5,"a,b" c,"d"\n'
    expected = [
        ("1", 'abc"def', "x"),
        ("2", 'q"r', "y"),
        ("3", 'a"b', "z"),
        ("4", "two\nlines", "w"),
        ("5", 'a,b" c', "d"),
    ]
    assert rows(daemon, table(daemon, "a string, b string, c string", CSV, {"a.csv": content})) == expected
    escaped = '1,"abc"def,x\n2,"q\\"r",y\n'
    assert rows(daemon, table(daemon, "a string, b string, c string", CSV, {"a.csv": escaped})) == [
        ("1", 'abc"def', "x"),
        ("2", 'q"r', "y"),
    ]


ODD = '"x"y,1\n'


@pytest.mark.parametrize(
    "content, expected",
    [
        ('"{\\"a\\":\\"\\"}",1\n', [('{"a":""}', "1")]),
        ('"x\\"\\"y",1\n', [('x""y', "1")]),
        ('a""b,1\n"x\\"y",2\n', [('a""b', "1"), ('x"y', "2")]),
        ("x,C:\\dir\\\ny,D:\\e\\\n", [("x", "C:dir"), ("y", "D:e")]),
        ("a\\,b\n", [("a", "b")]),
        ('"C:\\new",1\n', [("C:new", "1")]),
        ('a, "b,c"\n', [("a", "b,c")]),
        ('\ufeff"a,b",1\n', [("a,b", "1")]),
    ],
)
@pytest.mark.parametrize("beside", ["", ODD])
def test_escapes_spaces_and_quotes_as_opencsv_reads_them(daemon, content, expected, beside):
    name = table(daemon, "a string, b string", CSV, {"a.csv": content + beside})
    assert rows(daemon, name) == sorted(expected + ([('x"y', "1")] if beside else []), key=repr)


def test_compressed_text_behind_a_closing_quote_is_refused(daemon):
    name = table(daemon, "a string, b string", CSV, {"a.csv.gz": gzip.compress(ODD.encode())})
    refused(daemon, f"select * from {name}", "behind a closing quote", "unpack")
    assert rows(
        daemon, table(daemon, "a string, b string", CSV, {"a.csv.gz": gzip.compress(b'"abc",1\n"q""z",2\n')})
    ) == [("abc", "1"), ('q"z', "2")]


def test_bytes_that_are_no_utf8_in_quoted_text(daemon):
    name = table(daemon, "a string, b string", CSV, {"a.csv": b'1,"a\xffb"\r\n2,"x"y\n3,\xe9\n'})
    assert rows(daemon, name) == [("1", "a\ufffdb"), ("2", 'x"y'), ("3", "\ufffd")]


def test_footer_lines_are_passed_over(daemon):
    properties = "tblproperties ('skip.header.line.count'='1', 'skip.footer.line.count'='2')"
    name = table(
        daemon,
        "a int",
        TEXT,
        {"1.csv": "a\n1\n2\ntotal\nend", "2.csv": "a\n3\ntotal\nend\n", "3.csv": "a\n"},
        properties,
    )
    assert rows(daemon, name) == [(1,), (2,), (3,)]


# MARK: JSON


def test_decimals_of_json_are_no_doubles(daemon):
    content = '{"a":1.1,"b":1.1,"c":[0.1]}\n{"a":5,"b":2}\n{"a":1e2,"b":1e2}\n{"a":12345678901234567890.123,"b":0}\n'
    name = table(daemon, "a decimal(38,17), b double, c array<decimal(38,18)>", JSON, {"a.json": content})
    found = daemon.query(f"select a, b, c[1] from {name} order by a")
    assert found == (
        (D("1.1"), 1.1, D("0.1")),
        (D(5), 2.0, None),
        (D(100), 100.0, None),
        (D("12345678901234567890.123"), 0.0, None),
    )


def test_an_array_of_objects_is_its_elements(daemon):
    content = '[{"a":1,"b":"x,]\\"}"},\n {"a":2,\n"b":"y"}]\n'
    assert rows(daemon, table(daemon, "a int, b string", JSON, {"a.json": content})) == [(1, 'x,]"}'), (2, "y")]


def test_a_line_that_is_no_object(daemon):
    for line in ["5", '"x"', "null", "true"]:
        name = table(daemon, "a int", JSON, {"a.json": f'{{"a":1}}\n{line}\n'})
        refused(daemon, f"select * from {name}", "is no JSON object", line)
        name = table(
            daemon, "a int", JSON, {"a.json": f'{{"a":1}}\n{line}\n'}, "tblproperties ('loon.malformed'='null')"
        )
        assert rows(daemon, name) == [(1,), (None,)]
        assert warnings(daemon, f"select * from {name}")
        name = table(
            daemon, "a int", JSON, {"a.json": f'{{"a":1}}\n{line}\n'}, "tblproperties ('loon.malformed'='drop')"
        )
        assert rows(daemon, name) == [(1,)]


def test_bad_bytes_and_encodings_of_json(daemon):
    name = table(daemon, "a int, b string", JSON, {"a.json": b'{"a":1,"b":"\xff"}\n\n  \n{"a":2,"b":"y"}\n'})
    assert rows(daemon, name) == [(1, "\ufffd"), (2, "y")]
    latin = "tblproperties ('serialization.encoding'='ISO-8859-1')"
    assert rows(daemon, table(daemon, "b string", JSON, {"a.json": '{"b":"é"}\n'.encode("latin1")}, latin)) == [("é",)]
    assert rows(daemon, table(daemon, "a int", JSON, {"a.json": b'\xef\xbb\xbf{"a":1}\n'})) == [(1,)]


def test_what_openx_says_of_json(daemon):
    clause = "row format serde 'org.openx.data.jsonserde.JsonSerDe' with serdeproperties ('mapping.ts'='timestamp', 'ignore.malformed.json'='true')"
    assert rows(
        daemon, table(daemon, "ts string, n int", clause, {"a.json": '{"timestamp":"x","N":3}\n{"timestamp":\n'})
    ) == [("x", 3), (None, None)]


def test_columns_of_json_are_the_same_whichever_are_read(daemon):
    name = table(
        daemon,
        "x string, b boolean, i int, d decimal(30,2), e decimal(10,2)",
        JSON,
        {"a.json": '{"x":1.50,"b":true,"i":2,"d":1,"e":1.005}\n'},
    )
    [whole] = daemon.query(f"select * from {name}")
    assert whole == ("1.5", 1, 2, D("1.00"), D("1.01"))
    for place, column in enumerate("xbide"):
        assert daemon.query(f"select {column} from {name}") == ((whole[place],),)


def test_bytes_within_nested_json(daemon):
    name = table(
        daemon,
        "s array<binary>, m struct<a:binary,b:string>",
        JSON,
        {"a.json": '{"s":["QQ=="],"m":{"a":"Qg==","b":"z"}}\n'},
    )
    assert daemon.query(f"select hex(s[1]), hex(m.a), m.b from {name}") == (("41", "42", "z"),)


def test_objects_beside_an_array(daemon):
    assert rows(daemon, table(daemon, "a int, b int", JSON, {"a.json": '[{"a":1}]\n{"a":2,"b":3}\n'})) == [
        (1, None),
        (2, 3),
    ]


def test_two_columns_of_one_key(daemon):
    clause = "row format serde 'org.openx.data.jsonserde.JsonSerDe' with serdeproperties ('mapping.a'='b')"
    assert rows(daemon, table(daemon, "a int, b string", clause, {"a.json": '{"b":"5"}\n'})) == [(5, "5")]


# MARK: Properties


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
    refused(
        daemon,
        f"create external table f.p4 (a int) stored as json {place} tblproperties ('projection.enabled'='true')",
        "MSCK REPAIR",
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


# MARK: Partitions


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


# MARK: Queries


@pytest.mark.parametrize("window", ["over (order by n)", "over (order by n desc, n)", "over w", "over (w order by n)"])
def test_the_first_row_of_nothing_is_none(daemon, window):
    name = table(daemon, "n int", TEXT, {"a.csv": "1\n"})
    clause = "" if window.startswith("over (order") else f" window w as ({'order by n' if window == 'over w' else ''})"
    sql = f"select * from (select n, row_number() {window} as r from {name} where n > %d{clause}) t where r = 1"
    assert daemon.query(sql % 5) == () and daemon.query(sql % 0) == ((1, 1),)


def test_a_day_and_days_are_a_day(daemon):
    name = table(daemon, "d date, t timestamp, n int", TEXT, {"a.csv": "2024-01-31,2024-01-31 10:00:00,5\n"})
    day, moment = datetime.date, datetime.datetime
    for expression, expected in {
        "d + interval 1 day": day(2024, 2, 1),
        "d - interval 1 month": day(2023, 12, 31),
        "d + interval '1' year": day(2025, 1, 31),
        "d + interval n day": day(2024, 2, 5),
        "d + interval 1 day + interval 1 month": day(2024, 3, 1),
        "(d) + interval 2 week": day(2024, 2, 14),
        "case when n = 5 then d end + interval 1 day": day(2024, 2, 1),
        "max(d) + interval 1 quarter": day(2024, 4, 30),
        "d + interval 1 hour": moment(2024, 1, 31, 1),
        "t + interval 1 day": moment(2024, 2, 1, 10),
        "date_add(d, interval 1 day)": day(2024, 2, 1),
        "date_sub(t, interval 1 day)": moment(2024, 1, 30, 10),
        "date_add('2024-01-31', interval 1 day)": day(2024, 2, 1),
        "adddate(d, interval n day)": day(2024, 2, 5),
        "subdate(d, interval 1 year)": day(2023, 1, 31),
        "(t.d + interval 1 day)": day(2024, 2, 1),
        "d + interval 1 day * 2": moment(2024, 2, 2),
        "date_add(null, interval 1 day)": None,
        "date_add(d, interval 1 minute)": moment(2024, 1, 31, 0, 1),
    }.items():
        assert daemon.query(f"select {expression} as x from {name} t group by d, t, n") == ((expected,),), expression
    assert daemon.query(f"select distinct on (n) d + interval 1 day as x from {name}") == ((day(2024, 2, 1),),)
    assert daemon.query(
        f"select 1 from {name} where d between date '2024-02-01' - interval 1 day and date '2024-02-01'"
    ) == ((1,),)


@pytest.mark.parametrize("zone", ["+08:00", "+00:00", "-03:30", "America/New_York"])
def test_a_time_is_the_sessions_whichever_way_it_is_asked_for(daemon, zone):
    with contextlib.closing(daemon.connect()) as connection:
        loon.query(connection, f"set time_zone = '{zone}'")
        for count in [
            "epoch(now())",
            "extract(epoch from now())",
            "date_part('epoch', now())",
            "unix_timestamp(now())",
        ]:
            assert loon.query(connection, f"select {count} - unix_timestamp() as x from range(1)") == ((0,),), count
        [(one, other, day)] = loon.query(
            connection, "select to_timestamp(0), from_unixtime(0), epoch(interval 1 day) from range(1)"
        )
        assert one == other and day == 86_400
        # A moment with a zone is shown as the session's clocks showed it.
        moment = "timestamp '2024-01-01 00:00:00+02:00'"
        shown, back = loon.query(
            connection, f"select {moment} as x, from_unixtime(epoch({moment})) as y from range(1)"
        )[0]
        assert shown == back
        assert loon.query(connection, f"select {moment} at time zone 'UTC' as x from range(1)") == (
            (datetime.datetime(2023, 12, 31, 22),),
        )
        tokyo = "timestamp '2024-01-01 00:00:00 Asia/Tokyo'"
        assert loon.query(connection, f"select {tokyo} at time zone 'UTC' as x from range(1)") == (
            (datetime.datetime(2023, 12, 31, 15),),
        )
        for form in ["csv", "json"]:
            task = loon.query(
                connection, f"/*+ run_async=true, result-format={form} */ select {moment} as x from range(1)"
            )[0][0]
            text = daemon.read(daemon.await_task(task)["result_file_oss_file"])
            assert shown.strftime("%Y-%m-%d %H:%M:%S") in text, text
