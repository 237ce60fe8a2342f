"""The metadata file: whole by itself after a stop and soon after a change, never lost without a word; what ages, and what makes room."""

import contextlib
import errno
import os
import shutil
import sqlite3
import ssl
import subprocess
import threading
import time

import pymysql
import pytest

import loon
from loon import Faulty


def copied_alone(daemon, place):
    """What somebody has who copies the file and nothing beside it."""
    shutil.copy(daemon.data / "loon.sqlite", place)
    with contextlib.closing(sqlite3.connect(place)) as file:
        return {row[0] for row in file.execute("select id from task")}


def test_the_file_is_whole_by_itself(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    tasks = {daemon.submit(f"select {number}") for number in range(20)}
    for task in tasks:
        daemon.await_task(task)
    deadline = time.monotonic() + 60
    while copied_alone(daemon, tmp_path / "running.sqlite") != tasks:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    tasks.add(daemon.submit("select 'last'"))
    assert daemon.program.stop() == 0
    assert copied_alone(daemon, tmp_path / "stopped.sqlite") == tasks
    log = daemon.data / "loon.sqlite-wal"
    assert not log.exists() or log.stat().st_size == 0


@pytest.mark.parametrize("how", ["missing", "empty", "bare", "only the log is left"])
def test_lost_metadata_is_an_error_that_names_the_backup(tmp_path, how):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.put("oss://lake/s/t/a.csv", "1\n")
    daemon.create_account("user")
    backup = tmp_path / "backup.sqlite"
    daemon.command("backup", backup, "--data-dir", daemon.data)
    assert daemon.program.stop() == 0
    for suffix in ("-wal", "-shm", ""):
        if how == "only the log is left" and suffix == "-wal":
            (daemon.data / "loon.sqlite-wal").write_bytes(b"x" * 8192)
        else:
            (daemon.data / f"loon.sqlite{suffix}").unlink(missing_ok=True)
    if how == "empty":
        (daemon.data / "loon.sqlite").touch()
    if how == "bare":
        with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
            file.execute("pragma journal_mode = wal")
            file.execute("vacuum")
    # Neither a start nor a command makes a new one.
    for arguments in (["serve", "--port", "0"], ["account", "create", "x", "--password-stdin"], ["tasks", "export"]):
        run = daemon.command(*arguments, "--data-dir", daemon.data, check=False, input="x\n")
        assert run.returncode == 1 and "loond backup" in run.stderr and "loond init" in run.stderr, (
            arguments,
            run.stderr,
        )
    if how == "only the log is left":
        (daemon.data / "loon.sqlite-wal").unlink()
    shutil.copy(backup, daemon.data / "loon.sqlite")
    daemon.start()
    assert daemon.query("select 1", "user") == ((1,),)
    assert daemon.program.stop() == 0


def test_init_begins_anew_over_what_is_there(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.put("oss://lake/s/t/a.csv", "1\n")
    daemon.create_account("user")
    assert daemon.program.stop() == 0
    run = daemon.command("init", "--data-dir", daemon.data, check=False)
    assert run.returncode == 1 and "metadata already" in run.stderr
    for suffix in ("", "-wal", "-shm"):
        (daemon.data / f"loon.sqlite{suffix}").unlink(missing_ok=True)
    assert "root" in daemon.command("init", "--data-dir", daemon.data).stdout
    daemon.start()
    assert daemon.query("show grants") and daemon.read("oss://lake/s/t/a.csv") == "1\n"
    with pytest.raises(pymysql.MySQLError):
        daemon.query("select 1", "user")
    assert daemon.program.stop() == 0
    # And a new directory, where nobody has served yet, needs none.
    assert daemon.command("init", "--data-dir", tmp_path / "new/data").returncode == 0


WAITING = "mq-notify-by=ons, mq-topic=T, mq-producer-id=G, mq-endpoint=http://MQ_INST_1_x.localhost:{}"


def test_a_message_ages_only_while_it_could_be_sent(tmp_path, library):
    """Downtime beyond give-up-s, and a clock that is set forward: the message has its tries all the same."""
    broker = loon.start_broker(tmp_path / "mq.log")
    port = broker.port
    broker.kill()
    daemon = Faulty(tmp_path / "data", library, NOTIFY_GIVE_UP_S=20).start()
    task = daemon.submit("select 1", WAITING.format(port))
    assert daemon.await_task(task)["mq_status"] == "WAITING"
    # An hour without a daemon, another while it runs.
    assert daemon.program.stop() == 0
    daemon.fault(shift=3_600_000)
    daemon.start()
    time.sleep(1)
    assert daemon.task(task)["mq_status"] == "WAITING"
    fresh = daemon.submit("select 2", WAITING.format(port))
    daemon.await_task(fresh)
    daemon.fault(shift=7_200_000)
    time.sleep(1)
    # The broker takes nothing that is signed under another hour.
    daemon.fault()
    broker = loon.start_broker(tmp_path / "mq.log", port)
    for each in (task, fresh):
        assert daemon.await_task(each, lambda row: row["mq_status"] in ("SUCCESS", "FAILURE"))["mq_status"] == "SUCCESS"
    # And one that nobody takes is given up in the end, after at least one try.
    broker.kill()
    lost = [daemon.submit("select 3", WAITING.format(port)) for _ in range(5)]
    for each in lost:
        row = daemon.await_task(each, lambda row: row["mq_status"] == "FAILURE", seconds=60)
        assert daemon.task(each, full=True)["mq_attempts"] >= 1 and row["status"] == "SUCCESS"
    assert daemon.program.stop() == 0


def purge(daemon, *arguments, check=True):
    return daemon.command("tasks", "purge", *arguments, "--data-dir", daemon.data, check=check)


def test_purge_beside_a_daemon_that_purges(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", TASKS_KEEP_COUNT=5).start()
    for _ in range(4):
        tasks = []
        for number in range(60):
            tasks.append(daemon.submit(f"select {number}"))
        for task in tasks[-5:]:
            daemon.await_task(task)
        runs = [
            threading.Thread(target=lambda: codes.append(purge(daemon, "--keep", "2", check=False))) for _ in range(3)
        ]
        codes = []
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert [run.returncode for run in codes] == [0, 0, 0], [run.stderr for run in codes]
    assert daemon.program.stop() == 0


def test_both_options_of_purge_must_hold(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    tasks = [daemon.submit(f"select {number}") for number in range(4)]
    for task in tasks:
        daemon.await_task(task)
    daemon.program.stop()
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        file.execute("update task set created = created - 10 * 86400000 where id in (?, ?)", tasks[:2])
        file.commit()
    assert "0 tasks" in purge(daemon, "--older-than-days", "5", "--keep", "4").stdout
    assert "1 tasks" in purge(daemon, "--older-than-days", "5", "--keep", "3").stdout
    assert "1 tasks" in purge(daemon, "--older-than-days", "5", "--keep", "0").stdout
    assert "1 tasks" in purge(daemon, "--keep", "1").stdout


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a disk of its own cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("is_running", [True, False])
def test_purge_makes_room_on_a_full_disk(small_disk, is_running):
    daemon = loon.Daemon(small_disk / "data", STORAGE_MIN_FREE_MIB=0, STORAGE_WARN_FREE_MIB=0).start()
    tasks = [daemon.submit(f"select repeat('x', 100000) from range({number % 5 + 1})") for number in range(30)]
    for task in tasks:
        daemon.await_task(task)
    deadline = time.monotonic() + 10
    while not (daemon.data / "reserve").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    if not is_running:
        assert daemon.program.stop() == 0
    with open(small_disk / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1 << 8):
            with contextlib.suppress(OSError):
                while True:
                    filler.write(b"x" * size)
    assert os.statvfs(small_disk).f_bavail == 0
    run = purge(daemon, "--keep", "2", check=False)
    assert run.returncode == 0 and "28 tasks" in run.stdout, (run.stdout, run.stderr)
    assert os.statvfs(small_disk).f_bavail * 4096 > 5_000_000
    if not is_running:
        daemon.start()
    assert daemon.await_task(daemon.submit("select 'again'"))["status"] == "SUCCESS"
    assert daemon.program.stop() == 0


def test_a_stop_waits_for_no_client_that_is_idle(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", SERVICE_DRAIN_S=30).start()
    started = time.monotonic()
    assert daemon.program.stop() == 0
    alone = time.monotonic() - started
    daemon.start()
    plain, encrypted = (
        daemon.connect(ssl_disabled=True),
        daemon.connect(ssl={"check_hostname": False, "verify_mode": ssl.CERT_NONE}),
    )
    assert loon.query(plain, "select 1") == loon.query(encrypted, "select 1")
    started = time.monotonic()
    assert daemon.program.stop() == 0
    # Thirty seconds are for what runs, and five for a peer that does not answer the end of TLS.
    assert time.monotonic() - started < 4 + 2 * alone


def test_no_error_plan_or_variable_tells_a_path_of_the_host(tmp_path, library):
    daemon = Faulty(tmp_path / "data", library).start()
    secret = str(tmp_path)
    daemon.put("oss://lake/s/t/a.csv", "1,x\n")
    daemon.put("oss://lake/s/p/a.parquet", b"PAR1 this is none PAR1")
    daemon.put("oss://lake/s/j/a.json.gz", b"\x1f\x8b not gzip")
    daemon.query("create schema s with dbproperties (catalog='oss', location='oss://lake/s/')")
    daemon.query(
        "create external table s.t (a int, b string) row format delimited fields terminated by ',' location 'oss://lake/s/t/'"
    )
    daemon.query("create external table s.p (a int) stored as parquet location 'oss://lake/s/p/'")
    daemon.query("create external table s.j (a int) stored as json location 'oss://lake/s/j/'")

    def words(sql):
        try:
            return repr(daemon.query(sql))
        except pymysql.err.MySQLError as error:
            return repr(error.args)

    found = [
        words(sql)
        for sql in (
            "select * from s.p",
            "select * from s.j",
            "select * from s.t join s.p using (a)",
            "create external table s.l like mapping ('oss://lake/s/p/a.parquet')",
            "create external table s.l like mapping ('oss://lake/s/none/')",
            "show global variables",
            "show variables like '%dir%'",
            "select @@socket, @@datadir",
            "explain select * from s.t x, s.t y",
            "explain analyze select * from s.t x join s.t y on x.a = y.a",
            "show create table s.t",
            "select array_select([]::int[], [1, 2, 3]) from range(1)",
            "select (case when i>5 then null end)::int[100000][100000][100000] x from range(10) t(i)",
            "select error('0x' || 'ffffffffffff')",
            "select * from information_schema.global_variables",
            "show status",
        )
    ]
    messages = [
        daemon.await_task(daemon.submit(sql))["message"]
        for sql in ("select * from s.p", "explain analyze select * from s.t")
    ]
    daemon.fault(number=errno.EACCES, path="/data/")
    found += [words("insert into s.t values (2, 'x')"), words("select list(range) from range(30000000)")]
    daemon.fault()
    for text in found + messages:
        assert (
            secret not in text
            and "Stack Trace" not in text
            and ".so(" not in text
            and "/loon" not in text.replace("'/loon", "")
        ), text
    plan = daemon.query("explain analyze select * from s.t")[0][0]
    assert "TABLE_SCAN" in plan and "a.csv" not in plan and secret[:12] not in plan, plan
    assert daemon.program.stop() == 0
