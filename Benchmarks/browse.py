"""Browsing a catalog of 1,000 schemas with 100 tables each, as tools do: milliseconds of each statement, the median of five. `scripts/bench browse` runs it."""

import contextlib
import pathlib
import statistics
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

SCHEMAS, TABLES, WRITERS = 1_000, 100, 16
STATEMENTS = [
    "show databases",
    "show tables from s0500",
    "show full columns from s0500.t050",
    "select table_name from information_schema.tables where table_schema = 's0500' order by table_name",
    "select table_name, column_name, data_type from information_schema.columns where table_schema = 's0500' order by table_name, ordinal_position",
    "select column_name from information_schema.columns where table_schema = 's0500' and table_name = 't050'",
    "select distinct table_schema from information_schema.tables where table_type != 'SYSTEM VIEW' order by table_schema",
    "select count(*) from information_schema.tables",
    "select t.table_name, count(*) from information_schema.tables t join information_schema.columns c using (table_schema, table_name) "
    "where table_schema = 's0500' group by 1",
    "select t.table_name, count(*) from information_schema.tables t join information_schema.columns c on c.table_schema = t.table_schema "
    "and c.table_name = t.table_name where t.table_schema = 's0500' group by 1",
    "select count(*) from information_schema.tables t join information_schema.columns c using (table_schema, table_name)",
]


def fill(daemon, first):
    with contextlib.closing(daemon.connect()) as connection:
        for schema in range(first, SCHEMAS, WRITERS):
            loon.query(
                connection,
                f"create schema s{schema:04} with dbproperties (catalog='oss', location='oss://lake/s{schema:04}/')",
            )
            for table in range(TABLES):
                loon.query(
                    connection,
                    f"create external table s{schema:04}.t{table:03} (id bigint, name string, amount decimal(12,2), at timestamp, note string) "
                    f"stored as parquet location 'oss://lake/s{schema:04}/t{table:03}/'",
                )


def main():
    with tempfile.TemporaryDirectory() as directory:
        daemon = loon.Daemon(pathlib.Path(directory) / "data").start()
        daemon.command("oss", "mb", "oss://lake", "--data-dir", daemon.data)
        started = time.perf_counter()
        writers = [threading.Thread(target=fill, args=(daemon, first)) for first in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        print(f"{SCHEMAS * TABLES} tables made in {time.perf_counter() - started:.0f} s")
        with contextlib.closing(daemon.connect()) as connection:
            for sql in STATEMENTS:
                times = []
                for _ in range(5):
                    started = time.perf_counter()
                    rows = loon.query(connection, sql)
                    times.append((time.perf_counter() - started) * 1000)
                print(f"{statistics.median(times):9.1f} ms {len(rows):7} rows   {sql[:110]}", flush=True)
        daemon.program.stop()


if __name__ == "__main__":
    main()
