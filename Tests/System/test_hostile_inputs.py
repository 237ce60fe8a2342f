"""Inputs that engines choke on, of anybody's account: texts, functions, files. Each costs its own statement at most."""

import gzip
import io
import re
import struct
import time

import loon
import pymysql
import pytest

# How long a statement may run here, in milliseconds, and how long it may take to be gone after that, in seconds.
TIME, GONE = 1000, 6
DEEP = "repeat('[', 1000000) || repeat(']', 1000000)"


def nested(opening, middle, closing, depth):
    return opening * depth + middle + closing * depth


TEXTS = {
    "parentheses": "select " + nested("(", "1", ")", 200_000),
    "sums": "select " + "1+" * 200_000 + "1",
    "signs": "select " + "- " * 200_000 + "1",
    "negations": "select " + "not " * 200_000 + "true",
    "cases": "select " + nested("case when true then ", "1", " end", 20_000),
    "casts": "select " + nested("cast(", "1", " as int)", 20_000),
    "calls": "select " + nested("abs(", "1", ")", 50_000),
    "sub-queries": "select * from " + nested("(select * from ", "(select 1 as a) t", ") t", 5_000),
    "scalar sub-queries": "select " + nested("(select ", "1", ")", 20_000),
    "unions": "select 1" + " union all select 1" * 20_000,
    "intersections": "select 1" + " intersect select 1" * 5_000,
    "lists": "select " + nested("[", "1", "]", 50_000),
    "list types": "select cast(null as int" + "[]" * 50_000 + ")",
    "struct types": "select cast(null as " + nested("struct(a ", "int", ")", 20_000) + ")",
    "columns": "select " + ",".join(f"1 as a{number}" for number in range(50_000)),
    "conditions": "select 1 from (select 1 as a) t where " + " or ".join(["a = 1"] * 100_000),
    "ctes": "with "
    + ", ".join(f"t{n} as (select * from t{n - 1})" if n else "t0 as (select 1 as a)" for n in range(5_000))
    + " select * from t4999",
    "joins": "select count(*) from (select 1 as a) t0 "
    + " ".join(f"join (select 1 as a) t{n} using (a)" for n in range(1, 400)),
    "doubling ctes": "with t0 as (select 1 as a), "
    + ", ".join(f"t{n} as (select x.a from t{n - 1} x, t{n - 1} y)" for n in range(1, 40))
    + " select count(*) from t39",
    "values": "select * from (values " + ",".join(["(1)"] * 200_000) + ") t",
    "members": "select 1 in (" + ",".join(map(str, range(200_000))) + ")",
    "a long name": "select 1 as " + "a" * 1_000_000,
    "a long number": "select " + "9" * 100_000,
    "an open comment": "select 1 " + "/*" * 100_000,
    "dots": "select a" + ".a" * 100_000,
    "intervals": "select " + "interval 1 day + " * 20_000 + "interval 1 day",
    "lambdas": "select " + nested("list_transform([1], x -> ", "[1]", "[1])", 2_000),
}
FUNCTIONS = {
    "structure of deep JSON": f"select json_structure({DEEP})",
    "merge of deep JSON": f"select json_merge_patch({DEEP}, {DEEP})",
    "cast of deep JSON": f"select cast({DEEP} as json)",
    "deep list as a text": f"select cast({DEEP} as int[][])",
    "bins": "select equi_width_bins(1, 2, 1000000, false)",
    "a distance of texts": "select damerau_levenshtein(repeat('ab', 60000), repeat('ba', 60000))",
    "another distance": "select levenshtein(repeat('ab', 90000), repeat('ba', 90000))",
    "a likeness of texts": "select jaro_winkler_similarity(repeat('ab', 300000), repeat('ba', 300000))",
    "a pattern": "select regexp_full_match(repeat('a', 300000), '(a?){1000}(a?){900}b')",
    "all matches of nothing": "select len(regexp_extract_all(repeat('a', 20000000), ''))",
    "single letters": "select len(string_split(repeat('a', 100000000), ''))",
    "a wide number": "select length(format('{:2000000000}', 1))",
    "a wide number of C": "select length(printf('%2000000000d', 1))",
    "a precise number": "select length(format('{:.2000000000f}', 1.5))",
    "padding": "select length(lpad('x', 2000000000, 'y'))",
    "a long base": "select to_base(1, 2, 2000000000)",
    "a long bar": "select length(bar(1, 0, 1, 2000000000))",
    "a long list": "select len(list_resize([1], 2000000000, 1))",
    "a longer list": "select len(list_cat(range(60000000), range(60000000)))",
    "a list of lists": "select len(list_transform(range(100000), x -> range(100000)))",
    "a long bit string": "select bit_length(bitstring('1', 2000000000))",
    "a long date format": "select length(strftime(timestamp '2020-01-01', repeat('%A', 20000000)))",
    "a sorted list": "select len(list_sort(list_transform(range(30000000), x -> hash(x))))",
    "distinct elements": "select len(list_distinct(range(30000000)))",
    "a reduced list": "select list_reduce(range(100000000), (x, y) -> x + y)",
    "a reservoir": "select reservoir_quantile(1, 0.5, 2147483647)",
    "endless recursion": "with recursive t as (select 1 as a union all select a + 1 from t) select count(*) from t",
    "growing recursion": "with recursive t as (select 'x' as a union all select a || a from t) select max(length(a)) from t",
    "a wide cross join": "select count(*) from range(100000000) a, range(100000000) b, range(1000) c",
    "a large sort": "select * from range(400000000) order by hash(range) limit 1 offset 399999999",
    "a large group": "select count(*) from (select hash(range) as h, count(*) from range(300000000) group by 1) t",
    "a large text": "select length(string_agg(repeat('x', 1000), '')) from range(20000000)",
    "a large array of JSON": "select length(cast(json_group_array(range) as varchar)) from range(200000000)",
    "a large map": "select cardinality(map(range(20000000), range(20000000)))",
    "a window of all": "select max(s) from (select sum(range) over (order by hash(range)) as s from range(200000000)) t",
    "a large bucket": "select time_bucket(interval 1 microsecond, timestamp '294246-01-10', timestamp '290308-12-22 (BC)')",
    "compressed strings": "select length(repeat(repeat('x', 1000000), 100000))",
    "accents": "select length(strip_accents(repeat('é', 50000000)))",
}


