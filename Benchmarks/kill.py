"""How long a killed statement's client waits, and a cancelled task runs, seen from outside, 40 of each. `scripts/bench kill` runs it."""

import contextlib
import itertools
import pathlib
import statistics
import sys
import tempfile
import threading
import time

import pymysql

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

STATEMENTS = {
    "an engine that stops when asked": loon.ENDLESS,
    # It ends by itself, so that the next has its place.
    "an engine that does not": "select levenshtein(repeat('a', 20000), repeat('b', 20000)) from range(2)",
}


def milliseconds(daemon, sql):
    """From the moment that KILL QUERY is sent to the moment that the victim has read its error."""
    with contextlib.closing(daemon.connect()) as victim, contextlib.closing(daemon.connect()) as killer:
        ended = []

        def run():
            try:
                loon.query(victim, sql)
            except pymysql.err.MySQLError as error:
                assert error.args[0] == 1317, error
                ended.append(time.perf_counter())

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.3)
        killed = time.perf_counter()
        loon.query(killer, f"kill query {victim.thread_id()}")
        thread.join()
        return (ended[0] - killed) * 1000


def cancelled(daemon, sql):
    """From the moment that CANCEL QUERY_TASK is sent to the moment that the task is read as CANCELLED."""
    with contextlib.closing(daemon.connect()) as connection:
        task = loon.query(connection, f"/*+ run_async=true */ {sql}")[0][0]
        while loon.query(connection, f"show query_task where id = '{task}'")[0][2] != "RUNNING":
            time.sleep(0.01)
        time.sleep(0.3)
        sent = time.perf_counter()
        loon.query(connection, f"cancel query_task '{task}'")
        while (status := loon.query(connection, f"show query_task where id = '{task}'")[0][2]) != "CANCELLED":
            assert status == "RUNNING", status
        return (time.perf_counter() - sent) * 1000


def main():
    with tempfile.TemporaryDirectory() as directory:
        daemon = loon.Daemon(pathlib.Path(directory) / "data").start()
        for what, (name, sql) in itertools.product((milliseconds, cancelled), STATEMENTS.items()):
            times = []
            for _ in range(40):
                times.append(what(daemon, sql))
                # What cannot be stopped is let end, so that places stay free.
                while loon.query(
                    killer := daemon.connect(),
                    "select count(*) from information_schema.processlist where command = 'Killed'",
                ) != ((0,),):
                    killer.close()
                    time.sleep(0.1)
            print(
                f"{'KILL' if what is milliseconds else 'CANCEL':6} {name:34} median {statistics.median(times):6.1f} ms, worst {max(times):6.1f} ms"
            )
        daemon.program.stop()


if __name__ == "__main__":
    main()
