"""TPC-H at scale factor 0.1 in five layouts: every answer equals the specification's (https://www.tpc.org/tpch/)."""

import contextlib
import csv
import decimal
import io

import duckdb
import pytest

import loon

SCALE = 0.1
TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]
DELIMITED = "row format delimited fields terminated by '{}'"


@pytest.fixture(scope="module")
def tpch(tmp_path_factory):
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(f"load '{loon.ROOT}/.deps/tpch/tpch.duckdb_extension'")
    connection.execute(f"call dbgen(sf={SCALE})")
    return connection


def columns(tpch, table):
    """The columns as Hive writes them."""
    types = {"INTEGER": "int", "BIGINT": "bigint", "VARCHAR": "string", "DATE": "date"}
    return {name: types.get(kind, kind.lower()) for name, kind, *_ in tpch.execute(f"describe {table}").fetchall()}


def create(daemon, schema, table, kinds, rest):
    listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    daemon.query(f"create external table {schema}.{table} ({listed}) {rest} location 'oss://lake/{schema}/{table}/'")


def as_csv(daemon, tpch, folder, schema):
    for table in TABLES:
        tpch.execute(f"copy {table} to '{folder}/{table}.csv' (format csv, header true)")
        daemon.command(
            "oss", "cp", folder / f"{table}.csv", f"oss://lake/{schema}/{table}/{table}.csv", "--data-dir", daemon.data
        )
        kinds = columns(tpch, table)
        listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        daemon.query(
            f"create external table {schema}.{table} ({listed}) row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
            f"with serdeproperties ('escapeChar' = '\"') location 'oss://lake/{schema}/{table}/' tblproperties ('skip.header.line.count' = '1')"
        )


def as_text(daemon, tpch, folder, schema):
    for table in TABLES:
        tpch.execute(f"copy {table} to '{folder}/{table}.tbl' (format csv, header false, delimiter '|', quote '')")
        daemon.command(
            "oss", "cp", folder / f"{table}.tbl", f"oss://lake/{schema}/{table}/{table}.tbl", "--data-dir", daemon.data
        )
        create(daemon, schema, table, columns(tpch, table), DELIMITED.format("|"))


def as_json(daemon, tpch, folder, schema):
    for table in TABLES:
        tpch.execute(f"copy {table} to '{folder}/{table}.json' (format json)")
        daemon.command(
            "oss",
            "cp",
            folder / f"{table}.json",
            f"oss://lake/{schema}/{table}/{table}.json",
            "--data-dir",
            daemon.data,
        )
        create(daemon, schema, table, columns(tpch, table), "stored as json")


def as_parquet(daemon, tpch, folder, schema):
    for table in TABLES:
        tpch.execute(f"copy {table} to '{folder}/{table}.parquet' (format parquet)")
        daemon.command(
            "oss",
            "cp",
            folder / f"{table}.parquet",
            f"oss://lake/{schema}/{table}/{table}.parquet",
            "--data-dir",
            daemon.data,
        )
        create(daemon, schema, table, columns(tpch, table), "stored as parquet")


def as_partitioned_parquet(daemon, tpch, folder, schema):
    """Written by Loon itself, from Parquet."""
    as_parquet(daemon, tpch, folder, schema + "_source")
    keys = {"orders": "o_orderpriority", "lineitem": "l_shipmode", "customer": "c_mktsegment", "nation": "n_regionkey"}
    for table in TABLES:
        kinds = columns(tpch, table)
        key = keys.get(table)
        if not key:
            daemon.query(f"create table {schema}.{table} stored as parquet as select * from {schema}_source.{table}")
            continue
        data = [name for name in kinds if name != key]
        listed = ", ".join(f"{name} {kinds[name]}" for name in data)
        daemon.query(
            f"create external table {schema}.{table} ({listed}) partitioned by ({key} {kinds[key]}) stored as parquet location 'oss://lake/{schema}/{table}/'"
        )
        daemon.query(f"insert into {schema}.{table} select {', '.join(data)}, {key} from {schema}_source.{table}")
        assert len(daemon.query(f"show partitions {schema}.{table}")) == 5 + 2 * (key == "l_shipmode")


def value(text):
    """As the specification's answers are compared: numbers to the hundredth (2.1.3.5)."""
    with contextlib.suppress(decimal.InvalidOperation, TypeError):
        return round(float(decimal.Decimal(str(text))), 2)
    return "" if text is None else str(text)


@pytest.mark.parametrize(
    "layout", [as_csv, as_text, as_json, as_parquet, as_partitioned_parquet], ids=lambda function: function.__name__
)
def test_answers(daemon, tpch, tmp_path, layout):
    schema = layout.__name__
    for name in {schema, schema + "_source"}:
        daemon.query(f"create schema {name} with dbproperties (location = 'oss://lake/{name}/')")
    layout(daemon, tpch, tmp_path, schema)
    wrong = []
    with contextlib.closing(daemon.connect(database=schema)) as connection:
        for number, sql in tpch.execute("select query_nr, query from tpch_queries() order by 1").fetchall():
            answer = tpch.execute(
                "select answer from tpch_answers() where query_nr = ? and scale_factor = ?", [number, SCALE]
            ).fetchone()[0]
            expected = [
                [value(field) for field in row] for row in list(csv.reader(io.StringIO(answer), delimiter="|"))[1:]
            ]
            found = [[value(field) for field in row] for row in loon.query(connection, sql)]
            if found != expected:
                wrong.append((number, found[:3], expected[:3]))
    assert not wrong, wrong
