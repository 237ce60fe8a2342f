"""Keeps what a data directory of the built version holds, so that later versions are tried on it (test_upgrades.py).

Run before a change of stored data: `python Tests/System/stored_version.py <name>` writes Tests/System/stored/<name>.
The metadata file is kept as SQL text, the objects and the staged files as they are.
"""

import contextlib
import errno
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import loon

STORED = pathlib.Path(__file__).resolve().parent / "stored"
# Where nothing listens; a test puts its broker's port in its place.
PORT = "65431"
PASSWORDS = {"alice": "alice-of-the-tests", "bob": "bob-of-the-tests"}

TEXT = "row format delimited fields terminated by ','"


def fill(daemon):
    daemon.put("oss://lake/s/t/a.csv", "1,old\n2,Zürich\n")
    daemon.put("oss://lake/s/j/a.json", '{"a": 1, "n": {"x": [1.5, null]}}\n')
    daemon.query("create schema s with dbproperties (catalog='oss', location='oss://lake/s/')")
    daemon.query(f"create external table s.t (a int comment 'number', b string) {TEXT} location 'oss://lake/s/t/'")
    daemon.query(
        "create external table s.j (a int, n struct<x:array<double>>) stored as json location 'oss://lake/s/j/' "
        "tblproperties ('loon.malformed'='fail')"
    )
    daemon.query(
        f"create external table s.p (a int) partitioned by (d string, n int) {TEXT} location 'oss://lake/s/p/'"
    )
    daemon.query("insert into s.p partition (d, n) values (1, 'x', 7), (2, NULL, 8)")
    daemon.query(
        "create table s.q stored as parquet location 'oss://lake/s/q/' as select a, cast(a as decimal(9,2)) as c from s.t"
    )
    daemon.query('create view s.v (number, letter) as select a, b from t where b <> "it\'s"')
    for name, password in PASSWORDS.items():
        flags = ("--grant", "SELECT ON s.*") if name == "alice" else ()
        daemon.command(
            "account", "create", name, "--password-stdin", "--data-dir", daemon.data, *flags, input=password + "\n"
        )
    daemon.query("grant select, create view on s.* to alice")
    daemon.query("alter user bob account lock")
    daemon.passwords.update(PASSWORDS)
    daemon.query("create view s.mine as select sum(a) as total from s.t", "alice")


def leave_a_write_open(daemon):
    """A task's write that is decided, with a file that has not its place yet."""
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/q/q")
    daemon.submit("insert into s.q values (9, 9.5)", "label=decided")
    daemon.program.wait_for("event=table.publish .*error=", seconds=60)
    # Nor can it be taken back.
    daemon.fault(number=errno.EIO, path="/data/")
    time.sleep(4)
    daemon.program.kill()
    daemon.fault(number=errno.EACCES, path="/oss/lake/s/q/q")
    daemon.start()


def end_tasks(daemon, hints):
    daemon.await_task(daemon.submit("select * from s.v order by number", hints + ", label=done, client-token=first"))
    daemon.await_task(daemon.submit("select a from s.j where b = 1 or a / 0 > cast('x' as int)", "label=failed"))


def leave_tasks_waiting(daemon, hints):
    blocker = daemon.submit(loon.ENDLESS, "label=endless")
    daemon.await_task(blocker, until=lambda row: row["status"] == "RUNNING")
    daemon.query(f"cancel query_task '{daemon.submit('select 1', 'label=cancelled')}'")
    with contextlib.closing(daemon.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set @x = 41, sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+02:00'")
        cursor.execute("use s")
        for label, sql in {
            "waiting": "select @x + 1 as \"x\", '\\' as y, database() as d, now() = now() as n, count(*) as c from t",
            "insert": "insert into s.t select 3, 'new'",
        }.items():
            cursor.execute(f"/*+ run_async=true, label={label}, {hints} */ {sql}")


def keep(daemon, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as connection:
        (folder / "metadata.sql").write_text("\n".join(connection.iterdump()) + "\n")
    for part in ("oss", "staging"):
        shutil.copytree(daemon.data / part, folder / part)
    shutil.copy(daemon.data / "root-password", folder)
    # git keeps no empty folder.
    for path in [path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())]:
        (path / ".keep").touch()


def main(name):
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        library = directory / "faults.so"
        source = pathlib.Path(__file__).resolve().parent / "faults.c"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        daemon = loon.Faulty(directory / "data", library, CLUSTER_RUNNING_TASKS=1).start()
        try:
            fill(daemon)
            end_tasks(daemon, loon.ons(PORT))
            leave_a_write_open(daemon)
            leave_tasks_waiting(daemon, loon.ons(PORT))
        finally:
            daemon.program.kill()
        keep(daemon, STORED / name)


def open_stored(name, data, port):
    """Puts a kept data directory into the new folder `data`, with messages for the broker of `port`."""
    shutil.copytree(STORED / name, data, ignore=shutil.ignore_patterns("metadata.sql", ".keep"))
    for folder in [data, *(path for path in data.rglob("*") if path.is_dir())]:
        os.chmod(folder, 0o700)
    text = (STORED / name / "metadata.sql").read_text().replace(PORT, str(port))
    with contextlib.closing(sqlite3.connect(data / "loon.sqlite")) as connection:
        connection.executescript(text)
    os.chmod(data / "loon.sqlite", 0o600)


if __name__ == "__main__":
    main(sys.argv[1])
