"""Text as Hive reads it, compressed or not."""

import contextlib
import datetime
import gzip
import pathlib
import tempfile

import duckdb
import pytest

import loon
from lake_support import TEXT, D, schema, table  # noqa: F401
from test_tables import refused

CASES = {
    "missing and surplus fields": (
        "a int, b string, c int",
        TEXT,
        "1,x,2\n3\n4,y,5,6,7\n",
        [(1, "x", 2), (3, None, None), (4, "y", 5)],
    ),
    "blank lines are rows": ("a string, b int", TEXT, "x,1\n\ny,2\n\n", [("x", 1), ("", None), ("y", 2), ("", None)]),
    "a blank first line": ("a string, b int", TEXT, "\nx,1\n", [("", None), ("x", 1)]),
    "blank lines of numbers": ("a int", TEXT, "1\n\n3\n", [(1,), (None,), (3,)]),
    "no newline at the end": ("a int", TEXT, "1\n2", [(1,), (2,)]),
    "carriage returns": ("a string, b string", TEXT, "x,y\r\nz,w\r\n", [("x", "y"), ("z", "w")]),
    "the default delimiter and NULL": ("a string, b string", "", "x\x01\\N\n\\N\x01\n", [("x", None), (None, "")]),
    "NULL DEFINED AS": (
        "a string, b int",
        TEXT + " null defined as 'NA'",
        "NA,NA\n\\N,1\n",
        [(None, None), ("\\N", 1)],
    ),
    "serialization.null.format": (
        "a string",
        TEXT + " location '{place}' tblproperties ('serialization.null.format'='')",
        "x\n\ny,\n",
        [("x",), (None,), ("y",)],
    ),
    "escapes": (
        "a string, b string",
        TEXT + " escaped by '\\\\'",
        "a\\,b,c\\\\d\ne,f\\g\n",
        [("a,b", "c\\d"), ("e", "fg")],
    ),
    "escapes beside blank lines": (
        "a string, b string",
        TEXT + " escaped by '\\\\'",
        "a\\,b,c\\\\d\n\ne,f\n",
        [("a,b", "c\\d"), ("", None), ("e", "f")],
    ),
    "quotes are nothing": ("a string, b string", TEXT, '"a,b",c\n', [('"a', 'b"')]),
    "a byte order mark": ("a string, b int", TEXT, b"\xef\xbb\xbfx,1\ny,2\n", [("x", 1), ("y", 2)]),
    "header lines": (
        "a int, b int",
        TEXT + " location '{place}' tblproperties ('skip.header.line.count'='2')",
        "h\nh,h\n1,2\n",
        [(1, 2)],
    ),
    "header lines and blank lines": (
        "a int, b int",
        TEXT + " location '{place}' tblproperties ('skip.header.line.count'='1')",
        "h\n\n1,2\n",
        [(None, None), (1, 2)],
    ),
    "integers": (
        "a int",
        TEXT,
        "1\n-2\n+3\n1.9\n-1.9\n1e3\n0x1F\n1_000\nabc\n2147483648\n 7 \n",
        [(1,), (-2,), (3,), (1,), (-1,), (None,), (None,), (None,), (None,), (None,), (7,)],
    ),
    "bounds of integers": (
        "a tinyint, b smallint, c bigint",
        TEXT,
        "127,32767,9223372036854775807\n128,32768,9223372036854775808\n",
        [(127, 32767, 2**63 - 1), (None, None, None)],
    ),
    "booleans": (
        "a boolean",
        TEXT,
        "true\nFALSE\nTrue\nt\n1\nyes\n\n",
        [(1,), (0,), (1,), (None,), (None,), (None,), (None,)],
    ),
    "floating point": ("a double", TEXT, "1.5\n-1e10\n.5\nx\n", [(1.5,), (-1e10,), (0.5,), (None,)]),
    "decimals": (
        "a decimal(5,2)",
        TEXT,
        "1.5\n1.005\n1234.5\n-0.01\n",
        [(D("1.50"),), (D("1.01"),), (None,), (D("-0.01"),)],
    ),
    "dates and timestamps": (
        "a date, b timestamp",
        TEXT,
        "2024-02-29,2024-02-29 01:02:03\n2023-02-29,2024-01-01 25:00:00\n",
        [(datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3)), (None, None)],
    ),
    "varchar and char are cut": ("a varchar(2), b char(1)", TEXT, "abc,xy\n", [("ab", "x")]),
    "binary is base64": ("a binary", TEXT, "YWI=\n", [(b"ab",)]),
    "arrays": (
        "a array<int>, b array<string>",
        TEXT + " collection items terminated by ':'",
        "1:2:x,a:b\n,\n\\N,c\n",
        [("[1,2,null]", '["a","b"]'), ("[]", "[]"), (None, '["c"]')],
    ),
    "maps": (
        "a map<string,int>",
        TEXT + " collection items terminated by ';' map keys terminated by ':'",
        "k:1;l:2;k:3\nm\n",
        [('{"k":1,"l":2}',), ('{"m":null}',)],
    ),
    "structs": (
        "a struct<x:int,y:string>",
        TEXT + " collection items terminated by ':'",
        "1:a\n2\nb:c:d\n",
        [('{"x":1,"y":"a"}',), ('{"x":2,"y":null}',), ('{"x":null,"y":"c"}',)],
    ),
    "default delimiters of nested types": (
        "a array<map<string,int>>",
        TEXT,
        "k\x041\x03l\x042\x02m\x043\n",
        [('[{"k":1,"l":2},{"m":3}]',)],
    ),
    "escapes in nested types": (
        "a array<string>, b map<string,string>, c struct<x:string,y:array<int>>, d string",
        "row format delimited fields terminated by ',' escaped by '\\\\' collection items terminated by ':' map keys terminated by '='",
        "p\\:q:r\\,s:t\\\\,k\\=1=v\\:2:l=w,x\\:y:1=2,e\\,f\\=\\g\n\\N:\\\\:,k=\\\\\\=,:,\\N\n",
        [
            ('["p:q","r,s","t\\\\"]', '{"k=1":"v:2","l":"w"}', '{"x":"x:y","y":[1,2]}', "e,f=g"),
            ('[null,"\\\\",""]', '{"k":"\\\\="}', '{"x":"","y":[]}', None),
        ],
    ),
    "MultiDelimitSerDe": (
        "a string, b int",
        "row format serde 'org.apache.hadoop.hive.serde2.MultiDelimitSerDe' with serdeproperties ('field.delim'='~|~')",
        "x|y~|~5\nz\n",
        [("x|y", 5), ("z", None)],
    ),
    "RegexSerDe": (
        "a string, b int",
        "row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with serdeproperties ('input.regex'='([a-z]+)-([0-9]+).*')",
        "ab-12 rest\nno match\n",
        [("ab", 12), (None, None)],
    ),
    "OpenCSVSerde": (
        "a string, b string",
        "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'",
        '"a,b","c ""d"""\nplain,\n"two\nlines",x\n',
        [("a,b", 'c "d"'), ("plain", ""), ("two\nlines", "x")],
    ),
    "OpenCSVSerde with escapes": (
        "a string, b string",
        "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'",
        '"a\\"b,c","d""e"\n"\\\\",f\n',
        [('a"b,c', 'd"e'), ("\\", "f")],
    ),
    "UTF-8": (
        "a string, b string",
        "row format delimited fields terminated by '|'",
        "ä|中\n😀|\n",
        [("ä", "中"), ("😀", "")],
    ),
    "GBK": (
        "a string, b int",
        "row format serde 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' with serdeproperties ('field.delim'=',', 'serialization.encoding'='gbk')",
        "中文,1\n测试,2\n".encode("gbk"),
        [("中文", 1), ("测试", 2)],
    ),
    "an empty file beside another": ("a int", TEXT, {"a": "1\n", "b": ""}, [(1,)]),
    "gzip": ("a string, b int", TEXT, {"a.gz": gzip.compress(b"x,1\n\ny,2\n")}, [("x", 1), ("", None), ("y", 2)]),
    "carriage returns of three kinds": (
        "a int, b string",
        TEXT,
        "1,x\r\n2,y\r3,z\n\r\n4,w\r",
        [(1, "x"), (2, "y"), (3, "z"), (None, None), (4, "w")],
    ),
    "bytes that are not UTF-8": (
        "a int, b string",
        TEXT,
        b"1,a\xff\xfeb\n2,\xe4\xb8\n",
        [(1, "a\ufffd\ufffdb"), (2, "\ufffd\ufffd")],
    ),
    "what the engine takes and Hive does not": (
        "a double, b date, c decimal(9,1)",
        TEXT,
        "1_0.5,epoch,1_0\n1,infinity,1\n",
        [(None, None, None), (1.0, None, D("1.0"))],
    ),
    "octal delimiters": (
        "a string, b string",
        "row format delimited fields terminated by '\\001' collection items terminated by '\\u0002'",
        "x\x01y\n",
        [("x", "y")],
    ),
    "hidden files": ("a int", TEXT, {"a": "1\n", "_b": "2\n", ".c": "3\n"}, [(1,)]),
    "folders below are not read": ("a int", TEXT, {"a": "1\n", "sub/b": "2\n"}, [(1,)]),
    "recursive.directories": (
        "a int",
        TEXT + " location '{place}' tblproperties ('recursive.directories'='true')",
        {"a": "1\n", "sub/b": "2\n", "sub/_x/c": "3\n"},
        [(1,), (2,)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_text_as_hive_reads_it(daemon, name):
    columns, row_format, content, rows = CASES[name]
    rest = row_format if "{place}" in row_format else row_format + " location '{place}'"
    found = daemon.query("select * from " + table(daemon, columns, rest, content))
    assert list(found) == rows


def test_zstd(daemon, tmp_path):
    duckdb.sql(
        f"copy (select 'x' as a, 1 as b union all select 'y', 2) to '{tmp_path}/a.csv.zst' (format csv, header false, compression zstd)"
    )
    name = table(
        daemon, "a string, b int", TEXT + " location '{place}'", (tmp_path / "a.csv.zst").read_bytes(), "a.csv.zst"
    )
    assert set(daemon.query(f"select * from {name}")) == {("x", 1), ("y", 2)}


def test_fields_that_do_not_fit_are_counted_refused_or_dropped(daemon):
    content = "1,2\nx,y\n3,\nz,4\n"
    rest = TEXT + " location '{{place}}' tblproperties ('loon.malformed'='{}')"
    name = table(daemon, "a int, b int", TEXT + " location '{place}'", content)
    with contextlib.closing(daemon.connect()) as connection:
        assert loon.query(connection, f"select * from {name}") == ((1, 2), (None, None), (3, None), (None, 4))
        assert connection.show_warnings()[0][1] == 1366 and "3 fields" in connection.show_warnings()[0][2]
        assert loon.query(connection, f"select b from {name} where a = 1") == ((2,),)
        assert loon.query(connection, f"select count(*) from {name}") == ((4,),)
    task = daemon.await_task(daemon.submit(f"select * from {name}"))
    assert "3 fields" in daemon.read(task["result_file_oss_file"].replace("result.csv", "result.meta.json"))
    number, text = refused(daemon, "select * from " + table(daemon, "a int, b int", rest.format("fail"), content))
    assert number == 1366 and "'x'" in text and "column a" in text
    assert daemon.query("select * from " + table(daemon, "a int, b int", rest.format("drop"), content)) == (
        (1, 2),
        (3, None),
    )
    assert (
        refused(
            daemon,
            "create external table l.bad (a int) location 'oss://lake/l/bad/' tblproperties ('loon.malformed'='what')",
        )[0]
        == 1064
    )


def compressed(daemon, name, content, stored=TEXT):
    daemon.put(f"oss://lake/l/{name}/a.{'gz' if content[:2] == bytes([0x1F, 0x8B]) else 'zst'}", content)
    daemon.query(f"create external table l.{name} (a int, b string) {stored} location 'oss://lake/l/{name}/'")


def test_a_compressed_file_that_is_cut_off_is_an_error(daemon):
    """The engine reads it to where it ends, and says nothing."""
    text = "".join(f"{number},name{number}\n" for number in range(50_000)).encode()
    packed = gzip.compress(text)
    with tempfile.TemporaryDirectory() as folder:
        duckdb.connect().execute(
            f"copy (select i, 'name' || i from range(50000) t(i)) to '{folder}/a.zst' (format csv, header false, compression zstd)"
        )
        zstd = pathlib.Path(folder, "a.zst").read_bytes()
    for number, whole in enumerate(
        [packed, packed + gzip.compress(b"50000,last\n"), zstd, zstd + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd]
    ):
        compressed(daemon, f"whole{number}", whole)
        assert daemon.query(f"select count(*), max(a) from l.whole{number}") == (
            ((50_001, 50_000) if number == 1 else (100_000, 49_999) if number == 3 else (50_000, 49_999)),
        )
    for number, broken in enumerate(
        [
            packed[: len(packed) // 2],
            packed + bytes(512),
            packed[:-8],
            packed[:-1],
            packed[:20],
            packed + packed[:500],
            packed[:999] + b"\0\0\0\0" + packed[1003:],
            zstd[: len(zstd) // 2],
            zstd[:-1],
            zstd[:3],
            zstd + zstd[:40],
            zstd + b"abc",
        ]
    ):
        compressed(daemon, f"cut{number}", broken)
        number, text = refused(daemon, f"select count(*) from l.cut{number}")
        assert "cut off" in text and "oss://lake/l/cut" in text, text
    lines = gzip.compress(b'{"a": 1}\n{"a": 2}\n')
    compressed(daemon, "cut_json", lines[:-5], "stored as json")
    assert "cut off" in refused(daemon, "select * from l.cut_json")[1]


def test_a_compressed_file_with_line_ends_of_two_kinds_says_so(daemon):
    compressed(daemon, "two_kinds", gzip.compress(b"1,a\r\n2,b\n3,c\r\n"))
    number, text = refused(daemon, "select * from l.two_kinds")
    assert number == 1235 and "unpack" in text
    compressed(daemon, "one_kind", gzip.compress(b"1,a\r\n2,b\r\n"))
    assert daemon.query("select * from l.one_kind") == ((1, "a"), (2, "b"))
