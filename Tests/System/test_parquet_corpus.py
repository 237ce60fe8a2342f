"""Parquet files as other writers lay them out: each codec, encoding, page and type, read as they were written."""

import datetime
import decimal
import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
import pytest

D, T, DAY = decimal.Decimal, datetime.datetime, datetime.date
ROWS = 3_000
GENERATOR = random.Random(18)


def nulled(values):
    return [None if GENERATOR.random() < 0.1 else value for value in values]


# Column: Arrow's type, DDL's, values.
COLUMNS = {
    "flag": (pa.bool_(), "boolean", nulled([GENERATOR.random() < 0.5 for _ in range(ROWS)])),
    "whole": (pa.int32(), "int", nulled([GENERATOR.randrange(-(2**31), 2**31) for _ in range(ROWS)])),
    "big": (pa.int64(), "bigint", nulled([GENERATOR.randrange(-(2**63), 2**63) for _ in range(ROWS)])),
    "steps": (pa.int64(), "bigint", [10**12 + number * 7 for number in range(ROWS)]),
    "real": (pa.float64(), "double", nulled([GENERATOR.uniform(-1e9, 1e9) for _ in range(ROWS)])),
    "half": (pa.float32(), "float", nulled([float(GENERATOR.randrange(-1000, 1000)) / 8 for _ in range(ROWS)])),
    "word": (pa.string(), "string", nulled([GENERATOR.choice(["", "é", "a'b", "x" * 70, "😀"]) for _ in range(ROWS)])),
    "various": (pa.string(), "string", nulled([f"text {GENERATOR.random()}" for _ in range(ROWS)])),
    "day": (pa.date32(), "date", nulled([DAY(1970, 1, 1) + datetime.timedelta(number - 1500) for number in range(ROWS)])),
    "moment": (
        pa.timestamp("us"),
        "timestamp",
        nulled([T(1970, 1, 1) + datetime.timedelta(microseconds=GENERATOR.randrange(-(10**15), 10**15)) for _ in range(ROWS)]),
    ),
    "money": (pa.decimal128(12, 3), "decimal(12,3)", nulled([D(GENERATOR.randrange(-(10**11), 10**11)).scaleb(-3) for _ in range(ROWS)])),
    "wide": (pa.decimal128(38, 10), "decimal(38,10)", nulled([D(GENERATOR.randrange(-(10**37), 10**37)).scaleb(-10) for _ in range(ROWS)])),
}  # fmt: skip
ENCODINGS = {
    "DELTA_BINARY_PACKED": ["whole", "big", "steps", "day", "moment"],
    "BYTE_STREAM_SPLIT": ["real", "half"],
    "DELTA_LENGTH_BYTE_ARRAY": ["word", "various"],
    "DELTA_BYTE_ARRAY": ["word", "various"],
    "RLE": ["flag"],
    "PLAIN": list(COLUMNS),
}


def written(names, **options):
    decimal.getcontext().prec = 60
    table = pa.table({name: pa.array(COLUMNS[name][2], COLUMNS[name][0]) for name in names})
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=1_111, data_page_size=4_096, **options)
    return out.getvalue()


def variants():
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        yield f"{codec}", list(COLUMNS), {"compression": codec}
    for version in ("1.0", "2.4", "2.6"):
        for page in ("1.0", "2.0"):
            yield f"format {version}, pages {page}", list(COLUMNS), {"version": version, "data_page_version": page}
    for encoding, names in ENCODINGS.items():
        for page in ("1.0", "2.0"):
            yield (
                f"{encoding}, pages {page}",
                names,
                {
                    "use_dictionary": False,
                    "column_encoding": {name: encoding for name in names},
                    "data_page_version": page,
                },
            )
    yield "no dictionary", list(COLUMNS), {"use_dictionary": False}
    yield "dictionary given up", list(COLUMNS), {"dictionary_pagesize_limit": 512}
    yield "no statistics", list(COLUMNS), {"write_statistics": False}
    yield "page index", list(COLUMNS), {"write_page_index": True}
    yield "checksums", list(COLUMNS), {"write_page_checksum": True}
    yield "INT96", ["moment"], {"use_deprecated_int96_timestamps": True}
    yield "decimals as integers", ["money"], {"store_decimal_as_integer": True}


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.query("create schema pc with dbproperties (location = 'oss://lake/pc/')")


