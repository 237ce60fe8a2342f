"""Statements that the engine answers wrongly by itself."""

import contextlib
import datetime

import pytest

import loon
from strangers import TEXT, table


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.put("oss://lake/f/x", "x")
    daemon.query("create schema f with dbproperties (location='oss://lake/f/')")


@pytest.mark.parametrize("window", ["over (order by n)", "over (order by n desc, n)", "over w", "over (w order by n)"])
def test_the_first_row_of_nothing_is_none(daemon, window):
    name = table(daemon, "n int", TEXT, {"a.csv": "1\n"})
    clause = "" if window.startswith("over (order") else f" window w as ({'order by n' if window == 'over w' else ''})"
    sql = f"select * from (select n, row_number() {window} as r from {name} where n > %d{clause}) t where r = 1"
    assert daemon.query(sql % 5) == () and daemon.query(sql % 0) == ((1, 1),)


def test_a_day_and_days_are_a_day(daemon):
    name = table(daemon, "d date, t timestamp, n int", TEXT, {"a.csv": "2024-01-31,2024-01-31 10:00:00,5\n"})
    day, moment = datetime.date, datetime.datetime
    for expression, expected in {
        "d + interval 1 day": day(2024, 2, 1),
        "d - interval 1 month": day(2023, 12, 31),
        "d + interval '1' year": day(2025, 1, 31),
        "d + interval n day": day(2024, 2, 5),
        "d + interval 1 day + interval 1 month": day(2024, 3, 1),
        "(d) + interval 2 week": day(2024, 2, 14),
        "case when n = 5 then d end + interval 1 day": day(2024, 2, 1),
        "max(d) + interval 1 quarter": day(2024, 4, 30),
        "d + interval 1 hour": moment(2024, 1, 31, 1),
        "t + interval 1 day": moment(2024, 2, 1, 10),
        "date_add(d, interval 1 day)": day(2024, 2, 1),
        "date_sub(t, interval 1 day)": moment(2024, 1, 30, 10),
        "date_add('2024-01-31', interval 1 day)": day(2024, 2, 1),
        "adddate(d, interval n day)": day(2024, 2, 5),
        "subdate(d, interval 1 year)": day(2023, 1, 31),
        "(t.d + interval 1 day)": day(2024, 2, 1),
        "d + interval 1 day * 2": moment(2024, 2, 2),
        "date_add(null, interval 1 day)": None,
        "d + interval '1 day'": day(2024, 2, 1),
        "d - interval '1 month 2 days'": day(2023, 12, 29),
        "d + interval '1 hour'": moment(2024, 1, 31, 1),
        "d + interval '1 day 1 hour'": moment(2024, 2, 1, 1),
        "interval 1 day + d": day(2024, 2, 1),
        "interval '1' month + t.d": day(2024, 2, 29),
        "interval '2 days' + date '2024-01-31'": day(2024, 2, 2),
        "interval n day + (d)": day(2024, 2, 5),
        "interval 1 year + max(d)": day(2025, 1, 31),
        "interval 1 day + t": moment(2024, 2, 1, 10),
        "interval 1 hour + d": moment(2024, 1, 31, 1),
        "date_add(d, interval 1 minute)": moment(2024, 1, 31, 0, 1),
    }.items():
        assert daemon.query(f"select {expression} as x from {name} t group by d, t, n") == ((expected,),), expression
    assert daemon.query(f"select distinct on (n) d + interval 1 day as x from {name}") == ((day(2024, 2, 1),),)
    assert daemon.query(
        f"select 1 from {name} where d between date '2024-02-01' - interval 1 day and date '2024-02-01'"
    ) == ((1,),)


@pytest.mark.parametrize("zone", ["+08:00", "+00:00", "-03:30", "America/New_York"])
def test_a_time_is_the_sessions_whichever_way_it_is_asked_for(daemon, zone):
    with contextlib.closing(daemon.connect()) as connection:
        loon.query(connection, f"set time_zone = '{zone}'")
        for count in [
            "epoch(now())",
            "extract(epoch from now())",
            "date_part('epoch', now())",
            "unix_timestamp(now())",
        ]:
            assert loon.query(connection, f"select {count} - unix_timestamp() as x from range(1)") == ((0,),), count
        [(one, other, day)] = loon.query(
            connection, "select to_timestamp(0), from_unixtime(0), epoch(interval 1 day) from range(1)"
        )
        assert one == other and day == 86_400
        # A moment with a zone is shown as the session's clocks showed it.
        moment = "timestamp '2024-01-01 00:00:00+02:00'"
        shown, back = loon.query(
            connection, f"select {moment} as x, from_unixtime(epoch({moment})) as y from range(1)"
        )[0]
        assert shown == back
        assert loon.query(connection, f"select {moment} at time zone 'UTC' as x from range(1)") == (
            (datetime.datetime(2023, 12, 31, 22),),
        )
        tokyo = "timestamp '2024-01-01 00:00:00 Asia/Tokyo'"
        assert loon.query(connection, f"select {tokyo} at time zone 'UTC' as x from range(1)") == (
            (datetime.datetime(2023, 12, 31, 15),),
        )
        for form in ["csv", "json"]:
            task = loon.query(
                connection, f"/*+ run_async=true, result-format={form} */ select {moment} as x from range(1)"
            )[0][0]
            text = daemon.read(daemon.await_task(task)["result_file_oss_file"])
            assert shown.strftime("%Y-%m-%d %H:%M:%S") in text, text
