"""The front end beside MariaDB's: same machine, same client, one after the other in every round. `scripts/bench` runs it.

Servers run on one processor and clients on another; figures are medians of the rounds, and every round's numbers go to results/frontend.json.
"""

import contextlib
import json
import os
import pathlib
import re
import resource
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402
import mariadb_server  # noqa: E402
import pymysql  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SERVER_CPU, CLIENT_CPU = {0}, {1}
MIXED = (
    "select i::bigint as a, (i * 7 % 100003)::int as b, (i * 0.37 + 1.0 / (i + 1))::double as c, 'name-' || (i * 31 % 10007) as d, "
    "timestamp '2024-01-01 00:00:00' + to_microseconds(i * 1234567) as e from range(1000000) t(i)"
)
INTEGERS = (
    "select " + ", ".join(f"(i * {n} % 1000003)::int as c{n}" for n in range(1, 11)) + " from range(1000000) t(i)"
)


class Server:
    """Either of the two, as a client sees it."""

    def __init__(self, name, port, user, password, pid, schema, lookup):
        self.name, self.port, self.user, self.password, self.pid, self.schema, self.lookup = (
            name,
            port,
            user,
            password,
            pid,
            schema,
            lookup,
        )

    def connect(self):
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.schema,
            ssl_disabled=True,
        )


def drain(server, sql, prepared):
    """Seconds from the command to the last byte, read by a bare socket; and the bytes."""
    connection = server.connect()
    peer = connection._sock
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    if prepared:
        peer.sendall(packet(b"\x16" + sql.encode()))
        head = peer.recv(9, socket.MSG_PEEK | socket.MSG_WAITALL)
        read_until_end(peer)
        command = b"\x17" + head[5:9] + struct.pack("<BI", 0, 1)
    else:
        command = b"\x03" + sql.encode()
    started = time.perf_counter()
    peer.sendall(packet(command))
    count = read_until_end(peer)
    seconds = time.perf_counter() - started
    connection._force_close()
    return seconds, count


def packet(payload):
    return struct.pack("<I", len(payload))[:3] + b"\0" + payload


def read_until_end(peer):
    """Reads an answer to its last byte: an EOF packet with nothing behind it."""
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    tail, count = b"", 0
    while True:
        got = peer.recv_into(view)
        assert got, "the server closed the connection"
        assert count or buffer[4] != 0xFF, bytes(view[:got])
        count += got
        tail = (tail + bytes(view[max(0, got - 9) : got]))[-9:]
        if (
            tail[:3] == b"\x05\0\0"
            and tail[4:5] == b"\xfe"
            and not select.select([peer], [], [], 0 if count > 4096 else 0.05)[0]
        ):
            return count