def put(daemon, name, columns, content):
    daemon.put(f"oss://lake/pc/{name}/f.parquet", content)
    daemon.query(f"create external table pc.{name} ({columns}) stored as parquet location 'oss://lake/pc/{name}/'")
    return f"pc.{name}"


@pytest.mark.parametrize("name, columns, options", list(variants()), ids=[name for name, _, _ in variants()])
def test_values_are_read_as_they_were_written(daemon, name, columns, options):
    table = put(
        daemon,
        "v_" + "".join(letter if letter.isalnum() else "_" for letter in name),
        ", ".join(f"`{column}` {COLUMNS[column][1]}" for column in columns),
        written(columns, **options),
    )
    found = daemon.query(f"select {', '.join(f'`{column}`' for column in columns)} from {table}")
    assert len(found) == ROWS
    for place, column in enumerate(columns):
        for row, right in zip(found, COLUMNS[column][2], strict=True):
            assert row[place] == right, (column, row[place], right)
    # What statistics, dictionaries and Bloom filters say, too.
    for column in columns:
        kind, right = COLUMNS[column][1], next(value for value in COLUMNS[column][2] if value is not None)
        count = sum(1 for value in COLUMNS[column][2] if value == right)
        if kind not in ("float", "double"):
            literal = f"'{right}'" if kind not in ("boolean",) else str(right).lower()
            literal = literal.replace("a'b", "a''b")
            assert daemon.query(f"select count(*) from {table} where `{column}` = cast({literal} as {cast(kind)})") == (
                (count,),
            )
        nulls = sum(1 for value in COLUMNS[column][2] if value is None)
        assert daemon.query(f"select count(*) from {table} where `{column}` is null") == ((nulls,),), column


def cast(kind):
    return {"string": "varchar", "boolean": "boolean"}.get(kind, kind)


# Arrow's type, DDL's, a value, the text of it or the beginning of what is said.
KINDS = [
    (pa.int8(), "tinyint", -5, -5),
    (pa.int16(), "smallint", -500, -500),
    (pa.uint8(), "smallint", 255, 255),
    (pa.uint16(), "int", 65_535, 65_535),
    (pa.uint32(), "bigint", 2**32 - 1, 2**32 - 1),
    (pa.uint64(), "decimal(20,0)", 2**64 - 1, D(2**64 - 1)),
    (pa.float16(), "float", 0.5, 0.5),
    (pa.date64(), "date", DAY(2024, 2, 29), DAY(2024, 2, 29)),
    (pa.time32("ms"), "string", datetime.time(1, 2, 3, 4_000), "01:02:03.004"),
    (pa.time64("us"), "string", datetime.time(1, 2, 3, 4), "01:02:03.000004"),
    (pa.timestamp("ms"), "timestamp", T(2024, 2, 29, 1, 2, 3, 4_000), T(2024, 2, 29, 1, 2, 3, 4_000)),
    (pa.timestamp("ns"), "timestamp", T(2024, 2, 29, 1, 2, 3, 4), T(2024, 2, 29, 1, 2, 3, 4)),
    (pa.timestamp("us", tz="Asia/Tokyo"), "timestamp", T(2024, 2, 29, 1, 2, 3), T(2024, 2, 29, 1, 2, 3)),
    (pa.large_string(), "string", "é", "é"),
    (pa.string_view(), "string", "é" * 20, "é" * 20),
    (pa.large_binary(), "binary", b"\x00\xff", b"\x00\xff"),
    (pa.binary(3), "binary", b"a\x00c", b"a\x00c"),
    (pa.decimal256(38, 2), "decimal(38,2)", D("1.50"), D("1.50")),
    (pa.dictionary(pa.int8(), pa.string()), "string", "red", "red"),
    (pa.list_(pa.int32()), "array<int>", [1, None, 3], "[1,null,3]"),
    (pa.list_(pa.list_(pa.string())), "array<array<string>>", [["a"], [], None], '[["a"],[],null]'),
    (pa.list_(pa.int32(), 2), "array<int>", [7, 8], "[7,8]"),
    (pa.struct([("x", pa.int32()), ("y", pa.struct([("z", pa.string())]))]), "struct<x:int,y:struct<z:string>>", {"x": 1, "y": {"z": "é"}}, '{"x":1,"y":{"z":"é"}}'),
    (pa.map_(pa.string(), pa.int32()), "map<string,int>", [("a", 1), ("b", None)], '{"a":1,"b":null}'),
    (pa.list_(pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))])), "array<struct<a:bigint,b:array<string>>>", [{"a": 1, "b": ["x"]}, None], '[{"a":1,"b":["x"]},null]'),
    (pa.null(), "string", None, None),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[f"{kind} as {ddl}" for kind, ddl, _, _ in KINDS])
