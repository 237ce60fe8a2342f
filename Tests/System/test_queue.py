"""Tasks as a queue: cancelling, waiting, clusters, limits."""

import contextlib
import json
import sqlite3
import threading
import time

import pymysql
import pytest

import loon

from loon import DEAF, ENDLESS
from pools import SLOW, ended, error, full, notify, running


# Cancelling


def test_cancel(own):
    slow = own.submit(ENDLESS, user="user")
    running(own, slow)
    waiting = own.submit("select 1", "label=Waits", "user")
    assert own.task(waiting)["status"] == "QUEUED"
    assert error(own, f"cancel query_task '{slow}'", "other") == error(own, "cancel query_task 'q1'", "other")[:1] + (
        f"Unknown task id: '{slow}'",
    )
    with contextlib.closing(own.connect("user")) as connection, connection.cursor() as cursor:
        started = time.monotonic()
        assert cursor.execute(f"cancel query_task '{slow}'") == 1
        assert time.monotonic() - started < 60
        cursor.execute(f"show query_task where id = '{slow}'")
        row = cursor.fetchone()
        assert row[2] == "CANCELLED" and row[10] == "" and row[12] >= 0
        assert cursor.execute(f"cancel query_task '{slow}'") == 0
    assert ended(own, waiting)["status"] == "SUCCESS"
    assert list((own.data / "staging").iterdir()) == []


def test_cancel_where(own, broker):
    slow = own.submit(ENDLESS, user="user")
    running(own, slow)
    waiting = [own.submit(f"select {number}", f"label=Many, {notify(broker)}", "user") for number in range(5)]
    with contextlib.closing(own.connect("user")) as connection, connection.cursor() as cursor:
        assert cursor.execute("cancel query_task where label = 'many' and status = 'queued'") == 5
        assert cursor.execute("cancel query_task where label = 'many'") == 0
        assert cursor.execute(f"cancel query_task where id = '{slow}' or label = 'nothing'") == 1
    rows = [own.await_task(task_id, lambda row: row["mq_status"] == "SUCCESS") for task_id in waiting]
    assert {row["status"] for row in rows} == {"CANCELLED"} and {row["elapse_time"] for row in rows} == {None}


