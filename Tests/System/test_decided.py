"""Writes that are decided while the disk refuses: carried out or taken back, and nothing of them comes back later."""

import contextlib
import errno
import threading
import time

import pymysql
import pytest

from loon import Faulty

TEXT = "row format delimited fields terminated by ','"


@pytest.fixture
def daemon(tmp_path, library):
    daemon = Faulty(tmp_path / "data", library).start()
    daemon.put("oss://lake/s/t/a.csv", "1,old\n")
    daemon.query("create schema s with dbproperties (catalog='oss', location='oss://lake/s/')")
    daemon.query(f"create external table s.t (a int, b string) {TEXT} location 'oss://lake/s/t/'")
    daemon.query(f"create external table s.p (a int) partitioned by (d string) {TEXT} location 'oss://lake/s/p/'")
    yield daemon
    daemon.fault()
    if daemon.program.is_running():
        assert daemon.program.stop() == 0


def rows(daemon, sql="select a, b from s.t order by a"):
    return daemon.query(sql)


def refused(daemon, sql):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(sql)
    return raised.value.args


def restart(daemon):
    assert daemon.program.stop() == 0
    daemon.start()


# The folder that the files are to move into takes none: the write is decided by then, and is taken back with its statement's error.
def test_a_write_whose_files_cannot_be_moved_is_taken_back(daemon):
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/t/i")
    number, words = refused(daemon, "insert overwrite s.t values (2, 'A')")
    assert number == 1030 and "nothing was written" in words, words
    assert rows(daemon) == ((1, "old"),)
    daemon.fault()
    daemon.query("insert overwrite s.t values (3, 'B')")
    assert rows(daemon) == ((3, "B"),)
    restart(daemon)
    assert rows(daemon) == ((3, "B"),)
    assert list((daemon.data / "staging").iterdir()) == []


def test_what_a_write_was_to_add_to_the_catalog_goes_with_it(daemon):
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/p/d=")
    refused(daemon, "insert into s.p partition (d) values (1, 'x'), (2, 'y')")
    daemon.fault()
    assert daemon.query("show partitions s.p") == () and rows(daemon, "select * from s.p") == ()
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/c/i")
    refused(daemon, "create table s.c stored as parquet location 'oss://lake/s/c/' as select 1 as a")
    daemon.fault()
    assert refused(daemon, "select * from s.c")[0] == 1146
    daemon.query("create table s.c stored as parquet location 'oss://lake/s/c/' as select 2 as a")
    restart(daemon)
    assert rows(daemon, "select * from s.c") == ((2,),)
    assert daemon.query("show partitions s.p") == ()


def test_a_task_that_failed_leaves_nothing_behind(daemon):
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/t/q")
    row = daemon.await_task(daemon.submit("insert into s.t values (2, 'A')"), seconds=60)
    assert row["status"] == "FAILURE" and "nothing was written" in row["message"]
    daemon.fault()
    assert rows(daemon) == ((1, "old"),)
    restart(daemon)
    assert rows(daemon) == ((1, "old"),) and daemon.task(row["id"])["status"] == "FAILURE"


def submit_while_the_disk_fails(daemon, sql, path, is_task):
    outcome = {}

    def run():
        try:
            outcome["value"] = daemon.submit(sql) if is_task else daemon.query(sql)
        except pymysql.err.MySQLError as error:
            outcome["error"] = error.args

    thread = threading.Thread(target=run)
    daemon.fault(number=errno.EACCES, path=path)
    thread.start()
    daemon.program.wait_for("event=table.publish .*error=", seconds=60)
    daemon.fault(number=errno.EIO, path="/data/")
    return thread, outcome


def test_a_write_that_can_neither_be_carried_out_nor_taken_back_is_carried_out_as_soon_as_it_can(daemon):
    thread, outcome = submit_while_the_disk_fails(
        daemon, "insert overwrite s.t values (2, 'A')", "/oss/lake/s/t/i", False
    )
    thread.join(timeout=60)
    assert outcome["error"][0] == 1030 and "do not repeat it" in outcome["error"][1], outcome
    # Not half of it is seen meanwhile, and nobody writes over it.
    assert rows(daemon) == ((1, "old"),)
    assert "waits for the disk" in refused(daemon, "insert overwrite s.t values (3, 'B')")[1]
    daemon.fault()
    deadline = time.monotonic() + 30
    while (found := rows(daemon)) != ((2, "A"),):
        assert time.monotonic() < deadline and found == ((1, "old"),)
        time.sleep(0.1)
    daemon.query("insert overwrite s.t values (3, 'B')")
    restart(daemon)
    assert rows(daemon) == ((3, "B"),)


