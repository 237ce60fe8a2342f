"""Prepared statements, binary values, cursors."""

import contextlib
import datetime
import decimal
import struct

import mysql.connector
import pymysql
import pymysql._auth
import pytest

from protocol_support import Raw, command, connector  # noqa: F401


# Prepared statements


def test_prepared_values_of_every_type_come_back(daemon):
    with contextlib.closing(connector(daemon, ssl_disabled=True)) as connection:
        cursor = connection.cursor(prepared=True)
        row = (
            1,
            -1,
            2**63 - 1,
            -(2**63),
            1.5,
            "ä'\\\n😀",
            None,
            decimal.Decimal("12345.6789"),
            datetime.date(2024, 2, 29),
            datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
        )
        # Types are learned from what the values are compared with, or cast to.
        cursor.execute(
            "select cast(? as tinyint), cast(? as smallint), cast(? as bigint), cast(? as bigint), cast(? as double), ?, ?, cast(? as decimal(12,4)), "
            "cast(? as date), cast(? as timestamp) from range(1)",
            row,
        )
        assert cursor.fetchall() == [row]
        # Executed again with other values, and with types that change.
        cursor.execute(
            "select cast(? as tinyint), cast(? as smallint), cast(? as bigint), cast(? as bigint), cast(? as double), ?, ?, cast(? as decimal(12,4)), "
            "cast(? as date), cast(? as timestamp) from range(1)",
            (None,) * 10,
        )
        assert cursor.fetchall() == [(None,) * 10]


def test_binary_results_equal_text_results(daemon):
    sql = (
        "select true as b, cast(-5 as tinyint) as t, cast(300 as smallint) as s, 70000 as i, 5000000000 as l, cast(200 as utinyint) as ut, "
        "cast(18446744073709551615 as ubigint) as ul, cast(1.25 as float) as f, 1e300 as d, 1.50 as n, 'text' as v, date '0001-01-01' as da, "
        "timestamp '2024-02-29 12:34:56.789' as ts, timestamp '2024-02-29 00:00:00' as midnight, time '23:59:59.000001' as ti, time '00:00:00' as zero, "
        "[1, 2] as li, null as nu, blob '\\xAA' as bl from range(2)"
    )
    with contextlib.closing(connector(daemon, ssl_disabled=True)) as connection:
        plain = connection.cursor()
        plain.execute(sql)
        expected = plain.fetchall()
        prepared = connection.cursor(prepared=True)
        prepared.execute(sql)
        assert prepared.fetchall() == expected and len(expected) == 2
        assert [c[:2] for c in prepared.description] == [c[:2] for c in plain.description]


def test_errors_of_prepared_statements(daemon):
    with contextlib.closing(connector(daemon, ssl_disabled=True)) as connection:
        cursor = connection.cursor(prepared=True)
        for sql, number in [
            ("select * from oss_schema.nothing", 1146),
            ("selec ?", 1064),
            ("select nothing from oss_schema.oss_json", 1054),
        ]:
            with pytest.raises(mysql.connector.Error) as raised:
                cursor.execute(sql, ("x",) if "?" in sql else ())
            assert raised.value.errno == number, raised.value
        cursor.execute("select id from oss_schema.oss_json where name = ? order by 1 limit ?", ("nobody", 1))
        assert cursor.fetchall() == []
    connection = daemon.connect("user")
    for code, payload, number in [
        (0x17, struct.pack("<IBI", 99, 0, 1), 1243),
        (0x1C, struct.pack("<II", 99, 1), 1243),
        (0x1A, struct.pack("<I", 99), 1243),
        (0x7E, b"", 1047),
    ]:
        with pytest.raises(pymysql.err.MySQLError) as raised:
            command(connection, code, payload)
        assert raised.value.args[0] == number


def test_a_hinted_statement_can_be_prepared(daemon):
    with contextlib.closing(connector(daemon, ssl_disabled=True)) as connection:
        cursor = connection.cursor(prepared=True)
        cursor.execute("/*+ run_async=true */ select ? as a, id from oss_schema.oss_json where id = ?", ("it's", 2))
        task_id = cursor.fetchall()[0][0]
    row = daemon.await_task(task_id)
    assert (row["status"], row["row_count"]) == ("SUCCESS", 1), row
    assert row["command"].endswith("select 'it''s' as a, id from oss_schema.oss_json where id = 2")
    assert daemon.read(row["result_file_oss_file"]) == "a,id\nit's,2\n"


