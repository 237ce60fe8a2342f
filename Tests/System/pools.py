"""A daemon with pools of several kinds, and what the tests of tasks ask of it."""

import os
import time

import pymysql
import pytest

import loon


# Takes a while and ends by itself.
SLOW = "select sum(a.range * b.range) as s from range({}) a, range(100000) b"


def start(data):
    config = data.parent / "loon.yaml"
    config.write_text(
        "cluster: { running: 2, running-tasks: 1 }\n"
        "clusters:\n  etl: { running: 3, running-tasks: 2, threads: 1 }\n  tiny: { memory: 64MiB, spill: 1MiB, max-running-time-sec: 1 }\n"
        "  strict: { max-scan-bytes: 100, max-result-rows: 10, max-result-bytes: 200, queued-tasks: 3, queued-tasks-per-account: 2 }\n"
    )
    daemon = loon.Daemon(data).start("--config", config)
    daemon.create_account("user")
    daemon.create_account("other")
    daemon.put("oss://lake/s/t/a.csv", "1,x\n2,y\n3,\n")
    daemon.query("create schema s with dbproperties (location = 'oss://lake/s/')")
    daemon.query(
        "create external table s.t (n int, v string) row format delimited fields terminated by ',' location 'oss://lake/s/t/'"
    )
    return daemon


def ended(daemon, task_id, seconds=30):
    return daemon.await_task(task_id, lambda row: row["status"] in ("SUCCESS", "FAILURE", "CANCELLED"), seconds)


def running(daemon, task_id):
    return daemon.await_task(task_id, lambda row: row["status"] == "RUNNING")


def full(daemon, task_id):
    return daemon.task(task_id, full=True)


def error(daemon, sql, user="root"):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(sql, user)
    return raised.value.args


def age(daemon, seconds=10):
    """Makes the files of the lake look settled."""
    for path in (daemon.data / "oss/lake").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - seconds,) * 2)


def notify(broker):
    return f"mq-notify-by=ons, mq-topic=T, mq-producer-id=G, mq-endpoint=http://MQ_INST_1_x.localhost:{broker.port}"
