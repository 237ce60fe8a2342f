"""Each format × each type of a file × each type that DDL may give it × each comparison, against the answer computed here
from the same values."""

import contextlib
import csv
import datetime
import decimal
import io
import itertools
import json
import operator

import duckdb
import fastavro

import loon

D = decimal.Decimal
DAY, MOMENT = datetime.date, datetime.datetime
REPEATED = 1_500
COMPARISONS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

WHOLE = [-128, -7, -1, 0, 2, 77, 127]
WIDE = [-(2**31), -1, 0, 2, 300, 70_000, 2**31 - 1]
HUGE = [-(2**63), -(2**31) - 1, 0, 77, 2**53 + 1, 2**63 - 1]
REAL = [-1.5, -0.25, 0.0, 0.5, 1.0, 1024.125]
CENTS = [D("-99.99"), D("-0.01"), D("0.00"), D("1.50"), D("2.00"), D("1234567.89")]
LONG = [D("-1.0000000001"), D("0"), D("1.1"), D("2"), D("12345678901234567890.0123456789")]
TEXTS = ["", "7", "Zürich", "a", "aa", "b'c", "😀"]
BYTES = [b"", b"\x00\xff", b"a", b"\\x41", b"A", bytes(range(16))]
DAYS = [DAY(1969, 12, 31), DAY(1970, 1, 1), DAY(2024, 1, 5), DAY(2024, 2, 29), DAY(9999, 12, 31)]
MOMENTS = [
    MOMENT(1969, 12, 31, 23, 59, 59),
    MOMENT(2024, 1, 5),
    MOMENT(2024, 1, 5, 12, 30, 1, 500_000),
    MOMENT(2024, 1, 6),
    MOMENT(2024, 2, 29, 23, 59, 59, 999_000),
]


def number(value, _):
    return int(value) if isinstance(value, str) else value


def as_decimal(value, ddl):
    return D(str(value)).quantize(D(1).scaleb(-int(ddl.split(",")[1][:-1])), context=decimal.Context(prec=50))


def as_text(value, _):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, MOMENT):
        return value.strftime("%Y-%m-%d %H:%M:%S") + (
            f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
        )
    return value.decode() if isinstance(value, bytes) else str(value)


def as_day(value, _):
    return value.date() if isinstance(value, MOMENT) else DAY.fromisoformat(value) if isinstance(value, str) else value


def as_moment(value, _):
    return value if isinstance(value, MOMENT) else MOMENT(value.year, value.month, value.day)


CONVERT = {
    "tinyint": number,
    "smallint": number,
    "int": number,
    "bigint": number,
    "float": number,
    "double": number,
    "boolean": number,
    "binary": number,
    "decimal": as_decimal,
    "string": as_text,
    "varchar": as_text,
    "date": as_day,
    "timestamp": as_moment,
}

# The type in the file, the values, and the types that DDL may give them.
PARQUET = [
    ("TINYINT", WHOLE, ["tinyint", "smallint", "int", "bigint", "double", "decimal(10,2)", "decimal(38,10)", "string"]),
    ("SMALLINT", WHOLE, ["smallint", "int", "bigint", "float", "double", "decimal(10,2)", "string"]),
    ("INTEGER", WIDE, ["int", "bigint", "double", "decimal(12,2)", "decimal(38,10)", "string"]),
    ("INTEGER", WHOLE, ["tinyint", "smallint", "decimal(5,1)"]),
    ("BIGINT", HUGE, ["bigint", "decimal(38,10)", "string"]),
    ("BIGINT", WIDE, ["int", "double", "decimal(20,0)"]),
    ("UTINYINT", [0, 1, 128, 255], ["smallint", "int", "bigint", "decimal(10,2)", "string"]),
    ("UINTEGER", [0, 1, 2**31, 2**32 - 1], ["bigint", "decimal(12,2)", "string"]),
    ("FLOAT", REAL, ["float", "double"]),
    ("DOUBLE", REAL, ["double", "decimal(20,5)"]),
    ("DECIMAL(9,2)", CENTS, ["decimal(9,2)", "decimal(20,5)", "decimal(38,10)", "double", "string"]),
    ("DECIMAL(18,2)", CENTS, ["decimal(18,2)", "decimal(9,2)"]),
    ("DECIMAL(38,10)", LONG, ["decimal(38,10)"]),
    ("VARCHAR", TEXTS, ["string", "varchar(20)"]),
    ("VARCHAR", ["-5", "0", "77"], ["int", "bigint", "decimal(10,2)"]),
    ("VARCHAR", ["2024-01-05", "1969-12-31"], ["date"]),
    ("BLOB", BYTES, ["binary"]),
    ("BLOB", [text.encode() for text in TEXTS], ["string", "varchar(20)"]),
    ("BOOLEAN", [True, False], ["boolean", "string"]),
    ("DATE", DAYS, ["date", "timestamp", "string"]),
    ("TIMESTAMP", MOMENTS, ["timestamp", "date", "string"]),
    ("TIMESTAMP_MS", MOMENTS, ["timestamp", "date"]),
    ("TIMESTAMP_NS", MOMENTS, ["timestamp", "date"]),
    ("TIMESTAMP_S", [moment.replace(microsecond=0) for moment in MOMENTS], ["timestamp", "date"]),
]
TEXT_TYPES = [
    ("tinyint", WHOLE),
    ("int", WIDE),
    ("bigint", HUGE),
    ("double", REAL),
    ("decimal(12,2)", CENTS),
    ("decimal(38,10)", LONG),
    ("string", TEXTS),
    ("boolean", [True, False]),
    ("date", DAYS),
    ("timestamp", MOMENTS),
]


