"""The daemon's start with 1,000 tables, and the memory of its processes. `scripts/bench startup` runs it; raw numbers go
to Benchmarks/results/startup.json. BENCH_ROUNDS is how often it starts.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "10"))
TABLES, ACCOUNTS = 1000, 6


def field(pid, name, file="status"):
    """A number of the kernel's about a process, in KiB (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)."""
    return int(re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/{file}").read_text(), re.M)[1])


def children(pid):
    return [int(found) for found in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True).stdout.split()]


def accepted(daemon):
    """Milliseconds to the first login, and to the first answer over a table."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [loon.BIN / "loond", "serve", "--port", "0", "--data-dir", daemon.data],
        stderr=subprocess.PIPE,
        env=loon.environment(),
    )
    socket = daemon.data / "loond.sock"
    while True:
        try:
            connection = loon.pymysql.connect(
                unix_socket=str(socket), user="root", password=daemon.passwords["root"], database="s"
            )
            break
        except loon.pymysql.err.OperationalError:
            time.sleep(0.001)
    login = (time.perf_counter() - started) * 1000
    loon.query(connection, "select count(*) from t0")
    return process, connection, login, (time.perf_counter() - started) * 1000


def main():
    with tempfile.TemporaryDirectory() as temporary:
        daemon = loon.Daemon(pathlib.Path(temporary) / "data").start()
        daemon.put("oss://lake/s/t/a.csv", "1,x\n2,y\n")
        daemon.query("create schema s with dbproperties (location = 'oss://lake/s/')")
        with daemon.connect() as connection:
            for number in range(TABLES):
                loon.query(
                    connection,
                    f"create external table s.t{number} (n int, c string) row format delimited fields terminated by ',' "
                    "location 'oss://lake/s/t/'",
                )
        for number in range(ACCOUNTS):
            daemon.create_account(f"a{number}", grants=("SELECT ON s.*",))
        daemon.program.stop()
        results = {"login": [], "answer": [], "daemon": [], "ready": []}
        for _ in range(ROUNDS):
            process, connection, login, answer = accepted(daemon)
            time.sleep(1)
            (engine,) = children(process.pid)
            results["login"].append(login)
            results["answer"].append(answer)
            results["daemon"].append(field(process.pid, "RssAnon"))
            # The newest has served nobody.
            results["ready"].append(field(max(children(engine)), "RssAnon"))
            connection.close()
            process.terminate()
            process.wait()
        daemon.start()
        for number in range(ACCOUNTS):
            daemon.query(f"select count(*) from s.t{number}", user=f"a{number}")
        (engine,) = children(daemon.program.process.pid)
        used = sorted(children(engine), key=lambda pid: -field(pid, "RssAnon"))[:ACCOUNTS]
        results["pss of six"] = sum(field(pid, "Pss", "smaps_rollup") for pid in used)
        results["pss of the parent"] = field(engine, "Pss", "smaps_rollup")
        daemon.program.stop()
    for name in ("login", "answer"):
        print(
            f"start to {name:7} {statistics.median(results[name]):7.1f} ms  of {min(results[name]):.1f} to {max(results[name]):.1f}"
        )
    for name in ("daemon", "ready"):
        print(f"RssAnon, {name:7} {statistics.median(results[name]) / 1024:7.1f} MiB")
    for name in ("pss of six", "pss of the parent"):
        print(f"{name:17} {results[name] / 1024:6.1f} MiB")
    (HERE / "results" / "startup.json").write_text(json.dumps(results, indent=1) + "\n")


main()
