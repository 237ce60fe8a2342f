"""Results as tables, and results that are used again."""

import contextlib
import datetime
import json
import shutil

import pymysql
import pytest


from pools import age, ended, error, full, notify


# Results

VALUES = """select * from (values
  (1, 'a', null::int, 1.5::double, 'nan'::double, 12345678901234567890.12345::decimal(38,5), date '2026-01-02', time '03:04:05.000006', timestamp '2026-01-02 03:04:05.6'),
  (2, '', 7, '-inf'::double, -0.0, null, null, null, null),
  (null, 'q"u,o' || chr(10) || 't' || chr(13) || 'e\\\\', -1, 1e300, 0.1, 0.00001, date '0001-01-01', time '00:00:00', timestamp '1969-12-31 23:59:59.999999')
) as t(i, s, n, d, e, m, da, ti, ts)"""
RESULTS = {
    "plain": VALUES,
    "nested": "select [1, null, 3] as l, {'a': 1, 'b''c': [true]} as st, map {'k': 1.5, 'K': null} as m, 'x'::blob as bin, range as n from range(3)",
    "nested null": "select case when range = 1 then [{'a': range}] end as l, case when range = 2 then '\\\\x00\\\\xFF'::blob end as b from range(3)",
    "no rows": "select 1 as a, 'x' as b, [1] as c where false",
    "no rows of text": "select 'x' as b where false",
    "one column of nulls and empty texts": "select case range when 0 then null when 1 then '' else 'x' end as only from range(4)",
    "duplicate names": "select 1 as a, 'two' as a, 3 as A, 4 as a_1 from range(1)",
    "wide numbers": "select sum(range) as h, 18446744073709551615::ubigint as u, (-128)::tinyint as t, 170141183460469231731687303715884105727::hugeint as big, 1.5::float as f from range(5)",
    "truth": "select true as t, false as f, null::boolean as n",
    "odd": "select uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8' as id, interval 14 month + interval 3 day as iv, null as nothing, 'é' || chr(128512) as emoji",
    "intervals below zero": "select interval '-1' year as v, [interval '-1 month'] as l, timestamp '2020-01-01' - timestamp '2020-01-02 03:00:00' as d",
    "times": "select timestamp_s '2026-01-02 03:04:05' as s, timestamp_ms '2026-01-02 03:04:05.006' as ms, timestamp_ns '2026-01-02 03:04:05.000000006' as ns",
}


def described(cursor):
    return [(column[1], column[4], column[5]) for column in cursor.description]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("name", RESULTS)
def test_results_are_tables(own, name, form):
    task = own.submit(RESULTS[name], f"result-format={form}", "user")
    row = ended(own, task)
    if (name, form) == ("wide numbers", "parquet"):
        # Parquet has no numbers of 39 digits, and others are to read them.
        assert row["status"] == "FAILURE" and "DECIMAL(38,0)" in row["message"]
        return
    assert row["status"] == "SUCCESS", row["message"]
    assert row["result_file_oss_file"].endswith("result." + form)
    with contextlib.closing(own.connect("user")) as connection, connection.cursor() as cursor:
        cursor.execute(RESULTS[name])
        expected, columns = cursor.fetchall(), described(cursor)
        cursor.execute(f"select * from query_result.`{task}`")
        found, found_columns = cursor.fetchall(), described(cursor)
        assert repr(found) == repr(expected)
        assert found_columns == columns
        cursor.execute(f"select count(*) from query_result.{task.upper()} as r")
        assert cursor.fetchall() == ((len(expected),),)
    assert error(own, f"select * from query_result.`{task}`", "other")[0] == 1146
    assert len(own.query(f"select * from query_result.`{task}`")) == len(expected), "an administrator sees all"


def test_a_view_that_asks_the_session_is_no_task(own):
    own.query("create view s.asks as select @a as u, n from s.t")
    number, message = error(own, "/*+ run_async=true */ select * from s.asks")
    assert number == 1235 and "@a" in message
    own.query("create view s.plain as select n, now() as moment from s.t")
    assert ended(own, own.submit("select * from s.plain"))["status"] == "SUCCESS"


def test_times_that_are_none_are_errors(own):
    task = own.submit("select 1", "label=Moment")
    ended(own, task)
    for text in ["yesterday", "2026/11/23", "20261123", "2026-13-45"]:
        assert error(own, f"cancel query_task where create_time < '{text}'")[0] == 1366
        assert error(own, f"show query_task where not create_time <> '{text}'")[0] == 1366
    assert error(own, "show query_task where create_time >= 20261123")[0] == 1366
    shown = own.task(task)["create_time"]
    utc = datetime.datetime.fromisoformat(shown) - datetime.timedelta(hours=8)
    for text in [shown, shown.replace(" ", "T"), utc.isoformat() + "Z"]:
        assert len(own.query(f"show query_task where label = 'moment' and create_time = '{text}'")) == 1, text
        assert len(own.query(f"show query_task where label = 'moment' and create_time < '{text}'")) == 0