def converted(value, ddl):
    return CONVERT[ddl.split("(")[0]](value, ddl)


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"unhex('{value.hex()}')"
    if isinstance(value, MOMENT):
        return f"timestamp '{as_text(value, None)}'"
    if isinstance(value, DAY):
        return f"date '{value}'"
    if isinstance(value, float):
        return repr(value) + "e0"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def literals(value):
    """The ways to write a constant: of times also as text."""
    yield literal(value)
    if isinstance(value, DAY):
        yield f"'{as_text(value, None)}'"


def neighbours(value):
    """Values that are near, and are or are not among those of the file."""
    yield value
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield from (value - 1, value + 1) if abs(value) < 2**62 else ()
    elif isinstance(value, D):
        yield from (value + D("0.01"), value - D("0.5"))
    elif isinstance(value, float):
        yield from (value + 0.125, value - 3)
    elif isinstance(value, MOMENT):
        yield from (value + datetime.timedelta(seconds=1), value - datetime.timedelta(milliseconds=1))
    elif isinstance(value, DAY):
        yield value - datetime.timedelta(days=1)
    else:
        yield value + (b"z" if isinstance(value, bytes) else "z")


def cells(name, values, ddl):
    """Conditions on the column `c`, and how many rows each holds for: the values are there REPEATED times, and NULL."""
    own = [converted(value, ddl) for value in values]
    constants = list(dict.fromkeys(itertools.chain.from_iterable(neighbours(value) for value in own)))
    for constant in constants:
        for text in literals(constant):
            for sign, compare in COMPARISONS.items():
                yield name, f"c {sign} {text}", REPEATED * sum(compare(value, constant) for value in own)
    for low, high in zip(constants, constants[2:]):
        if low <= high:
            yield (
                name,
                f"c between {literal(low)} and {literal(high)}",
                REPEATED * sum(low <= value <= high for value in own),
            )
        yield name, f"c in ({literal(low)}, {literal(high)})", REPEATED * sum(value in (low, high) for value in own)
        yield (
            name,
            f"c not in ({literal(low)}, {literal(high)})",
            REPEATED * sum(value not in (low, high) for value in own),
        )
    yield name, "c is null", REPEATED
    yield name, "c is not null", REPEATED * len(own)


def check(connection, cells):
    """Asks many at once, each as a scan of its own; returns those that came out wrong."""
    cells, wrong = list(cells), []
    for start in range(0, len(cells), 50):
        part = cells[start : start + 50]
        sql = " union all ".join(
            f"select {i} as i, count(*) as n from m.{name} where {condition}"
            for i, (name, condition, _) in enumerate(part)
        )
        found = dict(loon.query(connection, sql))
        wrong += [
            (name, condition, expected, found[i])
            for i, (name, condition, expected) in enumerate(part)
            if found[i] != expected
        ]
    return len(cells), wrong


