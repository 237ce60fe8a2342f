"""Retention, backup and space."""

import contextlib
import json
import shutil
import sqlite3
import time

import pytest

import loon

from loon import ENDLESS
from pools import SLOW, error, full, running


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
    # Of the others only the newest is sure to be there still.
    daemon.await_task(plain[-1])
    deadline = time.monotonic() + 60
    while daemon.task(plain[0]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.2)
    assert all(daemon.task(task_id)["mq_status"] in ("WAITING", "SENDING") for task_id in unsent)
    daemon.program.stop()
