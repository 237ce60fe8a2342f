"""Engines' processes get signals at random while tasks, inserts and streams run: the ledger of what clients were told
holds, and nothing is left behind."""

import os
import pathlib
import random
import signal
import threading
import time

import loon
import pymysql
import pytest
from test_workers import command, processes

SECONDS = 600 if loon.FULL else 40
pytestmark = pytest.mark.timeout(SECONDS + 600)
SIGNALS = [signal.SIGKILL] * 4 + [signal.SIGSEGV, signal.SIGBUS, signal.SIGSTOP]
ROWS = 60_000


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.inserts, self.selects, self.sync = [], [], {}
        self.streams = self.broken = self.wrong = 0
        self.kills = 0


def work(daemon, ledger, until, numbers):
    """Submits inserts and selects, inserts at once, and reads streams, whatever becomes of them."""
    connection = daemon.connect()
    generator = random.Random(numbers)
    number = numbers
    while time.monotonic() < until:
        kind = generator.randrange(4)
        number += 1
        try:
            if kind == 0:
                sql = f"/*+ run_async=true */ insert into c.t select {number}"
                task = loon.query(connection, sql)[0][0]
                ledger.inserts.append((task, number))
            elif kind == 1:
                sql = f"/*+ run_async=true */ select range as n, md5(range::varchar) as h from range({ROWS})"
                ledger.selects.append(loon.query(connection, sql)[0][0])
            elif kind == 2:
                ledger.sync[number] = False
                loon.query(connection, f"insert into c.t select {number}")
                ledger.sync[number] = True
            else:
                rows = loon.query(connection, f"select range from range({ROWS})")
                with ledger.lock:
                    ledger.streams += 1
                    ledger.wrong += len(rows) != ROWS or rows[-1] != (ROWS - 1,)
        except pymysql.err.MySQLError as error:
            # 1105: the process ended. What was not told is not in the ledger.
            assert error.args[0] in (1105, 1317, 2013), error
            with ledger.lock:
                ledger.broken += 1
            if error.args[0] == 2013:
                connection = daemon.connect()
        time.sleep(0.01)


def strike(daemon, ledger, until):
    generator = random.Random(7)
    while time.monotonic() < until:
        workers = processes(daemon)[1]
        if workers:
            try:
                os.kill(generator.choice(workers), generator.choice(SIGNALS))
                ledger.kills += 1
            except ProcessLookupError:
                pass
        time.sleep(generator.uniform(0.02, 0.2))


def test_deaths_at_random_cost_what_ran_there_and_nothing_else(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.put("oss://lake/c/none", "")
    daemon.query("create schema c with dbproperties (location = 'oss://lake/c/')")
    daemon.query("create external table c.t (n bigint) stored as parquet location 'oss://lake/c/t/'")
    ledger = Ledger()
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=work, args=(daemon, ledger, until, 1_000_000 * (n + 1))) for n in range(4)]
    threads.append(threading.Thread(target=strike, args=(daemon, ledger, until)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert daemon.program.is_running()
    ended = {task: daemon.await_task(task, seconds=300) for task in ledger.selects + [t for t, _ in ledger.inserts]}
    # Who was struck by a fault twice says so; all others are done.
    for row in ended.values():
        assert row["status"] == "SUCCESS" or "process ended" in row["message"], row
    assert sum(row["status"] == "SUCCESS" for row in ended.values()) > len(ended) / 2
    stored = [n for (n,) in daemon.query("select n from c.t")]
    assert len(stored) == len(set(stored)), "doubled"
    told = {number for task, number in ledger.inserts if ended[task]["status"] == "SUCCESS"}
    told |= {number for number, is_done in ledger.sync.items() if is_done}
    assert told <= set(stored), "lost"
    # An insert at once whose process ended says so, and has written nothing.
    failed = {number for task, number in ledger.inserts if ended[task]["status"] != "SUCCESS"}
    assert not failed & set(stored), "half"
    for task in ledger.selects:
        if ended[task]["status"] == "SUCCESS":
            file = daemon.data / "oss" / ended[task]["result_file_oss_file"].removeprefix("oss://")
            assert file.read_bytes().count(b"\n") == ROWS + 1
    assert ledger.wrong == 0 and ledger.streams > 0 and ledger.kills > SECONDS
    # Nothing is left behind.
    parent, workers = processes(daemon)
    assert daemon.program.stop() == 0
    deadline = time.monotonic() + 10
    while any(command(pid) for pid in parent + workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(command(pid) for pid in parent + workers)
    assert list((pathlib.Path(daemon.data) / "staging").iterdir()) == []