def test_each_type_of_arrow_is_read(daemon, number):
    kind, ddl, value, right = KINDS[number]
    out = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array([1, 2]), "c": pa.array([value, None], kind)}), out)
    table = put(daemon, f"k{number}", f"n bigint, c {ddl}", out.getvalue())
    (first, second) = daemon.query(f"select c from {table} order by n")
    found = (
        json.dumps(json.loads(first[0]), ensure_ascii=False, separators=(",", ":"))
        if ddl[:3] in ("arr", "str", "map") and "<" in ddl
        else first[0]
    )
    assert found == right and second[0] is None
    if ddl[:3] not in ("arr", "map") and "<" not in ddl and value is not None:
        assert daemon.query(f"select n from {table} where c = (select c from {table} where n = 1)") == ((1,),)


def test_files_without_rows_groups_or_columns(daemon):
    empty = pa.table({"a": pa.array([], pa.int32())})
    parts = {}
    for name, table, options in [
        ("none", empty, {}),
        ("other", pa.table({"b": pa.array([1], pa.int32())}), {}),
        ("some", pa.table({"a": pa.array([5, None], pa.int32())}), {"row_group_size": 1}),
    ]:
        out = io.BytesIO()
        pq.write_table(table, out, **options)
        parts[name] = out.getvalue()
        daemon.put(f"oss://lake/pc/parts/{name}.parquet", parts[name])
    daemon.query("create external table pc.parts (a int) stored as parquet location 'oss://lake/pc/parts/'")
    assert sorted(daemon.query("select a from pc.parts"), key=repr) == [(5,), (None,), (None,)]


def test_an_encoding_that_the_engine_does_not_know_is_named(daemon):
    options = {"use_dictionary": False, "column_encoding": {"whole": "BYTE_STREAM_SPLIT"}}
    table = put(daemon, "split", "`whole` int", written(["whole"], **options))
    with pytest.raises(pymysql.Error) as raised:
        daemon.query(f"select sum(whole) from {table}")
    number, words = raised.value.args
    assert number == 1235 and "BYTE_STREAM_SPLIT" in words and "write" in words, words


def damaged():
    whole = written(["whole", "word"])
    yield "cut off", whole[: len(whole) // 2]
    yield "no footer", whole[:-8] + b"\0" * 4 + b"PAR1"
    yield "another file", b"PAR1" + b"x" * 100 + b"PAR1"
    yield "encrypted", whole[:-4] + b"PARE"
    yield "a magic alone", b"PAR1PAR1"


@pytest.mark.parametrize("name, content", list(damaged()), ids=[name for name, _ in damaged()])
def test_a_damaged_file_is_an_error_that_names_it(daemon, name, content):
    table = put(daemon, "d_" + name.replace(" ", "_"), "`whole` int, `word` string, `big` bigint", content)
    with pytest.raises(pymysql.Error) as raised:
        daemon.query(f"select count(distinct whole), count(distinct word), count(distinct big) from {table}")
    number, words = raised.value.args
    assert "f.parquet" in words and str(daemon.data) not in words, words
    assert daemon.query("select 1") == ((1,),)
