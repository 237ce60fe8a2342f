"""The same query as a Celery task: what Benchmarks/call.py compares Loon with."""

import csv
import os
import pathlib

import celery
import duckdb

app = celery.Celery("worker", broker=os.environ["BENCH_BROKER"], backend="rpc://")
app.conf.update(
    task_acks_late=False,
    worker_prefetch_multiplier=4,
    task_ignore_result=False,
    broker_connection_retry_on_startup=True,
)
FOLDER = pathlib.Path(os.environ["BENCH_FOLDER"])
engine = None


@app.task(bind=True)
def query(self, sql):
    """Runs a query and writes its rows as CSV, as a task of Loon's does; nothing is synced."""
    global engine
    if engine is None:
        engine = duckdb.connect()
        engine.execute("set threads = 1")
    cursor = engine.execute(sql)
    path = FOLDER / f"{self.request.id}.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column[0] for column in cursor.description])
        writer.writerows(cursor.fetchall())
    return str(path)
