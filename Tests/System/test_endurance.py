"""What was acknowledged is never lost: under load and kill -9, with disks that refuse, a file that is locked, a clock that jumps, a stop while hundreds run."""

import contextlib
import errno
import os
import random
import sqlite3
import threading
import time

import pymysql
import pytest

import loon
from loon import Faulty

pytestmark = pytest.mark.timeout(1800 if loon.FULL else 600)

ROUNDS = 100 if loon.FULL else 10
SLOW = "select sum(a.range * b.range) as s from range({}) a, range(100000) b"


class Ledger:
    """What clients were told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tokens = {}  # token: what the statement gives; an answer may not have come
        self.acknowledged = {}  # id: token
        self.cancelled = set()  # ids whose cancel was answered with 1
        self.tried = set()  # ids that a cancel was sent for
        self.ended = {}  # id: the state that a look-up showed
        self.numbers = 0

    def token(self, value):
        with self.lock:
            self.numbers += 1
            token = f"t{self.numbers}"
            self.tokens[token] = value
            return token


def statement(generator, number):
    kind = generator.random()
    if kind < 0.15:
        return "insert", f"insert into e.t select {number}"
    if kind < 0.3:
        return "rows", f"select range + {number} as n from range({generator.choice([10, 100_000])})"
    if kind < 0.4:
        return "slow", SLOW.format(generator.choice([20, 200])) + f" where a.range <> -{number}"
    return "value", f"select {number} as n"


def client(daemon, broker, ledger, seed, stop):
    generator = random.Random(seed)
    with contextlib.suppress(pymysql.err.MySQLError, OSError):
        connection = daemon.connect()
        while not stop.is_set():
            action = generator.random()
            if action < 0.6 or not ledger.acknowledged:
                number = generator.randrange(1, 1 << 40)
                kind, sql = statement(generator, number)
                token = ledger.token((kind, number))
                hints = f"run_async=true, client-token={token}, priority={generator.randrange(10)}, {loon.ons(broker.port, 'endurance')}"
                task_id = loon.query(connection, f"/*+ {hints} */ {sql}")[0][0]
                with ledger.lock:
                    ledger.acknowledged[task_id] = token
            elif action < 0.75:
                task_id = generator.choice(list(ledger.acknowledged))
                with ledger.lock:
                    ledger.tried.add(task_id)
                with connection.cursor() as cursor:
                    if cursor.execute(f"cancel query_task '{task_id}'") == 1:
                        with ledger.lock:
                            ledger.cancelled.add(task_id)
            else:
                task_id = generator.choice(list(ledger.acknowledged))
                row = loon.query(connection, f"show query_task where id = '{task_id}'")[0]
                if row[2] not in ("QUEUED", "RUNNING"):
                    with ledger.lock:
                        assert ledger.ended.setdefault(task_id, row[2]) == row[2], "an end is for ever"


def test_the_ledger_agrees_after_every_kill(tmp_path, broker):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.put("oss://lake/e/none", "")
    daemon.query("create schema e with dbproperties (location = 'oss://lake/e/')")
    daemon.query("create external table e.t (n bigint) stored as parquet location 'oss://lake/e/t/'")
    ledger, generator = Ledger(), random.Random(int(os.environ.get("ENDURANCE_SEED", "5")))
    for round_number in range(ROUNDS):
        stop = threading.Event()
        threads = [
            threading.Thread(target=client, args=(daemon, broker, ledger, generator.random(), stop)) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        time.sleep(generator.uniform(0.1, 1.2))
        daemon.program.kill()
        stop.set()
        for thread in threads:
            thread.join()
        daemon.start()
        compare(daemon, ledger, isOver=False)
    deadline = time.monotonic() + 300
    while daemon.query(
        "select count(*) from loon.query_task where status in ('QUEUED', 'RUNNING') or mq_status in ('WAITING', 'SENDING')"
    )[0][0]:
        assert time.monotonic() < deadline, "everything ends"
        time.sleep(0.1)
    compare(daemon, ledger, isOver=True)
    assert daemon.program.stop() == 0


def compare(daemon, ledger, isOver):
    with contextlib.closing(daemon.connect()) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("select * from loon.query_task")
        rows = {row["id"]: row for row in cursor.fetchall()}
    tokens = [row["client_token"] for row in rows.values()]
    assert len(tokens) == len(set(tokens)), "none doubled"
    assert set(tokens) <= set(ledger.tokens)
    for task_id, token in ledger.acknowledged.items():
        assert task_id in rows and rows[task_id]["client_token"] == token, "none lost"
    for task_id in ledger.cancelled:
        assert rows[task_id]["status"] == "CANCELLED"
    for task_id, state in ledger.ended.items():
        assert rows[task_id]["status"] == state
    for row in rows.values():
        assert row["status"] != "FAILURE", row["message"]
        assert row["status"] != "CANCELLED" or row["id"] in ledger.tried
    if not isOver:
        return
    inserted = set()
    for row in rows.values():
        kind, number = ledger.tokens[row["client_token"]]
        assert (
            row["mq_status"] == "SUCCESS"
            and (row["status"] == "CANCELLED") == (row["result_file_oss_file"] is None)
            or kind == "insert"
        ), row
        if kind == "insert" and row["status"] == "SUCCESS":
            inserted.add(number)
        if row["status"] == "SUCCESS" and kind == "value":
            assert daemon.query(f"select * from query_result.`{row['id']}`") == ((number,),)
        if row["status"] == "SUCCESS" and kind == "rows":
            counted, low, high = daemon.query(f"select count(*), min(n), max(n) from query_result.`{row['id']}`")[0]
            assert (counted, low, high) == (row["row_count"], number, number + counted - 1) and counted in (10, 100_000)
    found = [row[0] for row in daemon.query("select n from e.t")]
    assert len(found) == len(set(found)) and set(found) == inserted, "each insert once, or not at all"
    results = {path.name for path in (daemon.data / "oss").glob("*/DLA_Result/*/*/*/*")}
    assert results == {row["id"] for row in rows.values() if row["result_file_oss_file"]}, "no half results"
    assert list((daemon.data / "staging").iterdir()) == []


def test_a_stop_while_hundreds_run(tmp_path):
    config = tmp_path / "loon.yaml"
    config.write_text("service: { drain-s: 1 }\ncluster: { running: 120, running-tasks: 110, threads: 1 }\n")
    daemon = loon.Daemon(tmp_path / "data").start("--config", config)
    with contextlib.closing(daemon.connect()) as connection:

        def submit(hints, sql):
            return loon.query(connection, f"/*+ run_async=true, {hints} */ {sql}")[0][0]

        long = [submit("label=long", loon.ENDLESS) for _ in range(110)]
        quick = [submit("label=quick", SLOW.format(10 + number % 50)) for number in range(90)]
        while loon.query(connection, "select count(*) from loon.query_task where status = 'RUNNING'")[0][0] < 110:
            time.sleep(0.1)
    assert daemon.program.stop() == 0
    daemon.start()
    assert daemon.query(
        "select count(*), count(distinct id) from loon.query_task where status in ('QUEUED', 'RUNNING')"
    ) == ((200, 200),)
    with contextlib.closing(daemon.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute("cancel query_task where label = 'long'") == len(long)
    for task_id in quick:
        row = daemon.await_task(task_id, seconds=180)
        assert row["status"] == "SUCCESS", row["message"]
    daemon.program.stop()


def refused(daemon, sql):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(sql)
    return raised.value.args


def test_a_store_that_turns_read_only(tmp_path, library):
    daemon = Faulty(tmp_path / "data", library).start()
    before = daemon.submit("select 'before'")
    daemon.await_task(before)
    daemon.fault(number=errno.EROFS, path="/data/oss/")
    row = daemon.await_task(daemon.submit("select 'meanwhile'"))
    assert row["status"] == "FAILURE" and "read-only" in row["message"].lower(), row["message"]
    assert daemon.query(f"select * from query_result.`{before}`") == (("before",),)
    daemon.fault(number=errno.EROFS, path="/data/staging/")
    row = daemon.await_task(daemon.submit("select 'meanwhile'"))
    assert row["status"] == "FAILURE" and ("disk" in row["message"] or "read-only" in row["message"].lower()), row[
        "message"
    ]
    daemon.fault()
    assert daemon.await_task(daemon.submit("select 'after'"))["status"] == "SUCCESS"
    assert list((daemon.data / "staging").iterdir()) == []
    assert daemon.program.stop() == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO], ids=["full", "read-only", "broken"])
def test_a_metadata_file_that_takes_nothing(tmp_path, library, number):
    daemon = Faulty(tmp_path / "data", library).start()
    slow = daemon.submit(loon.ENDLESS)
    daemon.await_task(slow, lambda row: row["status"] == "RUNNING")
    waiting = [daemon.submit(f"select {index}") for index in range(3)]
    daemon.fault(number=number, path="loon.sqlite")
    code, message = refused(daemon, "/*+ run_async=true */ select 'not taken'")
    assert code == (1021 if number == errno.ENOSPC else 1030) and "metadata file" in message
    code, message = refused(daemon, f"cancel query_task '{slow}'")
    assert code == 1030 and "cannot be recorded yet" in message
    daemon.program.wait_for("event=(task.record|scheduler.claim)", seconds=60)
    assert daemon.query("select count(*) from range(3)") == ((3,),)
    daemon.fault()
    for task_id in waiting:
        assert daemon.await_task(task_id, seconds=60)["status"] == "SUCCESS"
    assert daemon.await_task(slow, lambda row: row["status"] != "RUNNING")["status"] == "CANCELLED"
    assert daemon.query("select count(*) from loon.query_task") == ((4,),)
    assert daemon.program.stop() == 0


def test_another_process_locks_the_metadata_file(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    slow = daemon.submit(SLOW.format(300))
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite", isolation_level=None)) as file:
        file.execute("begin immediate")
        accepted = []
        thread = threading.Thread(target=lambda: accepted.append(daemon.submit("select 'waited'")))
        thread.start()
        assert daemon.task(slow), "looking up goes on"
        time.sleep(2)
        assert not accepted
        file.execute("rollback")
        thread.join()
        assert daemon.await_task(accepted[0])["status"] == "SUCCESS"
        file.execute("begin immediate")
        code, message = refused(daemon, "/*+ run_async=true */ select 'too long'")
        assert code == 1030 and "locked" in message
        file.execute("rollback")
    assert daemon.await_task(slow, seconds=60)["status"] == "SUCCESS"
    assert daemon.await_task(daemon.submit("select 'again'"))["status"] == "SUCCESS"
    daemon.program.stop()


@pytest.mark.parametrize("hours", [-3, 30])
def test_the_clock_jumps(tmp_path, library, hours):
    daemon = Faulty(tmp_path / "data", library, TASKS_KEEP_DAYS=45).start()
    ids = [daemon.submit(f"select {number}") for number in range(3)]
    slow = daemon.submit(SLOW.format(20_000), "max-running-time-sec=600")
    daemon.await_task(slow, lambda row: row["status"] != "QUEUED")
    daemon.fault(shift=hours * 3_600_000)
    later = [daemon.submit(f"select {number}") for number in range(3)]
    assert ids + [slow] + later == sorted(set(ids + [slow] + later)), "ids go up whatever the clock does"
    for task_id in ids + [slow] + later:
        row = daemon.await_task(task_id, seconds=300)
        assert row["status"] == "SUCCESS" and row["elapse_time"] >= 0, row
        assert daemon.task(task_id, full=True)["queue_time"] >= 0
    waiting = daemon.query("wait query_task '%s' timeout 1" % later[0])
    assert waiting[0][2] == "SUCCESS"
    daemon.program.kill()
    daemon.start()
    assert daemon.submit("select 'after'") > later[-1]
    daemon.program.stop()
