"""The three walls against a corpus of attacks: none gets through, none ends the daemon, each is told why."""

import contextlib
import pathlib

import pymysql
import pytest

import loon


HERE = pathlib.Path(__file__).resolve().parent


# What a refusal may be. 1105 would be the engine's own words: something that the gate let through.
REFUSALS = {
    1044,
    1045,
    1046,
    1047,
    1049,
    1051,
    1054,
    1064,
    1094,
    1095,
    1104,
    1109,
    1141,
    1142,
    1146,
    1193,
    1210,
    1227,
    1235,
    1238,
    1305,
    1347,
    1366,
    1064,
    1060,
    1410,
    1396,
    1017,
    1231,
    1288,
}


MODES = ("", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES")


def corpus():
    """Statements, of which one may go on in the next line: where a line does not begin as a statement does."""
    statements = []
    for line in (HERE / "attacks.txt").read_text().splitlines():
        if line.startswith("# "):
            continue
        if line.startswith(("union all", ", theirs", 'b"')):
            statements[-1] += "\n" + line
        else:
            statements.append(line)
    return statements


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    daemon = loon.Daemon(tmp_path_factory.mktemp("gate") / "data", CLUSTER_MEMORY="1GiB").start()
    daemon.put("oss://lake/mine/t/a.csv", "1,a\n")
    daemon.put("oss://lake/theirs/secret/a.csv", "1,PLANTED\n")
    for name in ("mine", "theirs"):
        daemon.query(f"create schema {name} with dbproperties (catalog='oss', location='oss://lake/{name}/')")
    text = "(a int, b string) row format delimited fields terminated by ','"
    daemon.query(f"create external table mine.t {text} location 'oss://lake/mine/t/'")
    daemon.query(f"create external table theirs.secret {text} location 'oss://lake/theirs/secret/'")
    daemon.query("create view theirs.shown as select b from theirs.secret")
    daemon.create_account("attacker", grants=["ALL ON mine.*"])
    daemon.secret_task = daemon.submit("select b from theirs.secret")
    daemon.await_task(daemon.secret_task)
    yield daemon
    assert daemon.program.stop() == 0


def attack(lake, sql, mode="", connection=None):
    """The errors of a statement that must be refused, and all rows that came before."""
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with contextlib.ExitStack() as stack:
        if connection is None:
            connection = stack.enter_context(
                contextlib.closing(lake.connect("attacker", client_flag=flags, read_timeout=60))
            )
        cursor = stack.enter_context(connection.cursor())
        cursor.execute(f"set sql_mode = '{mode}'")
        rows = []
        try:
            cursor.execute(sql)
            rows += cursor.fetchall()
            while cursor.nextset():
                rows += cursor.fetchall()
        except pymysql.MySQLError as error:
            return error.args, rows
    return None, rows


def test_the_corpus_is_large_enough():
    assert len(corpus()) >= 200


@pytest.mark.parametrize("mode", MODES)
def test_no_attack_gets_through(lake, mode):
    through = []
    connection = lake.connect("attacker", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, read_timeout=60)
    for statement in corpus():
        statement = statement.replace("{task}", lake.secret_task)
        error, rows = attack(lake, statement, mode, connection)
        # There a backslash ends no string early: the attack is a text that no row has.
        if error is None and not rows and "\\" in statement and "NO_BACKSLASH" in mode:
            continue
        if error is None or error[0] not in REFUSALS or "PLANTED" in str(rows) or "PLANTED" in str(error):
            through.append((statement, error, rows[:3]))
        elif "root:" in str(error) or "PLANTED" in str(error):
            through.append((statement, error, rows[:3]))
    connection.close()
    assert not through, "\n".join(map(str, through))
    assert lake.query("select count(*) from theirs.secret") == ((1,),)
    assert lake.query("select * from mine.t") == ((1, "a"),)
    assert lake.query("show tables from mine") == (("t",),)


def test_no_attack_gets_through_as_a_prepared_statement(lake):
    import mysql.connector

    connection = mysql.connector.connect(
        host="127.0.0.1",
        port=lake.program.port,
        user="attacker",
        password=lake.passwords["attacker"],
        ssl_disabled=True,
        use_pure=True,
    )
    through = []
    for statement in corpus():
        statement = statement.replace("{task}", lake.secret_task)
        try:
            with contextlib.closing(connection.cursor(prepared=True)) as cursor:
                cursor.execute(statement)
                through.append((statement, cursor.fetchall()))
        except mysql.connector.Error as error:
            if error.errno not in REFUSALS or "PLANTED" in str(error):
                through.append((statement, str(error)))
    connection.close()
    assert not through, "\n".join(map(str, through))
    # Values of parameters are values, whatever is in them.
    connection = mysql.connector.connect(
        host="127.0.0.1",
        port=lake.program.port,
        user="attacker",
        password=lake.passwords["attacker"],
        ssl_disabled=True,
        use_pure=True,
    )
    for value in (
        "' or 1=1 -- ",
        "\\' or 1=1 -- ",
        "'; select * from theirs.secret; -- ",
        "${jndi}",
        "*/ select 1 /*",
        "$$",
        "\\",
    ):
        with contextlib.closing(connection.cursor(prepared=True)) as cursor:
            cursor.execute("select b from mine.t where b = %s", (value,))
            assert cursor.fetchall() == []
            cursor.execute("select concat(%s, '') from mine.t", (value,))
            assert cursor.fetchall() == [(value,)]
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(" * 10_000 + "1" + ")" * 10_000,
        "select " + "(" * 150 + "1" + ")" * 150 + " from range(1)",
        "select " + "1+" * 50_000 + "1 from range(1)",
        "select " + "not " * 20_000 + "true from range(1)",
        "select " + "-" * 20_001 + "1 from range(1)",
        "select " + "~" * 20_000 + "1 from range(1)",
        "select " + "case when 1 then " * 5_000 + "1" + " end" * 5_000 + " from range(1)",
        "select 1 from range(1) where " + " and ".join(["1=1"] * 30_000),
        "select 1 from range(1) where " + " or ".join(f"range = {n}" for n in range(30_000)),
        " union all ".join(["select 1 from range(1)"] * 20_000),
        " union ".join(["select 1"] * 20_000),
        "select * from " + "(select * from " * 3_000 + "range(1)" + ")" * 3_000,
        "with "
        + ", ".join(f"c{n} as (select * from c{n - 1})" if n else "c0 as (select 1 as a)" for n in range(5_000))
        + " select * from c4999",
        "select * from " + ", ".join(["range(1)"] * 5_000),
        "select * from range(1) t0 " + " ".join(f"join range(1) t{n} on true" for n in range(1, 2_000)),
        "select " + "[" * 5_000 + "]" * 5_000 + " from range(1)",
        "select " + "{'a':" * 3_000 + "1" + "}" * 3_000 + " from range(1)",
        "select 'x' in (" + ",".join(["'y'"] * 150_000) + ") from range(1)",
        "select '" + "x" * 20_000_000 + "' from range(1)",
        "select `" + "x" * 1_000_000 + "` from range(1)",
        "select 1 as `" + "x" * 1_000_000 + "` from range(1)",
        "select " + "a" * 1_000_000 + "() from range(1)",
        "select " + ", ".join(["1"] * 100_000) + " from range(1)",
        "select * from range(1) where 'a' regexp '" + "(" * 10_000 + ")" * 10_000 + "'",
        "select regexp_matches('" + "a" * 50_000 + "', '(a*)*(a*)*(a*)*b') from range(1)",
        "select cast('" + "[" * 50_000 + "]" * 50_000 + "' as json) from range(1)",
        "select json_extract('" + '{"a":' * 20_000 + "1" + "}" * 20_000 + "', '$.a') from range(1)",
        "create table mine.deep (a " + "array<" * 5_000 + "int" + ">" * 5_000 + ")",
        "/*+ " + "a=b, " * 100_000 + "c=d */ select 1",
        "/*" * 50_000 + "*/" * 50_000 + " select 1",
        "/*!" * 20_000 + " select 1 " + "*/" * 20_000,
        "select " + "cast(" * 3_000 + "1" + " as int)" * 3_000 + " from range(1)",
        "select 1 from range(1) order by " + ", ".join(["1"] * 50_000),
        "select sum(1) over (" * 2_000 + ")" * 2_000 + " from range(1)",
        "select date '2020-01-01' " + "+ interval 1 day " * 20_000 + " from range(1)",
        "select 'a' " + "|| 'b' " * 40_000 + " from range(1)",
        "select coalesce(" * 3_000 + "1" + ")" * 3_000 + " from range(1)",
        "select x -> " * 1 + "(" * 199 + "1" + ")" * 199,
    ],
    ids=lambda sql: sql[:40],
)
def test_nothing_that_is_deep_long_or_many_ends_the_daemon(lake, sql):
    """Whatever comes of it, it comes within its time limit, and the daemon is there afterwards."""
    with contextlib.closing(lake.connect("attacker", read_timeout=60)) as connection, connection.cursor() as cursor:
        cursor.execute("set max_execution_time = 10000")
        try:
            cursor.execute(sql)
            cursor.fetchall()
        except pymysql.OperationalError as error:
            # Not a lost connection.
            assert error.args[0] not in (2006, 2013), error
        except pymysql.MySQLError:
            pass
    assert lake.program.is_running()
    assert lake.query("select a from mine.t", "attacker") == ((1,),)


