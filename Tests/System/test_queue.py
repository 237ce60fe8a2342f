"""Tasks as a queue: hints, look-ups, cancelling, waiting, clusters, limits, reuse, results as tables, retention."""

import contextlib
import datetime
import json
import os
import shutil
import sqlite3
import threading
import time

import pymysql
import pytest

import loon

from loon import DEAF, ENDLESS

# Takes a while and ends by itself.
SLOW = "select sum(a.range * b.range) as s from range({}) a, range(100000) b"


def start(data):
    config = data.parent / "loon.yaml"
    config.write_text(
        "cluster: { running: 2, running-tasks: 1 }\n"
        "clusters:\n  etl: { running: 3, running-tasks: 2, threads: 1 }\n  tiny: { memory: 64MiB, spill: 1MiB, max-running-time-sec: 1 }\n"
        "  strict: { max-scan-bytes: 100, max-result-rows: 10, max-result-bytes: 200, queued-tasks: 3, queued-tasks-per-account: 2 }\n"
    )
    daemon = loon.Daemon(data).start("--config", config)
    daemon.create_account("user")
    daemon.create_account("other")
    daemon.put("oss://lake/s/t/a.csv", "1,x\n2,y\n3,\n")
    daemon.query("create schema s with dbproperties (location = 'oss://lake/s/')")
    daemon.query(
        "create external table s.t (n int, v string) row format delimited fields terminated by ',' location 'oss://lake/s/t/'"
    )
    return daemon


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    daemon = start(tmp_path_factory.mktemp("queue") / "data")
    yield daemon
    assert daemon.program.stop() == 0


@pytest.fixture
def deaf(tmp_path):
    """A daemon for what can only be ended with it."""
    daemon = start(tmp_path / "data")
    yield daemon
    daemon.program.kill()


def ended(daemon, task_id, seconds=30):
    return daemon.await_task(task_id, lambda row: row["status"] in ("SUCCESS", "FAILURE", "CANCELLED"), seconds)


def running(daemon, task_id):
    return daemon.await_task(task_id, lambda row: row["status"] == "RUNNING")


def full(daemon, task_id):
    return daemon.task(task_id, full=True)


def error(daemon, sql, user="root"):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(sql, user)
    return raised.value.args


def age(daemon, seconds=10):
    """Makes the files of the lake look settled."""
    for path in (daemon.data / "oss/lake").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - seconds,) * 2)


# Hints


@pytest.mark.parametrize(
    "hint",
    [
        "max-running-time-sec=0",
        "max-running-time-sec=21601",
        "max-running-time-sec=1.5",
        "priority=10",
        "priority=high",
        "result-format=xml",
        "result-reuse-max-age-sec=-1",
        "max-scan-bytes=0",
        "client-token=",
        "label=" + "x" * 256,
        "cluster=none",
        "engine=spark",
        "cluster=",
        "run_async=maybe",
    ],
)
def test_a_hint_with_a_bad_value_is_refused(own, hint):
    number, message = error(own, f"/*+ run_async=true, {hint} */ select 1")
    name = hint.split("=")[0]
    assert number == 1210 and (name in message or name.replace("-", "_") in message), message


def test_an_unknown_hint_is_a_warning(own):
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("/*+ run_async=true, prioritty=3, jdbc-scan-splits=2 */ select 1")
        assert cursor._result.warning_count == 1
        cursor.execute("show warnings")
        assert [(row[0], row[1]) for row in cursor.fetchall()] == [("Warning", 3126)]
        cursor.execute("/*+ whatever=1 */ select count(*) from s.t")
        assert cursor.fetchall() == ((3,),) and cursor._result.warning_count == 1


def test_full_shows_what_the_hints_said(own):
    row = full(
        own, own.submit("select 1", "priority=7, label='Nightly run', client-token=abc-1, cluster=etl, notify=x")
    )
    assert (row["priority"], row["label"], row["client_token"], row["cluster"], row["engine"]) == (
        7,
        "Nightly run",
        "abc-1",
        "etl",
        "duckdb",
    )
    row = ended(own, row["id"]) and full(own, row["id"])
    assert row["progress"] == 100 and row["queue_time"] >= 0 and row["attempts"] == 1 and row["result_bytes"] == 4
    assert row["peak_memory_bytes"] is not None
    kept = datetime.datetime.fromisoformat(row["expire_time"]) - datetime.datetime.fromisoformat(row["create_time"])
    assert kept == datetime.timedelta(days=45)


