"""What a task's row, message and result keep of values."""

import contextlib
import csv
import datetime
import io
import json

import loon
import mysql.connector
import pytest
from tasks_support import refused, sent  # noqa: F401
from test_tables import flights  # noqa: F401 (a fixture)


def test_csv_keeps_what_a_value_is(daemon):
    sql = (
        "select * from (values ('a,b', 1.50::decimal(5,2), null, ''), ('say \"hi\"', -0.05::decimal(5,2), 'x', 'line\\nbreak')) "
        "t(s, d, n, e)"
    )
    row = daemon.await_task(daemon.submit(sql))
    text = daemon.read(row["result_file_oss_file"])
    assert text == 's,d,n,e\n"a,b",1.50,,""\n"say ""hi""",-0.05,x,"line\nbreak"\n'
    # The same texts as over the socket.
    assert [[v or "" for v in r] for r in daemon.query(f"select s, cast(d as varchar), n, e from ({sql})")] == list(
        csv.reader(io.StringIO(text))
    )[1:]


def test_what_xml_cannot_carry_arrives_all_the_same(daemon, broker):
    task_id = daemon.submit("select '\uffff\ufffe\uffff\u0301\u0001' as x", loon.ons(broker.port, "odd"))
    assert daemon.await_task(task_id, sent)["mq_status"] == "SUCCESS"
    [(_, event)] = loon.receive_ons(broker.port, "odd")
    assert "'\uffff\ufffe\uffff\u0301\u0001'" in event["data"]["command"]


def test_values_at_the_ends_of_their_ranges_end_nothing(daemon):
    row = daemon.await_task(
        daemon.submit("select interval '-2147483648' day as d, to_months(2147483647) as m, 1e300 as e, 1e-7 as s")
    )
    assert (
        daemon.read(row["result_file_oss_file"])
        == "d,m,e,s\n-2147483648 days,178956970 years 7 months,1e300,0.0000001\n"
    )


def test_duplicate_names_no_rows_and_nested_values(daemon):
    row = daemon.await_task(daemon.submit("select 1 as a, 2 as a where 1 = 0"))
    assert daemon.read(row["result_file_oss_file"]) == "a,a\n" and row["row_count"] == 0
    row = daemon.await_task(
        daemon.submit(
            "select [1, null, 3] as l, {'k': 'v'} as s, map {'x': [true]} as m, 'NaN'::double as n, 1e300 as e"
        )
    )
    [header, values] = list(csv.reader(io.StringIO(daemon.read(row["result_file_oss_file"]))))
    assert [json.loads(v) for v in values[:3]] == [[1, None, 3], {"k": "v"}, {"x": [True]}] and values[3:] == [
        "nan",
        "1e300",
    ]


@pytest.mark.parametrize(
    "value, text",
    [
        ("-0.05::decimal(5,2)", "-0.05"),
        ("-170141183460469231731687303715884105727::hugeint", "-170141183460469231731687303715884105727"),
        ("interval '1 year 2 months -3 days 4 hours'", "1 year 2 months -3 days 04:00:00"),
        ("'a'::enum('a','b')", "a"),
        ("uuid '123e4567-e89b-12d3-a456-426614174000'", "123e4567-e89b-12d3-a456-426614174000"),
        ("time '23:59:59.5'", "23:59:59.500000"),
        ("date '0001-01-01'", "0001-01-01"),
        ("date '12024-01-01'", "12024-01-01"),
        ("date '-infinity'", "-infinity"),
        ("timestamp 'infinity'", "infinity"),
        ("timestamp '1969-12-31 23:59:59.999999'", "1969-12-31 23:59:59.999999"),
        ("3.0::double", "3"),
        ("0.1::float", "0.1"),
        ("18446744073709551615::ubigint", "18446744073709551615"),
        ("[[1],[2,null]]", "[[1],[2,null]]"),
        ("[{'a':'x\"y'}]", '[{"a":"x\\"y"}]'),
        ("map {1: 'x'}", '{"1":"x"}'),
        ("repeat('ab', 200)", "ab" * 200),
        ("'1969-12-31'::date", "1969-12-31"),
    ],
)
def test_a_value_has_one_text(daemon, value, text):
    with daemon.connect(conv={}) as connection:  # no conversion: the text as it came
        assert loon.query(connection, f"select {value} as v from range(1)")[0][0] == text
    row = daemon.await_task(daemon.submit(f"select {value} as v from range(1)"))
    assert list(csv.reader(io.StringIO(daemon.read(row["result_file_oss_file"])))) == [["v"], [text]]


