"""Messages a second: the daemon's outbox pump, which reads each from the metadata file and records its delivery durably, against a bare loop of libcurl in C
(post.c) that signs and posts the same body to the same broker, eight at a time, and keeps nothing. `scripts/bench messages` runs it.

The poster runs on one processor, the broker on the other; figures are medians of the rounds, which alternate, and go to results/messages.json.

With BENCH_WAITING=1000000 instead: the daemon's memory while so many messages wait for an endpoint that is dead, and how long one to another takes meanwhile.
"""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "20000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
POSTER_CPU, BROKER_CPU = {0}, {1}


def start_broker(directory):
    environment = {**os.environ, "LOON_MQ_ACCESS_KEY_SECRET": loon.KEY_SECRET}
    return loon.Program(
        [loon.BIN / "loon-mq", "--port", "0", "--access-key-id", loon.KEY_ID],
        directory / "mq.log",
        "broker.ready",
        environment,
        preexec=lambda: os.sched_setaffinity(0, BROKER_CPU),
    )


def seed(daemon, target, body, count=MESSAGES):
    """Tasks that have ended, each with its message waiting."""
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        now = int(time.time() * 1000)
        file.executemany(
            "insert into task (id, status, kind, command, table_schema, engine_text, account, created, updated, started, sql_mode, time_zone, now, connection_id, hints, "
            "target, mq_status, mq_sequence, attempts) values (?, 'SUCCESS', 'SELECT', 'select 1', '', 'select 1', 'root', ?2, ?2, ?2, '', 480, ?2, 1, '{}', ?3, 'WAITING', 1, 1)",
            ((f"q202611221200hz00000000{number:07d}", now, json.dumps(target)) for number in range(1, count + 1)),
        )
        file.execute(
            "insert into outbox (task, target, lane, body, tag, created, due) select n, ?, ?, ?, 'SUCCESS', ?, ? from task",
            (json.dumps(target), target["endpoint"].lower(), body, now, now),
        )
        file.commit()


def of_the_daemon(directory, body):
    broker = start_broker(directory)
    endpoint = f"http://MQ_INST_1_b.localhost:{broker.port}"
    target = {
        "product": "ons",
        "model": "queue",
        "topic": "bench",
        "producerID": "G",
        "endpoint": endpoint,
        "instanceID": "MQ_INST_1_b",
    }
    daemon = loon.Daemon(directory / "data")
    daemon.preexec = lambda: os.sched_setaffinity(0, POSTER_CPU)
    daemon.start()
    daemon.program.stop()
    seed(daemon, target, body)
    started = time.perf_counter()
    daemon.start()
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        while file.execute("select count(*) from outbox").fetchone()[0]:
            assert time.perf_counter() - started < 120, "the messages do not go out"
            time.sleep(0.05)
    # By the daemon's clock: from when it was ready to when the last delivery is known.
    log = daemon.program.log()
    moments = [
        time_of(line) for line in log.splitlines() if "event=message.sent" in line or "event=server.ready" in line
    ]
    assert log.count("event=message.sent") == MESSAGES
    daemon.program.stop()
    broker.stop()
    return MESSAGES / (max(moments) - min(moments))


def time_of(line):
    import datetime

    return datetime.datetime.fromisoformat(line.split(" ")[0].replace("Z", "+00:00")).timestamp()


def of_the_loop(directory, body):
    broker = start_broker(directory)
    program, file = directory / "post", directory / "body"
    subprocess.run(["cc", "-O2", "-o", program, HERE / "post.c", "-lcurl", "-lcrypto"], check=True)
    escaped = body.decode().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    file.write_text(
        f'<?xml version="1.0" encoding="utf-8"?><Message xmlns="http://mq.aliyuncs.com/doc/v1/"><MessageBody>{escaped}</MessageBody>'
        "<MessageTag>SUCCESS</MessageTag><Properties>KEYS:q202611221200hz000000000000001|</Properties></Message>"
    )
    seconds = float(
        subprocess.run(
            [
                program,
                f"http://MQ_INST_1_b.localhost:{broker.port}",
                "/topics/bench/messages?ns=MQ_INST_1_b",
                loon.KEY_ID,
                loon.KEY_SECRET,
                file,
                str(MESSAGES),
            ],
            check=True,
            capture_output=True,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, POSTER_CPU),
        ).stdout
    )
    broker.stop()
    return MESSAGES / seconds


def waiting(directory, body, count):
    """KiB of anonymous memory of the daemon, with the endpoint dead, and milliseconds until a message to one that is well."""
    target = {
        "product": "ons",
        "model": "queue",
        "topic": "bench",
        "producerID": "G",
        "endpoint": "http://MQ_INST_1_b.localhost:1",
        "instanceID": "MQ_INST_1_b",
    }
    broker = start_broker(directory)
    daemon = loon.Daemon(directory / "data")
    daemon.start()
    daemon.program.stop()
    seed(daemon, target, body, count)
    daemon.start()
    waits = []
    for _ in range(20):
        row = daemon.await_task(
            daemon.submit("select 1", loon.ons(broker.port)), lambda row: row["mq_status"] == "SUCCESS", seconds=60
        )
        waits.append(row["mq_total_time"])
        time.sleep(0.5)
    kib = int(
        re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{daemon.program.process.pid}/status").read_text()).group(1)
    )
    daemon.program.stop()
    broker.stop()
    return kib, statistics.median(waits), max(waits)


def main():
    body = json.dumps(
        {"specversion": "1.0", "data": {"command": "select * from oss_schema.oss_json where x < 5", "fill": "x" * 800}}
    ).encode()
    if count := int(os.environ.get("BENCH_WAITING", "0")):
        for number in (0, count):
            with tempfile.TemporaryDirectory() as directory:
                kib, median, most = waiting(pathlib.Path(directory), body, number)
                print(
                    f"{number} messages wait: RssAnon {kib:,} KiB; a message to a healthy endpoint takes {median} ms, at most {most} ms",
                    flush=True,
                )
        return
    rates = {"loop in C": [], "outbox pump": []}
    for _ in range(ROUNDS):
        for name, run in (("loop in C", of_the_loop), ("outbox pump", of_the_daemon)):
            with tempfile.TemporaryDirectory() as directory:
                rates[name].append(run(pathlib.Path(directory), body))
                print(f"{name}: {rates[name][-1]:,.0f}/s", flush=True)
    loop, pump = statistics.median(rates["loop in C"]), statistics.median(rates["outbox pump"])
    print(
        f"messages/s, {MESSAGES} of {len(body)} bytes: loop in C {loop:,.0f}, outbox pump {pump:,.0f}, ratio {pump / loop:.2f}"
    )
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results/messages.json").write_text(json.dumps(rates, indent=1) + "\n")


if __name__ == "__main__":
    main()
