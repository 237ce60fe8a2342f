"""Asynchronous tasks, their rows, results and messages, through the vendor's own SDKs."""

import contextlib
import csv
import datetime
import io
import json
import os
import re
import subprocess

import loon
import mysql.connector
import pymysql
import pytest
from tasks_support import refused, sent  # noqa: F401
from test_tables import flights  # noqa: F401 (a fixture)

COLUMNS = (
    "id mpp_query_id status task_name table_schema command creator_id create_time update_time connection_id message row_count elapse_time "
    "scanned_row_count scanned_data_bytes result_file_oss_file cancellable_task mq_product mq_model mq_topic mq_queue mq_producer_id mq_endpoint "
    "mq_status mq_error_msg mq_message_id mq_total_time"
).split()


def test_a_task_looked_up_again_and_again_is_seen_by_its_account_alone(daemon):
    with contextlib.closing(daemon.connect("user")) as connection, contextlib.closing(daemon.connect()) as root:
        task = loon.query(connection, "/*+ run_async=true */ select 1")[0][0]
        sql = f"show query_task where id = '{task}'"
        # From the first row on that says so, every one does.
        states = [loon.query(connection, sql)[0][2]]
        while states[-1] not in ("SUCCESS", "FAILURE"):
            states.append(loon.query(connection, sql)[0][2])
        assert sorted(states, key=["QUEUED", "RUNNING", "SUCCESS"].index) == states
        assert (
            loon.query(connection, sql) == loon.query(connection, sql) == loon.query(root, sql)
            and len(loon.query(root, sql)[0]) == 27
        )
        assert loon.query(root, sql.replace("query_task", "full query_task"))[0][:27] == loon.query(root, sql)[0]
        own = loon.query(root, "/*+ run_async=true */ select 1")[0][0]
        daemon.await_task(own)
        assert loon.query(root, f"show query_task where id = '{own}'")[0][0] == own
        assert loon.query(connection, f"show query_task where id = '{own}'") == ()


def test_the_documents_example(daemon, broker):
    statement = "/*+ run_async=true, " + loon.ons(broker.port) + " */ select * from oss_schema.oss_json"
    task_id = daemon.query(statement + ";", "user")[0][0]
    assert re.fullmatch(r"q\d{12}hz[0-9a-f]{8}\d{7}", task_id)
    row = daemon.await_task(task_id, sent)
    assert list(row) == COLUMNS
    day = f"{task_id[1:5]}/{task_id[5:7]}/{task_id[7:9]}"
    expected = {
        "id": task_id,
        "status": "SUCCESS",
        "task_name": "SELECT",
        "table_schema": "oss_schema",
        "command": statement,
        "creator_id": "user",
        "message": "",
        "row_count": 4,
        "scanned_row_count": 4,
        "scanned_data_bytes": 230,
        "cancellable_task": 0,
        "mq_product": "ons",
        "mq_model": "queue",
        "mq_topic": "dla_topic",
        "mq_queue": None,
        "mq_producer_id": "GID_test",
        "mq_endpoint": f"http://MQ_INST_1_test.localhost:{broker.port}",
        "mq_status": "SUCCESS",
        "mq_error_msg": None,
        "result_file_oss_file": f"oss://aliyun-oa-query-results-1000000000000000-oss-cn-hangzhou/DLA_Result/{day}/{task_id}/result.csv",
    }
    assert {name: row[name] for name in expected} == expected
    assert re.fullmatch(r"\d{8}_\d{6}_\d{5}_[a-z0-9]{5}", row["mpp_query_id"])
    assert re.fullmatch(r"[0-9A-F]{32}", row["mq_message_id"])
    assert 0 <= row["elapse_time"] < 10_000 and 0 <= row["mq_total_time"] < 10_000
    made = datetime.datetime.strptime(row["create_time"], "%Y-%m-%d %H:%M:%S") - datetime.timedelta(hours=8)
    assert abs((made - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)).total_seconds()) < 60
    assert (
        daemon.read(row["result_file_oss_file"])
        == "id,name,temperature,rainy\n1,Hangzhou,21,1\n2,Shanghai,23.5,0\n3,Beijing,14,0\n4,Shenzhen,27,1\n"
    )
    meta = json.loads(daemon.read(row["result_file_oss_file"].replace("result.csv", "result.meta.json")))
    assert (meta["rows"], [c["type"] for c in meta["columns"]]) == (4, ["int", "string", "double", "boolean"])

    [(message, event)] = [(m, e) for m, e in loon.receive_ons(broker.port) if e["subject"] == task_id]
    for event_name in ["task.queued", "task.started", "task.ended", "message.sent"]:
        line = next(
            line
            for line in daemon.program.log().splitlines()
            if f"event={event_name} " in line and f"task={task_id}" in line
        )
        assert f" connection={row['connection_id']} " in line
    assert (
        message.message_id == row["mq_message_id"]
        and message.message_tag == "SUCCESS"
        and message.properties["KEYS"] == task_id
    )
    assert (event["specversion"], event["id"], event["type"]) == ("1.0", task_id + ".1", "loon.task.success")
    at_send = {"mq_status": "WAITING", "mq_message_id": None, "mq_total_time": None}
    assert event["data"] == {**row, **at_send}


