"""Two builds of loond, one after the other in every round: `scripts/bench versions COMMIT` compares this tree with one.

`select 1` and rows a second, submissions a second, the median times of queries over small tables, and from a submission
to its webhook, and the daemon's memory. The ratio is this tree's figure to the other's, so that more is better; raw
numbers go to Benchmarks/results/versions.json.
"""

import base64
import contextlib
import http.server
import itertools
import json
import os
import pathlib
import re
import statistics
import sys
import tempfile
import threading
import time

import pymysql

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
ROWS = "select range as a, range % 7 as b, 'text ' || range as c from range(100000)"
INTEGERS = "select range as a, range % 7 as b, range * 3 as c, range + 1 as d from range(200000)"
ACCOUNTS = 50
texts = itertools.count()


class Hook:
    """Takes messages, and knows when each came."""

    def __init__(self):
        arrived = self.arrived = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                arrived[body["data"]["id"]] = time.perf_counter()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.hints = f"mq-notify-by=webhook, mq-endpoint=http://127.0.0.1:{self.server.server_port}/"


def per_second(connection, sql, seconds=0.25):
    count, started = 0, time.perf_counter()
    with connection.cursor() as cursor:
        while time.perf_counter() - started < seconds:
            cursor.execute(sql)
            cursor.fetchall()
            count += 1
    return count / (time.perf_counter() - started)


def rows_per_second(connection, sql):
    with contextlib.closing(connection.cursor(pymysql.cursors.SSCursor)) as cursor:
        started = time.perf_counter()
        cursor.execute(sql)
        # Read off the socket alone: turning rows into Python's values would be most of the time.
        count = 0
        while cursor._result.connection._read_packet()._data[:1] != b"\xfe":
            count += 1
        cursor._result.unbuffered_active = False
        return count / (time.perf_counter() - started)


def call_milliseconds(connection, hook, count=20):
    times = []
    with connection.cursor() as cursor:
        for _ in range(count):
            started = time.perf_counter()
            cursor.execute(f"/*+ run_async=true, {hook.hints} */ select 1")
            ((task,),) = cursor.fetchall()
            while task not in hook.arrived:
                time.sleep(0.0002)
            times.append((hook.arrived[task] - started) * 1e3)
    return statistics.median(times)


def prepare(daemon):
    """A small table, a view of it that another account reads, and many accounts."""
    daemon.put("oss://lake/s/t/a.csv", "1,x\n2,y\n")
    daemon.query("create schema s with dbproperties (location = 'oss://lake/s/')")
    daemon.query(
        "create external table s.t (n int, c string) row format delimited fields terminated by ',' "
        "location 'oss://lake/s/t/'"
    )
    daemon.query("create view s.v as select n, c from s.t where n > 0")
    daemon.create_account("viewer", grants=("SELECT ON s.v",))
    for number in range(ACCOUNTS):
        daemon.create_account(f"turn{number}", grants=("SELECT ON s.*",))


def median_milliseconds(run, texts, count=40):
    times = []
    for _ in range(count):
        sql = texts()
        started = time.perf_counter()
        run(sql)
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def query_milliseconds(daemon, texts, user="root"):
    with contextlib.closing(daemon.connect(user)) as connection, connection.cursor() as cursor:
        return median_milliseconds(cursor.execute, texts)


def turn_milliseconds(connections):
    """Accounts one after the other, each on a connection of its own."""
    times = []
    for connection in connections:
        with connection.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute("select count(*) from s.t")
            times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def memory(daemon):
    status = pathlib.Path(f"/proc/{daemon.program.process.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024


def measure(daemon, hook, connections):
    with contextlib.closing(daemon.connect()) as connection:
        return {
            "select 1 a second": per_second(connection, "select 1"),
            "rows a second, mixed": rows_per_second(connection, ROWS),
            "rows a second, integers": rows_per_second(connection, INTEGERS),
            "a small table, ms": query_milliseconds(daemon, lambda: "select count(*) from s.t"),
            "a new text, ms": query_milliseconds(daemon, lambda: f"select count(*) + {next(texts)} from s.t"),
            "a view of another's, ms": query_milliseconds(daemon, lambda: "select count(*) from s.v", "viewer"),
            "accounts in turn, ms": turn_milliseconds(connections),
            "submissions a second": per_second(connection, "/*+ run_async=true */ select 1"),
            "submission to message, ms": call_milliseconds(connection, hook),
            "memory, MiB": memory(daemon),
        }


def main(other, this):
    hook = Hook()
    results = {"other": [], "this": []}
    with tempfile.TemporaryDirectory() as directory:
        daemons = {}
        for name, folder in (("other", other), ("this", this)):
            loon.BIN = pathlib.Path(folder)
            secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
            daemons[name] = loon.Daemon(pathlib.Path(directory) / name, NOTIFY_WEBHOOK_SECRET=secret).start()
        try:
            turns = {}
            for (name, daemon), folder in zip(daemons.items(), (other, this)):
                loon.BIN = pathlib.Path(folder)
                prepare(daemon)
                turns[name] = [daemon.connect(f"turn{number}") for number in range(ACCOUNTS)]
            for number in range(ROUNDS + 1):
                for name in ("other", "this") if number % 2 else ("this", "other"):
                    found = measure(daemons[name], hook, turns[name])
                    # The first round warms up.
                    if number:
                        results[name].append(found)
        finally:
            for daemon in daemons.values():
                daemon.program.stop()
    ratios = {}
    for figure in results["this"][0]:
        before, after = (statistics.median(row[figure] for row in results[name]) for name in ("other", "this"))
        ratios[figure] = before / after if figure.endswith(("ms", "MiB")) else after / before
        print(f"{figure:28} {before:12.2f} {after:12.2f} {ratios[figure]:6.3f}")
    results["ratios"] = ratios
    (HERE / "results/versions.json").write_text(json.dumps(results, indent=1) + "\n")


main(*sys.argv[1:])
