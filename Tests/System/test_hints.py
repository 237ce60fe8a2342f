"""Hints and look-ups of tasks."""

import contextlib
import datetime

import pymysql
import pytest


from pools import ended, error, full


# Hints


@pytest.mark.parametrize(
    "hint",
    [
        "max-running-time-sec=0",
        "max-running-time-sec=21601",
        "max-running-time-sec=1.5",
        "priority=10",
        "priority=high",
        "result-format=xml",
        "result-reuse-max-age-sec=-1",
        "max-scan-bytes=0",
        "client-token=",
        "label=" + "x" * 256,
        "cluster=none",
        "engine=spark",
        "cluster=",
        "run_async=maybe",
    ],
)
def test_a_hint_with_a_bad_value_is_refused(own, hint):
    number, message = error(own, f"/*+ run_async=true, {hint} */ select 1")
    name = hint.split("=")[0]
    assert number == 1210 and (name in message or name.replace("-", "_") in message), message



@pytest.mark.parametrize(
    "form",
    [
        "/*+ run_async=true */ select 1 as a",
        "select /*+ run_async=true */ 1 as a",
        "SELECT /*+ run_async=true, label=behind */ 1 as a",
        "(select /*+ run_async=true */ 1 as a)",
        "/*+ run_async:true */ select 1 as a",
        "/*+ run_async(true) */ select 1 as a",
        "select /*+ MAX_EXECUTION_TIME(1000) */ /*+ run-async = 1 */ 1 as a",
        "with /*+ run_async=true */ c as (select 1 as a) select a from c",
    ],
)
def test_hints_stand_where_mysql_has_them_too(own, form):
    ((task,),) = own.query(form)
    row = ended(own, task)
    assert row["status"] == "SUCCESS", row["message"]
    assert own.read(row["result_file_oss_file"]) == "a\n1\n"


def test_hints_that_stand_elsewhere_are_warned_of(own):
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        for sql in (
            "select 1 as a from (select /*+ run_async=true */ 1) t",
            "select 1 /*+ run_async=true */ from (select 1) t",
        ):
            cursor.execute(sql)
            assert cursor.fetchall() == ((1,),)
            cursor.execute("show warnings")
            ((_, number, words),) = cursor.fetchall()
            assert number == 3126 and "run_async" in words and "beginning" in words
        cursor.execute("select 1 /*+ NO_INDEX_MERGE(t) */ from (select 1) t")
        cursor.execute("show warnings")
        assert cursor.fetchall() == ()


def test_an_unknown_hint_is_a_warning(own):
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("/*+ run_async=true, prioritty=3, jdbc-scan-splits=2 */ select 1")
        assert cursor._result.warning_count == 1
        cursor.execute("show warnings")
        assert [(row[0], row[1]) for row in cursor.fetchall()] == [("Warning", 3126)]
        cursor.execute("/*+ whatever=1 */ select count(*) from s.t")
        assert cursor.fetchall() == ((3,),) and cursor._result.warning_count == 1


def test_full_shows_what_the_hints_said(own):
    row = full(
        own, own.submit("select 1", "priority=7, label='Nightly run', client-token=abc-1, cluster=etl, notify=x")
    )
    assert (row["priority"], row["label"], row["client_token"], row["cluster"], row["engine"]) == (
        7,
        "Nightly run",
        "abc-1",
        "etl",
        "duckdb",
    )
    row = ended(own, row["id"]) and full(own, row["id"])
    assert row["progress"] == 100 and row["queue_time"] >= 0 and row["attempts"] == 1 and row["result_bytes"] == 4
    assert row["peak_memory_bytes"] is not None
    kept = datetime.datetime.fromisoformat(row["expire_time"]) - datetime.datetime.fromisoformat(row["create_time"])
    assert kept == datetime.timedelta(days=45)


def test_the_token_gives_the_same_task(own):
    statement = "/*+ run_async=true, client-token=once */ select 5"
    first, second = own.query(statement, "user")[0][0], own.query(statement, "user")[0][0]
    assert first == second
    assert own.query(statement, "other")[0][0] != first
    number, message = error(own, "/*+ run_async=true, client-token=once */ select 6", "user")
    assert number == 1062 and first in message


# Looking up


def test_every_comparison_over_every_column(own):
    ids = [
        own.submit(f"select {number} as n", f"label=Group{number % 2}, priority={number}", "other")
        for number in range(6)
    ]
    for task_id in ids:
        ended(own, task_id)
    today = own.task(ids[0])["create_time"][:10]

    def found(where, rest=""):
        rows = own.query(f"show full query_task where label like 'group%' and ({where}) {rest}", "other")
        return [ids.index(row[0]) for row in rows]

    assert found("priority >= 0") == [0, 1, 2, 3, 4, 5]
    assert found("label = 'group1'") == [1, 3, 5]
    assert found("label <> 'GROUP1' and not priority in (0, 2)") == [4]
    assert found("priority between 2 and 4 or id = '%s'" % ids[0]) == [0, 2, 3, 4]
    assert found("status = 'success' and mq_status is null and message = ''") == [0, 1, 2, 3, 4, 5]
    assert found("status in ('FAILURE', 'cancelled')") == []
    assert found("mq_status <=> null and priority <=> 3") == [3]
    assert found("row_count = 1 and elapse_time >= 0.0 and elapse_time > -1.5") == [0, 1, 2, 3, 4, 5]
    assert found(f"create_time >= '{today}' and create_time < '2999-01-01 00:00:00'") == [0, 1, 2, 3, 4, 5]
    assert found(f"create_time not between '{today}' and '2999-01-01'") == []
    assert found("creator_id = 'other' and command like '%select _ as n' and command not like '%4 as%'") == [
        0,
        1,
        2,
        3,
        5,
    ]
    assert found("result_reused_from is not null") == []
    assert found("priority > 0", "order by priority desc limit 1, 2") == [4, 3]
    assert found("priority > 0", "order by label desc, create_time, priority limit 2 offset 1") == [3, 5]
    assert own.query("show query_task where label = 'group1'", "user") == ()
    assert len(own.query("show query_task for 'other' where label = 'group1'")) == 3
    assert error(own, "show query_task for 'other'", "user")[0] == 1227
    assert error(own, "show query_task where nonsense = 1")[0] == 1054


def test_the_table_of_tasks(own):
    with contextlib.closing(own.connect("user")) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        task_id = own.submit("select 'of the table'", "label=T", "user")
        ended(own, task_id)
        cursor.execute(f"show full query_task where id = '{task_id}'")
        shown = cursor.fetchone()
        cursor.execute(f"select * from loon.query_task where id = '{task_id.upper()}'")
        assert cursor.fetchone() == shown
        cursor.execute("select status, count(*) as tasks from loon.query_task where label = 't' group by status")
        assert cursor.fetchall() == [{"status": "SUCCESS", "tasks": 1}]
        cursor.execute(
            "select id from loon.query_task where create_time >= '2020-01-01' and update_time <= '2999-01-01' order by create_time desc limit 1"
        )
        assert cursor.fetchone()
        cursor.execute("select distinct creator_id from loon.query_task")
        assert cursor.fetchall() == [{"creator_id": "user"}]
        cursor.execute("describe loon.query_task")
        assert [row["Field"] for row in cursor.fetchall()] == list(shown)
    assert {"user", "other"} <= {row[0] for row in own.query("select distinct creator_id from loon.query_task")}
    assert error(own, "create schema loon with dbproperties (location = 'oss://lake/loon/')")[0] == 1227
    assert error(own, "create schema query_result with dbproperties (location = 'oss://lake/loon/')")[0] == 1227