def test_the_token_gives_the_same_task(own):
    statement = "/*+ run_async=true, client-token=once */ select 5"
    first, second = own.query(statement, "user")[0][0], own.query(statement, "user")[0][0]
    assert first == second
    assert own.query(statement, "other")[0][0] != first
    number, message = error(own, "/*+ run_async=true, client-token=once */ select 6", "user")
    assert number == 1062 and first in message


# Looking up


def test_every_comparison_over_every_column(own):
    ids = [
        own.submit(f"select {number} as n", f"label=Group{number % 2}, priority={number}", "other")
        for number in range(6)
    ]
    for task_id in ids:
        ended(own, task_id)
    today = own.task(ids[0])["create_time"][:10]

    def found(where, rest=""):
        rows = own.query(f"show full query_task where label like 'group%' and ({where}) {rest}", "other")
        return [ids.index(row[0]) for row in rows]

    assert found("priority >= 0") == [0, 1, 2, 3, 4, 5]
    assert found("label = 'group1'") == [1, 3, 5]
    assert found("label <> 'GROUP1' and not priority in (0, 2)") == [4]
    assert found("priority between 2 and 4 or id = '%s'" % ids[0]) == [0, 2, 3, 4]
    assert found("status = 'success' and mq_status is null and message = ''") == [0, 1, 2, 3, 4, 5]
    assert found("status in ('FAILURE', 'cancelled')") == []
    assert found("mq_status <=> null and priority <=> 3") == [3]
    assert found("row_count = 1 and elapse_time >= 0.0 and elapse_time > -1.5") == [0, 1, 2, 3, 4, 5]
    assert found(f"create_time >= '{today}' and create_time < '2999-01-01 00:00:00'") == [0, 1, 2, 3, 4, 5]
    assert found(f"create_time not between '{today}' and '2999-01-01'") == []
    assert found("creator_id = 'other' and command like '%select _ as n' and command not like '%4 as%'") == [
        0,
        1,
        2,
        3,
        5,
    ]
    assert found("result_reused_from is not null") == []
    assert found("priority > 0", "order by priority desc limit 1, 2") == [4, 3]
    assert found("priority > 0", "order by label desc, create_time, priority limit 2 offset 1") == [3, 5]
    assert own.query("show query_task where label = 'group1'", "user") == ()
    assert len(own.query("show query_task for 'other' where label = 'group1'")) == 3
    assert error(own, "show query_task for 'other'", "user")[0] == 1227
    assert error(own, "show query_task where nonsense = 1")[0] == 1054


def test_the_table_of_tasks(own):
    with contextlib.closing(own.connect("user")) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        task_id = own.submit("select 'of the table'", "label=T", "user")
        ended(own, task_id)
        cursor.execute(f"show full query_task where id = '{task_id}'")
        shown = cursor.fetchone()
        cursor.execute(f"select * from loon.query_task where id = '{task_id.upper()}'")
        assert cursor.fetchone() == shown
        cursor.execute("select status, count(*) as tasks from loon.query_task where label = 't' group by status")
        assert cursor.fetchall() == [{"status": "SUCCESS", "tasks": 1}]
        cursor.execute(
            "select id from loon.query_task where create_time >= '2020-01-01' and update_time <= '2999-01-01' order by create_time desc limit 1"
        )
        assert cursor.fetchone()
        cursor.execute("select distinct creator_id from loon.query_task")
        assert cursor.fetchall() == [{"creator_id": "user"}]
        cursor.execute("describe loon.query_task")
        assert [row["Field"] for row in cursor.fetchall()] == list(shown)
    assert {"user", "other"} <= {row[0] for row in own.query("select distinct creator_id from loon.query_task")}
    assert error(own, "create schema loon with dbproperties (location = 'oss://lake/loon/')")[0] == 1227
    assert error(own, "create schema query_result with dbproperties (location = 'oss://lake/loon/')")[0] == 1227


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
        assert time.monotonic() - started < 10
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


