"""The protocol beyond a query: prepared statements, cursors, TLS, compression, several statements, kills, timeouts."""

import contextlib
import datetime
import decimal
import socket
import ssl
import struct
import subprocess
import threading
import time

import mysql.connector
import pymysql
import pymysql._auth
import pytest
from pymysql.constants import CLIENT, COMMAND

import loon
from loon import DEAF, ENDLESS


def connector(daemon, user="user", **options):
    return mysql.connector.connect(
        host="127.0.0.1", port=daemon.program.port, user=user, password=daemon.passwords[user], **options
    )


def command(connection, code, payload=b""):
    """Sends a bare command and reads one packet of the answer."""
    connection._execute_command(code, payload)
    return connection._read_packet()


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


class Raw:
    """A connection that speaks packets, for what no driver sends."""

    def __init__(self, daemon, user="native", **options):
        self.connection = daemon.connect(user, **options)
        self.socket = self.connection._sock

    def send(self, payload, sequence=0):
        self.socket.sendall(struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload)

    def packet(self):
        head = self.read(4)
        return self.read(int.from_bytes(head[:3], "little"))

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the connection was closed"
            data += part
        return data


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


# Several statements


def test_several_statements_in_one_command(daemon):
    connection = daemon.connect("user", client_flag=CLIENT.MULTI_STATEMENTS)
    with connection.cursor() as cursor:
        cursor.execute("select 1; set @a = 5; select @a + 1 from range(2); /* the last */ select ';' -- end\n;")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(tuple(cursor.fetchall()))
        assert results == [((1,),), (), ((6,), (6,)), ((";",),)]
        # It ends at the first error.
        cursor.execute("select 1; select nothing; select 2")
        with pytest.raises(pymysql.err.MySQLError):
            cursor.nextset()
        # Hints belong to their own statement.
        cursor.execute("select 1; /*+ run_async=true */ select id from oss_schema.oss_json; select 3")
        cursor.nextset()
        assert cursor.fetchall()[0][0].startswith("q20")
        cursor.nextset()
        assert cursor.fetchall() == ((3,),)
    # COM_SET_OPTION switches it off.
    command(connection, COMMAND.COM_SET_OPTION, b"\x01\x00")
    with pytest.raises(pymysql.err.ProgrammingError):
        loon.query(connection, "select 1; select 2")


# Transport


@pytest.mark.parametrize("user", ["user", "native"])
def test_tls(daemon, user):
    options = {"ssl": {"ca": str(daemon.data / "server-cert.pem"), "check_hostname": False}}
    with contextlib.closing(daemon.connect(user, **options)) as connection:
        assert isinstance(connection._sock, ssl.SSLSocket) and connection._sock.version() in ("TLSv1.2", "TLSv1.3")
        assert loon.query(connection, "show status like 'ssl_cipher'")[0][1] == "TLS"
        assert len(loon.query(connection, "select repeat('x', 20000000) from range(1)")[0][0]) == 20_000_000
    run = subprocess.run(
        [
            "mariadb",
            "-h",
            "127.0.0.1",
            "-P",
            str(daemon.program.port),
            "-u",
            user,
            "-p" + daemon.passwords[user],
            "--ssl",
            "--ssl-ca",
            str(daemon.data / "server-cert.pem"),
            "-e",
            "\\s",
        ],
        capture_output=True,
        text=True,
    )
    assert "Cipher in use is TLS" in run.stdout, run.stderr


def test_the_request_for_tls_and_its_first_bytes_in_one_segment(daemon):
    context = ssl.create_default_context(cafile=str(daemon.data / "server-cert.pem"))
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    with socket.create_connection(("127.0.0.1", daemon.program.port), timeout=10) as peer:
        peer.recv(4096)
        request = struct.pack("<IIB23x", 0x0008_AA00, 1 << 24, 45)
        peer.sendall(struct.pack("<I", 32)[:3] + b"\x01" + request + outgoing.read())
        for _ in range(10):
            incoming.write(peer.recv(65536))
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                peer.sendall(outgoing.read())
        assert tls.version() in ("TLSv1.2", "TLSv1.3")


