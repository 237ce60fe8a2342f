"""From a submission to the message that says it is done: Loon, every step of it durable, against Celery on RabbitMQ, nothing of it durable, with the same
DuckDB query and the same result file. `scripts/bench call` runs it.

Latency: one task after the other. Rate: BENCH_TASKS tasks sent ahead by four clients, until the last message is in. Both have the whole machine, and the two
alternate; figures are medians of the rounds, and go to results/call.json.
"""

import contextlib
import http.server
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402
import rabbitmq_server  # noqa: E402

TASKS = int(os.environ.get("BENCH_TASKS", "1000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
ROWS = "select i % 10 as k, (i * 0.5)::double as v from range(100000) t(i)"


class Receiver:
    """An HTTP server that takes note of when each task's message came."""

    def __init__(self):
        self.arrived, self.came = {}, threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with receiver.came:
                    receiver.arrived[json.loads(body)["subject"]] = time.perf_counter()
                    receiver.came.notify_all()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, tasks):
        with self.came:
            assert self.came.wait_for(lambda: all(task in self.arrived for task in tasks), timeout=300), (
                "messages are missing"
            )


class Loon:
    name = "Loon"

    def __init__(self, directory):
        self.receiver = Receiver()
        self.daemon = loon.Daemon(directory / "loon", NOTIFY_WEBHOOK_SECRET="whsec_" + "QUJD" * 10)
        configuration = directory / "loon.yaml"
        configuration.write_text(
            "notify:\n  allow:\n    - { scheme: http, host: 127.0.0.1, address: [loopback] }\n"
            "cluster:\n  running: 9\n  running-tasks: 8\n  threads: 1\n"
        )
        self.daemon.start("--config", configuration)
        self.daemon.put("oss://bench/t/t.parquet", (directory / "t.parquet").read_bytes())
        self.daemon.query("create schema bench with dbproperties (catalog='oss', location='oss://bench/')")
        self.daemon.query(
            "create external table bench.t (k bigint, v double) stored as parquet location 'oss://bench/t/'"
        )
        self.daemon.create_account("bench", "--native-password")
        self.sql = (
            f"/*+ run_async=true, mq-notify-by=webhook, mq-endpoint=http://127.0.0.1:{self.receiver.server.server_port}/ */ "
            "select k, count(*) as n, sum(v) as s from bench.t group by k"
        )
        self.connections = [self.daemon.connect("bench") for _ in range(4)]

    def submit(self, client):
        return loon.query(self.connections[client], self.sql)[0][0]

    def latency(self):
        start = time.perf_counter()
        task = self.submit(0)
        self.receiver.wait([task])
        return self.receiver.arrived[task] - start

    def rate(self):
        start = time.perf_counter()
        tasks = [[] for _ in self.connections]

        def run(client):
            tasks[client] = [self.submit(client) for _ in range(TASKS // len(self.connections))]

        threads = [threading.Thread(target=run, args=(client,)) for client in range(len(self.connections))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.receiver.wait([task for list in tasks for task in list])
        return sum(map(len, tasks)) / (time.perf_counter() - start)

    def stop(self):
        self.daemon.program.stop()


class Celery:
    name = "Celery"

    def __init__(self, directory):
        (directory / "rabbit").mkdir()
        (directory / "results").mkdir()
        self.rabbit = rabbitmq_server.RabbitMQ(directory / "rabbit")
        os.environ["BENCH_BROKER"] = f"amqp://guest:guest@127.0.0.1:{self.rabbit.amqp_port}//"
        os.environ["BENCH_FOLDER"] = str(directory / "results")
        self.log = open(directory / "celery.log", "wb")
        self.worker = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "celery_worker",
                "worker",
                "--concurrency=2",
                "--loglevel=warning",
                "--without-gossip",
                "--without-mingle",
            ],
            cwd=HERE,
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )
        sys.path.insert(0, str(HERE))
        import celery_worker

        self.task = celery_worker.query
        self.sql = f"select k, count(*) as n, sum(v) as s from read_parquet('{directory}/t.parquet') group by k"
        self.task.delay(self.sql).get(timeout=60)

    def latency(self):
        start = time.perf_counter()
        self.task.delay(self.sql).get(timeout=60)
        return time.perf_counter() - start

    def rate(self):
        start = time.perf_counter()
        for result in [self.task.delay(self.sql) for _ in range(TASKS)]:
            result.get(timeout=300)
        return TASKS / (time.perf_counter() - start)

    def stop(self):
        self.worker.terminate()
        self.worker.wait(timeout=60)
        self.rabbit.stop()
        self.log.close()


def main():
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        directory = pathlib.Path(temporary)
        duckdb.connect().execute(f"copy ({ROWS}) to '{directory}/t.parquet' (format parquet)")
        systems = []
        for system in (Celery, Loon):
            systems.append(system(directory))
            stack.callback(systems[-1].stop)
        raw = {system.name: {"latencies": [], "rates": []} for system in systems}
        for system in systems:
            for _ in range(20):
                system.latency()
        for number in range(ROUNDS):
            for system in systems if number % 2 == 0 else systems[::-1]:
                raw[system.name]["latencies"] += [system.latency() for _ in range(200)]
                raw[system.name]["rates"].append(system.rate())
        for name, figures in raw.items():
            milliseconds = sorted(seconds * 1000 for seconds in figures["latencies"])
            print(
                f"{name:8} p50 {statistics.median(milliseconds):7.2f} ms   p99 {milliseconds[int(len(milliseconds) * 0.99)]:7.2f} ms   "
                f"{statistics.median(figures['rates']):8.1f} tasks/s"
            )
        (HERE / "results").mkdir(exist_ok=True)
        lines = [
            f' "{name}": {json.dumps({key: [round(value, 6) for value in values] for key, values in figures.items()})}'
            for name, figures in raw.items()
        ]
        (HERE / "results/call.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