def test_views_expand_within_a_bound(lake):
    """Each is the one before it twice: to the power of their number."""
    lake.query("create view mine.v0 as select a from mine.t", "attacker")
    with pytest.raises(pymysql.MySQLError) as raised:
        for n in range(1, 20):
            lake.query(f"create view mine.v{n} as select x.a from mine.v{n - 1} x, mine.v{n - 1} y", "attacker")
    assert raised.value.args[0] == 1235 and "written out" in raised.value.args[1]
    for n in reversed(range(20)):
        lake.query(f"drop view if exists mine.v{n}", "attacker")


@pytest.mark.parametrize(
    "sql",
    [
        "select error('has been invalidated') from range(1)",
        "select cast('FATAL Error: has been invalidated' as int) from range(1)",
        "select array_select([]::int[], [1, 2, 3]) from range(1)",
    ],
)
def test_no_text_of_a_users_resets_the_engine(lake, sql):
    with pytest.raises(pymysql.MySQLError) as raised:
        lake.query(sql, "attacker")
    assert "started again" not in raised.value.args[1]


NBSP = "\u00a0"


def shifted(store):
    """Wide spaces that the engine's parser makes shorter: edits at the places of its tree would land further left, in a dollar-quoted text."""
    return (
        f"select {NBSP * 49} $repeat$A$repeat$ as a, {NBSP}$repeat$ as x, content as y from read_text('{store}/lake/theirs/secret/a.csv') "
        f"where content <> {NBSP}$repeat$ as b, repeat('z',1) as c, 'q$repeat$ --' as e"
    )


