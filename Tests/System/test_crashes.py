"""kill -9 at any moment: each acknowledged task ends once, its result is whole, its message arrives."""

import collections
import random
import threading
import time

import pymysql
import pytest

import loon

pytestmark = pytest.mark.timeout(1800 if loon.FULL else 600)

TASKS = 50
ROUNDS = 100 if loon.FULL else 4


def submit_until_killed(daemon, broker, count, acknowledged, topic):
    """Submits slow and quick tasks on one connection until they are through or the daemon is gone."""
    try:
        connection = daemon.connect()
        for number in range(count):
            rows = 400_000 if number % 5 == 0 else 1_000
            sql = f"select range as n, md5(range::varchar) as h from range({rows}) order by h"
            acknowledged.append(
                (loon.query(connection, f"/*+ run_async=true, {loon.ons(broker.port, topic)} */ {sql}")[0][0], rows)
            )
    except pymysql.err.MySQLError:
        pass


def test_kill_9_while_50_tasks_are_queued_and_running(tmp_path, broker):
    daemon = loon.Daemon(tmp_path / "data").start()
    generator = random.Random(20190327)
    for round_number in range(ROUNDS):
        topic = f"round-{round_number}"
        acknowledged = []
        threads = [
            threading.Thread(target=submit_until_killed, args=(daemon, broker, TASKS // 5, acknowledged, topic))
            for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        if round_number % 2 == 0:
            # All of them are acknowledged, most of them wait or run.
            for thread in threads:
                thread.join()
            assert len(acknowledged) == TASKS
            time.sleep(generator.uniform(0, 0.5))
        else:
            time.sleep(generator.uniform(0.05, 0.4))
        daemon.program.kill()
        for thread in threads:
            thread.join()
        time.sleep(0.01)
        daemon.start()
        for task_id, rows in acknowledged:
            row = daemon.await_task(task_id, lambda row: row["mq_status"] == "SUCCESS", seconds=120)
            assert (row["status"], row["row_count"]) == ("SUCCESS", rows), row
            assert daemon.read(row["result_file_oss_file"]).count("\n") == rows + 1
        events = [event["id"] for _, event in loon.receive_ons(broker.port, topic, seconds=3)]
        assert {task_id + ".1" for task_id, _ in acknowledged} <= set(events)
        # A task that was stored but not acknowledged may be there too; none is there twice under two ids.
        ended = collections.Counter(row[0] for row in daemon.query("show query_task order by id"))
        assert max(ended.values()) == 1
        # One that was stored and not acknowledged may run still.
        deadline = time.monotonic() + 120
        while list((daemon.data / "staging").iterdir()):
            assert time.monotonic() < deadline, list((daemon.data / "staging").iterdir())
            time.sleep(0.1)
    assert daemon.program.stop() == 0


def test_ids_are_not_used_again(tmp_path):
    daemon = loon.Daemon(tmp_path / "data")
    ids = []
    for _ in range(3):
        daemon.start()
        ids += [daemon.submit("select 1") for _ in range(3)]
        daemon.program.kill()
    assert len(set(ids)) == 9 and ids == sorted(ids)
    assert len({task_id[15:23] for task_id in ids}) == 1


def test_sigterm_ends_with_0_and_leaves_long_tasks_for_the_next_start(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", SERVICE_DRAIN_S=1).start()
    task_id = daemon.submit("select count(*) as n from range(3000000) a, range(2000) b where a.range + b.range = 7")
    deadline = time.monotonic() + 10
    while daemon.task(task_id)["status"] != "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.02)
    started = time.monotonic()
    idle = daemon.connect()
    assert daemon.program.stop() == 0
    assert time.monotonic() - started < 60
    idle._force_close()
    daemon.start()
    row = daemon.task(task_id, full=True)
    assert row["status"] in ("QUEUED", "RUNNING") and row["message"] == ""
    daemon.program.kill()


def test_sigterm_does_not_wait_for_what_cannot_be_interrupted(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", SERVICE_DRAIN_S=1).start()
    task_id = daemon.submit(loon.DEAF)
    daemon.await_task(task_id, lambda row: row["status"] == "RUNNING")
    assert daemon.program.stop() == 0
    daemon.start()
    assert daemon.task(task_id)["status"] in ("QUEUED", "RUNNING")
    daemon.program.kill()


LONG = loon.ENDLESS


def running(daemon, task_id):
    """Waits until the task runs."""
    daemon.await_task(task_id, lambda row: row["status"] != "QUEUED")


