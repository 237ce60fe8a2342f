"""The protocol beyond a query: prepared statements, cursors, TLS, compression, several statements, kills, timeouts."""

import contextlib
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
from loon import ENDLESS
from protocol_support import Raw, command, connector  # noqa: F401


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
        assert time.monotonic() - started < 60


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