def truncated(data, part):
    return data[: int(len(data) * part)]


def parquet():
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(5000)), "b": [f"text {n % 7}" for n in range(5000)]}), out)
    return out.getvalue()


def flipped(data, places):
    data = bytearray(data)
    for place in places:
        data[place % len(data)] ^= 0xFF
    return bytes(data)


def bomb(size):
    member = gzip.compress(b"1,xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" * (1 << 20))
    return member * (size >> 25)


def avro(schema, block):
    def long(number):
        number = (number << 1) ^ (number >> 63)
        out = b""
        while number > 0x7F:
            out += bytes([number & 0x7F | 0x80])
            number >>= 7
        return out + bytes([number])

    def text(data):
        return long(len(data)) + data

    sync = b"s" * 16
    head = b"Obj\x01" + long(2) + text(b"avro.schema") + text(schema) + text(b"avro.codec") + text(b"null") + long(0)
    return head + sync + block(long) + sync


INTS = b'{"type":"record","name":"r","fields":[{"name":"a","type":"long"}]}'
DEEP_SCHEMA = nested('{"type":"array","items":', '"int"', "}", 30_000).encode()
# Form, the ending of the file's name, and the bytes.
FILES = {
    "json nested deep": ("json", "json", lambda: b"[" * 2_000_000 + b"]" * 2_000_000),
    "json objects nested deep": ("json", "json", lambda: nested(b'{"a":', b"1", b"}", 1_000_000)),
    "json without an end": ("json", "json", lambda: b'{"a": "' + b"x" * 50_000_000),
    "json with NUL": ("json", "json", lambda: b'{"a": "\0"}\n{"a"\0: 1}\n'),
    "json of bad UTF-8": ("json", "json", lambda: b'{"a": "\xff\xfe"}\n'),
    "json with many keys": ("json", "json", lambda: b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}"),
    "a damaged gzip": ("csv", "csv.gz", lambda: flipped(gzip.compress(b"1,a\n2,b\n" * 20), range(12, 40))),
    "half a gzip": ("csv", "csv.gz", lambda: truncated(gzip.compress(bytes(range(256)) * 1000), 0.5)),
    "a gzip of nothing": ("csv", "csv.gz", lambda: b"\x1f\x8b"),
    "a gzip bomb": ("csv", "csv.gz", lambda: bomb(4 << 30)),
    "csv of one long line": ("csv", "csv", lambda: b"x" * 30_000_000),
    "csv of many columns": ("csv", "csv", lambda: b"," * 1_000_000),
    "csv with an open quote": ("csv", "csv", lambda: b'1,"' + b"x\n" * 10_000_000),
    "csv of NULs": ("csv", "csv", lambda: b"\0" * 10_000_000),
    "parquet of nothing": ("parquet", "parquet", lambda: b"PAR1"),
    "half a parquet": ("parquet", "parquet", lambda: truncated(parquet(), 0.5)),
    "a parquet whose footer is too long": (
        "parquet",
        "parquet",
        lambda: parquet()[:-8] + struct.pack("<I", 0xFFFFFFF0) + b"PAR1",
    ),
    "a parquet whose footer is noise": (
        "parquet",
        "parquet",
        lambda: b"PAR1" + b"\xf9\xff\xff\xff\xff\x0f" * 100 + struct.pack("<I", 600) + b"PAR1",
    ),
    "a parquet of bad pages": ("parquet", "parquet", lambda: flipped(parquet(), range(4, 3000, 7))),
    "a parquet with a bad footer": ("parquet", "parquet", lambda: flipped(parquet(), range(-400, -60, 31))),
    "avro of nothing": ("avro", "avro", lambda: b"Obj\x01"),
    "avro of a negative block": ("avro", "avro", lambda: avro(INTS, lambda long: long(-5) + long(10) + b"x" * 10)),
    "avro of a huge block": ("avro", "avro", lambda: avro(INTS, lambda long: long(1 << 60) + long(1 << 60) + b"x")),
    "avro of a deep schema": ("avro", "avro", lambda: avro(DEEP_SCHEMA, lambda long: long(1) + long(1) + b"\0")),
    "avro of a recursive schema": (
        "avro",
        "avro",
        lambda: avro(
            b'{"type":"record","name":"r","fields":[{"name":"a","type":["null","r"]}]}',
            lambda long: long(1) + long(200_000) + b"\x02" * 200_000,
        ),
    ),
}
STORED = {
    "json": "row format serde 'org.apache.hive.hcatalog.data.JsonSerDe' stored as textfile",
    "csv": "row format delimited fields terminated by ','",
    "parquet": "stored as parquet",
    "avro": "stored as avro",
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    daemon = loon.Daemon(
        tmp_path_factory.mktemp("hostile") / "data", CLUSTER_MEMORY="512MiB", CLUSTER_RUNNING_QUERIES=3
    )
    daemon.start()
    daemon.put("oss://lake/h/readme", "")
    daemon.query("create schema h with dbproperties (location = 'oss://lake/h/')")
    daemon.create_account("stranger", grants=("ALL ON h.*",))
    daemon.create_account("other", grants=())
    yield daemon
    assert daemon.program.stop() == 0


def run(daemon, sql, dialect="duckdb"):
    """Runs it as the stranger, for a while; the error, where it fails. Nothing of the machine's is in it."""
    connection = daemon.connect("stranger")
    try:
        loon.query(connection, f"set sql_dialect = '{dialect}'")
        loon.query(connection, f"set max_execution_time = {TIME}")
        started = time.monotonic()
        try:
            loon.query(connection, sql)
            error = None
        except pymysql.err.Error as raised:
            error = raised.args
            assert error[0] not in (2006, 2013), "the connection is lost"
            assert not re.search(r"0x[0-9a-f]{5}|/(tmp|home|proc|usr|root|work)/|std::|signal", str(error)), error
            assert len(error[1]) < 1200, error[1][:3000]
        took = time.monotonic() - started
        print(f"{took:.2f} s {sql[:60]}")
        assert took < TIME / 1000 + GONE + 20
        return error
    finally:
        connection.close()


def assert_harmless(daemon, process):
    assert daemon.program.is_running() and daemon.program.process.pid == process
    # Nothing of it stays, and another account does not notice.
    deadline = time.monotonic() + GONE
    while [row for row in daemon.query("show processlist") if row[1] == "stranger" and row[4] != "Sleep"]:
        assert time.monotonic() < deadline, daemon.query("show processlist")
        time.sleep(0.05)
    assert daemon.query("select 1 + count(*) from (values (1)) t", user="other") == ((2,),)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_too_much(daemon, name):
    process = daemon.program.process.pid
    run(daemon, TEXTS[name])
    assert_harmless(daemon, process)
    run(daemon, TEXTS[name], "mysql")
    assert_harmless(daemon, process)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_that_is_too_much(daemon, name):
    process = daemon.program.process.pid
    run(daemon, FUNCTIONS[name])
    assert_harmless(daemon, process)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_damaged(daemon, name):
    form, ending, content = FILES[name]
    process = daemon.program.process.pid
    folder = "f" + str(list(FILES).index(name))
    daemon.put(f"oss://lake/h/{folder}/a.{ending}", content())
    run(daemon, f"create external table h.{folder}m like mapping('oss://lake/h/{folder}/a.{ending}')", "mysql")
    assert_harmless(daemon, process)
    location = f"{STORED[form]} location 'oss://lake/h/{folder}/'"
    assert run(daemon, f"create external table h.{folder} (a bigint, b string) {location}", "mysql") is None
    run(daemon, f"select count(*), max(a), min(b) from h.{folder}", "mysql")
    assert_harmless(daemon, process)


def test_a_submission_reads_no_text(daemon):
    """What is wrong with the files, and how large they are, is the task's concern."""
    stored = f"(a bigint, b string) {STORED['csv']} location 'oss://lake/h/"
    daemon.put("oss://lake/h/cut/a.csv.gz", FILES["half a gzip"][2]())
    daemon.query(f"create external table h.cut {stored}cut/'")
    task = daemon.submit("select count(*) from h.cut", user="stranger")
    row = daemon.await_task(task, lambda row: row["status"] in ("SUCCESS", "FAILURE"))
    assert row["status"] == "FAILURE" and "cut off or damaged" in row["message"]
    # A minute's reading, which a cancellation ends.
    daemon.put("oss://lake/h/large/a.csv.gz", bomb(64 << 30))
    daemon.query(f"create external table h.large {stored}large/'")
    daemon.query(f"create external table h.target {stored}target/'")
    for sql in ("select count(*) from h.large", "insert into h.target select * from h.large"):
        started = time.monotonic()
        task = daemon.submit(sql, user="stranger")
        assert time.monotonic() - started < 20
        daemon.await_task(task, lambda row: row["status"] == "RUNNING")
        daemon.query(f"cancel query_task '{task}'")
        daemon.await_task(task, lambda row: row["status"] == "CANCELLED")
        assert_harmless(daemon, daemon.program.process.pid)
