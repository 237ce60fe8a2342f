"""Results as other tools read them: each type in CSV, JSON and Parquet, by pandas, polars, DuckDB and Python itself."""

import csv
import datetime
import decimal
import json
import math

import duckdb
import pandas
import polars
import pytest

D, T, DAY = decimal.Decimal, datetime.datetime, datetime.date

# Column: the engine's type, and its values as SQL and as Python's.
COLUMNS = {
    "flag": ("boolean", [("true", True), ("false", False), ("null", None)]),
    "tiny": ("tinyint", [("-128", -128), ("127", 127), ("null", None)]),
    "small": ("smallint", [("-32768", -32768), ("32767", 32767), ("0", 0)]),
    "whole": ("integer", [("-2147483648", -(2**31)), ("2147483647", 2**31 - 1), ("null", None)]),
    "big": ("bigint", [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1), ("9007199254740993", 2**53 + 1)]),
    "money": ("decimal(18,4)", [("12345678901234.5678", D("12345678901234.5678")), ("-0.0001", D("-0.0001")), ("null", None)]),
    "wide": ("decimal(38,10)", [("1234567890123456789012345678.0123456789", D("1234567890123456789012345678.0123456789")), ("0", D(0)), ("null", None)]),
    "real": ("double", [("0.1", 0.1), ("-1.7976931348623157e308", -1.7976931348623157e308), ("5e-324", 5e-324)]),
    "half": ("float", [("0.5", 0.5), ("-16777216", -16777216.0), ("null", None)]),
    "word": ("varchar", [("'Zürich, \"quoted\"'", 'Zürich, "quoted"'), ("'two' || chr(10) || 'lines' || chr(9)", "two\nlines\t"), ("'\\\\N'", "\\N")]),
    "letters": ("varchar", [("'😀 é'", "😀 é"), ("'007'", "007"), ("'null'", "null")]),
    "day": ("date", [("'2024-02-29'", DAY(2024, 2, 29)), ("'1900-01-01'", DAY(1900, 1, 1)), ("null", None)]),
    "moment": (
        "timestamp",
        [("'2024-02-29 23:59:59.999999'", T(2024, 2, 29, 23, 59, 59, 999999)), ("'1900-01-01 00:00:00'", T(1900, 1, 1)), ("null", None)],
    ),
}  # fmt: skip
QUERY = (
    "select * from (values "
    + ", ".join(
        f"({', '.join([str(row)] + [f'cast({values[row][0]} as {kind})' for kind, values in COLUMNS.values()])})"
        for row in range(3)
    )
    + f") as t(row, {', '.join(COLUMNS)}) order by row"
)


def expected(name):
    return [value for _, value in COLUMNS[name][1]]


@pytest.fixture(scope="module")
def results(daemon):
    found = {}
    for form in ("csv", "json", "parquet"):
        row = daemon.await_task(daemon.submit(QUERY, f"result-format={form}"))
        assert row["status"] == "SUCCESS", row["message"]
        url = row["result_file_oss_file"]
        found[form] = daemon.data / "oss" / url.removeprefix("oss://")
    return found


def same(found, name):
    """Whether values are what they should be; a tool may say NaN or NaT for NULL, and a whole number with a fraction."""
    kind = COLUMNS[name][0]
    for value, right in zip(found, expected(name), strict=True):
        if value is None or (not isinstance(value, (str, list)) and pandas.isna(value)):
            assert right is None, (name, value, right)
            continue
        assert right is not None, (name, value)
        if kind.startswith("decimal"):
            value = D(str(value))
        elif isinstance(right, DAY) and not isinstance(right, T):
            value = DAY.fromisoformat(str(value)[:10])
        elif isinstance(right, T):
            value = T.fromisoformat(str(value).replace("T", " ")).replace(tzinfo=None)
        elif isinstance(right, bool):
            value = (
                {"1": True, "0": False, "true": True, "false": False}.get(value, value)
                if isinstance(value, str)
                else bool(value)
            )
        elif isinstance(right, (int, float)):
            value = type(right)(value)
        if isinstance(right, float):
            assert math.isclose(value, right, rel_tol=1e-15, abs_tol=0), (name, value, right)
        else:
            assert value == right, (name, value, right)


# Texts: pandas takes words such as `null` for NULL, unless it is told not to.
def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    yield "csv", {name: [row[name] if row[name] != "" else None for row in rows] for name in COLUMNS}
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    yield "pandas", {name: list(frame[name]) for name in COLUMNS}
    frame = polars.read_csv(path, infer_schema=False)
    yield "polars", {name: frame[name].to_list() for name in COLUMNS}
    kinds = {"row": "int"} | {name: kind for name, (kind, _) in COLUMNS.items()}
    found = duckdb.sql(
        f"select * from read_csv('{path}', columns = {kinds}, header = true, quote = '\"', escape = '\"')"
    )
    yield "DuckDB", columns(found)