@pytest.mark.parametrize(
    "value",
    ["'101'::bit", "340282366920938463463374607431768211455::uhugeint", "timetz '10:00:00+02'", "union_value(n := 5)"],
)
def test_a_type_that_cannot_be_shown_says_so(daemon, value):
    number, text = refused(daemon, f"select {value} as odd")
    assert number == 1235 and "'odd'" in text and "VARCHAR" in text


# The row keeps the values that the text asked for, not the text with values in it.
def test_what_a_task_asks_of_its_session_is_kept_until_it_runs(daemon):
    with contextlib.closing(daemon.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "set @n = 41, @t = 'it''s \\\\', @r = 1e-1, @none = null, sql_mode = 'ANSI_QUOTES', time_zone = '-03:30'"
        )
        cursor.execute(
            '/*+ run_async=true */ select @n + 1 as "n", @t as t, @r as r, @none as z, connection_id() as c, @@sql_mode as m, '
            "@@global.max_connections as g, @@time_zone as u from (values (1)) t(a)"
        )
        ((task,),) = cursor.fetchall()
        cursor.execute("select connection_id()")
        ((own,),) = cursor.fetchall()
    row = daemon.await_task(task)
    assert row["status"] == "SUCCESS", row["message"]
    text = daemon.read(row["result_file_oss_file"]).splitlines()[1]
    assert text.startswith(f"42,it's \\,0.1,,{own},ANSI_QUOTES,"), text
    assert text.endswith(",-03:30"), text


def test_a_prepared_statement_that_becomes_a_task_keeps_the_mode_that_it_was_prepared_in(daemon):
    with mysql.connector.connect(
        host="127.0.0.1", port=daemon.program.port, user="root", password=daemon.passwords["root"]
    ) as connection:
        connection.cmd_query("set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
        with contextlib.closing(connection.cursor(prepared=True)) as cursor:
            statement = "/*+ run_async=true */ select \"a\" || ? as x, '\\' as y from (select 'b' as a) t"
            cursor.execute(statement, ("1",))
            cursor.fetchall()
            connection.cmd_query("set sql_mode = ''")
            cursor.execute(statement, ("\\",))
            ((task,),) = cursor.fetchall()
    row = daemon.await_task(task)
    assert row["status"] == "SUCCESS", row["message"]
    assert daemon.read(row["result_file_oss_file"]) == "x,y\nb\\,\\\n"


def test_now_is_the_moment_of_submission(daemon):
    with daemon.connect() as connection:
        loon.query(connection, "set time_zone = '+00:00', autocommit = 0, mq_topic = 't'")
        sql = "select now() as n, database() as d, connection_id() as c, @@autocommit as a, @@time_zone as z, @@mq_topic as t, user() as u"
        task_id = loon.query(connection, "/*+ run_async=true */ " + sql)[0][0]
    row = daemon.await_task(task_id)
    n, d, c, *others = list(csv.reader(io.StringIO(daemon.read(row["result_file_oss_file"]))))[1]
    assert others == ["0", "+00:00", "t", "root@127.0.0.1"]
    made = datetime.datetime.strptime(row["create_time"], "%Y-%m-%d %H:%M:%S") - datetime.timedelta(hours=8)
    assert abs((datetime.datetime.fromisoformat(n) - made).total_seconds()) <= 1
    assert (d, int(c)) == ("", row["connection_id"])


def test_values_of_a_prepared_task_are_no_part_of_the_words_beside_them(daemon):
    with (
        mysql.connector.connect(
            host="127.0.0.1", port=daemon.program.port, user="root", password=daemon.passwords["root"]
        ) as connection,
        contextlib.closing(connection.cursor(prepared=True)) as cursor,
    ):
        cursor.execute(
            "/*+ run_async=true */ select ?AS x, ?::varchar as y from range(9) where range=?AND range<>? limit?",
            (7, -5, 5, 6, 3),
        )
        ((task,),) = cursor.fetchall()
    row = daemon.await_task(task)
    assert row["status"] == "SUCCESS", row["message"]
    assert daemon.read(row["result_file_oss_file"]) == "x,y\n7,-5\n"