def test_mns_queue(daemon, broker):
    from mns.account import Account

    task_id = daemon.submit(
        "select 'ä' as x", f"mq-notify-by=mns, mq-queue=dla, mq-endpoint=http://127.0.0.1:{broker.port}"
    )
    row = daemon.await_task(task_id, sent)
    assert (row["mq_status"], row["mq_product"], row["mq_queue"], row["mq_topic"]) == ("SUCCESS", "mns", "dla", None)
    queue = Account(f"http://127.0.0.1:{broker.port}", loon.KEY_ID, loon.KEY_SECRET).get_queue("dla")
    message = queue.receive_message(3)
    assert message.message_id == row["mq_message_id"]
    # The SDK has decoded the base64 of a queue's body.
    assert json.loads(message.message_body)["subject"] == task_id
    queue.delete_message(message.receipt_handle)


def test_the_documents_slip_mns_with_a_topic_means_ons(daemon, broker):
    with daemon.connect() as connection:
        hints = loon.ons(broker.port, "slip").replace("=ons", "=mns")
        task_id = loon.query(connection, f"/*+ run_async=true, {hints} */ select 1")[0][0]
        assert "taken as mq-notify-by=ons" in loon.query(connection, "show warnings")[0][2]
    assert daemon.await_task(task_id, sent)["mq_product"] == "ons"


def test_hints_as_session_variables(daemon, broker):
    with daemon.connect("user", database="oss_schema") as connection:
        loon.query(connection, "set session run_async = true, mq_notify_by = 'ons', mq_topic = 'session_topic'")
        loon.query(
            connection,
            f"set mq_producer_id = 'GID_s', @@session.mq_endpoint = 'http://MQ_INST_1_s.localhost:{broker.port}'",
        )
        task_id = loon.query(connection, "select id from oss_json where id > 1")[0][0]
        # What a driver asks of its own accord is answered as ever, and the statement's own hints win.
        assert loon.query(connection, "select @@mq_topic, @@run_async, 1") == (("session_topic", "true", 1),)
        assert loon.query(connection, "show tables") == (("oss_json",),)
        assert loon.query(connection, "/*+ run-async=false */ select max(id) from oss_json") == ((4,),)
        other = loon.query(connection, "/*+ mq-topic=other_topic */ select 2 + 0")[0][0]
        for wrong in ["run_async = 'maybe'", "mq_delayed_by = 'soon'"]:
            with pytest.raises(pymysql.err.MySQLError):
                loon.query(connection, "set " + wrong)
        loon.query(connection, "set run_async = default")
        assert loon.query(connection, "select 1") == ((1,),)
    row = daemon.await_task(task_id, sent)
    assert (row["mq_topic"], row["row_count"], row["table_schema"]) == ("session_topic", 3, "oss_schema")
    assert daemon.await_task(other, sent)["mq_topic"] == "other_topic"


def test_hints_in_every_spelling(daemon):
    for hint in [
        "/*+run-async=true*/",
        "/*+ RUN_ASYNC = TRUE , engine=duckdb*/ /*+ mq-topic=t */",
        "-- first\n /* a */ /*+\nrun_async='true'\n*/",
    ]:
        task_id = daemon.query(f"{hint} select 1")[0][0]
        assert daemon.await_task(task_id)["status"] == "SUCCESS"


