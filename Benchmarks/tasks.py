"""Tasks beside MariaDB's durable rows: submitting against single-row inserts, looking up against a primary key, with few and with many tasks stored; and how
long `select 1` takes from its submission to its end. `scripts/bench tasks` runs it. BENCH_TASKS says how many tasks are stored, `10000,1000000` if it does not.

Both servers sync every commit to the same disk. Tasks that are submitted wait: the only place of their cluster is held by a client that does not read.
"""

import contextlib
import json
import os
import pathlib
import sqlite3
import statistics
import sys
import tempfile
import threading
import time

import frontend
import loon
import mariadb_server

SIZES = [int(size) for size in os.environ.get("BENCH_TASKS", "10000,1000000").split(",")]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
HEAD = "q202611221200hz00000000"
DURABLE = [
    "--innodb-flush-method=O_DIRECT",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-log-file-size=256M",
    "--innodb-buffer-pool-size=1G",
    "--local-infile=1",
]
COMMAND = "/*+ run_async=true, cluster=parked */ select 1"


def rows(count):
    """Tasks as they look when they have ended: id, and the texts and numbers of one."""
    for number in range(1, count + 1):
        yield (
            f"{HEAD}{number:07d}",
            "SUCCESS",
            "SELECT",
            "/*+ run_async=true */ select * from oss_schema.oss_json",
            "oss_schema",
            "select * from oss_schema.oss_json",
            "bench",
            1_790_000_000_000 + number,
            f"oss://aliyun-oa-query-results-1000000000000000-oss-cn-hangzhou/DLA_Result/2026/11/22/{number}/result.csv",
        )


def seed_loon(daemon, count):
    with contextlib.closing(sqlite3.connect(daemon.data / "loon.sqlite")) as file:
        file.execute("pragma journal_mode = wal")
        file.execute("pragma synchronous = off")
        file.executemany(
            "insert into task (id, status, kind, command, table_schema, engine_text, account, created, updated, started, result_file, sql_mode, time_zone, now, "
            "connection_id, hints, row_count, elapse_time, scanned_row_count, scanned_data_bytes, engine_query_id, result_bytes, attempts) "
            "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?8, ?9, '', 480, ?8, 1, '{\"run_async\":\"true\"}', 4, 12, 4, 100, '20261122_040000_00001_abcde', 100, 1)",
            rows(count),
        )
        file.commit()


def seed_maria(maria, directory, count):
    path = directory / "rows.tsv"
    with open(path, "w") as file:
        for row in rows(count):
            file.write("\t".join(map(str, row)) + "\n")
    with contextlib.closing(maria.connect(local_infile=True)) as connection:
        loon.query(connection, "create database bench")
        loon.query(
            connection,
            "create table bench.task (n bigint auto_increment primary key, id varchar(40) unique, status varchar(16), kind varchar(32), command text, table_schema varchar(64), "
            "engine_text text, account varchar(64), created bigint, result_file varchar(255), key (account, n), key (status), key (created)) engine=innodb",
        )
        columns = "id, status, kind, command, table_schema, engine_text, account, created, result_file"
        loon.query(connection, f"load data local infile '{path}' into table bench.task ({columns})")
        loon.query(
            connection,
            f"create table bench.pk (id varchar(40) primary key, "
            + ", ".join(f"c{n} varchar(255)" for n in range(26))
            + ") engine=innodb",
        )
        loon.query(
            connection,
            "insert into bench.pk select id, status, kind, command, table_schema, engine_text, account, created, result_file, "
            + ", ".join(["'value'"] * 18)
            + " from bench.task",
        )
        connection.commit()
    path.unlink()


@contextlib.contextmanager
def parked(daemon):
    """Holds the only place of the cluster with a client that reads just enough to be kept."""
    connection, over = daemon.connect("bench@parked"), threading.Event()
    connection._execute_command(3, "select repeat('x', 1000) as x from range(100000000)")

    def sip():
        while not over.wait(15):
            connection._sock.recv(1 << 16)

    thread = threading.Thread(target=sip)
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        over.set()
        thread.join()
        connection._force_close()


