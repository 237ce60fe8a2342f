"""Parquet and Avro as strangers write them: read right, or refused by name."""

import datetime
import io

import fastavro
import pytest

from strangers import D, parquet, refused, rows, table, warnings


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.put("oss://lake/f/x", "x")
    daemon.query("create schema f with dbproperties (location='oss://lake/f/')")


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


def avro(kind, values):
    schema = {"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}, {"name": "v", "type": kind}]}
    out = io.BytesIO()
    fastavro.writer(out, schema, [{"id": i, "v": value} for i, value in enumerate(values)])
    return {"a.avro": out.getvalue()}


def test_unions_of_avro_are_what_stands_in_them(daemon):
    files = avro(["null", "int", "string"], [5, "x", None])
    assert rows(daemon, table(daemon, "id int, v string", "stored as avro", files)) == [(0, "5"), (1, "x"), (2, None)]
    name = table(daemon, "id int, v int", "stored as avro", files)
    assert daemon.query(f"select count(id) from {name}") == ((3,),)
    refused(daemon, f"select v from {name}", "x")


def test_decimals_of_bytes_in_avro_are_refused_where_they_are_read(daemon):
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    name = table(daemon, "id int, v decimal(10,2)", "stored as avro", avro(kind, [D("1.50"), D("-3.25")]))
    assert daemon.query(f"select id from {name} order by id") == ((0,), (1,))
    refused(daemon, f"select v from {name}", "decimal of bytes", "BINARY")


def test_bytes_of_avro_under_a_string(daemon):
    name = table(daemon, "id int, v string", "stored as avro", avro("bytes", ["Zü".encode(), b"\xff"]))
    assert rows(daemon, name) == [(0, "Zü"), (1, None)]
    assert warnings(daemon, f"select * from {name}")