@pytest.mark.parametrize(
    "hints, words",
    [
        ("mq-notify-by=kafka", "kafka"),
        ("mq-notify-by=ons", "mq-topic"),
        ("mq-notify-by=ons, mq-topic=t", "mq-producer-id"),
        ("mq-notify-by=ons, mq-topic=t, mq-producer-id=g", "mq-endpoint"),
        ("mq-notify-by=mns", "mq-queue"),
        ("mq-notify-by=mns, mq-queue=q", "mq-endpoint"),
        ("mq-notify-by=mns, mq-queue=q, mq-model=topic, mq-endpoint=http://127.0.0.1", "mq-model"),
        ("mq-notify-by=mns, mq-queue=../x, mq-endpoint=http://127.0.0.1", "mq-queue"),
        ("mq-notify-by=mns, mq-queue=q, mq-delayed-by=soon, mq-endpoint=http://127.0.0.1", "mq_delayed_by"),
        *[
            (f"mq-notify-by=mns, mq-queue=q, mq-endpoint={endpoint}", words)
            for endpoint, words in [
                ("http://example.com", "not allowed"),
                ("http://10.0.0.1:80", "not allowed"),
                ("http://127.0.0.2:80", "not allowed"),
                ("http://169.254.169.254", "not allowed"),
                ("http://[::1]:80", "not allowed"),
                ("ftp://127.0.0.1", "http://"),
                ("127.0.0.1:80", "http://"),
                ("http://user:pw@127.0.0.1", "user"),
                ("http://127.0.0.1/path", "path"),
                ("http://127.0.0.1?x=1", "path"),
                ("http://127.0.0.1#x", "path"),
                ("http://127.0.0.1:0", "port"),
                ("http://127.0.0.1:99999", "port"),
                ("http://", "host"),
                ("http://evil.com\\.localhost", "path"),
                ("http://1.2.mns.cn-beijing.aliyuncs.com", "not allowed"),
                ("http://mns.cn-hangzhou.aliyuncs.com.evil.com", "not allowed"),
                ("http://localhost", "not allowed"),
            ]
        ],
    ],
)
def test_a_notification_that_cannot_work_is_refused_at_once(daemon, hints, words):
    number, text = refused(daemon, f"/*+ run_async=true, {hints} */ select 1")
    assert number in (1210, 1235) and words in text


@pytest.mark.parametrize(
    "sql, number",
    [
        ("show tables", 1235),
        ("use oss_schema", 1235),
        ("create schema x", 1235),
        ("insert into x values (1)", 1046),
        ("drop table x", 1235),
        ("alter table x rename to y", 1235),
        ("selec 1", 1064),
        ("select * from oss_schema.nowhere", 1146),
        ("select 1; select 2", 1064),
    ],
)
def test_what_cannot_be_a_task_is_refused_at_once(daemon, sql, number):
    assert refused(daemon, f"/*+ run_async=true */ {sql}")[0] == number
    assert refused(daemon, "/*+ run_async=perhaps */ select 1")[0] == 1210


def test_what_fails_later_is_a_task_that_says_why(daemon, broker):
    task_id = daemon.submit("select cast('x' as int) from oss_schema.oss_json", loon.ons(broker.port, "failures"))
    row = daemon.await_task(task_id, sent)
    assert (
        row["status"] == "FAILURE"
        and "x" in row["message"]
        and row["result_file_oss_file"] is None
        and row["row_count"] is None
    )
    [(message, event)] = loon.receive_ons(broker.port, "failures")
    assert (message.message_tag, event["type"], event["data"]["message"]) == (
        "FAILURE",
        "loon.task.failure",
        row["message"],
    )
    assert list((daemon.data / "staging").iterdir()) == []


