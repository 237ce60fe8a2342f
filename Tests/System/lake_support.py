"""Tables that the tests of the lake share."""

import decimal

import pytest

D = decimal.Decimal


TEXT = "row format delimited fields terminated by ','"


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.query("create schema l with dbproperties (location='oss://lake/l/')")


COUNTER = iter(range(10_000))


def table(daemon, columns, rest, content, name="a.txt"):
    number = next(COUNTER)
    for file, data in (content if isinstance(content, dict) else {name: content}).items():
        daemon.put(f"oss://lake/l/t{number}/{file}", data)
    daemon.query(f"create external table l.t{number} ({columns}) {rest.format(place=f'oss://lake/l/t{number}/')}")
    return f"l.t{number}"


# Partitions


@pytest.fixture(scope="module")
def parted(daemon, schema):
    for year in (2018, 2019, 2020):
        for month in ("a", "b/c"):
            daemon.put(f"oss://lake/l/parted/y={year}/m={month.replace('/', '%2F')}/f.csv", f"{year}{month[0]},1\n")
    daemon.put("oss://lake/l/parted/y=__HIVE_DEFAULT_PARTITION__/m=a/f.csv", "null,1\n")
    daemon.put("oss://lake/l/parted/other/f.csv", "other,1\n")
    daemon.query(
        f"create external table l.parted (v string, n int) partitioned by (y int, m string) {TEXT} location 'oss://lake/l/parted/'"
    )
    assert daemon.query("select * from l.parted") == ()
    daemon.query("msck repair table l.parted")
    # The same rows, with the partitions' values as columns like others.
    daemon.query("create table l.unparted stored as parquet as select * from l.parted")
    return daemon


def scanned(daemon, sql):
    return daemon.await_task(daemon.submit(sql))["scanned_data_bytes"]