def notify(broker):
    return f"mq-notify-by=ons, mq-topic=T, mq-producer-id=G, mq-endpoint=http://MQ_INST_1_x.localhost:{broker.port}"


def test_an_engine_that_does_not_hear_holds_nobody_up(deaf):
    task_id = deaf.submit(DEAF, "cluster=etl")
    running(deaf, task_id)
    with contextlib.closing(deaf.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute(f"cancel query_task '{task_id}'") == 1
        assert deaf.task(task_id)["status"] == "CANCELLED"
        cursor.execute("show processlist")
        assert (task_id, "Killed") in [(row[6], row[4]) for row in cursor.fetchall()]
    deaf.program.wait_for("event=task.lingers .*" + task_id)
    # Its place is not free, and the others are.
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
        assert cursor.fetchone()[2] in ("RUNNING", "QUEUED") and 0.9 < time.monotonic() - started < 15
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
    assert own.task(slow)["status"] == "CANCELLED" and time.monotonic() - started < 15
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


def test_suspects_of_two_clusters_do_not_wait_for_each_other(tmp_path):
    config = tmp_path / "loon.yaml"
    config.write_text("service: { drain-s: 0 }\nclusters: { etl: { threads: 1 } }\n")
    daemon = loon.Daemon(tmp_path / "data").start("--config", config)
    slow = [daemon.submit(ENDLESS, f"cluster={name}") for name in ("public", "etl")]
    for task_id in slow:
        running(daemon, task_id)
    later = daemon.submit("select 'later'", "priority=0")
    daemon.program.kill()
    daemon.start("--config", config)
    running(daemon, slow[0])
    assert daemon.program.stop() == 0
    daemon.start("--config", config)
    running(daemon, slow[0])
    daemon.query(f"cancel query_task '{slow[0]}'")
    running(daemon, slow[1])
    assert daemon.query(f"wait query_task '{slow[1]}' timeout 1")[0][2] == "RUNNING"
    daemon.query(f"cancel query_task '{slow[1]}'")
    assert daemon.await_task(later)["status"] == "SUCCESS"
    assert daemon.await_task(daemon.submit("select 'last'"))["status"] == "SUCCESS"
    daemon.program.stop()


def test_what_was_published_before_a_kill_is_not_cancelled_half(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
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


# Results

VALUES = """select * from (values
  (1, 'a', null::int, 1.5::double, 'nan'::double, 12345678901234567890.12345::decimal(38,5), date '2026-01-02', time '03:04:05.000006', timestamp '2026-01-02 03:04:05.6'),
  (2, '', 7, '-inf'::double, -0.0, null, null, null, null),
  (null, 'q"u,o' || chr(10) || 't' || chr(13) || 'e\\\\', -1, 1e300, 0.1, 0.00001, date '0001-01-01', time '00:00:00', timestamp '1969-12-31 23:59:59.999999')
) as t(i, s, n, d, e, m, da, ti, ts)"""
RESULTS = {
    "plain": VALUES,
    "nested": "select [1, null, 3] as l, {'a': 1, 'b''c': [true]} as st, map {'k': 1.5, 'K': null} as m, 'x'::blob as bin, range as n from range(3)",
    "nested null": "select case when range = 1 then [{'a': range}] end as l, case when range = 2 then '\\\\x00\\\\xFF'::blob end as b from range(3)",
    "no rows": "select 1 as a, 'x' as b, [1] as c where false",
    "no rows of text": "select 'x' as b where false",
    "one column of nulls and empty texts": "select case range when 0 then null when 1 then '' else 'x' end as only from range(4)",
    "duplicate names": "select 1 as a, 'two' as a, 3 as A, 4 as a_1 from range(1)",
    "wide numbers": "select sum(range) as h, 18446744073709551615::ubigint as u, (-128)::tinyint as t, 170141183460469231731687303715884105727::hugeint as big, 1.5::float as f from range(5)",
    "truth": "select true as t, false as f, null::boolean as n",
    "odd": "select uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8' as id, interval 14 month + interval 3 day as iv, null as nothing, 'é' || chr(128512) as emoji",
    "intervals below zero": "select interval '-1' year as v, [interval '-1 month'] as l, timestamp '2020-01-01' - timestamp '2020-01-02 03:00:00' as d",
    "times": "select timestamp_s '2026-01-02 03:04:05' as s, timestamp_ms '2026-01-02 03:04:05.006' as ms, timestamp_ns '2026-01-02 03:04:05.000000006' as ns",
}


def described(cursor):
    return [(column[1], column[4], column[5]) for column in cursor.description]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("name", RESULTS)
def test_results_are_tables(own, name, form):
    task = own.submit(RESULTS[name], f"result-format={form}", "user")
    row = ended(own, task)
    if (name, form) == ("wide numbers", "parquet"):
        # Parquet has no numbers of 39 digits, and others are to read them.
        assert row["status"] == "FAILURE" and "DECIMAL(38,0)" in row["message"]
        return
    assert row["status"] == "SUCCESS", row["message"]
    assert row["result_file_oss_file"].endswith("result." + form)
    with contextlib.closing(own.connect("user")) as connection, connection.cursor() as cursor:
        cursor.execute(RESULTS[name])
        expected, columns = cursor.fetchall(), described(cursor)
        cursor.execute(f"select * from query_result.`{task}`")
        found, found_columns = cursor.fetchall(), described(cursor)
        assert repr(found) == repr(expected)
        assert found_columns == columns
        cursor.execute(f"select count(*) from query_result.{task.upper()} as r")
        assert cursor.fetchall() == ((len(expected),),)
    assert error(own, f"select * from query_result.`{task}`", "other")[0] == 1146
    assert len(own.query(f"select * from query_result.`{task}`")) == len(expected), "an administrator sees all"


def test_a_view_that_asks_the_session_is_no_task(own):
    own.query("create view s.asks as select @a as u, n from s.t")
    number, message = error(own, "/*+ run_async=true */ select * from s.asks")
    assert number == 1235 and "@a" in message
    own.query("create view s.plain as select n, now() as moment from s.t")
    assert ended(own, own.submit("select * from s.plain"))["status"] == "SUCCESS"


def test_times_that_are_none_are_errors(own):
    task = own.submit("select 1", "label=Moment")
    ended(own, task)
    for text in ["yesterday", "2026/11/23", "20261123", "2026-13-45"]:
        assert error(own, f"cancel query_task where create_time < '{text}'")[0] == 1366
        assert error(own, f"show query_task where not create_time <> '{text}'")[0] == 1366
    assert error(own, "show query_task where create_time >= 20261123")[0] == 1366
    shown = own.task(task)["create_time"]
    utc = datetime.datetime.fromisoformat(shown) - datetime.timedelta(hours=8)
    for text in [shown, shown.replace(" ", "T"), utc.isoformat() + "Z"]:
        assert len(own.query(f"show query_task where label = 'moment' and create_time = '{text}'")) == 1, text
        assert len(own.query(f"show query_task where label = 'moment' and create_time < '{text}'")) == 0


def test_warnings_are_the_last_statements(own):
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        with contextlib.suppress(pymysql.err.MySQLError):
            cursor.execute("/*+ run_async=true, priority=bad */ select 1")
        cursor.execute("/*+ run_async=true, foo=1 */ select 1")
        assert cursor._result.warning_count == 1
        cursor.execute("/*+ run_async=true */ select 1")
        assert cursor._result.warning_count == 0
        cursor.execute("show warnings")
        assert cursor.fetchall() == ()


def test_results_of_results(own):
    first = own.submit("select range as n, range % 3 as k from range(10)", user="user")
    ended(own, first)
    second = own.submit(f"select k, sum(n) as s from query_result.`{first}` group by k order by k", user="user")
    assert ended(own, second)["status"] == "SUCCESS"
    assert own.query(f"select a.k, s from query_result.`{second}` a join s.t on n = k order by k", "user") == (
        (1, 12),
        (2, 15),
    )
    assert (
        error(own, "/*+ run_async=true */ select * from query_result.q209901010000hz000000000000001", "user")[0] == 1146
    )
    failed = own.submit("select error('no')", user="user")
    ended(own, failed)
    assert "FAILURE" in error(own, f"select * from query_result.`{failed}`", "user")[1]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_fields_without_names_get_some(own, form):
    task = own.submit("select row(1, 'a') as r from range(2)", f"result-format={form}")
    assert ended(own, task)["status"] == "SUCCESS"
    assert [list(json.loads(row[0]).values()) for row in own.query(f"select * from query_result.`{task}`")] == [
        [1, "a"],
        [1, "a"],
    ]


def test_a_json_result_is_lines_of_json(own):
    row = ended(
        own,
        own.submit(
            "select 1 as a, 'x\"y' as b, [1.5, null] as c, null as d, true as e, 'nan'::double as f, 2 as a",
            "result-format=json",
        ),
    )
    lines = own.read(row["result_file_oss_file"]).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"a": 1, "b": 'x"y', "c": [1.5, None], "d": None, "e": True, "f": "nan", "a_1": 2}
    ]


