"""Functions of MySQL and Presto: each case of `cases/` alone, over a table, prepared and as a task."""

import contextlib
import decimal
import pathlib

import loon
import mysql.connector
import pymysql
import pytest

CASES = pathlib.Path(__file__).resolve().parent / "cases"


def cases(name):
    """Expression, value as text, and whether MariaDB is said to differ."""
    for line in (CASES / f"{name}.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            differs = line.startswith("! ")
            expression, _, value = line.removeprefix("! ").partition(" => ")
            yield expression, value.partition(" # ")[0], differs


FILES = ("mysql", "presto", "presto_own")
ALL = [(name, expression, value) for name in FILES for expression, value, _ in cases(name)]
# What a session has to say for a file's cases.
SETTINGS = {"presto_own": "set sql_dialect = 'presto'"}


@pytest.fixture(scope="module")
def connections(daemon):
    daemon.query("create schema fn with dbproperties (location = 'oss://lake/fn/')")
    daemon.query("create table fn.one stored as parquet as select 1 as i")
    with contextlib.ExitStack() as stack:
        found = {}
        for name in FILES:
            found[name] = stack.enter_context(contextlib.closing(daemon.connect(database="fn")))
            if name in SETTINGS:
                loon.query(found[name], SETTINGS[name])
        yield found


@pytest.fixture
def connection(connections):
    return connections["mysql"]


def text(value):
    if value is None:
        return "NULL"
    if isinstance(value, (float, decimal.Decimal)):
        return f"{float(value):.10g}"
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode()
    words = str(value)
    # pymysql's time of day is a difference.
    return "0" + words if words[1:2] == ":" else words


def test_there_are_many():
    assert len(ALL) > 180


@pytest.mark.parametrize("dialect, expression, value", ALL, ids=[f"{name} {case}" for name, case, _ in ALL])
def test_a_function_gives_its_manuals_value_wherever_it_is_called(connections, dialect, expression, value):
    connection = connections[dialect]
    if expression == '"i"':
        assert loon.query(connection, f"select {expression} as x from one") == ((1,),)
        return
    alone = loon.query(connection, f"select {expression} as x")
    over = loon.query(connection, f"select {expression} as x from one")
    assert (text(alone[0][0]), text(over[0][0])) == (value, value)


@pytest.mark.parametrize("name", FILES)
def test_prepared_and_as_tasks_they_give_the_same(daemon, connections, name):
    listed = [(expression, value) for dialect, expression, value in ALL if dialect == name]
    connection = connections[name]
    for start in range(0, len(listed), 20):
        part = listed[start : start + 20]
        sql = "select " + ", ".join(f"{expression} as x{number}" for number, (expression, _) in enumerate(part))
        with mysql.connector.connect(
            host="127.0.0.1", port=daemon.program.port, user="root", password=daemon.passwords["root"], database="fn"
        ) as other:
            if name in SETTINGS:
                other.cmd_query(SETTINGS[name])
            with contextlib.closing(other.cursor(prepared=True)) as cursor:
                cursor.execute(sql + ", ? as last from one", (5,))
                (row,) = cursor.fetchall()
        assert [text(item) for item in row[:-1]] == [value for _, value in part]
        ((task_id,),) = loon.query(connection, f"/*+ run_async=true, result-format=json */ {sql} from one")
        task = daemon.await_task(task_id)
        assert task["status"] == "SUCCESS", task["message"]
        found = loon.query(connection, f"select * from query_result.{task_id}")[0]
        assert [text(item) for item in found] == [value for _, value in part]


QUERIES = [(name, sql, rows) for name in ("presto_queries", "mysql_queries") for sql, rows, _ in cases(name)]


@pytest.mark.parametrize("name, sql, rows", QUERIES, ids=[f"{name} {sql}" for name, sql, _ in QUERIES])
def test_a_query_is_read_as_its_dialect_has_it(daemon, connections, name, sql, rows):
    connection = connections["presto_own" if name == "presto_queries" else "mysql"]

    def written(found):
        return ";".join(",".join(text(value) for value in row) for row in found)

    # The order of rows is nobody's where the query names none.
    assert sorted(written(loon.query(connection, sql)).split(";")) == sorted(rows.split(";"))
    # As a view, whose text is read in the dialect that it was written in.
    loon.query(connection, f"create or replace view fn.q as select count(*) as n from ({sql}) as counted_rows")
    with daemon.connect(database="fn") as other:
        assert loon.query(other, "select n from q") == ((len(rows.split(";")),),)


def test_a_dialect_is_kept_with_views_tasks_and_prepared_statements(daemon, connections):
    presto, mine = connections["presto_own"], connections["mysql"]
    loon.query(
        presto,
        """create view fn.of_presto as select date_diff('day', timestamp '2024-01-01 23:00:00',
        timestamp '2024-01-02 01:00:00') as d, length('é') as n, "i" as name from one""",
    )
    loon.query(
        mine,
        """create view fn.of_mysql as select datediff('2024-01-02', "2024-01-01") as d, length('é') as n from one""",
    )
    for connection in (presto, mine):
        assert loon.query(connection, "select p.d, p.n, p.name, m.d, m.n from of_presto p, of_mysql m") == (
            (0, 1, 1, 1, 2),
        )
    with daemon.connect(database="fn") as connection, connection.cursor() as cursor:
        for wrong in ("'oracle'", "''", "null"):
            with pytest.raises(pymysql.Error) as raised:
                cursor.execute(f"set sql_dialect = {wrong}")
            assert raised.value.args[0] == 1231
        cursor.execute("set sql_dialect = 'DuckDB'")
        cursor.execute("select @@sql_dialect, length('é'), log(100), greatest(1, null)")
        assert cursor.fetchall() == (("duckdb", 1, 2.0, 1),)
        cursor.execute("set sql_dialect = default")
        cursor.execute("select @@sql_dialect, length('é')")
        assert cursor.fetchall() == (("mysql", 2),)


@pytest.mark.parametrize("expression, value", [case[:2] for case in cases("mysql") if not case[2]])
def test_mariadb_gives_the_same(mariadb, expression, value):
    with contextlib.closing(mariadb.connect()) as connection:
        try:
            found = loon.query(connection, f"select {expression} as x")[0][0]
        except pymysql.Error as error:
            pytest.skip(f"MariaDB has it not: {error.args[1]}")
        if isinstance(found, str) and found.count(".") == 1 and found.replace(".", "").lstrip("-").isdigit():
            found = decimal.Decimal(found)
        assert text(found) == value


def test_the_configuration_says_the_dialect_of_sessions(tmp_path):
    daemon = loon.Daemon(tmp_path / "data", SERVICE_SQL_DIALECT="presto").start()
    assert daemon.query(
        "select @@sql_dialect, date_diff('day', date '2024-01-01', date '2024-01-03'), length('é')"
    ) == (("presto", 2, 1),)
    daemon.program.stop()


def test_aggregates_of_a_whole_population_and_group_concat(connection):
    values = "(values (1, 'b'), (3, 'a'), (3, 'c'), (null, null)) as t(n, s)"
    for expression, value in {
        "round(std(n), 6)": "0.942809",
        "round(stddev(n), 6)": "0.942809",
        "round(variance(n), 6)": "0.888889",
        "round(stddev_samp(n), 6)": "1.154701",
        "group_concat(s order by s separator ';')": "a;b;c",
        "group_concat(s order by n desc, s separator '')": "acb",
        "group_concat(distinct n order by n separator ' | ')": "1 | 3",
        "group_concat(s separator '''')": "b'a'c",
        "round(stddev(distinct n), 6)": "1",
        "round(std(n) filter (where n > 1), 6)": "0",
        "approx_distinct(n)": "2",
        "cardinality(map_agg(n, s))": None,
    }.items():
        if value is not None:
            assert text(loon.query(connection, f"select {expression} as x from {values}")[0][0]) == value, expression
    assert loon.query(connection, f"select round(std(n) over (), 3) as x from {values} where n > 1") == ((0.0,), (0.0,))


@pytest.mark.parametrize("word", ["datediff", "date_add", "trim", "log", "format"])
def test_the_engines_own_form_of_a_name_still_works(connection, word):
    expression, value = {
        "datediff": ("datediff('day', date '2024-01-01', date '2024-01-03')", "2"),
        "date_add": ("date_add(date '2024-01-31', interval 1 day)", "2024-02-01"),
        "trim": ("trim('xxaxx', 'x')", "a"),
        "log": ("round(log(2), 6)", "0.693147"),
        "format": ("format('{:,}', 1234)", "1,234"),
    }[word]
    assert text(loon.query(connection, f"select {expression} as x from one")[0][0]) == value


@pytest.mark.parametrize(
    "sql, value",
    [
        ("with week(d) as (select 5) select d from week", "5"),
        (
            "with recursive sequence(n) as (select 1 union all select n + 1 from sequence where n < 4) select max(n) from sequence",
            "4",
        ),
        ("select log.b from (values (1, 2)) as log(b, x)", "1"),
        ("select i * interval '1 day' + date '2024-01-01' as x from one", "2024-01-02 00:00:00"),
        ("select interval 1 day + case when i = 1 then date '2024-01-01' end as x from one", "2024-01-02 00:00:00"),
        ("select i::char(10) as x from one", "1"),
        ("select try_cast(i as char(10)) as x from one", "1"),
    ],
)
def test_names_types_and_operators_are_no_calls(connection, sql, value):
    assert text(loon.query(connection, sql)[0][0]) == value


def test_in_its_own_dialect_the_engine_is_left_alone(daemon):
    with contextlib.closing(daemon.connect()) as connection:
        loon.query(connection, "set sql_dialect = 'duckdb'")
        for expression, value in {
            "concat('a', null)": "a",
            "concat([1], [2])": "[1,2]",
            "[1] && [2]": "0",
            "trim(both 'xy' from 'yxaxy')": "a",
            "cast('abc' as varchar(2))": "abc",
            "cast('1.9' as decimal(2,1))": "1.9",
        }.items():
            assert text(loon.query(connection, f"select {expression} as x from range(1)")[0][0]) == value, expression


def test_a_sample_is_taken_anew_through_a_view(daemon, connection):
    loon.query(connection, "create or replace view fn.sampled as select * from fn.one where rand() < 2")
    hints = "/*+ run_async=true, result-reuse-max-age-sec=600 */"
    ids = [loon.query(connection, f"{hints} select * from fn.sampled")[0][0] for _ in range(2)]
    rows = [daemon.await_task(task_id) and daemon.task(task_id, full=True) for task_id in ids]
    assert rows[1]["result_reused_from"] is None


def test_names_of_columns_and_unknown_columns_are_as_ever(connection):
    with connection.cursor() as cursor:
        cursor.execute("select greatest(1, 2), log(1) from one")
        assert [column[0] for column in cursor.description] == ["greatest(1, 2)", "log(1)"]
        for sql in ("select greatest(i, nope) from one", "select week(nope) from one"):
            with pytest.raises(pymysql.Error) as raised:
                cursor.execute(sql)
            assert raised.value.args[0] == 1054 and "nope" in raised.value.args[1]
        with pytest.raises(pymysql.Error) as raised:
            cursor.execute("select week(1, 2, 3) from one")
        assert "loon_" not in raised.value.args[1]


def test_calls_within_calls_are_planned_at_once(connection):
    nested = "i"
    for _ in range(20):
        nested = f"greatest(hour(concat({nested}, ':00:00')), 1)"
    assert loon.query(connection, f"select {nested} as x from one") == ((1,),)


@pytest.mark.parametrize("dialect", ["mysql", "presto"])
def test_greatest_and_least_of_any_number(daemon, dialect):
    with daemon.connect(database="fn") as connection, connection.cursor() as cursor:
        cursor.execute(f"set sql_dialect = '{dialect}'")
        for count in (2, 4, 5, 16):
            values = [number * 7 % 33 for number in range(count)]
            written = ", ".join(map(str, values))
            # With a call among them, and without.
            for first in ("abs(-40)", "40"):
                last = ", ".join(map(str, values[1:]))
                cursor.execute(f"select greatest({first}, {last}), least({written}), least({last}, null)")
                assert cursor.fetchone() == (40, min(values), None)
        cursor.execute("select greatest(1, 2.5, abs(-2)), least('b', lower('A'), 'c')")
        assert cursor.fetchone() == (decimal.Decimal("2.5"), "a")
        for name in ("greatest", "LEAST"):
            with pytest.raises(pymysql.Error) as raised:
                cursor.execute(f"select {name}({', '.join('1' for _ in range(17))})")
            assert raised.value.args[0] == 1235 and "takes 2 to 16 arguments, and not 17" in raised.value.args[1]