def test_warnings_are_the_last_statements(own):
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        with contextlib.suppress(pymysql.err.MySQLError):
            cursor.execute("/*+ run_async=true, priority=bad */ select 1")
        cursor.execute("/*+ run_async=true, foo=1 */ select 1")
        assert cursor._result.warning_count == 1
        cursor.execute("/*+ run_async=true */ select 1")
        assert cursor._result.warning_count == 0
        cursor.execute("show warnings")
        assert cursor.fetchall() == ()


def test_results_of_results(own):
    first = own.submit("select range as n, range % 3 as k from range(10)", user="user")
    ended(own, first)
    second = own.submit(f"select k, sum(n) as s from query_result.`{first}` group by k order by k", user="user")
    assert ended(own, second)["status"] == "SUCCESS"
    assert own.query(f"select a.k, s from query_result.`{second}` a join s.t on n = k order by k", "user") == (
        (1, 12),
        (2, 15),
    )
    assert (
        error(own, "/*+ run_async=true */ select * from query_result.q209901010000hz000000000000001", "user")[0] == 1146
    )
    failed = own.submit("select error('no')", user="user")
    ended(own, failed)
    assert "FAILURE" in error(own, f"select * from query_result.`{failed}`", "user")[1]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_fields_without_names_get_some(own, form):
    task = own.submit("select row(1, 'a') as r from range(2)", f"result-format={form}")
    assert ended(own, task)["status"] == "SUCCESS"
    assert [list(json.loads(row[0]).values()) for row in own.query(f"select * from query_result.`{task}`")] == [
        [1, "a"],
        [1, "a"],
    ]


def test_a_json_result_is_lines_of_json(own):
    row = ended(
        own,
        own.submit(
            "select 1 as a, 'x\"y' as b, [1.5, null] as c, null as d, true as e, 'nan'::double as f, 2 as a",
            "result-format=json",
        ),
    )
    lines = own.read(row["result_file_oss_file"]).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"a": 1, "b": 'x"y', "c": [1.5, None], "d": None, "e": True, "f": "nan", "a_1": 2}
    ]


def test_explain_analyze_may_be_a_task(own):
    row = ended(own, own.submit("explain analyze select count(*) from s.t"))
    assert row["status"] == "SUCCESS" and row["task_name"] == "EXPLAIN" and row["row_count"] == 1
    assert (
        "TABLE_SCAN" in own.read(row["result_file_oss_file"]).upper()
        or "READ_CSV" in own.read(row["result_file_oss_file"]).upper()
    )
    assert error(own, "/*+ run_async=true */ explain select 1")[0] == 1235


# Reuse


def test_reuse(own, broker):
    own.put("oss://lake/s/r/a.csv", "1\n2\n")
    own.query("create external table s.r (n int) location 'oss://lake/s/r/'")
    age(own)
    statement = "select sum(n) as s from s.r"
    first = own.submit(statement)
    assert ended(own, first)["status"] == "SUCCESS"

    def again(sql=statement, hints="result-reuse-max-age-sec=600", user="user"):
        row = full(own, own.submit(sql, hints, user))
        ended(own, row["id"])
        return full(own, row["id"])

    row = again(hints="result-reuse-max-age-sec=600, " + notify(broker))
    assert (
        row["status"] == "SUCCESS"
        and row["result_reused_from"] == first
        and row["elapse_time"] == 0
        and row["row_count"] == 1
    )
    assert row["result_file_oss_file"] == own.task(first)["result_file_oss_file"] and row["scanned_data_bytes"] == 0
    assert own.await_task(row["id"], lambda row: row["mq_status"] == "SUCCESS")
    assert own.query(f"select * from query_result.`{row['id']}`", "user") == ((3,),)
    # Other text, other format, an older result than wanted, chance, the moment, files that changed.
    for sql, hints in [
        (statement + " ", "result-reuse-max-age-sec=0"),
        ("select sum(n) as t from s.r", "result-reuse-max-age-sec=600"),
        (statement, "result-reuse-max-age-sec=600, result-format=json"),
        ("select random() + n from s.r", "result-reuse-max-age-sec=600"),
        ("select now(), n from s.r", "result-reuse-max-age-sec=600"),
        ("select current_localtimestamp(), n from s.r", "result-reuse-max-age-sec=600"),
        ("select n from s.r using sample 50%", "result-reuse-max-age-sec=600"),
        ("select 1", "result-reuse-max-age-sec=600"),
    ]:
        for _ in range(2):
            row = again(sql, hints)
            assert row["status"] == "SUCCESS", row["message"]
            if hints.endswith("sec=0") or "sum" not in sql:
                assert row["result_reused_from"] is None, sql
    assert again("select sum(n) as t from s.r")["result_reused_from"]
    own.put("oss://lake/s/r/b.csv", "10\n")
    age(own)
    row = again()
    assert row["result_reused_from"] is None
    assert own.read(row["result_file_oss_file"]).split() == ["s", "13"]
    again_id = again()["result_reused_from"]
    assert again_id == row["id"]
    own.query("alter table s.r add columns (m int)")
    assert again()["result_reused_from"] is None
    # A result whose file is gone is computed again.
    last = again()
    shutil.rmtree(next((own.data / "oss").glob(f"*/DLA_Result/*/*/*/{last['result_reused_from'] or last['id']}")))
    row = again()
    assert row["result_reused_from"] is None and row["status"] == "SUCCESS"