def test_an_engine_that_does_not_hear_holds_nobody_up(deaf):
    task_id = deaf.submit(DEAF, "cluster=etl")
    running(deaf, task_id)
    with contextlib.closing(deaf.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute(f"cancel query_task '{task_id}'") == 1
        assert deaf.task(task_id)["status"] == "CANCELLED"
        cursor.execute("show processlist")
        shown = [(row[6], row[4]) for row in cursor.fetchall()]
        assert (task_id, "Killed") in shown or "event=worker.killed" in deaf.program.log()
        # A second later its process is gone, and its place is free.
        deaf.program.wait_for("event=worker.killed .*reason=deaf")
        deadline = time.monotonic() + 10
        while cursor.execute("show processlist") and task_id in [row[6] for row in cursor.fetchall()]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert ended(deaf, deaf.submit("select 1", "cluster=etl"))["status"] == "SUCCESS"
    assert deaf.task(task_id)["result_file_oss_file"] is None and not list(
        (deaf.data / "oss").glob(f"*/DLA_Result/*/*/*/{task_id}")
    )


# Waiting


def test_wait(own):
    slow = own.submit(SLOW.format(4000), user="user")
    row = own.query(f"wait query_task '{slow}'", "user")[0]
    assert row[0] == slow and row[2] == "SUCCESS"
    assert own.query(f"wait query_task '{slow}' timeout 5")[0][2] == "SUCCESS", "an administrator sees all"
    assert error(own, f"wait query_task '{slow}'", "other")[0] == 1094
    slow = own.submit(ENDLESS, user="user")
    with contextlib.closing(own.connect("user")) as connection, connection.cursor() as cursor:
        started = time.monotonic()
        cursor.execute(f"wait query_task '{slow}' timeout 1")
        assert cursor.fetchone()[2] in ("RUNNING", "QUEUED") and 0.9 < time.monotonic() - started < 60
        cursor.execute("show warnings")
        assert cursor.fetchall()[0][1] == 1205
        # Killed, and told by a cancel.
        threading.Timer(0.3, lambda: own.query(f"kill query {connection.thread_id()}")).start()
        with pytest.raises(pymysql.err.OperationalError) as raised:
            cursor.execute(f"wait query_task '{slow}'")
        assert raised.value.args[0] == 1317
        threading.Timer(0.3, lambda: own.query(f"cancel query_task '{slow}'")).start()
        cursor.execute(f"wait query_task '{slow}'")
        assert cursor.fetchone()[2] == "CANCELLED"


def test_many_wait_without_a_thread_each(own):
    slow = own.submit(ENDLESS)
    connections = [own.connect() for _ in range(40)]
    for connection in connections:
        connection._execute_command(3, f"wait query_task '{slow}'")
    time.sleep(0.3)
    assert own.query("select count(*) from s.t") == ((3,),)
    own.query(f"cancel query_task '{slow}'")
    for connection in connections:
        connection._result = pymysql.connections.MySQLResult(connection)
        connection._result.read()
        assert connection._result.rows[0][2] == "CANCELLED"
        connection.close()


# Clusters, order, limits


def test_priorities_and_fairness(own):
    blocker = own.submit(ENDLESS)
    running(own, blocker)
    greedy = [own.submit(f"select {number}", user="user") for number in range(4)]
    modest = [own.submit(f"select {number}", user="other") for number in range(2)]
    urgent = own.submit("select 'urgent'", "priority=9", "user")
    own.query(f"cancel query_task '{blocker}'")
    for task_id in greedy + modest + [urgent]:
        ended(own, task_id)
    with contextlib.closing(sqlite3.connect(f"file:{own.data}/loon.sqlite?mode=ro", uri=True)) as file:
        order = [
            row[0]
            for row in file.execute("select id from task where started is not null order by started, engine_query_id")
        ]
    order = [task_id for task_id in order if task_id in greedy + modest + [urgent]]
    assert order[0] == urgent
    assert [task_id for task_id in order if task_id in greedy] == greedy, "first come, first served within an account"
    assert set(order[1:5]) == set(greedy[:2] + modest), "the accounts take turns"


def test_tasks_do_not_starve_queries_nor_they_tasks(own):
    blockers = [own.submit(ENDLESS) for _ in range(3)]
    running(own, blockers[0])
    assert own.query("select count(*) from s.t") == ((3,),)
    own.query("cancel query_task where status = 'running' or status = 'queued'")
    connections = [own.connect() for _ in range(4)]
    for connection in connections:
        connection._execute_command(3, ENDLESS)
    time.sleep(0.3)
    assert ended(own, own.submit("select 1"))["status"] == "SUCCESS"
    for connection in connections:
        connection._force_close()


def test_the_user_name_may_choose_the_cluster(own):
    own.passwords["user@etl"] = own.passwords["user"]
    own.passwords["user@nowhere"] = own.passwords["user"]
    with contextlib.closing(own.connect("user@etl")) as connection:
        assert loon.query(connection, "select current_user()") == (("user@%",),)
        task_id = loon.query(connection, "/*+ run_async=true */ select 1")[0][0]
    assert full(own, task_id)["cluster"] == "etl"
    with pytest.raises(pymysql.err.OperationalError):
        own.connect("user@nowhere")


def test_a_full_queue_refuses(own):
    blockers = [own.submit(ENDLESS, "cluster=strict, max-running-time-sec=60") for _ in range(1)]
    for _ in range(20):
        with contextlib.suppress(pymysql.err.MySQLError):
            blockers.append(own.submit(ENDLESS, "cluster=strict", "user"))
    number, message = error(own, "/*+ run_async=true, cluster=strict */ select 1", "user")
    assert number == 1203 and "queued-tasks-per-account = 2" in message
    with contextlib.suppress(pymysql.err.MySQLError):
        own.submit("select 1", "cluster=strict", "other")
    number, message = error(own, "/*+ run_async=true, cluster=strict */ select 1", "other")
    assert number == 1203 and "queued-tasks = 3" in message
    own.query("cancel query_task where cluster = 'strict'")
    assert ended(own, own.submit("select 1", "cluster=strict", "user"))["status"] == "SUCCESS"


def test_the_running_time_is_held(own):
    number, message = error(own, "/*+ max-running-time-sec=1 */ " + ENDLESS)
    assert number == 3024 and "max-running-time-sec = 1 " in message
    row = ended(own, own.submit(ENDLESS, "max-running-time-sec=1"))
    assert (
        row["status"] == "FAILURE" and "max-running-time-sec = 1 " in row["message"] and 1000 <= row["elapse_time"]
    ), row


def test_the_running_time_is_held_where_the_engine_does_not_hear(deaf):
    row = ended(deaf, deaf.submit(DEAF, "cluster=tiny, max-running-time-sec=60"))
    assert (
        row["status"] == "FAILURE" and "max-running-time-sec = 1 " in row["message"] and 1000 <= row["elapse_time"]
    ), row


def test_what_is_scanned_is_bounded_before_it_runs(own):
    own.put("oss://lake/s/big/a.csv", "1,xxxxxxxx\n" * 50)
    own.query(
        "create external table s.big (n int, v string) row format delimited fields terminated by ',' location 'oss://lake/s/big/'"
    )
    row = ended(own, own.submit("select * from s.big", "max-scan-bytes=549"))
    assert row["status"] == "FAILURE" and "max-scan-bytes = 549" in row["message"] and "550 bytes" in row["message"]
    assert ended(own, own.submit("select * from s.big", "max-scan-bytes=550"))["status"] == "SUCCESS"
    assert (
        "max-scan-bytes = 100"
        in ended(own, own.submit("select * from s.big", "cluster=strict, max-scan-bytes=5000"))["message"]
    )
    assert error(own, "/*+ max-scan-bytes=10 */ select * from s.big")[0] == 1104


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_results_are_bounded(own, form):
    row = ended(own, own.submit("select range from range(11)", f"cluster=strict, result-format={form}"))
    assert row["status"] == "FAILURE" and "max-result-rows = 10" in row["message"]
    row = ended(
        own,
        own.submit(
            "select repeat(md5(range::varchar), 30) as r from range(9)", f"cluster=strict, result-format={form}"
        ),
    )
    assert row["status"] == "FAILURE" and "max-result-bytes = 200" in row["message"]
    assert ended(own, own.submit("select range from range(10)", f"cluster=strict"))["status"] == "SUCCESS"
    deadline = time.monotonic() + 60
    while list((own.data / "staging").iterdir()):
        assert time.monotonic() < deadline, "what could not be stopped has ended, and so have its files"
        time.sleep(0.1)


def test_the_engines_memory_is_bounded(own):
    row = ended(own, own.submit("select list(range) as l from range(30000000)", "cluster=tiny"))
    assert row["status"] == "FAILURE" and ("memory = 64MiB" in row["message"] or "spill = 1MiB" in row["message"]), row[
        "message"
    ]
    assert ended(own, own.submit("select 1", "cluster=tiny"))["status"] == "SUCCESS"


def test_progress(own):
    slow = own.submit(ENDLESS, user="user")
    running(own, slow)
    for _ in range(10):
        processes = {process[6]: process for process in own.query("show processlist")}
        assert processes[slow][4] == "Task" and processes[slow][1] == "user" and 0 <= processes[slow][8] <= 100
        assert 0 <= full(own, slow)["progress"] <= 100
    own.query(f"cancel query_task '{slow}'")
    done = own.submit(SLOW.format(10), user="user")
    ended(own, done)
    assert full(own, done)["progress"] == 100


def test_explain_analyze_is_stopped_as_a_query_is(own):
    slow = own.submit("explain analyze " + ENDLESS)
    running(own, slow)
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute(f"cancel query_task '{slow}'") == 1
    assert own.task(slow)["status"] == "CANCELLED"
    row = ended(own, own.submit("explain analyze " + ENDLESS, "max-running-time-sec=1"))
    assert row["status"] == "FAILURE" and "max-running-time-sec = 1 " in row["message"]
    # Synchronous ones take places, and not the threads that answer everybody.
    connections = [own.connect() for _ in range(10)]
    for connection in connections:
        connection._execute_command(3, "explain analyze " + ENDLESS)
    time.sleep(0.3)
    started = time.monotonic()
    assert own.task(slow)["status"] == "CANCELLED" and time.monotonic() - started < 60
    for connection in connections:
        own.query(f"kill {connection.thread_id()}")


def test_killed_queries_leave_the_queue(own):
    connections = [own.connect("user") for _ in range(6)]
    for connection in connections:
        connection._execute_command(3, ENDLESS)
    time.sleep(0.5)
    states = {row[6] for row in own.query("show processlist") if row[1] == "user"}
    assert "waiting for a place" in states
    waiting = [row[0] for row in own.query("show processlist") if row[6] == "waiting for a place"]
    for connection in waiting:
        own.query(f"kill query {connection}")
    time.sleep(0.3)
    assert not [row for row in own.query("show processlist") if row[6] == "waiting for a place"]
    for connection in connections:
        own.query(f"kill {connection.thread_id()}")
    assert own.query("select count(*) from s.t") == ((3,),)


def test_conditions_on_what_is_computed(own):
    slow = own.submit(ENDLESS, "label=Computed")
    running(own, slow)
    for where in [
        "cancellable_task = '1'",
        "cancellable_task = 1",
        "progress >= 0",
        "progress between '0' and '100'",
        "queue_time >= '0'",
        "not progress is null",
        "progress < 100",
    ]:
        assert [row[0] for row in own.query(f"show full query_task where label = 'computed' and {where}")] == [slow], (
            where
        )
    assert own.query("show full query_task where label = 'computed' and progress > 100") == ()
    own.query(f"cancel query_task '{slow}'")
    assert error(own, "show query_task where command like '" + "%a" * 1000 + "'")[0] == 1064


def test_who_tries_again_is_answered_though_nothing_is_taken_any_more(own):
    own.query("create view s.gone as select * from s.t")
    statement = "/*+ run_async=true, client-token=again, cluster=strict */ select count(*) as c from s.gone"
    first = own.query(statement, "user")[0][0]
    own.query("drop view s.gone")
    assert own.query(statement, "user")[0][0] == first
    assert error(own, statement.replace("again", "other"), "user")[0] == 1146


def test_long_rows_are_read_again(own):
    task = own.submit("select repeat('x', 17000000) as long, 1 as n")
    assert ended(own, task)["status"] == "SUCCESS"
    assert own.query(f"select length(long), n from query_result.`{task}`") == ((17000000, 1),)


def test_what_was_published_before_a_kill_is_not_cancelled_half(tmp_path):
    # One place for tasks: the others wait behind the one that runs.
    daemon = loon.Daemon(tmp_path / "data", CLUSTER_RUNNING_TASKS=1).start()
    daemon.put("oss://lake/k/none", "")
    daemon.query("create schema k with dbproperties (location = 'oss://lake/k/')")
    daemon.query("create external table k.t (n int) location 'oss://lake/k/t/'")
    done, read = daemon.submit("insert into k.t select 1"), daemon.submit("select 1")
    daemon.await_task(done), daemon.await_task(read)
    blocker = daemon.submit(ENDLESS)
    running(daemon, blocker)
    daemon.program.kill()
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        # As if it had died after the work and before its record.
        file.execute("update task set status = 'RUNNING' where id in (?, ?)", (done, read))
        file.execute(
            "insert into publication (task, definition, is_done) values (?, ?, 1)",
            (done, json.dumps({"schema": "k", "table": "t", "moves": [], "replaced": [], "rowCount": 1})),
        )
        # So that it waits behind the other.
        file.execute("update task set n = 1000000 where id = ?", (done,))
        file.execute("update task set n = 1000001 where id = ?", (read,))
        file.commit()
    daemon.start()
    running(daemon, blocker)
    with contextlib.closing(daemon.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute(f"cancel query_task '{done}'") == 0, "its rows are in the table"
        assert cursor.execute(f"cancel query_task '{read}'") == 1
        assert cursor.execute(f"cancel query_task '{blocker}'") == 1
    row = daemon.await_task(done)
    assert row["status"] == "SUCCESS" and row["row_count"] == 1 and daemon.query("select n from k.t") == ((1,),)
    deadline = time.monotonic() + 10
    while list((daemon.data / "oss").glob(f"*/DLA_Result/*/*/*/{read}")):
        assert time.monotonic() < deadline, "the result of a cancelled task is removed"
        time.sleep(0.05)
    daemon.program.stop()