def read_json(path):
    rows = [json.loads(line, parse_float=D) for line in path.read_text(encoding="utf-8").splitlines()]
    yield "json", {name: [row[name] for row in rows] for name in COLUMNS}
    kinds = {"row": "int"} | {name: kind for name, (kind, _) in COLUMNS.items()}
    found = duckdb.sql(f"select * from read_json('{path}', format = 'newline_delimited', columns = {kinds})")
    yield "DuckDB", columns(found, but=("money", "wide"))
    frame = polars.read_ndjson(
        path, schema_overrides={"big": polars.Int64, "money": polars.String, "wide": polars.String}
    )
    yield "polars", {name: frame[name].to_list() for name in COLUMNS if name not in ("money", "wide")}
    frame = pandas.read_json(path, lines=True, engine="pyarrow", dtype_backend="pyarrow")
    yield "pandas", {name: list(frame[name]) for name in ("flag", "whole", "big", "word", "letters", "day", "moment")}


def read_parquet(path):
    yield "DuckDB", columns(duckdb.sql(f"select * from '{path}'"))
    frame = polars.read_parquet(path)
    yield "polars", {name: frame[name].to_list() for name in COLUMNS}
    frame = pandas.read_parquet(path, dtype_backend="pyarrow")
    yield "pandas", {name: list(frame[name]) for name in COLUMNS}


def columns(relation, but=()):
    rows = relation.fetchall()
    return {
        name: [row[place] for row in rows]
        for place, name in enumerate(relation.columns)
        if name in COLUMNS and name not in but
    }


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_every_tool_reads_what_was_computed(results, form):
    tools = []
    for tool, found in {"csv": read_csv, "json": read_json, "parquet": read_parquet}[form](results[form]):
        tools.append(tool)
        for name, values in found.items():
            same(values, name)
    assert len(tools) >= 3


def test_nothing_and_no_text_are_two_in_a_result(daemon):
    sql = "select * from (values (1, null, ''), (2, '', null), (3, ' ', 'x')) as t(n, a, b) order by n"
    right = [{"n": 1, "a": None, "b": ""}, {"n": 2, "a": "", "b": None}, {"n": 3, "a": " ", "b": "x"}]
    for form in ("csv", "json", "parquet"):
        row = daemon.await_task(daemon.submit(sql, f"result-format={form}"))
        path = daemon.data / "oss" / row["result_file_oss_file"].removeprefix("oss://")
        if form == "csv":
            # A field of nothing is NULL, one in quotes is a text: DuckDB tells them apart.
            found = duckdb.sql(
                f"select * from read_csv('{path}', all_varchar = true, allow_quoted_nulls = false)"
            ).fetchall()
            assert found == [("1", None, ""), ("2", "", None), ("3", " ", "x")]
        elif form == "json":
            assert [json.loads(line) for line in path.read_text().splitlines()] == right
        else:
            assert polars.read_parquet(path).to_dicts() == right


def test_bytes_and_nested_values_are_read_back(daemon):
    sql = (
        "select cast('\\\\x00\\\\xFFa' as blob) as b, [1, null, 3] as l, {'x': 'é', 'y': [1.5]} as s, "
        "map {'k': 1, 'm': null} as m, [{'d': date '2024-02-29'}] as n"
    )
    paths = {}
    for form in ("csv", "json", "parquet"):
        row = daemon.await_task(daemon.submit(sql, f"result-format={form}"))
        assert row["status"] == "SUCCESS", row["message"]
        paths[form] = daemon.data / "oss" / row["result_file_oss_file"].removeprefix("oss://")
    with open(paths["csv"], newline="") as file:
        (found,) = csv.DictReader(file)
    # As Athena writes bytes.
    assert found["b"] == "00 ff 61" and json.loads(found["l"]) == [1, None, 3]
    assert json.loads(found["s"]) == {"x": "é", "y": [1.5]} and json.loads(found["m"]) == {"k": 1, "m": None}
    (found,) = [json.loads(line) for line in paths["json"].read_text().splitlines()]
    assert found["l"] == [1, None, 3] and found["s"] == {"x": "é", "y": [1.5]} and found["n"] == [{"d": "2024-02-29"}]
    for rows in (
        duckdb.sql(f"select b, l, s, n from '{paths['parquet']}'").fetchall(),
        polars.read_parquet(paths["parquet"], columns=["b", "l", "s", "n"]).rows(),
    ):
        ((b, l, s, n),) = rows
        assert (bytes(b), list(l)) == (b"\x00\xffa", [1, None, 3])
        assert s["x"] == "é" and [float(y) for y in s["y"]] == [1.5] and n == [{"d": DAY(2024, 2, 29)}]
