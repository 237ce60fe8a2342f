"""Writes that are killed at each of their steps."""

import contextlib
import os
import subprocess
import time

import pymysql
import pytest

import loon
from test_tables import flights, refused  # noqa: F401 (a fixture)


pytestmark = pytest.mark.timeout(1800 if loon.FULL else 600)


# kill -9 at every step


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    library = tmp_path_factory.mktemp("kill") / "kill_at.so"
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-o", library, loon.ROOT / "Tests/System/kill_at.c", "-ldl"], check=True
    )
    return library


STATEMENTS = {
    "insert": "insert into k.t select range + 1000, range % 3 from range(30)",
    "overwrite": "insert overwrite k.t select n + 1000, p from k.t",
    "create": "create table k.u partitioned by (p) stored as parquet as select range + 1000 as n, range % 3 as p from range(30)",
}


def state(daemon):
    old = daemon.query("select count(*), count(distinct n), coalesce(min(n), 0) from k.t")[0]
    made = daemon.query("show tables from k like 'u'")
    return old, daemon.query("select count(*), count(distinct n) from k.u")[0] if made else None


@pytest.mark.parametrize("is_task", [False, True], ids=["statement", "task"])
@pytest.mark.parametrize("name", STATEMENTS)
def test_kill_9_at_every_step(tmp_path, killer, name, is_task):
    trigger = tmp_path / "kill-at"
    os.environ["KILL_AT_FILE"] = str(trigger)
    before = ((30, 30, 0), None)
    after = {"insert": ((60, 60, 0), None), "overwrite": ((30, 30, 1000), None), "create": ((30, 30, 0), (30, 30))}[
        name
    ]
    outcomes = set()
    for step in range(1, 1000, 1 if loon.FULL else 7):
        data = tmp_path / f"data-{step}"
        daemon = loon.Daemon(data).start()
        daemon.command("oss", "mb", "oss://lake", "--data-dir", data)
        daemon.query("create schema k with dbproperties (location='oss://lake/k/')")
        daemon.query("create table k.t (n bigint) partitioned by (p bigint) stored as parquet")
        daemon.query("insert into k.t select range, range % 3 from range(30)")
        assert state(daemon) == before
        daemon.program.stop()
        os.environ["LD_PRELOAD"] = str(killer)
        try:
            daemon.start()
        finally:
            del os.environ["LD_PRELOAD"]
        trigger.write_text(str(step))
        task = acknowledged = None
        with contextlib.suppress(pymysql.err.MySQLError, OSError):
            if is_task:
                task = daemon.submit(STATEMENTS[name])
                deadline = time.monotonic() + 10
                while daemon.program.is_running() and daemon.task(task)["status"] not in ("SUCCESS", "FAILURE"):
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                time.sleep(0.05)
            else:
                daemon.query(STATEMENTS[name])
            acknowledged = True
        time.sleep(0.02)
        survived = daemon.program.is_running()
        trigger.unlink()
        if survived:
            daemon.program.stop()
        else:
            daemon.program.process.wait(timeout=10)
        daemon.start()
        if task:
            row = daemon.await_task(task)
            assert row["status"] == "SUCCESS" and row["row_count"] == 30, (step, row)
        found = state(daemon)
        outcomes.add(found == after)
        assert found == after if acknowledged or task else found in (before, after), (step, found)
        # Nothing is left over, and the next write works.
        assert list((data / "staging").iterdir()) == []
        daemon.query("insert into k.t values (-1, 0)")
        assert daemon.query("select count(*) from k.t where n = -1") == ((1,),)
        daemon.program.stop()
        if survived:
            break
    else:
        raise AssertionError("the steps did not end")
    # Both were seen: before the decision, and after it.
    assert outcomes == {False, True} or is_task
    os.environ.pop("KILL_AT_FILE")
