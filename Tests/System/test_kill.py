"""Statements that are killed, left, or run into a limit."""

import contextlib
import socket
import threading
import time

import pymysql
import pymysql._auth
import pytest
from pymysql.constants import CLIENT, COMMAND

import loon
from loon import DEAF, ENDLESS
from protocol_support import Raw  # noqa: F401


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
    assert raised.value.args[0] == 3024 and 0.25 < time.monotonic() - started < 60
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
        assert time.monotonic() - started < 60, sql[:60]
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


def test_a_kill_is_answered_while_every_thread_is_busy(daemon):
    busy = [daemon.connect("user") for _ in range(10)]
    for connection in busy:
        connection._execute_command(COMMAND.COM_QUERY, ENDLESS)
    killer = daemon.connect("user")
    started = time.monotonic()
    for connection in busy:
        loon.query(killer, f"kill query {connection.thread_id()}")
    assert time.monotonic() - started < 60
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
