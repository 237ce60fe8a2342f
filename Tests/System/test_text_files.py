"""Delimited text and JSON as strangers write them: read right, or refused by name."""

import bz2
import gzip
import lzma
import zlib

import pytest

from strangers import CSV, D, JSON, TEXT, refused, rows, table, warnings


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.put("oss://lake/f/x", "x")
    daemon.query("create schema f with dbproperties (location='oss://lake/f/')")


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
