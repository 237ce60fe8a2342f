"""TPC-DS over Parquet beside the engine alone: the same answers, and how long they take. `scripts/bench tpcds` runs it;
raw numbers go to Benchmarks/results/tpcds.json. BENCH_SCALE is the scale factor (0.1), BENCH_ROUNDS how often (3).
"""

import decimal
import json
import os
import pathlib
import statistics
import sys
import tempfile

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402
import pymysql  # noqa: E402
from tpch import HIVE, THREADS, milliseconds  # noqa: E402

SCALE = float(os.environ.get("BENCH_SCALE", "0.1"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


def prepare(daemon, engine):
    daemon.command("oss", "mb", "oss://lake", "--data-dir", daemon.data)
    daemon.query("create schema t with dbproperties (location='oss://lake/t/')")
    engine.execute(f"load '{loon.ROOT}/.deps/tpcds/tpcds.duckdb_extension'")
    engine.execute(f"create schema made; use memory.made; call dsdgen(sf={SCALE}, schema='made')")
    tables = [
        name
        for (name,) in engine.execute("select table_name from duckdb_tables() where schema_name = 'made'").fetchall()
    ]
    for table in tables:
        folder = daemon.data / f"oss/lake/t/{table}"
        folder.mkdir(parents=True)
        engine.execute(f"copy made.{table} to '{folder}/0.parquet' (format parquet)")
        columns = ", ".join(
            f"{name} {HIVE.get(kind, kind.lower())}"
            for name, kind, *_ in engine.execute(f"describe made.{table}").fetchall()
        )
        daemon.query(f"create external table t.{table} ({columns}) stored as parquet location 'oss://lake/t/{table}/'")
        engine.execute(f"create view main.{table} as select * from read_parquet('{folder}/0.parquet')")
    queries = dict(engine.execute("select query_nr, query from tpcds_queries()").fetchall())
    engine.execute("use memory.main; drop schema made cascade")
    return queries


def plain(rows):
    """Rows without the differences between drivers; sorted, as equal keys of ORDER BY come in any order."""

    def value(item):
        if isinstance(item, (decimal.Decimal, float, int)) and not isinstance(item, bool):
            return f"{float(item):.6g}"
        return str(item)

    return sorted([value(item) for item in row] for row in rows)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        daemon = loon.Daemon(pathlib.Path(temporary) / "data", CLUSTER_THREADS=THREADS).start()
        engine = duckdb.connect(config={"threads": THREADS})
        queries = prepare(daemon, engine)
        connection = daemon.connect(database="t")
        refused, different, times = {}, [], {}
        for number, sql in queries.items():
            try:
                found = loon.query(connection, sql)
            except pymysql.Error as error:
                refused[number] = str(error)[:200]
                continue
            if plain(found) != plain(engine.execute(sql).fetchall()):
                different.append(number)
            times[number] = {"engine": [], "sync": []}
        for _ in range(ROUNDS):
            for number, found in times.items():
                sql = queries[number]
                found["engine"].append(milliseconds(lambda: engine.execute(sql).fetchall()))
                found["sync"].append(milliseconds(lambda: loon.query(connection, sql)))
        daemon.program.stop()
    medians = {n: {name: statistics.median(values) for name, values in found.items()} for n, found in times.items()}
    for number, found in sorted(medians.items(), key=lambda item: -item[1]["sync"] / item[1]["engine"])[:10]:
        print(f"{number:>10} {found['engine']:>10.1f} ms {found['sync'] / found['engine']:>7.2f}")
    sums = {name: sum(found[name] for found in medians.values()) for name in ("engine", "sync")}
    print(f"{len(times)} of {len(queries)} run, {len(different)} differ: {different}")
    print(f"       sum {sums['engine']:>10.1f} ms {sums['sync'] / sums['engine']:>7.2f}")
    for number, text in refused.items():
        print(f"{number:>10} refused: {text}")
    (HERE / "results/tpcds.json").write_text(
        json.dumps(
            {
                "scale": SCALE,
                "rounds": ROUNDS,
                "threads": THREADS,
                "milliseconds": times,
                "refused": refused,
                "different": different,
            }
        )
        + "\n"
    )


main()
