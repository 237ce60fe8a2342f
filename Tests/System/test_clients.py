"""Real clients log in and get what they ask for."""

import decimal
import subprocess

import mysql.connector
import pymysql
import pytest

import loon


def mariadb(daemon, user, sql, *options):
    return subprocess.run(
        [
            "mariadb",
            "-c",
            "-N",
            "-h",
            "127.0.0.1",
            "-P",
            str(daemon.program.port),
            "-u",
            user,
            "-p" + daemon.passwords[user],
            *options,
            "-e",
            sql,
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("user", ["user", "native"])
def test_mariadb_cli(daemon, user):
    # Twice: the first login of an account goes through the full authentication, the second through the fast one.
    for _ in range(2):
        run = mariadb(daemon, user, "select 1, 'two', @@version_comment")
        assert (run.returncode, run.stdout.split("\t")[:2]) == (0, ["1", "two"]), run.stderr
    assert mariadb(daemon, user, "select database()", "oss_schema").stdout == "oss_schema\n"


def test_mariadb_cli_over_the_unix_socket(daemon):
    run = subprocess.run(
        [
            "mariadb",
            "-S",
            str(daemon.data / "loond.sock"),
            "-u",
            "user",
            "-p" + daemon.passwords["user"],
            "-N",
            "-e",
            "select current_user",
        ],
        capture_output=True,
        text=True,
    )
    assert run.stdout == "user@%\n", run.stderr


@pytest.mark.parametrize("user", ["user", "native"])
def test_pymysql(daemon, user):
    for _ in range(2):
        connection = daemon.connect(user, database="oss_schema")
        assert loon.query(connection, "select 1+1, 'x', null, 2.50, date '2024-02-29'")[0][:4] == (
            2,
            "x",
            None,
            decimal.Decimal("2.50"),
        )
        connection.ping(reconnect=False)
        connection.select_db("oss_schema")
        connection.close()


@pytest.mark.parametrize("user", ["user", "native"])
def test_mysql_connector(daemon, user):
    connection = mysql.connector.connect(
        host="127.0.0.1", port=daemon.program.port, user=user, password=daemon.passwords[user], ssl_disabled=True
    )
    cursor = connection.cursor()
    cursor.execute("select 1+1, 'ä€😀', true, timestamp '2024-02-29 12:34:56.5'")
    assert cursor.fetchall()[0][:3] == (2, "ä€😀", 1)
    connection.ping()
    connection.close()


def test_wrong_passwords_and_unknown_accounts_look_alike(daemon):
    texts = []
    for user, password in [("user", "wrong"), ("native", "wrong"), ("nobody", "wrong"), ("user", "")]:
        with pytest.raises(pymysql.err.OperationalError) as raised:
            pymysql.connect(host="127.0.0.1", port=daemon.program.port, user=user, password=password)
        assert raised.value.args[0] == 1045
        texts.append(raised.value.args[1].replace(f"'{user}'", "?").replace("NO", "YES"))
    assert len(set(texts)) == 1
    with pytest.raises(pymysql.err.OperationalError) as raised:
        daemon.connect("user", database="nowhere")
    assert raised.value.args[0] == 1049


def test_session_statements(daemon):
    connection = daemon.connect("user")
    assert loon.query(connection, "select @@autocommit, @@session.sql_mode is null, database()")[0] == (1, 0, None)
    loon.query(connection, "set names utf8mb4 collate utf8mb4_general_ci, @@session.autocommit = off")
    assert loon.query(connection, "select @@autocommit as a limit 1") == ((0,),)
    for sql, number in [
        ("set nonsense = 1", 1193),
        ("select @@nonsense", 1193),
        ("use nowhere", 1049),
        ("set global autocommit = 1", 1227),
        ("kill 4000000000", 1094),
        ("selec 1", 1064),
        ("select 1; select 2", 1064),
        ("", 1065),
        ("select 'open", 1064),
        ("set names latin1", 1235),
    ]:
        with pytest.raises(pymysql.err.MySQLError) as raised:
            loon.query(connection, sql)
        assert raised.value.args[0] == number, (sql, raised.value)
    assert loon.query(connection, "show variables like 'version_comment'")[0][0] == "version_comment"
    loon.query(connection, "begin")
    connection.rollback()
    assert loon.query(connection, "/* note */ select /* here */ 1 # end") == ((1,),)


def test_mysql_literals_mean_what_mysql_says(daemon):
    connection = daemon.connect("user")
    with connection.cursor() as cursor:
        text = 'it\'s \\ "quoted"\n\t%_ \x1a'
        cursor.execute("select %s as a, length(%s)", (text, text))
        assert cursor.fetchone() == (text, len(text))
        cursor.execute("select \"a\"\"b\" as `x y`, 'a''b', concat('a\\'b', \"c\")")
        assert cursor.fetchone() == ('a"b', "a'b", "a'bc")
        assert cursor.description[0][0] == "x y"
        cursor.execute("select v from (values (1), (2), (3)) t(v) order by v limit 1, 1")
        assert cursor.fetchall() == ((2,),)
        cursor.execute("set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
        cursor.execute("select '\\' as \"b c\", 'a_b' like 'a_b', null <=> null")
        assert (cursor.fetchone(), cursor.description[0][0]) == (("\\", 1, 1), "b c")
        cursor.execute("set sql_mode = ''")
        cursor.execute("select 'a_b' like 'a\\\\_b', 'axb' like 'a\\\\_b', 7 from dual where 1 = 1")
        assert cursor.fetchone() == (1, 0, 7)
        cursor.execute("select 3--1")
        assert cursor.fetchone() == (4,)


@pytest.mark.parametrize("length", [0xFFFFFF - 5, 0xFFFFFF - 4, 0xFFFFFF - 3, 0xFFFFFF, 0xFFFFFF + 1, 40_000_000])
def test_packets_beyond_16_mib_both_ways(daemon, length):
    connection = daemon.connect("user")
    assert loon.query(connection, f"select repeat('x', {length})")[0][0] == "x" * length
    padding = length - len("select length('') + 0")
    assert loon.query(connection, f"select length('{'y' * padding}') + 0") == ((padding,),)


def test_a_statement_of_64_mib_is_refused_and_the_connection_goes_on(daemon):
    connection = daemon.connect("user")
    with pytest.raises(pymysql.err.MySQLError) as raised:
        loon.query(connection, "select '" + "x" * (64 << 20) + "'")
    assert raised.value.args[0] == 1153
    assert loon.query(connection, "select 7") == ((7,),)


def test_a_large_result_streams_and_a_client_that_leaves_stops_it(daemon):
    connection = daemon.connect("user", cursorclass=pymysql.cursors.SSCursor)
    with connection.cursor() as cursor:
        cursor.execute("select range as n, repeat('x', 100) from range(300000)")
        assert sum(row[0] for row in cursor.fetchall_unbuffered()) == 300_000 * 299_999 // 2
    connection.close()
    connection = daemon.connect("user", cursorclass=pymysql.cursors.SSCursor)
    cursor = connection.cursor()  # kept: without a reference it would read the result to its end
    cursor.execute("select range as n, repeat('x', 100) from range(100000000)")
    connection._force_close()
    # The places of four such queries are free again at once.
    for _ in range(8):
        assert daemon.query("select count(*) + 0 from range(10)") == ((10,),)


def test_a_client_that_sends_ahead_and_does_not_read_holds_up_nobody(daemon):
    import resource
    import struct
    import time

    def memory():
        return int(open(f"/proc/{daemon.program.process.pid}/statm").read().split()[1]) * resource.getpagesize()

    packet = lambda payload: struct.pack("<I", len(payload)) + payload  # noqa: E731
    before = memory()
    for payload in [b"\x03x" * 1, b"\x0e", b"\x03select repeat('x', 3000000)"]:
        greedy = daemon.connect("user")
        greedy._sock.settimeout(1)
        try:
            for _ in range(20):
                greedy._sock.sendall(packet(payload) * 500)
        except TimeoutError:
            pass
        started = time.monotonic()
        for _ in range(5):
            assert daemon.query("select 1") == ((1,),)
        assert time.monotonic() - started < 60
        assert memory() - before < 400 << 20
        greedy._force_close()


def test_too_many_connections_are_told_so(tmp_path):
    import resource
    import socket

    daemon = loon.Daemon(tmp_path / "data")
    # Half of these are left for connections, a quarter of that for those that have not logged in.
    daemon.preexec = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
    daemon.start()
    daemon.create_account("user")

    def held(account):
        connections = []
        while True:
            try:
                connections.append(daemon.connect(account))
            except pymysql.MySQLError as error:
                return connections, error.args

    # Strangers take no places.
    strangers = [socket.create_connection(("127.0.0.1", daemon.program.port), timeout=5) for _ in range(100)]
    users, error = held("user")
    assert (len(users), error) == (75, (1040, "Too many connections"))
    # And five more are for administrators.
    roots, error = held("root")
    assert (len(roots), error[0]) == (5, 1040)
    # Now everybody is told in place of a greeting.
    with socket.create_connection(("127.0.0.1", daemon.program.port), timeout=5) as late:
        answer = late.recv(100)
        assert answer[4:7] == b"\xff\x10\x04" and b"Too many connections" in answer
    for connection in users + roots + strangers:
        connection.close()
    assert daemon.query("select 1") == ((1,),)
    assert daemon.program.stop() == 0


def test_the_server_says_how_strings_are_escaped(daemon):
    connection = daemon.connect("user")
    loon.query(connection, "set sql_mode = 'NO_BACKSLASH_ESCAPES'")
    connection.ping(reconnect=False)
    with connection.cursor() as cursor:
        cursor.execute("select %s as a", ("back\\slash's",))
        assert cursor.fetchone() == ("back\\slash's",)