@pytest.mark.parametrize("space", [NBSP, "\u2003", "\u3000", "\ufeff", "\u200b", "\u200d", "\u2060", "\u0085"])
def test_spaces_beyond_ascii_move_nothing(lake, space):
    attack_text = shifted(lake.data / "oss").replace(NBSP, space)
    hidden = f"select a$repeat$ as `x`, '{space}$repeat$' as y, repeat('z', 2) as c"
    for sql in (attack_text, hidden):
        for form in (
            sql,
            f"/*+ run_async=true */ {sql}",
            f"create view mine.shifted as {sql}",
            f"explain {sql}",
            f"insert into mine.t select 1, y from ({sql}) q",
            f"create table mine.stolen as {sql}",
            f"with w as ({sql}) select * from w",
            f"select * from ({sql}) q",
            f'prepare p from "{sql}"',
        ):
            errors, rows = attack(lake, form)
            assert (errors or sql == hidden) and "PLANTED" not in repr(rows), form
    with contextlib.closing(lake.connect("attacker")) as connection, connection.cursor() as cursor:
        # What is pasted with them is read as with others.
        if space not in "\u200d\u2060":
            cursor.execute(
                f"select{space}a,{space}repeat('z',{space}2) as c{space}from{space}mine.t{space}where b{space}= 'a'"
            )
            assert cursor.fetchall() == ((1, "zz"),)
        cursor.execute(f"select '{space}' as t, a as `x{space}y` from mine.t")
        assert cursor.fetchall() == ((space, 1),) and cursor.description[1][0] == f"x{space}y"
        # Two that join letters belong to names (Persian, Emoji).
        cursor.execute("select a as نام‌خانوادگی, a as a$b$ from mine.t")
        assert [column[0] for column in cursor.description] == ["نام‌خانوادگی", "a$b$"]
    assert "gate.mismatch" not in lake.program.log()
