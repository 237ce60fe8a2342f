"""What an engine's process says is a stranger's word: wrong frames end the statement, and nothing else."""

import os
import pathlib
import stat
import sys
import threading

import loon
import pymysql
import pytest

WAYS = [
    "noise at once",
    "no frame",
    "unknown kind",
    "endless",
    "large claim",
    "no tree",
    "another tree",
    "binary tree",
    "columns for a tree",
    "rows for a tree",
    "unknown error",
    "failed",
    "crash",
    "end",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    program = folder / "loon-engine"
    source = pathlib.Path(__file__).with_name("hostile_engine.py").read_text()
    program.write_text(f"#!{sys.executable}\n{source}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "ways").write_text("failed")
    daemon = loon.Daemon(
        folder / "data", ENGINE_PROGRAM=str(program), ENGINE_LIBRARY=str(folder / "ways"), ENGINE_ISOLATION="query"
    )
    daemon.start()
    daemon.ways = folder / "ways"
    yield daemon
    daemon.program.stop()


@pytest.mark.parametrize("way", WAYS)
def test_wrong_frames_end_the_statement_and_nothing_else(hostile, way):
    hostile.ways.write_text(way)
    before = resident(hostile)
    # The worker that waits was made in the way before.
    for _ in range(3):
        with pytest.raises(pymysql.err.Error) as raised:
            hostile.query("select count(*) from range(10)")
    assert raised.value.args[0] in (1105, 1064, 1235, 1054), raised.value
    assert hostile.query("select 1") == ((1,),)
    assert hostile.program.is_running()
    assert resident(hostile) - before < 64 << 20


def resident(daemon):
    status = pathlib.Path(f"/proc/{daemon.program.process.pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def test_a_worker_that_says_nothing_holds_up_nobody_else(hostile):
    hostile.ways.write_text("silent")
    connection = hostile.connect()

    def run():
        try:
            loon.query(connection, "select count(*) from range(10)")
        except pymysql.err.Error:
            pass

    threads = [threading.Thread(target=run) for _ in range(1)]
    for thread in threads:
        thread.start()
    assert hostile.query("select 1") == ((1,),)
    hostile.ways.write_text("failed")
    connection.close()
    os.sync()


def test_another_version_is_refused(tmp_path):
    program = tmp_path / "loon-engine"
    source = pathlib.Path(__file__).with_name("hostile_engine.py").read_text().replace('text("0.1.0")', 'text("9.9")')
    program.write_text(f"#!{sys.executable}\n{source}")
    program.chmod(0o700)
    daemon = loon.Daemon(tmp_path / "data", ENGINE_PROGRAM=str(program))
    with pytest.raises(AssertionError, match="is of version 9.9"):
        daemon.start()


def test_a_missing_program_is_named(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", ENGINE_PROGRAM=str(tmp_path / "nothing"))
    with pytest.raises(AssertionError, match="loon-engine cannot be started from .* engine.program names it"):
        daemon.start()