def test_parquet_with_every_pair_of_types(daemon, tmp_path):
    daemon.put("oss://lake/m/x", "x")
    daemon.query("create schema if not exists m with dbproperties (location='oss://lake/m/')")
    all_cells = []
    for number, (kind, values, ddls) in enumerate(PARQUET):
        # In the order of the values, so that row groups can be passed over.
        rows = ", ".join(f"({i}, {literal(value)})" for i, value in enumerate(values)) + f", ({len(values)}, NULL)"
        duckdb.sql(
            f"copy (select cast(v as {kind}) as c from (values {rows}) as t(i, v), range({REPEATED}) order by i) "
            f"to '{tmp_path}/{number}.parquet' (format parquet, row_group_size 2048)".replace("unhex(", "from_hex(")
        )
        daemon.put(f"oss://lake/m/p{number}/a.parquet", (tmp_path / f"{number}.parquet").read_bytes())
        for place, ddl in enumerate(ddls):
            name = f"p{number}_{place}"
            daemon.query(
                f"create external table m.{name} (c {ddl}) stored as parquet location 'oss://lake/m/p{number}/'"
            )
            all_cells += cells(name, values, ddl)
    with contextlib.closing(daemon.connect()) as connection:
        count, wrong = check(connection, all_cells)
    assert not wrong, wrong[:20]
    assert count > 6_000


def plain(value):
    return as_text(value, None) if isinstance(value, (DAY, bool)) else str(value) if isinstance(value, D) else value


def delimited(values):
    return "".join(f"{plain(value)}\n" for value in values) + "\\N\n"


def quoted(values):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([[plain(value)] for value in values])
    return out.getvalue()


def lines_of_json(values):
    def shown(value):
        return (
            str(value)
            if isinstance(value, D)
            else json.dumps(value if isinstance(value, bool) else plain(value), ensure_ascii=False)
        )

    return "".join(f'{{"c": {shown(value)}}}\n' for value in values) + '{"c": null}\n'


def test_text_and_json_with_every_type(daemon):
    daemon.put("oss://lake/m/x", "x")
    daemon.query("create schema if not exists m with dbproperties (location='oss://lake/m/')")
    serde = "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties ('escapeChar'='\"')"
    formats = {
        "t": (delimited, "row format delimited fields terminated by ','"),
        "q": (quoted, serde),
        "j": (lines_of_json, "stored as json"),
    }
    all_cells = []
    for number, (ddl, values) in enumerate(TEXT_TYPES):
        for kind, (write, clause) in formats.items():
            # OpenCSVSerde has no NULL but for what is no value of the type.
            name = f"{kind}{number}"
            content = write(values) + ("nothing\n" if kind == "q" and ddl != "string" else "")
            daemon.put(f"oss://lake/m/{name}/a.txt", content * REPEATED)
            daemon.query(f"create external table m.{name} (c {ddl}) {clause} location 'oss://lake/m/{name}/'")
            own = cells(name, values, ddl)
            all_cells += [cell for cell in own if not (kind == "q" and ddl == "string" and "null" in cell[1])]
    with contextlib.closing(daemon.connect()) as connection:
        count, wrong = check(connection, all_cells)
    assert not wrong, wrong[:20]
    assert count > 3_500


def test_avro_with_every_type(daemon):
    daemon.put("oss://lake/m/x", "x")
    daemon.query("create schema if not exists m with dbproperties (location='oss://lake/m/')")
    kinds = [
        ("int", WIDE, ["int", "bigint", "decimal(12,2)", "string"]),
        ("long", HUGE, ["bigint", "decimal(38,10)"]),
        ("double", REAL, ["double"]),
        ("float", REAL, ["float", "double"]),
        ("string", TEXTS, ["string"]),
        ("bytes", BYTES, ["binary"]),
        ("boolean", [True, False], ["boolean"]),
        ({"type": "int", "logicalType": "date"}, DAYS, ["date", "timestamp"]),
        ({"type": "long", "logicalType": "timestamp-micros"}, MOMENTS, ["timestamp", "date"]),
    ]
    all_cells = []
    for number, (kind, values, ddls) in enumerate(kinds):
        schema = {"type": "record", "name": "r", "fields": [{"name": "c", "type": ["null", kind]}]}

        def written(value):
            return value.replace(tzinfo=datetime.UTC) if isinstance(value, MOMENT) else value

        out = io.BytesIO()
        fastavro.writer(out, schema, [{"c": written(value)} for value in [*values, None] for _ in range(REPEATED)])
        daemon.put(f"oss://lake/m/a{number}/a.avro", out.getvalue())
        for place, ddl in enumerate(ddls):
            name = f"a{number}_{place}"
            daemon.query(f"create external table m.{name} (c {ddl}) stored as avro location 'oss://lake/m/a{number}/'")
            all_cells += cells(name, values, ddl)
    with contextlib.closing(daemon.connect()) as connection:
        _, wrong = check(connection, all_cells)
    assert not wrong, wrong[:20]