def test_explain_analyze_may_be_a_task(own):
    row = ended(own, own.submit("explain analyze select count(*) from s.t"))
    assert row["status"] == "SUCCESS" and row["task_name"] == "EXPLAIN" and row["row_count"] == 1
    assert (
        "TABLE_SCAN" in own.read(row["result_file_oss_file"]).upper()
        or "READ_CSV" in own.read(row["result_file_oss_file"]).upper()
    )
    assert error(own, "/*+ run_async=true */ explain select 1")[0] == 1235


# Reuse


def test_reuse(own, broker):
    own.put("oss://lake/s/r/a.csv", "1\n2\n")
    own.query("create external table s.r (n int) location 'oss://lake/s/r/'")
    age(own)
    statement = "select sum(n) as s from s.r"
    first = own.submit(statement)
    assert ended(own, first)["status"] == "SUCCESS"

    def again(sql=statement, hints="result-reuse-max-age-sec=600", user="user"):
        row = full(own, own.submit(sql, hints, user))
        ended(own, row["id"])
        return full(own, row["id"])

    row = again(hints="result-reuse-max-age-sec=600, " + notify(broker))
    assert (
        row["status"] == "SUCCESS"
        and row["result_reused_from"] == first
        and row["elapse_time"] == 0
        and row["row_count"] == 1
    )
    assert row["result_file_oss_file"] == own.task(first)["result_file_oss_file"] and row["scanned_data_bytes"] == 0
    assert own.await_task(row["id"], lambda row: row["mq_status"] == "SUCCESS")
    assert own.query(f"select * from query_result.`{row['id']}`", "user") == ((3,),)
    # Other text, other format, an older result than wanted, chance, the moment, files that changed.
    for sql, hints in [
        (statement + " ", "result-reuse-max-age-sec=0"),
        ("select sum(n) as t from s.r", "result-reuse-max-age-sec=600"),
        (statement, "result-reuse-max-age-sec=600, result-format=json"),
        ("select random() + n from s.r", "result-reuse-max-age-sec=600"),
        ("select now(), n from s.r", "result-reuse-max-age-sec=600"),
        ("select current_localtimestamp(), n from s.r", "result-reuse-max-age-sec=600"),
        ("select n from s.r using sample 50%", "result-reuse-max-age-sec=600"),
        ("select 1", "result-reuse-max-age-sec=600"),
    ]:
        for _ in range(2):
            row = again(sql, hints)
            assert row["status"] == "SUCCESS", row["message"]
            if hints.endswith("sec=0") or "sum" not in sql:
                assert row["result_reused_from"] is None, sql
    assert again("select sum(n) as t from s.r")["result_reused_from"]
    own.put("oss://lake/s/r/b.csv", "10\n")
    age(own)
    row = again()
    assert row["result_reused_from"] is None
    assert own.read(row["result_file_oss_file"]).split() == ["s", "13"]
    again_id = again()["result_reused_from"]
    assert again_id == row["id"]
    own.query("alter table s.r add columns (m int)")
    assert again()["result_reused_from"] is None
    # A result whose file is gone is computed again.
    last = again()
    shutil.rmtree(next((own.data / "oss").glob(f"*/DLA_Result/*/*/*/{last['result_reused_from'] or last['id']}")))
    row = again()
    assert row["result_reused_from"] is None and row["status"] == "SUCCESS"


