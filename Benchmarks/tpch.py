"""TPC-H over Parquet beside the engine alone, on the same files and threads, round by round in turns. `scripts/bench tpch`
runs it; raw numbers go to Benchmarks/results/tpch.json. BENCH_SCALE is the scale factor, BENCH_ROUNDS how often.
"""

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

SCALE = float(os.environ.get("BENCH_SCALE", "1"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
THREADS = os.cpu_count()
WIDENED = {"k_int": "int", "k_bigint": "bigint", "k_decimal": "decimal(20,2)"}
TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]
HIVE = {"INTEGER": "int", "BIGINT": "bigint", "VARCHAR": "string", "DATE": "date"}


def milliseconds(body):
    started = time.perf_counter()
    body()
    return (time.perf_counter() - started) * 1000


def main():
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        daemon = loon.Daemon(directory / "data", CLUSTER_THREADS=THREADS).start()
        daemon.command("oss", "mb", "oss://lake", "--data-dir", daemon.data)
        daemon.query("create schema t with dbproperties (location='oss://lake/t/')")
        engine = duckdb.connect(config={"threads": THREADS})
        engine.execute(f"load '{loon.ROOT}/.deps/tpch/tpch.duckdb_extension'")
        engine.execute(f"create schema made; use memory.made; call dbgen(sf={SCALE}, schema='made')")
        for table in TABLES:
            folder = daemon.data / f"oss/lake/t/{table}"
            folder.mkdir(parents=True)
            engine.execute(f"copy made.{table} to '{folder}/0.parquet' (format parquet)")
            columns = ", ".join(
                f"{name} {HIVE.get(kind, kind.lower())}"
                for name, kind, *_ in engine.execute(f"describe made.{table}").fetchall()
            )
            daemon.query(
                f"create external table t.{table} ({columns}) stored as parquet location 'oss://lake/t/{table}/'"
            )
            engine.execute(f"create view main.{table} as select * from read_parquet('{folder}/0.parquet')")
        # Columns of whole numbers that the DDL widens: row groups are passed over by the file's own type.
        (daemon.data / "oss/lake/t/sorted").mkdir()
        engine.execute(
            f"copy (select range::int as k, range as v from range({int(6_000_000 * SCALE)})) to '{daemon.data}/oss/lake/t/sorted/0.parquet'"
        )
        for name, kind in WIDENED.items():
            daemon.query(
                f"create external table t.{name} (k {kind}, v bigint) stored as parquet location 'oss://lake/t/sorted/'"
            )
            engine.execute(
                f"create view main.{name} as select * from read_parquet('{daemon.data}/oss/lake/t/sorted/0.parquet')"
            )
        queries = dict(engine.execute("select query_nr, query from tpch_queries()").fetchall())
        queries |= {name: f"select sum(v) from {name} where k = 77" for name in WIDENED}
        engine.execute("use memory.main; drop schema made cascade")
        connection = daemon.connect(database="t")
        runs = {
            "engine": lambda sql: engine.execute(sql).fetchall(),
            "sync": lambda sql: loon.query(connection, sql),
            "async": lambda sql: loon.query(connection, f"wait query_task '{submit(connection, sql)}'"),
        }
        times = {number: {name: [] for name in runs} for number in queries}
        for _ in range(ROUNDS):
            for number, sql in queries.items():
                for name, run in runs.items():
                    times[number][name].append(milliseconds(lambda: run(sql)))
        report(times)
        daemon.program.stop()
        results = HERE / "results/tpch.json"
        results.write_text(
            json.dumps({"scale": SCALE, "rounds": ROUNDS, "threads": THREADS, "milliseconds": times}) + "\n"
        )


def submit(connection, sql):
    return loon.query(connection, f"/*+ run_async=true */ {sql}")[0][0]


def report(times):
    medians = {
        number: {name: statistics.median(values) for name, values in runs.items()} for number, runs in times.items()
    }
    print(f"{'query':>10} {'engine ms':>10} {'sync':>7} {'async':>7}")
    for number, found in medians.items():
        print(
            f"{number:>10} {found['engine']:>10.1f} {found['sync'] / found['engine']:>7.2f} {found['async'] / found['engine']:>7.2f}"
        )
    sums = {
        name: sum(found[name] for number, found in medians.items() if number not in WIDENED)
        for name in ("engine", "sync", "async")
    }
    print(
        f"{'sum':>10} {sums['engine']:>10.1f} {sums['sync'] / sums['engine']:>7.2f} {sums['async'] / sums['engine']:>7.2f}"
    )


if __name__ == "__main__":
    main()
