"""Planning over many files and partitions, and reading delimited text, beside the engine alone: medians, alternating. `scripts/bench lake` runs it."""

import contextlib
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
FILES, PARTITIONS, COLUMNS, ROWS = 10_000, 60_000, 4_096, 2_000_000


def milliseconds(body):
    started = time.perf_counter()
    body()
    return (time.perf_counter() - started) * 1000


def alternate(cases):
    times = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, body in cases.items():
            times[name].append(milliseconds(body))
    return times


def main():
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        daemon = loon.Daemon(directory / "data").start()
        daemon.command("oss", "mb", "oss://lake", "--data-dir", daemon.data)
        daemon.query("create schema b with dbproperties (location='oss://lake/b/')")
        store = daemon.data / "oss/lake/b"
        text = "row format delimited fields terminated by ','"
        # One file; 10,000 in one folder; 60,000 partitions of which one has 10 files; 4,096 columns.
        (store / "one").mkdir(parents=True)
        (store / "one/0.csv").write_text("0,x\n")
        (store / "many").mkdir()
        for number in range(FILES):
            (store / f"many/{number:05}.csv").write_text(f"{number},x\n")
        partition = store / "parted/k=30000/d=2024-01-01"
        partition.mkdir(parents=True)
        for number in range(10):
            (partition / f"{number}.csv").write_text("1,x\n")
        (store / "wide").mkdir()
        (store / "wide/0.csv").write_text(",".join(["1"] * COLUMNS) + "\n")
        daemon.query(f"create external table b.one (a int, b string) {text} location 'oss://lake/b/one/'")
        daemon.query(f"create external table b.many (a int, b string) {text} location 'oss://lake/b/many/'")
        daemon.query(
            f"create external table b.parted (a int, b string) partitioned by (k int, d date) {text} location 'oss://lake/b/parted/'"
        )
        for first in range(0, PARTITIONS, 5_000):
            clauses = " ".join(f"partition (k={k}, d='2024-01-01')" for k in range(first, first + 5_000))
            daemon.query(f"alter table b.parted add partition {clauses}".replace("partition partition", "partition"))
        assert len(daemon.query("show partitions b.parted")) == PARTITIONS
        daemon.query(
            f"create external table b.wide ({', '.join(f'c{n} int' for n in range(COLUMNS))}) {text} location 'oss://lake/b/wide/'"
        )
        connection = daemon.connect()
        engine = duckdb.connect(config={"threads": 2})
        columns = "columns = {'c0': 'VARCHAR', 'c1': 'VARCHAR'}, auto_detect = false, header = false, null_padding = true, strict_mode = false"
        listed = "[" + ", ".join(f"'{store}/many/{n:05}.csv'" for n in range(FILES)) + "]"
        times = alternate(
            {
                "plan, one file": lambda: loon.query(connection, "select a from b.one where a = 1 and false"),
                f"plan, 1 of {PARTITIONS:,} partitions": lambda: loon.query(
                    connection, "select a from b.parted where k = 30000 and d = '2024-01-01' and a = 1 and false"
                ),
                f"plan, {COLUMNS:,} columns": lambda: loon.query(
                    connection, "select c7 from b.wide where c9 = 1 and false"
                ),
                f"plan, {FILES:,} files": lambda: loon.query(connection, "select a from b.many where a = 1 and false"),
                f"plan, {FILES:,} files listed, the engine alone": lambda: engine.execute(
                    f"select try_cast(c0 as int) from read_csv({listed}, {columns}) where try_cast(c0 as int) = 1 and false"
                ).fetchall(),
            }
        )
        results["planning"] = times
        for name, values in times.items():
            print(f"{name:55} {statistics.median(values):8.1f} ms")
        # Text: 2 M rows of five columns, summed up.
        (store / "text").mkdir()
        engine.execute(
            f"copy (select i::bigint as a, (i * 7 % 100003)::int as b, (i * 0.37 + 1.0 / (i + 1))::double as c, 'name-' || (i * 31 % 10007) as d, "
            f"timestamp '2024-01-01 00:00:00' + to_microseconds(i * 1234567) as e from range({ROWS}) t(i)) to '{store}/text/a.csv' (header false)"
        )
        daemon.query(
            f"create external table b.text (a bigint, b int, c double, d string, e timestamp) {text} location 'oss://lake/b/text/'"
        )
        sums = "select sum(a), sum(b), sum(c), max(d), max(e), count(*) from "
        typed = "columns = {'a': 'BIGINT', 'b': 'INTEGER', 'c': 'DOUBLE', 'd': 'VARCHAR', 'e': 'TIMESTAMP'}, auto_detect = false, header = false"
        reading = alternate(
            {
                "Hive text, counts included": lambda: loon.query(connection, sums + "b.text"),
                "a typed read, the engine alone": lambda: engine.execute(
                    f"{sums} read_csv('{store}/text/a.csv', {typed})"
                ).fetchall(),
            }
        )
        results["reading"] = reading
        for name, values in reading.items():
            print(f"{name:55} {statistics.median(values):8.1f} ms")
        pairs = [ours / theirs for ours, theirs in zip(*reading.values())]
        print(f"{'ratio':55} {statistics.median(pairs):8.2f}")
        with contextlib.closing(connection):
            pass
        daemon.program.stop()
    (HERE / "results/lake.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