def test_a_cursor_hands_out_rows_as_they_are_fetched(daemon):
    raw = Raw(daemon)
    raw.send(b"\x16select range as n from range(5000)")
    head = raw.packet()
    assert head[0] == 0 and len(head) == 12
    statement = head[1:5]
    raw.packet(), raw.packet()  # the column, EOF
    raw.send(b"\x17" + statement + b"\x01\x01\x00\x00\x00")
    assert raw.packet() == b"\x01"
    raw.packet()
    first = raw.packet()
    # One terminator, which says that there is a cursor.
    assert first[0] == 0xFE and first[3] & 0x40
    seen = 0
    for count, expected in [(10, 10), (4000, 4000), (2000, 990)]:
        raw.send(b"\x1c" + statement + struct.pack("<I", count))
        rows = 0
        while (packet := raw.packet())[0] == 0:
            assert struct.unpack("<q", packet[2:10])[0] == seen
            seen += 1
            rows += 1
        assert rows == expected and packet[0] == 0xFE
        assert bool(packet[3] & 0x80) == (seen == 5000)
    # Executed again, the cursor begins again; reset, it is closed.
    raw.send(b"\x1a" + statement)
    assert raw.packet()[0] == 0
    raw.send(b"\x1c" + statement + struct.pack("<I", 1))
    assert struct.unpack("<H", raw.packet()[1:3])[0] == 1421


def test_a_cursor_keeps_more_rows_than_memory_takes(daemon):
    raw = Raw(daemon)
    raw.send(b"\x16select repeat('x', 1000) as s, range as n from range(20000)")
    statement = raw.packet()[1:5]
    for _ in range(3):
        raw.packet()
    raw.send(b"\x17" + statement + b"\x01\x01\x00\x00\x00")
    for _ in range(4):
        last = raw.packet()
    assert last[3] & 0x40
    seen = 0
    while True:
        raw.send(b"\x1c" + statement + struct.pack("<I", 0xFFFFFFFF))
        while (packet := raw.packet())[0] == 0:
            assert struct.unpack("<q", packet[-8:])[0] == seen and len(packet) == 1 + 1 + 3 + 1000 + 8
            seen += 1
        if packet[3] & 0x80:
            break
    assert seen == 20000


def test_long_data_comes_in_pieces(daemon):
    raw = Raw(daemon)
    raw.send(b"\x16select length(?) as n from range(1)")
    statement = raw.packet()[1:5]
    for _ in range(4):
        raw.packet()
    for _ in range(3):
        raw.send(b"\x18" + statement + b"\x00\x00" + b"y" * 100_000)
    raw.send(b"\x17" + statement + b"\x00\x01\x00\x00\x00" + b"\x00\x01\xfc\x00")
    packets = [raw.packet() for _ in range(5)]
    assert struct.unpack("<q", packets[3][2:10])[0] == 300_000


def test_a_cursor_that_fails_is_answered_with_the_error_alone(daemon):
    raw = Raw(daemon)
    raw.send(b"\x16select if(range > 50000, cast('x' || range as int), range) as n from range(100000)")
    statement = raw.packet()[1:5]
    raw.packet(), raw.packet()
    raw.send(b"\x17" + statement + b"\x01\x01\x00\x00\x00")
    packet = raw.packet()
    assert packet[0] == 0xFF, packet[:20]
    raw.send(b"\x0e")
    assert raw.packet()[0] == 0


def test_too_many_parameters(daemon):
    raw = Raw(daemon)
    raw.send(b"\x16select " + b",".join([b"?"] * 70_000))
    assert struct.unpack("<H", raw.packet()[1:3])[0] == 1390


def test_prepared_statements_keep_their_columns_names(daemon):
    with contextlib.closing(connector(daemon, ssl_disabled=True)) as connection:
        for sql, values, names in [
            ("select 1 + ?", (5,), ("1 + ?",)),
            ("select ? as a, 1+? , 'x'", (5, 6), ("a", "1+?", "x")),
            (
                "select id + ?, concat(?, 'a') from oss_schema.oss_json limit ?, ?",
                (5, "b", 0, 1),
                ("id + ?", "concat(?, 'a')"),
            ),
        ]:
            cursor = connection.cursor(prepared=True)
            cursor.execute(sql, values)
            assert len(cursor.fetchall()) == 1 and cursor.column_names == names