def cli(server, sql):
    """Seconds that `mariadb --quick` takes to print a result."""
    started = time.perf_counter()
    subprocess.run(
        [
            "mariadb",
            "--no-defaults",
            "--quick",
            "-B",
            "--skip-ssl",
            "-h",
            "127.0.0.1",
            "-P",
            str(server.port),
            "-u",
            server.user,
            "-p" + server.password,
            server.schema,
            "-e",
            sql,
        ],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def per_second(server, sql, threads, prepared=False, rows=None):
    """Statements a second, by sysbench."""
    command = [
        "sysbench",
        str(HERE / "statement.lua"),
        "--db-driver=mysql",
        "--mysql-host=127.0.0.1",
        f"--mysql-port={server.port}",
        f"--mysql-user={server.user}",
        f"--mysql-password={server.password}",
        f"--mysql-db={server.schema or ''}",
        "--mysql-ssl=off",
        f"--threads={threads}",
        "--time=2",
        "--db-ps-mode=auto",
        f"--sql={sql}",
        f"--rows={rows or 9999}",
        f"--prepared={'on' if prepared else 'off'}",
        "run",
    ]
    output = subprocess.run(command, capture_output=True, text=True)
    match = re.search(r"queries:\s+\d+\s+\(([\d.]+) per sec", output.stdout)
    assert match, output.stdout + output.stderr
    return float(match.group(1))


def connects_per_second(server, seconds=2):
    count, end = 0, time.perf_counter() + seconds
    started = time.perf_counter()
    while time.perf_counter() < end:
        server.connect()._force_close()
        count += 1
    return count / (time.perf_counter() - started)


def anonymous_kib(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def idle_memory(server, connections):
    """KiB of anonymous memory that an idle connection takes."""
    before = anonymous_kib(server.pid)
    held = [server.connect() for _ in range(connections)]
    time.sleep(1)
    after = anonymous_kib(server.pid)
    for connection in held:
        connection._force_close()
    return (after - before) / connections


@contextlib.contextmanager
def servers(directory):
    files = {}
    duck = duckdb.connect()
    for name, sql in (("mixed", MIXED), ("integers", INTEGERS)):
        duck.execute(f"copy ({sql}) to '{directory}/{name}.parquet' (format parquet)")
        duck.execute(
            f"copy ({sql}) to '{directory}/{name}.csv' (format csv, header false, timestampformat '%Y-%m-%d %H:%M:%S.%f')"
        )
        files[name] = directory / f"{name}.parquet"
    daemon = loon.Daemon(directory / "loon", CLUSTER_THREADS=os.environ.get("BENCH_ENGINE_THREADS", "1"))
    daemon.preexec = lambda: os.sched_setaffinity(0, SERVER_CPU)
    daemon.start()
    daemon.create_account("bench", "--native-password")
    mixed = "a bigint, b int, c double, d string, e timestamp"
    integers = ", ".join(f"c{n} int" for n in range(1, 11))
    daemon.command("oss", "mb", "oss://bench", "--data-dir", daemon.data)
    daemon.query("create schema bench with dbproperties (catalog='oss', location='oss://bench/')")
    for name, columns in (("mixed", mixed), ("integers", integers)):
        daemon.command("oss", "cp", files[name], f"oss://bench/{name}/f.parquet", "--data-dir", daemon.data)
        daemon.query(f"create external table bench.{name} ({columns}) stored as parquet location 'oss://bench/{name}/'")
    # Ten thousand tasks to look up.
    with contextlib.closing(daemon.connect("bench")) as connection:
        ids = [loon.query(connection, "/*+ run_async=true */ select 1")[0][0] for _ in range(200)]
    daemon.await_task(ids[-1])
    maria = mariadb_server.MariaDB(
        directory / "maria",
        "--innodb-buffer-pool-size=512M",
        "--max-connections=11000",
        "--local-infile=1",
        preexec=lambda: os.sched_setaffinity(0, SERVER_CPU),
    )
    with contextlib.closing(maria.connect(local_infile=True)) as connection:
        loon.query(connection, "create database bench")
        loon.query(connection, "create table bench.mixed (a bigint, b int, c double, d varchar(40), e datetime(6))")
        loon.query(connection, f"create table bench.integers ({integers})")
        for name in ("mixed", "integers"):
            loon.query(
                connection,
                f"load data local infile '{directory}/{name}.csv' into table bench.{name} fields terminated by ','",
            )
        loon.query(
            connection,
            "create table bench.task (id varchar(40) primary key, "
            + ", ".join(f"c{n} varchar(40)" for n in range(26))
            + ")",
        )
        for number in range(1, 201):
            loon.query(
                connection,
                f"insert into bench.task values ('{ids[0][:-7]}{number:07d}', "
                + ", ".join("'value'" for _ in range(26))
                + ")",
            )
        connection.commit()
        for name in ("mixed", "integers"):
            loon.query(connection, f"select count(*) from bench.{name}")
    head = ids[0][:-7]
    try:
        yield (
            Server(
                "MariaDB",
                maria.port,
                "root",
                maria.password,
                maria.process.pid,
                "bench",
                f"select * from task where id = '{head}0000%03d'",
            ),
            Server(
                "Loon",
                daemon.program.port,
                "bench",
                daemon.passwords["bench"],
                daemon.program.process.pid,
                "bench",
                f"show query_task where id = '{head}0000%03d'",
            ),
        )
    finally:
        maria.stop()
        daemon.program.stop()


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    only = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary, servers(pathlib.Path(temporary)) as both:
        os.sched_setaffinity(0, CLIENT_CPU)
        for server in both:
            drain(server, "select * from mixed", False)  # warm
        cases = {}
        for table, rows in (("mixed", 1_000_000), ("integers", 1_000_000)):
            for prepared in (False, True):
                cases[f"rows/s, {table}, {'binary' if prepared else 'text'}, bare socket"] = (
                    lambda s, t=table, p=prepared, r=rows: r / drain(s, f"select * from {t}", p)[0]
                )
        cases["rows/s, mixed, mariadb --quick"] = lambda s: 1_000_000 / cli(s, "select * from mixed")
        for threads in (1, 8, 64):
            cases[f"select 1, text, {threads} connections, /s"] = lambda s, t=threads: per_second(s, "select 1", t)
            cases[f"select 1, prepared, {threads} connections, /s"] = lambda s, t=threads: per_second(
                s, "select 1", t, True
            )
            cases[f"look-up by key, text, {threads} connections, /s"] = lambda s, t=threads: per_second(
                s, s.lookup % 150, t
            )
        cases["connects and logins, /s"] = connects_per_second
        results = {}
        for name, case in cases.items():
            if only and not any(word in name for word in only):
                continue
            results[name] = {server.name: [] for server in both}
            for _ in range(ROUNDS):
                for server in both:
                    results[name][server.name].append(case(server))
            theirs, ours = (statistics.median(results[name][server.name]) for server in both)
            print(f"{name:48} MariaDB {theirs:12,.0f}   Loon {ours:12,.0f}   ratio {ours / theirs:5.2f}", flush=True)
        if not only or any("memory" in word for word in only):
            for server, connections in zip(both, (1_000, 10_000)):
                kib = idle_memory(server, connections)
                results[f"KiB an idle connection, {server.name}, {connections} of them"] = kib
                print(f"KiB an idle connection, {connections} of them: {server.name} {kib:.1f}", flush=True)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results/frontend.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