def latency(daemon, count=300):
    """Milliseconds from submission to end as a client sees them, and where they go as the daemon's clock saw them."""
    seen, answered, ids = [], [], []
    with contextlib.closing(daemon.connect("bench")) as connection:
        for _ in range(count):
            started = time.perf_counter()
            task_id = loon.query(connection, "/*+ run_async=true */ select 1")[0][0]
            answered.append((time.perf_counter() - started) * 1e3)
            loon.query(connection, f"wait query_task '{task_id}'")
            seen.append((time.perf_counter() - started) * 1e3)
            ids.append(task_id)
    with contextlib.closing(sqlite3.connect(f"file:{daemon.data}/loon.sqlite?mode=ro", uri=True)) as file:
        marks = ", ".join("?" * len(ids))
        queued, ran, recorded = file.execute(
            f"select avg(started - created), avg(elapse_time), avg(updated - started - elapse_time) from task where id in ({marks})",
            ids,
        ).fetchone()
    cut = statistics.quantiles(seen, n=100)
    return {
        "p50": statistics.median(seen),
        "p99": cut[98],
        "id answered, p50": statistics.median(answered),
        "mean ms queued": queued,
        "mean ms run": ran,
        "mean ms to the commit's begin": recorded,
    }


def run(size, directory, results):
    config = directory / "loon.yaml"
    config.write_text("clusters: { parked: { running: 1, queued-tasks: 100000000 } }\ntasks: { keep-days: 0 }\n")
    daemon = loon.Daemon(directory / "loon", CLUSTER_THREADS=1)
    daemon.preexec = lambda: os.sched_setaffinity(0, frontend.SERVER_CPU)
    daemon.start("--config", config)
    daemon.create_account("bench", "--native-password")
    daemon.passwords["bench@parked"] = daemon.passwords["bench"]
    daemon.program.stop()
    seed_loon(daemon, size)
    daemon.start("--config", config)
    maria = mariadb_server.MariaDB(
        directory / "maria",
        *DURABLE,
        "--max-connections=1000",
        preexec=lambda: os.sched_setaffinity(0, frontend.SERVER_CPU),
    )
    seed_maria(maria, directory, size)
    insert = (
        "insert into task (id, status, kind, command, table_schema, engine_text, account, created, result_file) values (uuid(), 'QUEUED', 'SELECT', "
        "'select 1', '', 'select 1', 'bench', 1790000000000, null)"
    )

    def server(name, **changes):
        base = {
            "MariaDB": dict(
                port=maria.port, user="root", password=maria.password, pid=maria.process.pid, schema="bench"
            ),
            "Loon": dict(
                port=daemon.program.port,
                user="bench",
                password=daemon.passwords["bench"],
                pid=daemon.program.process.pid,
                schema=None,
            ),
        }[name]
        return frontend.Server(name, lookup=None, **(base | changes))

    cases = {}
    for threads in (1, 8, 64):
        cases[f"submissions against durable inserts, {threads} connections, /s"] = (insert, COMMAND, threads)
    for threads in (1, 8, 64):
        cases[f"look-up against primary key, {threads} connections, /s"] = (
            "select * from pk where id = ",
            "show query_task where id = ",
            threads,
        )
    try:
        with parked(daemon):
            os.sched_setaffinity(0, frontend.CLIENT_CPU)
            for name, (theirs, ours, threads) in cases.items():
                key = f"{size:,} tasks: {name}"
                results[key] = {"MariaDB": [], "Loon": []}
                for _ in range(ROUNDS):
                    for kind, sql in (("MariaDB", theirs), ("Loon", ours)):
                        isLookup = sql.endswith("= ")
                        rate = frontend.per_second(
                            server(kind),
                            sql + (f"'{HEAD}#'" if isLookup else ""),
                            threads,
                            rows=size if isLookup else None,
                        )
                        results[key][kind].append(rate)
                one, other = (statistics.median(results[key][kind]) for kind in ("MariaDB", "Loon"))
                print(f"{key:72} MariaDB {one:10,.0f}   Loon {other:10,.0f}   ratio {other / one:5.2f}", flush=True)
        daemon.query("cancel query_task where cluster = 'parked'")
        results[f"{size:,} tasks: latency of select 1, ms"] = found = latency(daemon)
        print(
            f"{size:,} tasks: select 1 from submission to end, ms: "
            + ", ".join(f"{key} {value:.2f}" for key, value in found.items()),
            flush=True,
        )
    finally:
        os.sched_setaffinity(0, range(os.cpu_count()))
        maria.stop()
        daemon.program.stop()


def main():
    results = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIRECTORY")) as directory:
            run(size, pathlib.Path(directory), results)
    path = pathlib.Path(__file__).parent / "results/tasks.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
