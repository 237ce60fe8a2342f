"""Statements that hang or break the engine."""

import contextlib
import threading
import time

import pymysql
import pytest

import loon


STUCK = "select repeat('a', 300) glob '*a*a*a*a*a*a*a*a*a*a*a*b' as x"


def test_statements_that_the_engine_cannot_be_stopped_in_leave_others_their_threads(tmp_path):
    """Some functions listen to no interrupt, and constants are computed while the engine plans. One account's do not hold up what others ask for."""
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.put("oss://lake/mine/t/a.csv", "1,a\n")
    daemon.query("create schema mine with dbproperties (catalog='oss', location='oss://lake/mine/')")
    daemon.query(
        "create external table mine.t (a int, b string) row format delimited fields terminated by ',' location 'oss://lake/mine/t/'"
    )
    daemon.create_account("attacker")
    daemon.create_account("user")
    held = [daemon.connect("attacker") for _ in range(10)]
    # COM_STMT_PREPARE, CREATE VIEW, EXPLAIN, and queries with a limit.
    for number, connection in enumerate(held):
        command, sql = [
            (0x16, STUCK),
            (0x03, f"create view mine.v{number} as " + STUCK),
            (0x03, "explain " + STUCK),
            (0x03, "/*+ max-running-time-sec=1 */ " + STUCK),
        ][number % 4]
        connection._execute_command(command, sql)
    try:
        for account in ("user", "root"):
            with contextlib.closing(daemon.connect(account, read_timeout=20)) as connection:
                assert loon.query(connection, "show tables from mine") == (("t",),)
                assert loon.query(connection, "select b from mine.t") == (("a",),)
                with connection.cursor() as cursor:
                    cursor.execute("explain select b from mine.t")
        # Who administers puts an end to it.
        daemon.query("alter user attacker account lock")
    finally:
        daemon.program.kill()


# The parser's list of sizes is too large to be allocated, which is a failed assertion of the engine's: it takes no more statements then.
BREAKS_THE_ENGINE = "select (case when i>5 then null end)::int[100000][100000][100000] x from range(10) t(i)"


def test_a_statement_that_breaks_the_engine_breaks_no_other(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", CLUSTER_MEMORY="1GiB").start()
    daemon.put("oss://lake/s/t/a.csv", "".join(f"{number},x{number}\n" for number in range(1000)))
    daemon.query("create schema s with dbproperties (catalog='oss', location='oss://lake/s/')")
    daemon.query(
        "create external table s.t (a int, b string) row format delimited fields terminated by ',' location 'oss://lake/s/t/'"
    )
    daemon.create_account("attacker", grants=["SELECT ON s.*"])
    daemon.create_account("other", grants=["SELECT ON s.*"])
    stop, errors, counts = threading.Event(), [], []

    def attack_again_and_again():
        with contextlib.closing(daemon.connect("attacker")) as connection:
            while not stop.is_set():
                with pytest.raises(pymysql.MySQLError) as raised:
                    loon.query(connection, BREAKS_THE_ENGINE)
                number, words = raised.value.args
                assert number == 1105 and "Stack Trace" not in words and "0x" not in words and ".so" not in words, words

    def work(sql, expected):
        with contextlib.closing(daemon.connect("other")) as connection:
            number = 0
            while not stop.is_set():
                try:
                    rows = loon.query(connection, sql)
                    assert rows[-1] == expected, rows[-1]
                    number += 1
                except Exception as error:  # reported by the test itself
                    errors.append(error)
            counts.append(number)

    threads = [
        threading.Thread(target=attack_again_and_again),
        threading.Thread(target=work, args=("select count(*), max(a) from s.t", (1000, 999))),
        threading.Thread(target=work, args=("select x.a from s.t x join s.t y on x.a = y.a order by 1", (999,))),
    ]
    # One that runs all the while, and a reader that takes its rows slowly.
    with (
        contextlib.closing(daemon.connect("other", cursorclass=pymysql.cursors.SSCursor)) as slow,
        slow.cursor() as cursor,
    ):
        cursor.execute("select i, repeat('x', 100) from range(300000) t(i)")
        first = cursor.fetchmany(10)
        for thread in threads:
            thread.start()
        tasks = [
            daemon.submit(f"select a, count(*) from s.t group by a having a < {number}", user="other")
            for number in range(20)
        ]
        rows = len(first)
        while part := cursor.fetchmany(20000):
            rows += len(part)
            time.sleep(0.3)
        ended = [daemon.await_task(task) for task in tasks]
        stop.set()
        for thread in threads:
            thread.join()
    assert rows == 300000
    assert [row["status"] for row in ended] == ["SUCCESS"] * 20, [row["message"] for row in ended]
    assert not errors, errors[:3]
    assert len(counts) == 2 and min(counts) > 3
    task = daemon.await_task(daemon.submit(BREAKS_THE_ENGINE, user="attacker"))
    assert task["status"] == "FAILURE" and "Stack Trace" not in task["message"] and "0x" not in task["message"]
    assert daemon.program.stop() == 0
