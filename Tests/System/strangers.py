"""Tables over files as strangers write them, for the tests that read them."""

import contextlib
import decimal

import duckdb
import pymysql
import pytest

import loon

D = decimal.Decimal
CSV = "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
JSON = "row format serde 'org.apache.hive.hcatalog.data.JsonSerDe'"
TEXT = "row format delimited fields terminated by ','"
COUNTER = iter(range(10_000))


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