def test_only_secure_transport(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", LISTEN_REQUIRE_SECURE_TRANSPORT="true").start()
    with pytest.raises(pymysql.err.OperationalError) as raised:
        daemon.connect(ssl_disabled=True)
    assert raised.value.args[0] == 3159
    with contextlib.closing(
        daemon.connect(ssl={"ca": str(daemon.data / "server-cert.pem"), "check_hostname": False})
    ) as connection:
        assert loon.query(connection, "select @@require_secure_transport") == ((1,),)
    socket_run = subprocess.run(
        [
            "mariadb",
            "-S",
            str(daemon.data / "loond.sock"),
            "-u",
            "root",
            "-p" + daemon.passwords["root"],
            "-N",
            "-e",
            "select 1",
        ],
        capture_output=True,
        text=True,
    )
    assert socket_run.stdout == "1\n", socket_run.stderr
    assert daemon.program.stop() == 0


def test_compression(daemon):
    with contextlib.closing(connector(daemon, "native", compress=True, ssl_disabled=True)) as connection:
        cursor = connection.cursor()
        text = "".join(chr(0x4E00 + i % 5000) for i in range(100_000))
        cursor.execute("select %s as t, range from range(3)", (text,))
        assert [r[0] == text for r in cursor.fetchall()] == [True] * 3
        connection.ping()
        cursor.execute("select 1")
        assert cursor.fetchall() == [(1,)]
    run = subprocess.run(
        [
            "mariadb",
            "-C",
            "--max-allowed-packet=64M",
            "-h",
            "127.0.0.1",
            "-P",
            str(daemon.program.port),
            "-u",
            "user",
            "-p" + daemon.passwords["user"],
            "-N",
            "-e",
            "select 1; show status like 'nothing'; select range from range(100000); select repeat('x', 17000000) from range(1)",
        ],
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == ["1"] + [str(i) for i in range(100_000)] + ["x" * 17_000_000], run.stderr[:200]


def test_a_frame_that_lies_ends_the_connection_and_nothing_else(daemon):
    for frame in [
        b"\x05\x00\x00\x00\xff\xff\xff12345",
        b"\x00\x00\x00\x00\x01\x00\x00",
        b"\x02\x00\x00\x00\xff\xff\xffab",
    ]:
        with socket.create_connection(("127.0.0.1", daemon.program.port), timeout=10) as peer:
            greeting = peer.recv(4096)
            end = greeting.index(b"\0", 5)
            nonce = greeting[end + 5 : end + 13] + greeting[end + 32 : end + 44]
            answer = pymysql._auth.scramble_native_password(daemon.passwords["native"].encode(), nonce)
            # PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH and COMPRESS
            response = (
                struct.pack("<IIB23x", 0x0008_8220, 1 << 24, 45)
                + b"native\0"
                + bytes([20])
                + answer
                + b"mysql_native_password\0"
            )
            peer.sendall(struct.pack("<I", len(response))[:3] + b"\x01" + response)
            assert peer.recv(100)[4:5] == b"\x00"
            peer.sendall(frame)
            assert peer.recv(100) == b"", frame
    assert daemon.query("select 1") == ((1,),)


# Killing


def in_background(work):
    outcome = {}

    def run():
        started = time.monotonic()
        try:
            outcome["value"] = work()
        except pymysql.err.MySQLError as error:
            outcome["error"] = error.args
        outcome["ended"] = time.monotonic()
        outcome["seconds"] = outcome["ended"] - started

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_a_statement_behind_a_write_can_be_killed(daemon):
    daemon.put("oss://lake/killed/x", "x")
    daemon.query("create schema if not exists killed with dbproperties (location='oss://lake/killed/')")
    daemon.query("create table killed.t stored as parquet as select 1 as a")
    connection = daemon.connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)

    def both():
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(f"insert into killed.t values (2); {ENDLESS}")
            cursor.nextset()

    thread, outcome = in_background(both)
    deadline = time.monotonic() + 30
    while (
        not any(
            row[7] and "select sum" in row[7] and row[6] == "executing" for row in daemon.query("show full processlist")
        )
        or len(daemon.query("select a from killed.t")) < 2
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.2)
    daemon.query(f"kill query {connection.thread_id()}")
    thread.join(timeout=30)
    assert outcome["error"][0] == 1317, outcome


def test_kill_query(daemon):
    kill_query(daemon, ENDLESS)


def test_kill_query_where_the_engine_does_not_hear(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.create_account("user")
    kill_query(daemon, DEAF)
    daemon.program.kill()


def kill_query(daemon, sql):
    victim = daemon.connect("user")
    thread, outcome = in_background(lambda: loon.query(victim, sql))
    killer = daemon.connect("user")
    deadline = time.monotonic() + 10
    while not (
        rows := [
            row
            for row in loon.query(killer, "show processlist")
            if row[0] == victim.thread_id() and row[6] == "executing"
        ]
    ):
        assert time.monotonic() < deadline
    assert rows[0][4] == "Query" and rows[0][7].startswith("select"), rows
    loon.query(killer, f"kill query {victim.thread_id()}")
    # 200 ms are promised: `scripts/bench kill` measures it.
    thread.join(timeout=10)
    assert outcome["error"][0] == 1317, outcome
    # The connection lives on, and its next statement is not killed; a kill of what is idle kills nothing.
    loon.query(killer, f"kill query {victim.thread_id()}")
    assert loon.query(victim, "select 1 from range(1)") == ((1,),)


def test_the_process_list_tells_how_far_a_query_is(daemon):
    daemon.put("oss://lake/progress/t/numbers.csv", "".join(f"{number},{number % 97}\n" for number in range(2_000_000)))
    daemon.query("create schema progress with dbproperties (catalog='oss', location='oss://lake/progress/')")
    daemon.query(
        "create external table progress.t (a bigint, b int) row format delimited fields terminated by ',' location 'oss://lake/progress/t/'"
    )
    reader, watcher = daemon.connect("user"), daemon.connect("user")
    thread, outcome = in_background(
        lambda: loon.query(reader, "select count(md5(md5(md5(cast(a as varchar))))) from progress.t")
    )
    seen = []
    while thread.is_alive():
        seen += [
            row[8]
            for row in loon.query(watcher, "show processlist")
            if row[0] == reader.thread_id() and row[4] == "Query"
        ]
        time.sleep(0.02)
    assert outcome["value"] == ((2_000_000,),)
    assert sorted(seen) == seen and 0 < seen[-1] <= 100, seen


def test_kill_connection(daemon):
    victim = daemon.connect("user")
    thread, outcome = in_background(lambda: loon.query(victim, ENDLESS))
    time.sleep(0.3)
    killer = daemon.connect("user")
    loon.query(killer, f"kill {victim.thread_id()}")
    thread.join(timeout=10)
    assert outcome["error"][0] in (1317, 2013)
    with pytest.raises(pymysql.err.MySQLError):
        loon.query(victim, "select 1")
    with pytest.raises(pymysql.err.MySQLError) as raised:
        loon.query(killer, f"kill {victim.thread_id()}")
    assert raised.value.args[0] == 1094
    # COM_PROCESS_KILL does the same.
    other = daemon.connect("user")
    killer.kill(other.thread_id())
    with pytest.raises(pymysql.err.MySQLError):
        loon.query(other, "select 1")


def test_accounts_kill_and_see_their_own_only(daemon):
    other = daemon.connect("native")
    connection = daemon.connect("user")
    with pytest.raises(pymysql.err.MySQLError) as raised:
        loon.query(connection, f"kill {other.thread_id()}")
    assert raised.value.args[0] == 1095
    assert {row[1] for row in loon.query(connection, "show full processlist")} == {"user"}
    administrator = daemon.connect()
    assert {"user", "native", "root"} <= {
        row[1] for row in loon.query(administrator, "select * from information_schema.processlist")
    }
    loon.query(administrator, f"kill {other.thread_id()}")


def test_a_client_that_leaves_stops_its_query(daemon):
    connection = daemon.connect("user")
    connection._execute_command(COMMAND.COM_QUERY, ENDLESS)
    watcher = daemon.connect()
    deadline = time.monotonic() + 5
    while not any(row[4] == "Query" and row[7] == ENDLESS for row in loon.query(watcher, "show full processlist")):
        assert time.monotonic() < deadline
    connection._sock.shutdown(socket.SHUT_RDWR)
    while any(row[7] == ENDLESS for row in loon.query(watcher, "show full processlist")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_max_execution_time(daemon):
    connection = daemon.connect("user")
    loon.query(connection, "set max_execution_time = 300")
    started = time.monotonic()
    with pytest.raises(pymysql.err.MySQLError) as raised:
        loon.query(connection, ENDLESS)
    assert raised.value.args[0] == 3024 and 0.25 < time.monotonic() - started < 10
    assert loon.query(connection, "select 1 from range(1)") == ((1,),)


def test_sql_select_limit(daemon):
    connection = daemon.connect("user")
    loon.query(connection, "set sql_select_limit = 3")
    assert len(loon.query(connection, "select * from range(100000)")) == 3
    assert len(loon.query(connection, "select * from information_schema.collations")) == 3
    loon.query(connection, "set sql_select_limit = default")
    assert len(loon.query(connection, "select * from range(10)")) == 10


# The connection


def test_wait_timeout(daemon):
    connection = daemon.connect("user")
    loon.query(connection, "set wait_timeout = 1")
    time.sleep(2.2)
    with pytest.raises(pymysql.err.OperationalError) as raised:
        loon.query(connection, "select 1")
    assert raised.value.args[0] in (4031, 2006, 2013)


@pytest.mark.skipif(not loon.FULL, reason="takes the timeouts' minute")
def test_net_timeouts(daemon):
    # One sends half of a command, one never reads its answer.
    half, deaf = Raw(daemon), Raw(daemon)
    half.socket.sendall(b"\x20\x00\x00\x00\x03select")
    deaf.send(b"\x03select repeat('x', 1000) from range(1000000)")
    watcher, started, ended = daemon.connect(), time.monotonic(), {}
    while len(ended) < 2 and time.monotonic() - started < 100:
        there = {row[0] for row in loon.query(watcher, "show processlist")}
        for name, raw in (("read", half), ("write", deaf)):
            if raw.connection.thread_id() not in there:
                ended.setdefault(name, time.monotonic() - started)
        time.sleep(0.2)
    assert 29 < ended["read"] < 33 and 59 < ended["write"] < 75, ended


def test_change_user_and_reset(daemon):
    with contextlib.closing(connector(daemon, ssl_disabled=True)) as connection:
        cursor = connection.cursor()
        cursor.execute("set @a = 1, sql_mode = 'ANSI'")
        connection.cmd_reset_connection()
        cursor = connection.cursor()
        cursor.execute("select @a, @@sql_mode = @@global.sql_mode, current_user()")
        assert cursor.fetchall() == [(None, 1, "user@%")]
        connection.cmd_change_user("native", daemon.passwords["native"], "oss_schema")
        cursor = connection.cursor()
        cursor.execute("select current_user(), database()")
        assert cursor.fetchall() == [("native@%", "oss_schema")]
        with pytest.raises(mysql.connector.Error) as raised:
            connection.cmd_change_user("native", "wrong")
        assert raised.value.errno == 1045


def test_statistics_and_field_list(daemon):
    run = subprocess.run(
        [
            "mariadb-admin",
            "-h",
            "127.0.0.1",
            "-P",
            str(daemon.program.port),
            "-u",
            "user",
            "-p" + daemon.passwords["user"],
            "status",
            "ping",
            "processlist",
        ],
        capture_output=True,
        text=True,
    )
    assert run.stdout.startswith("Uptime: ") and "mysqld is alive" in run.stdout and "show processlist" in run.stdout, (
        run
    )
    connection = daemon.connect("user", database="oss_schema")
    packet = command(connection, COMMAND.COM_FIELD_LIST, b"oss_json\0%")
    names = []
    while packet.get_all_data()[0] != 0xFE:
        data = packet.get_all_data()
        assert data.endswith(b"\xfb")
        names.append(data)
        packet = connection._read_packet()
    assert len(names) == 4 and b"temperature" in names[2]


def test_places_are_kept_for_administrators(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", LISTEN_MAX_CONNECTIONS="3").start()
    daemon.create_account("user")
    open_ones = [daemon.connect("user") for _ in range(3)]
    with pytest.raises(pymysql.err.OperationalError) as raised:
        daemon.connect("user")
    assert raised.value.args[0] == 1040
    administrator = daemon.connect()
    for connection in open_ones[:2]:
        loon.query(administrator, f"kill {connection.thread_id()}")
    deadline = time.monotonic() + 5
    while True:
        try:
            with contextlib.closing(daemon.connect("user")) as connection:
                assert loon.query(connection, "select 1") == ((1,),)
            break
        except pymysql.err.OperationalError:
            assert time.monotonic() < deadline
    assert daemon.program.stop() == 0


# Statements and packets that once ended the daemon, held it up, or were answered wrong


def test_statements_that_ended_the_daemon(daemon):
    for sql in [
        "select unix_timestamp('2020-01-01 .')",
        "select character set",
        "select a from t for update skip",
        "select 1" + " is not null" * 60_000,
        "select 1" + " between 0 and 2" * 100,
        "select " + "case 1 when 1 then " * 60 + "1" + " end" * 60,
        "select time_format('.', '%H')",
        "select " + " + ".join(["interval 1 day"] * 5000),
        "select " + "interval " * 5000 + "1 day",
        "select " + " div ".join(["1"] * 3000),
    ]:
        started = time.monotonic()
        with contextlib.suppress(pymysql.err.MySQLError):
            daemon.query(sql, "user")
        assert time.monotonic() - started < 5, sql[:60]
    connection = daemon.connect("user", client_flag=CLIENT.MULTI_STATEMENTS)
    assert loon.query(connection, "select 1" + ";" * 3_000_000) == ((1,),)
    # Found by the fuzzer.
    for rest in ["/*", "/", "-", "'", "/*!", "/*!99999", "--", "#", "@", "\\"]:
        with contextlib.suppress(pymysql.err.MySQLError), connection.cursor() as cursor:
            cursor.execute("select 1;" + rest)
            cursor.nextset()
    with pytest.raises(pymysql.err.MySQLError) as raised:
        loon.query(connection, "set @a = repeat('x', 10)")
    assert raised.value.args[0] == 1235
    loon.query(connection, "set @a = '" + "x" * 5_000_000 + "'")
    with pytest.raises(pymysql.err.MySQLError):
        loon.query(connection, "set @b = concat(@a, @a)")
    with pytest.raises(pymysql.err.MySQLError):
        loon.query(connection, "select instr(@a, 'xxy')")


def test_many_commands_sent_ahead_behind_a_large_answer(daemon):
    raw = Raw(daemon)
    one = struct.pack("<I", 5)[:3] + b"\x00\x03do 1"
    raw.send(b"\x03show collation")
    raw.socket.sendall(one * 6000)
    oks = 0
    while raw.packet()[0] != 0xFE:
        pass
    while raw.packet()[0] != 0xFE:
        pass
    while oks < 6000:
        assert raw.packet()[0] == 0
        oks += 1


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


def test_a_kill_is_answered_while_every_thread_is_busy(daemon):
    busy = [daemon.connect("user") for _ in range(10)]
    for connection in busy:
        connection._execute_command(COMMAND.COM_QUERY, ENDLESS)
    killer = daemon.connect("user")
    started = time.monotonic()
    for connection in busy:
        loon.query(killer, f"kill query {connection.thread_id()}")
    assert time.monotonic() - started < 10
    for connection in busy:
        with pytest.raises(pymysql.err.MySQLError) as raised:
            connection._read_query_result()
        assert raised.value.args[0] == 1317
        assert [row[2] for row in loon.query(connection, "show warnings")] == ["Query execution was interrupted"]


def test_limits_belong_to_one_statement(daemon):
    connection = daemon.connect("user", client_flag=CLIENT.MULTI_STATEMENTS)
    loon.query(connection, "set max_execution_time = 700, sql_select_limit = 2")
    with connection.cursor() as cursor:
        cursor.execute("; ".join(["select sum(a.range % 7) from range(15000000) a"] * 6))
        while cursor.nextset():
            pass
    assert len(loon.query(connection, "select * from range(9) limit 5")) == 5
    assert (
        len(
            loon.query(
                connection, "select collation_name from information_schema.collations limit 2, 18446744073709551615"
            )
        )
        > 100
    )
    assert loon.query(connection, "select 18446744073709551615 = 18446744073709551614") == ((0,),)
    loon.query(connection, "set session transaction isolation level read committed, read only")
    assert loon.query(connection, "select @@transaction_isolation, @@tx_read_only") == (("READ-COMMITTED", 1),)


def test_a_login_takes_so_long_and_no_longer(daemon):
    with socket.create_connection(("127.0.0.1", daemon.program.port), timeout=20) as peer:
        peer.recv(4096)
        started = time.monotonic()
        try:
            # A byte now and then is no reason to wait.
            for byte in b"\x20\x00\x00\x01" + b"\x00" * 40:
                peer.sendall(bytes([byte]))
                time.sleep(0.5)
                if time.monotonic() - started > 15:
                    break
        except OSError:
            pass
        assert time.monotonic() - started < 13


def test_a_flood_of_commands_does_not_hold_up_others(daemon):
    flood = Raw(daemon)
    other = daemon.connect("user")
    one = struct.pack("<I", 9)[:3] + b"\x00\x03select 1"
    quit = struct.pack("<I", 1)[:3] + b"\x00\x01"
    sender = threading.Thread(target=lambda: send_all(flood.socket, one * 100_000 + quit))
    reader = threading.Thread(target=lambda: read_all(flood.socket))
    sender.start(), reader.start()
    for _ in range(5):
        loon.query(other, "select 1")
    assert reader.is_alive(), "the answers came before those to the flood had ended"
    flood.socket.shutdown(socket.SHUT_RDWR)
    sender.join(), reader.join()


def send_all(peer, data):
    with contextlib.suppress(OSError):
        peer.sendall(data)


def read_all(peer):
    with contextlib.suppress(OSError):
        while peer.recv(1 << 20):
            pass


def test_the_first_of_several_results_does_not_wait_for_the_last(daemon):
    connection = daemon.connect("user", client_flag=CLIENT.MULTI_STATEMENTS)
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("select 1; " + ENDLESS)
        assert cursor.fetchall() == ((1,),)
        killer = daemon.connect("user")
        loon.query(killer, f"kill query {connection.thread_id()}")
        with pytest.raises(pymysql.err.MySQLError):
            cursor.nextset()


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


def test_errors_say_what_was_probably_meant(daemon):
    for sql, number, end in [
        ("select * from oss_schema.oss_jsn", 1146, "doesn't exist; did you mean 'oss_json'?"),
        ("select temperatur from oss_schema.oss_json", 1054, "in 'field list'; did you mean 'temperature'?"),
        ("select * from oss_schema.something", 1146, "Table 'oss_schema.something' doesn't exist"),
        ("select something from oss_schema.oss_json", 1054, "Unknown column 'something' in 'field list'"),
    ]:
        with pytest.raises(pymysql.err.MySQLError) as raised:
            daemon.query(sql, "user")
        assert raised.value.args[0] == number and raised.value.args[1].endswith(end), raised.value