def test_a_task_whose_write_is_decided_runs_until_it_is_carried_out(daemon):
    thread, outcome = submit_while_the_disk_fails(daemon, "insert into s.t values (2, 'A')", "/oss/lake/s/t/q", True)
    thread.join(timeout=60)
    time.sleep(4)
    assert daemon.task(outcome["value"])["status"] == "RUNNING"
    # What waits is carried out at a start, or after it, and the start does not wait for it.
    daemon.program.kill()
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/t/q")
    daemon.start()
    assert rows(daemon) == ((1, "old"),)
    assert daemon.task(outcome["value"])["status"] in ("QUEUED", "RUNNING")
    # It holds up nobody: it is no suspect, and takes no place.
    for number in range(5):
        assert daemon.await_task(daemon.submit(f"select {number}"))["status"] == "SUCCESS"
    with contextlib.closing(daemon.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute(f"cancel query_task '{outcome['value']}'") == 0, "it is too late to cancel"
    daemon.fault()
    row = daemon.await_task(outcome["value"])
    assert row["status"] == "SUCCESS" and row["row_count"] == 1
    assert rows(daemon) == ((1, "old"), (2, "A"))
    restart(daemon)
    assert rows(daemon) == ((1, "old"), (2, "A"))


# The old files cannot be removed: they are not the table's any more all the same.
def test_files_that_were_replaced_and_cannot_be_removed_are_not_read(daemon):
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/t/a.csv")
    daemon.query("insert overwrite s.t values (2, 'A')")
    assert rows(daemon) == ((2, "A"),)
    # Writes go on meanwhile, over files that the waiting write has moved.
    daemon.query("insert overwrite s.t values (3, 'B')")
    assert rows(daemon) == ((3, "B"),)
    daemon.program.kill()
    daemon.start()
    assert rows(daemon) == ((3, "B"),)
    daemon.fault()
    deadline = time.monotonic() + 30
    while (daemon.data / "oss/lake/s/t/a.csv").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert rows(daemon) == ((3, "B"),)
    task = daemon.await_task(daemon.submit("insert into s.t values (4, 'C')"))
    assert task["status"] == "SUCCESS" and rows(daemon) == ((3, "B"), (4, "C"))
    daemon.query("drop table s.t")


def test_a_task_that_ended_well_does_not_wait_for_readers_of_what_it_replaced(daemon):
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/t/a.csv")
    row = daemon.await_task(daemon.submit("insert overwrite s.t values (2, 'A')"))
    assert row["status"] == "SUCCESS" and rows(daemon) == ((2, "A"),)
    daemon.program.kill()
    daemon.start()
    assert rows(daemon) == ((2, "A"),) and daemon.task(row["id"])["status"] == "SUCCESS"


def place(steps, *step):
    """The place of the only step that is like it."""
    found = [index for index, taken in enumerate(steps) if taken == step]
    assert len(found) == 1, (step, steps)
    return found[0]


def test_a_result_is_synced_before_it_has_its_place_and_that_before_the_task_has_ended(daemon):
    before = len(daemon.steps())
    task = daemon.await_task(daemon.submit("select a from s.t"))
    folder = str(daemon.data / "oss") + "/" + task["result_file_oss_file"].removeprefix("oss://").rpartition("/")[0]
    steps = daemon.steps()[before:]
    moved = next(
        index for index, (kind, _, target) in enumerate(steps) if kind == "rename" and target.rstrip("/") == folder
    )
    staged = steps[moved][1].rstrip("/")
    for name in ("result.csv", "result.meta.json"):
        assert place(steps, "sync", f"{staged}/{name}", "") < moved
    assert place(steps, "sync", staged, "") < moved
    parent = folder.rpartition("/")[0]
    known = next(index for index, step in enumerate(steps) if index > moved and step == ("sync", parent, ""))
    # The row that says SUCCESS is the first commit behind it.
    assert any(kind == "sync" and path.endswith("loon.sqlite-wal") for kind, path, _ in steps[known:]), steps


def test_a_write_is_synced_before_it_is_decided(daemon):
    before = len(daemon.steps())
    daemon.query("insert into s.t values (2, 'new')")
    steps = daemon.steps()[before:]
    moved = [index for index, (kind, _, target) in enumerate(steps) if kind == "rename" and "/oss/lake/s/t/" in target]
    assert moved, steps
    for index in moved:
        written = place(steps, "sync", steps[index][1], "")
        decided = next(
            number
            for number, (kind, path, _) in enumerate(steps)
            if number > written and path.endswith("loon.sqlite-wal")
        )
        assert written < decided < index, steps