# Retention, backup, space


def test_old_tasks_go_with_their_results(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", TASKS_KEEP_DAYS=1).start()
    daemon.create_account("user")
    old, new = [daemon.submit(f"select {number}") for number in range(3)], daemon.submit("select 'new'")
    for task_id in old + [new]:
        daemon.await_task(task_id)
    row = daemon.task(old[0])
    daemon.program.stop()
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        file.execute(f"update task set created = created - 2 * 86400000 where id in ({','.join('?' * 3)})", old)
        file.commit()
    daemon.start()
    deadline = time.monotonic() + 20
    while daemon.task(old[0]) or daemon.task(old[2]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    daemon.program.wait_for("event=task.expired tasks=3")
    assert daemon.task(new)["status"] == "SUCCESS"
    time.sleep(0.5)
    results = {path.name for path in (daemon.data / "oss").glob("*/DLA_Result/*/*/*/*")}
    assert results == {new} and row["result_file_oss_file"]
    # By number, from outside, while the daemon runs and has the row at hand.
    newer = daemon.submit("select 2")
    daemon.await_task(newer)
    lines = [
        json.loads(line) for line in daemon.command("tasks", "export", "--data-dir", daemon.data).stdout.splitlines()
    ]
    assert (
        [line["id"] for line in lines] == [new, newer] and lines[1]["row_count"] == 1 and lines[1]["mq_status"] is None
    )
    assert "1 tasks" in daemon.command("tasks", "purge", "--keep", "1", "--data-dir", daemon.data).stdout
    deadline = time.monotonic() + 10
    while daemon.task(new):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert daemon.command("tasks", "purge", "--data-dir", daemon.data, check=False).returncode == 2
    # What cannot be removed holds nothing else up.
    stuck = [daemon.submit(f"select {number}") for number in range(2)]
    for task_id in stuck:
        daemon.await_task(task_id)
    folder = next((daemon.data / "oss").glob(f"*/DLA_Result/*/*/*/{stuck[0]}"))
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    run = daemon.command("tasks", "purge", "--keep", "1", "--data-dir", daemon.data, check=False)
    assert not list((daemon.data / "oss").glob(f"*/DLA_Result/*/*/*/{newer}"))
    folder.unlink(missing_ok=True)
    daemon.program.stop()
    daemon.start()
    assert "1 tasks" in daemon.command("tasks", "purge", "--older-than-days", "0", "--data-dir", daemon.data).stdout
    assert not list((daemon.data / "oss").glob("*/DLA_Result/*/*/*/*"))
    daemon.program.stop()


def test_backup_and_restore(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.create_account("user")
    daemon.put("oss://lake/s/t/a.csv", "1\n")
    daemon.query("create schema s with dbproperties (location = 'oss://lake/s/')")
    done = daemon.submit("select 'kept'")
    daemon.await_task(done)
    slow = daemon.submit(SLOW.format(8000))
    running(daemon, slow)
    copy = tmp_path / "copy.sqlite"
    daemon.command("backup", copy, "--data-dir", daemon.data)
    assert daemon.command("backup", copy, "--data-dir", daemon.data, check=False).returncode == 1, (
        "what is there is not written over"
    )
    later = daemon.submit("select 'lost'")
    daemon.program.kill()
    for suffix in ("", "-wal", "-shm"):
        (daemon.data / f"loon.sqlite{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, daemon.data / "loon.sqlite")
    daemon.start()
    assert daemon.await_task(slow)["status"] == "SUCCESS"
    assert daemon.task(done)["status"] == "SUCCESS" and daemon.task(later) is None
    assert daemon.query(f"select * from query_result.`{done}`") == (("kept",),)
    assert daemon.submit("select 'new'") not in (done, slow)
    daemon.program.stop()


def test_a_newer_file_is_refused(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.program.stop()
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        file.execute("insert into grdb_migrations values ('99: of tomorrow')")
        file.commit()
    run = daemon.command("serve", "--port", "0", "--data-dir", daemon.data, check=False)
    assert run.returncode == 1 and "newer loond" in run.stderr


def test_no_task_is_accepted_on_a_full_disk(tmp_path):
    free = shutil.disk_usage(tmp_path).free // 2**20
    daemon = loon.Daemon(tmp_path / "data", STORAGE_WARN_FREE_MIB=free * 4, STORAGE_MIN_FREE_MIB=free * 2).start()
    number, message = error(daemon, "/*+ run_async=true */ select 1")
    assert number == 1021 and "storage.min-free-mib" in message
    assert daemon.query("select 1") == ((1,),) and daemon.query("show query_task") == ()
    daemon.program.wait_for("event=storage.full")
    daemon.program.stop()
    daemon.settings |= {"STORAGE_MIN_FREE_MIB": 0}
    daemon.start()
    daemon.program.wait_for("event=storage.low")
    assert daemon.await_task(daemon.submit("select 1"))["status"] == "SUCCESS"
    daemon.program.stop()


def test_spilling_into_the_object_store_is_refused(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", ENGINE_SPILL_DIR=tmp_path / "data/oss/x")
    run = daemon.command("serve", "--port", "0", "--data-dir", daemon.data, check=False)
    assert run.returncode == 1 and "engine.spill-dir" in run.stderr


def test_tasks_of_a_cluster_that_is_no_more_run_in_the_default_one(tmp_path):
    config = tmp_path / "loon.yaml"
    config.write_text("clusters: { old: { running-tasks: 1, running: 2 } }\n")
    daemon = loon.Daemon(tmp_path / "data").start("--config", config)
    blocker = daemon.submit(ENDLESS, "cluster=old, label=b")
    running(daemon, blocker)
    waiting = daemon.submit("select 1", "cluster=old")
    daemon.query(f"cancel query_task '{blocker}'")
    blocker = daemon.submit(ENDLESS, "cluster=old, priority=9")
    daemon.program.kill()
    daemon.start()
    daemon.query("cancel query_task where priority = 9")
    assert daemon.await_task(waiting)["status"] == "SUCCESS"
    daemon.program.wait_for("event=scheduler.moved") if full(daemon, waiting)["cluster"] == "public" else None
    daemon.program.stop()


@pytest.mark.parametrize(
    "text, words",
    [
        ("clusters: [a]", "names of clusters"),
        ("clusters: { Public: {} }", "small letters"),
        ("clusters: { public: {} }", "under 'cluster'"),
        ("clusters: { a: { runing: 1 } }", "clusters.a.runing"),
        ("clusters: { a: { running: 0 } }", "whole number from 1"),
        ("cluster: { memory: lots }", "a size such as"),
        ("cluster: { engine: spark }", "duckdb"),
    ],
)
def test_bad_clusters_name_their_line(tmp_path, text, words):
    path = tmp_path / "loon.yaml"
    path.write_text("# one line\n" + text + "\n")
    run = loon.Daemon(tmp_path / "data").command("check-config", "--config", path, check=False)
    assert run.returncode == 1 and words in run.stderr and f"{path}:2" in run.stderr, run.stderr


def test_a_message_that_waits_keeps_its_task(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", TASKS_KEEP_COUNT=1, NOTIFY_RETRY_BASE_MS=100).start()
    unsent = [
        daemon.submit(
            f"select {number}",
            "mq-notify-by=ons, mq-topic=T, mq-producer-id=G, mq-endpoint=http://MQ_INST_1_x.localhost:1",
        )
        for number in range(4)
    ]
    for task_id in unsent:
        daemon.await_task(task_id)
    plain = [daemon.submit(f"select {number}") for number in range(3)]
    for task_id in plain[1:]:
        daemon.await_task(task_id)
    deadline = time.monotonic() + 10
    while daemon.task(plain[0]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.2)
    assert all(daemon.task(task_id)["mq_status"] in ("WAITING", "SENDING") for task_id in unsent)
    daemon.program.stop()