def test_a_full_disk_fails_what_needs_it_and_nothing_else(tmp_path):
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", tmp_path], capture_output=True).returncode
        != 0
    ):
        pytest.skip("a small file system cannot be mounted here")
    try:
        daemon = loon.Daemon(tmp_path / "data", STORAGE_MIN_FREE_MIB=0).start()
        large = daemon.submit("select range as n, md5(range::varchar) as h from range(2000000)")
        row = daemon.await_task(large, lambda row: row["status"] == "FAILURE", seconds=60)
        assert "disk" in row["message"] and list((daemon.data / "staging").iterdir()) == []
        assert daemon.await_task(daemon.submit("select 1"))["status"] == "SUCCESS"
        # Full to the last byte: reading goes on, writing is refused, and nothing is lost when there is room again.
        (tmp_path / "ballast").write_bytes(b"")
        with open(tmp_path / "ballast", "ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(b"x" * 4096):
                pass
        assert daemon.query("select count(*) from range(5)") == ((5,),)
        accepted = []
        for number in range(200):
            with contextlib.suppress(pymysql.err.MySQLError):
                accepted.append(daemon.submit(f"select {number}"))
        assert daemon.program.is_running() and len(accepted) < 200
        (tmp_path / "ballast").unlink()
        for task_id in accepted:
            assert daemon.await_task(task_id, seconds=60)["status"] in ("SUCCESS", "FAILURE")
        assert daemon.await_task(daemon.submit("select 'again'"))["status"] == "SUCCESS"
        assert daemon.program.stop() == 0
    finally:
        subprocess.run(["umount", "-l", tmp_path])


def test_flights_equal_the_engines_own_answer_from_the_files(flights, tmp_path):  # noqa: F811
    import duckdb

    sql = (loon.ROOT / "scripts/demo/flights.sql").read_text()
    row = flights.await_task(flights.submit(sql))
    assert row["status"] == "SUCCESS", row["message"]
    assert row["scanned_row_count"] == 336_776 + 16 + 26_115
    assert row["scanned_data_bytes"] == sum(
        (loon.FLIGHTS / f"{t}.csv").stat().st_size for t in ["flights", "airlines", "weather"]
    )
    for table in ["flights", "airlines", "weather"]:
        sql = sql.replace(f"nycflights13.{table}", f"read_csv('{loon.FLIGHTS}/{table}.csv', nullstr='NA')")
    expected = [tuple(map(str, r)) for r in duckdb.sql(sql).fetchall()]
    actual = list(csv.reader(io.StringIO(flights.read(row["result_file_oss_file"]))))
    assert actual[0] == ["airline", "wind", "flights", "mean_departure_delay"]
    assert len(expected) == 32 and [(a, w, n, str(float(d))) for a, w, n, d in actual[1:]] == expected


def test_show_query_task_conditions(daemon):
    ids = [daemon.submit(f"select {n}", user="user") for n in range(3)]
    for task_id in ids:
        daemon.await_task(task_id)
    listed = "'" + "','".join(ids) + "'"
    with daemon.connect() as connection, connection.cursor() as cursor:
        for condition, expected in [
            (f"where id in ({listed}) order by id desc", ids[::-1]),
            (f"where id in ({listed}) order by create_time, id limit 1, 1", ids[1:2]),
            (f"where id in ({listed}) order by id limit 1 offset 2", ids[2:]),
            (f"where id >= '{ids[1]}' and not id = '{ids[2]}' and creator_id = 'user'", [ids[1]]),
            (f"where (id = '{ids[0]}' or id = '{ids[1]}') and command like '%select 1'", [ids[1]]),
            (
                f"where id between '{ids[0]}' and '{ids[1]}' and message = '' and mq_status is null and row_count = 1 order by id",
                ids[:2],
            ),
            (
                f"where id = '{ids[0]}' and create_time > '2020-01-01' and cancellable_task <> 1 and elapse_time >= 0",
                ids[:1],
            ),
            ("limit 0", []),
        ]:
            cursor.execute("show query_task " + condition)
            assert [r[0] for r in cursor.fetchall()] == expected, condition
        cursor.execute("show full query_task for 'user' where id = '" + ids[0] + "'")
        assert [d[0] for d in cursor.description][:27] == COLUMNS and "attempts" in [d[0] for d in cursor.description]
        for bad in ["where nonsense = 1", "order by nonsense"]:
            assert refused(daemon, "show query_task " + bad)[0] == 1054
        assert refused(daemon, "show query_task where id = id")[0] == 1064
    # An account sees its own tasks only.
    mine = daemon.submit("select 'secret'")
    assert daemon.query(f"show query_task where id = '{mine}'", "user") == ()
    assert refused(daemon, "show query_task for 'root'", "user")[0] == 1227


def test_statements_about_tasks_are_prepared(daemon):
    """Drivers that ask for columns before they run a statement get those that come (JDBC, ODBC), and bind its values."""
    done = daemon.submit("select 1 as x")
    failed = daemon.submit("select error('on purpose') as x")
    for task in (done, failed):
        daemon.await_task(task)
    names = [column[0] for column in columns(daemon, f"show query_task where id = '{done}'")]
    full = [column[0] for column in columns(daemon, f"show full query_task where id = '{done}'")]
    with mysql.connector.connect(
        host="127.0.0.1", port=daemon.program.port, user="root", password=daemon.passwords["root"]
    ) as connection:
        for sql, values, expected in (
            ("show query_task where id = ?", (done,), names),
            ("show full query_task where id = ? and status <> ? limit 5", (done, "FAILURE"), full),
            ("wait query_task ?", (done,), names),
            ("wait query_task ? timeout ?", (done, 20), names),
            ("select * from loon.wait(?, ?)", (done, 20), names),
            ("select * from loon.wait(?, ?, false)", (failed, 20), names),
        ):
            with contextlib.closing(connection.cursor(prepared=True)) as cursor:
                cursor.execute(sql, values)
                assert [column[0] for column in cursor.description] == expected, sql
                (row,) = cursor.fetchall()
                assert row[0] == values[0], sql
        with contextlib.closing(connection.cursor(prepared=True)) as cursor:
            cursor.execute("cancel query_task ?", (done,))
            assert cursor.rowcount == 0
            with pytest.raises(mysql.connector.Error) as raised:
                cursor.execute("select * from loon.wait(?, ?)", (failed, 20))
            assert raised.value.errno == 1105 and "on purpose" in raised.value.msg
    slow = daemon.submit(loon.ENDLESS)
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(f"select * from loon.wait('{slow}', 1)")
    assert raised.value.args[0] == 1205
    assert daemon.query(f"select * from loon.wait('{slow}', 0, false)")[0][2] in ("QUEUED", "RUNNING")
    daemon.query(f"cancel query_task '{slow}'")
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(f"select * from loon.wait('{slow}', 20)")
    assert raised.value.args[0] == 1317
    # A question mark stands in what is prepared alone.
    for sql in ("wait query_task ?", "select * from loon.wait(?)", "show query_task where id = ?"):
        with pytest.raises(pymysql.err.MySQLError) as raised:
            daemon.query(sql)
        assert raised.value.args[0] == 1064, sql
    assert daemon.query("select count(*) from (select 1 as x) loon") == ((1,),)


def columns(daemon, sql):
    with daemon.connect() as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.description


def test_show_tasks_is_for_people(daemon):
    ids = [daemon.submit(f"select {number} as x", f"label=People{number}") for number in range(3)]
    failed = daemon.submit("select error('a fault\nin two lines') as x", "label=Peopled")
    for task in (*ids, failed):
        daemon.await_task(task)
    with daemon.connect() as connection, connection.cursor() as cursor:
        cursor.execute("show tasks like 'people%'")
        names = [column[0] for column in cursor.description]
        assert names == ["id", "state", "label", "created", "seconds", "progress", "rows", "message"]
        rows = cursor.fetchall()
        assert [row[0] for row in rows] == [failed, *reversed(ids)], "the newest first"
        assert rows[0][1] == "FAILURE" and "a fault in two lines" in rows[0][7]
        assert rows[1][1:3] == ("SUCCESS", "People2") and rows[1][5:7] == (100, 1) and "select 2 as x" in rows[1][7]
        cursor.execute("show tasks like 'people%' where status = 'success' order by id limit 2")
        assert [row[0] for row in cursor.fetchall()] == sorted(ids)[:2]
        cursor.execute("show tasks limit 0")
        assert cursor.fetchall() == ()
    assert not [row for row in daemon.query("show tasks", user="user") if row[0] in ids], "an account sees its own"
