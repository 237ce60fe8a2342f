"""Two builds of loond, one after the other in every round: `scripts/bench versions COMMIT` compares this tree with one.

`select 1` and rows a second, submissions a second, and the median time from a submission to its webhook. The ratio is
this tree's figure to the other's, so that more is better; raw numbers go to Benchmarks/results/versions.json.
"""

import base64
import contextlib
import http.server
import json
import os
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

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
ROWS = "select range as a, range % 7 as b, 'text ' || range as c from range(100000)"


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


def rows_per_second(connection):
    with contextlib.closing(connection.cursor(pymysql.cursors.SSCursor)) as cursor:
        started = time.perf_counter()
        cursor.execute(ROWS)
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


def measure(daemon, hook):
    with contextlib.closing(daemon.connect()) as connection:
        return {
            "select 1 a second": per_second(connection, "select 1"),
            "rows a second": rows_per_second(connection),
            "submissions a second": per_second(connection, "/*+ run_async=true */ select 1"),
            "submission to message, ms": call_milliseconds(connection, hook),
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
            for number in range(ROUNDS + 1):
                for name in ("other", "this") if number % 2 else ("this", "other"):
                    found = measure(daemons[name], hook)
                    # The first round warms up.
                    if number:
                        results[name].append(found)
        finally:
            for daemon in daemons.values():
                daemon.program.stop()
    ratios = {}
    for figure in results["this"][0]:
        before, after = (statistics.median(row[figure] for row in results[name]) for name in ("other", "this"))
        ratios[figure] = before / after if figure.endswith("ms") else after / before
        print(f"{figure:28} {before:12.1f} {after:12.1f} {ratios[figure]:6.3f}")
    results["ratios"] = ratios
    (HERE / "results/versions.json").write_text(json.dumps(results, indent=1) + "\n")


main(*sys.argv[1:])
