"""The same statements through the same client to MariaDB and to Loon: names, values, types and errors are equal, or the reason stands here."""

import contextlib

import duckdb
import pymysql
import pytest

import loon

# Statements that both answer, and answer alike.
STATEMENTS = """
select 1
select -1, 0, 9223372036854775807, -9223372036854775808
select 'a', "b", 'it''s', 'it\\'s', 'a\\nb', 'a\\%b', '\\\\', ''
select 'x' 'y' as xy
select 'a_b' like binary 'a\\_b', 'axb' like _utf8mb4'a\\_b'
select locate('B', 'abc'), instr('abc', 'B'), left('abc', -1), right('abc', -1)
select null, true, false
select 1 as a, 2 as `b c`, 3 'd', 4 e
select 1 + 1, 2 * 3, 7 % 4, 5 - 8, -(3)
select 1 = 1, 1 <> 1, 1 < 2, 2 <= 2, 3 > 4, 3 >= 3, 1 <=> null, null <=> null, null = null
select not 1, 1 and 0, 1 or 0, null and 0, null or 1, null and 1
select 1 in (1, 2), 3 in (1, 2), 3 in (1, null), 1 not in (2)
select 2 between 1 and 3, 2 not between 1 and 3
select null is null, 1 is not null
select 'abc' like 'a%', 'abc' like 'a_c', 'a%c' like 'a\\%c', 'abc' not like 'b%'
select case when 1 then 'y' else 'n' end, case 2 when 1 then 'a' when 2 then 'b' end, case 3 when 1 then 'a' end
select if(1, 'y', 'n'), ifnull(null, 5), coalesce(null, null, 7), nullif(1, 1), nullif(1, 2)
select concat('a', 'b', 1), concat('a', null), concat_ws(',', 'a', null, 'b')
select left('abcdef', 2), right('abcdef', 2), substring('abcdef', 2, 3), substring('abcdef', -2), mid('abc', 2, 1)
select upper('abc'), lower('ABC'), length('äé'), char_length('äé'), trim('  x '), ltrim('  x'), rtrim('x  ')
select replace('aXbX', 'X', '-'), instr('foobar', 'bar'), locate('bar', 'foobar')
select timediff('2024-01-02 00:00:00', '2024-01-01 12:30:15'), time_format('08:05:09', '%H:%i')
select cast('12' as signed), cast(12 as char)
select database(), schema()
select connection_id() > 0, user() like '%@%'
select @a, @a := null
select 1 limit 0
select 1 limit 1
select 1 from dual
select 1 where 1 = 0
select 1 union all select 2
select sum(n), count(*), count(n), min(n), max(n) from (select 1 as n union all select 2 union all select null) as t
select n from (select 3 as n union all select 1 union all select 2) as t order by n desc limit 1, 1
select n, count(*) as c from (select 1 as n union all select 1 union all select 2) as t group by n having c > 1
select distinct n from (select 1 as n union all select 1) as t
select date '2024-02-29', timestamp '2024-02-29 12:34:56', time '12:34:56'
select 1 /* comment */ + /*! 1 + */ 1 as three -- end
select 1 # end
select /*!99999 wrong */ 5
select repeat('ab', 3), abs(-3), round(2.5), floor(2.7), ceil(2.1)
select greatest(1, 3, 2), least(3, 1, 2)
select year('2024-02-29'), month('2024-02-29'), dayofmonth('2024-02-29'), dayofweek('2024-02-25'), weekday('2024-02-26')
select date_format('2024-02-29 12:04:56', '%Y-%m-%d %H:%i:%s'), str_to_date('29/02/2024', '%d/%m/%Y')
select substring_index('a.b.c', '.', 2), substring_index('a.b.c', '.', -1)
select 7 div 2, -7 div 2, 7.5 div 2
select from_unixtime(0) is not null, unix_timestamp('1970-01-02 00:00:00') is not null
select date_add('2024-01-31', interval 1 day), date_sub('2024-03-01', interval 1 + 1 day)
select 'abc' regexp 'B', 'abc' not regexp 'd'
show variables like 'autocommit'
show collation where id = 45
select @@autocommit, @@session.autocommit
set @x = 5
set names utf8mb4
set session sql_safe_updates = 0
do 1
begin
commit
""".strip().splitlines()

# Values that differ, and why.
VALUES = {
    "select @a, @a := null": "assignments within a query are refused (MySQL has deprecated them)",
    "select date_add('2024-01-31', interval 1 day), date_sub('2024-03-01', interval 1 + 1 day)": "of a text MySQL makes a text without the time; here it is a timestamp",
    "show collation where id = 45": "MySQL 8.0 has a seventh column, Pad_attribute",
    "select date_format('2024-02-29 12:04:56', '%Y-%m-%d %H:%i:%s'), str_to_date('29/02/2024', '%d/%m/%Y')": "STR_TO_DATE gives a timestamp, of dates too",
}

# Types that differ, and why: (MariaDB's, Loon's).
TYPES = {
    (3, 8): "whole numbers are BIGINT, as in MySQL 8.0",
    (246, 8): "a sum of whole numbers is a whole number where MySQL makes DECIMAL",
    (246, 5): "the engine computes with doubles where MySQL has decimals",
    (253, 6): "a NULL has no type",
    (10, 12): "the engine's functions of dates give timestamps",
    (253, 12): "the engine's functions of dates give timestamps",
    (8, 1): "the engine's comparisons are booleans, TINYINT(1)",
    (3, 1): "the engine's comparisons are booleans, TINYINT(1)",
    (252, 253): "text of no declared length is VARCHAR(65535)",
    (3, 246): "what the engine rounds keeps its type",
    (8, 246): "sums are of a wider type, DECIMAL(38)",
    (5, 246): "the engine keeps decimals where MySQL goes to doubles",
    (8, 5): "the engine rounds to doubles",
}

ERRORS = """
selec 1
select
select 1 from
select * from nowhere.nothing
select 'open
select nothing
select nothing from (select 1 as a) as t
select a from (select 1 as a) as t, (select 2 as a) as u
use nowhere
show tables from nowhere
show columns from nowhere.nothing
set nothing = 1
set @@nothing = 1
select @@nothing
set version = 'x'
set sql_mode = 'nonsense'
set names nonsense
set autocommit = 'nonsense'
set time_zone = 'Nowhere/Land'
kill 4000000000
select nofunction(1)
drop database nowhere
show create table nowhere.nothing
""".strip().splitlines()

NUMBERS = {
    "select nofunction(1)": "MariaDB looks for a stored function in the schema first, and there is none selected",
    "select * from nowhere.nothing": "MariaDB says that the table is not there, Loon that the schema is not",
    "show columns from nowhere.nothing": "MariaDB says that the table is not there, Loon that the schema is not",
    "show create table nowhere.nothing": "MariaDB says that the table is not there, Loon that the schema is not",
}


def ask(connection, sql):
    with connection.cursor() as cursor:
        try:
            cursor.execute(sql)
        except pymysql.err.MySQLError as error:
            return ("error", error.args[0])
        return (getattr(cursor._result, "fields", ()) or (), tuple(cursor.fetchall() or ()))


@pytest.fixture(scope="module")
def both(daemon, mariadb):
    with contextlib.closing(daemon.connect()) as ours, contextlib.closing(mariadb.connect()) as theirs:
        yield ours, theirs


@pytest.mark.parametrize("sql", STATEMENTS)
def test_statements(both, sql):
    ours, theirs = (ask(connection, sql) for connection in both)
    if VALUES.get(sql):
        assert ours != theirs, "the difference is gone: take it off the list"
        return
    assert ours[0] != "error" and theirs[0] != "error", (ours, theirs)
    assert [field.name for field in ours[0]] == [field.name for field in theirs[0]]
    # 1 and 1.0 and Decimal('1') are equal to Python, as they are to a reader.
    assert ours[1] == theirs[1]
    for our, their in zip(ours[0], theirs[0]):
        assert our.type_code == their.type_code or TYPES.get((their.type_code, our.type_code)), (
            our.name,
            their.type_code,
            our.type_code,
        )


@pytest.mark.parametrize("sql", ERRORS)
def test_errors(both, sql):
    ours, theirs = (ask(connection, sql) for connection in both)
    assert ours[0] == theirs[0] == "error", (ours, theirs)
    if not NUMBERS.get(sql):
        assert ours[1] == theirs[1]


# A column of every type: its DDL here and there, DuckDB's type in the file, and what of the definition differs.
COLUMNS = [
    ("boolean", "boolean", "boolean", [True, False]),
    ("tinyint", "tinyint", "tinyint", [-128, 127]),
    ("smallint", "smallint", "smallint", [-32768, 32767]),
    ("int", "int", "integer", [-(2**31), 2**31 - 1]),
    ("bigint", "bigint", "bigint", [-(2**63), 2**63 - 1]),
    ("float", "float", "float", [1.5, -0.25]),
    (
        "double",
        "double",
        "double",
        [1.5, -1e300, 0.1, 1e15, 123456789.125, 1e-5, 1e-20, 5e-324, 1.7976931348623157e308],
    ),
    ("decimal(18,4)", "decimal(18,4)", "decimal(18,4)", ["12345678901234.5678", "-0.0001"]),
    ("decimal(38,10)", "decimal(38,10)", "decimal(38,10)", ["1234567890123456789012345678.0123456789", "0.5"]),
    ("string", "longtext", "varchar", ["ä€😀", "", "a'b\\c\n"]),
    ("varchar(40)", "varchar(40)", "varchar", ["short"]),
    ("binary", "longblob", "blob", [b"\x00\xff\x80"]),
    ("date", "date", "date", ["0001-01-01", "9999-12-31", "2024-02-29"]),
    (
        "timestamp",
        "datetime(6)",
        "timestamp",
        ["2024-02-29 12:34:56.789012", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"],
    ),
]

DEFINITIONS = {
    ("string", "type_code"): "VARCHAR(65535), which clients take for text, where LONGTEXT is a file to some",
    ("string", "length"): "the same",
    ("string", "flags"): "the same: no BLOB flag",
    ("varchar(40)", "length"): "the engine does not keep declared lengths",
}


@pytest.mark.parametrize("hive,mysql,engine,values", COLUMNS, ids=[c[0] for c in COLUMNS])
@pytest.mark.parametrize("is_prepared", [False, True], ids=["text", "prepared"])
def test_columns(daemon, mariadb, tmp_path, hive, mysql, engine, values, is_prepared):
    name = "c_" + "".join(c if c.isalnum() else "_" for c in hive) + ("_p" if is_prepared else "")
    file = tmp_path / "f.parquet"
    duck = duckdb.connect()
    duck.execute(f"create table t (n integer, v {engine})")
    duck.executemany("insert into t values (?, ?)", [(0, None), *enumerate(values, 1)])
    duck.execute(f"copy t to '{file}' (format parquet)")
    daemon.put(f"oss://lake/oss_schema/{name}/f.parquet", file.read_bytes())
    daemon.query(
        f"create external table oss_schema.{name} (n int, v {hive}) stored as parquet location 'oss://lake/oss_schema/{name}/'"
    )
    with contextlib.closing(mariadb.connect()) as theirs:
        loon.query(theirs, "create database if not exists d")
        loon.query(theirs, f"create table d.{name} (n int, v {mysql})")
        with theirs.cursor() as cursor:
            cursor.executemany(f"insert into d.{name} values (%s, %s)", [(0, None), *enumerate(values, 1)])
        theirs.commit()
    results = []
    for server, schema in ((daemon, "oss_schema"), (mariadb, "d")):
        if is_prepared:
            import mysql.connector as connector

            password = daemon.passwords["native"] if server is daemon else mariadb.password
            port = daemon.program.port if server is daemon else mariadb.port
            with contextlib.closing(
                connector.connect(
                    host="127.0.0.1",
                    port=port,
                    user="native" if server is daemon else "root",
                    password=password,
                    ssl_disabled=True,
                )
            ) as connection:
                cursor = connection.cursor(prepared=True)
                cursor.execute(f"select v from {schema}.{name} order by n")
                results.append(([], cursor.fetchall()))
        else:
            with contextlib.closing(server.connect()) as connection:
                results.append(ask(connection, f"select v from {schema}.{name} order by n"))
    ours, theirs = results
    assert ours[1] == theirs[1]
    for our, their in zip(ours[0], theirs[0]):
        for key in ("type_code", "charsetnr", "length", "flags", "scale"):
            ours_value, theirs_value = getattr(our, key), getattr(their, key)
            assert ours_value == theirs_value or (hive, key) in DEFINITIONS, (key, ours_value, theirs_value)


# What the evaluator computes without the engine, the engine computes to the same.
EXPRESSIONS = """
1 + 2 * 3
-(5 - 7)
7 % 4
7 % -4
9223372036854775807
1 = 1
1 <> 2
'a' = 'A'
'a' < 'b'
null = 1
null <=> null
1 <=> null
not true
null and false
null or true
true and null
1 in (1, 2)
3 in (1, 2)
3 in (1, null)
1 not in (2, null)
2 between 1 and 3
null between 1 and 2
5 between 1 and null
'abc' like 'a%'
'abc' like 'A%'
'a_c' like 'a\\_c'
'abc' not like '_b_'
null is null
1 is not null
case 2 when 1 then 'a' when 2 then 'b' end
case when 1 > 2 then 'x' else 'y' end
case null when null then 1 else 2 end
if(1 > 0, 'y', 'n')
ifnull(null, 'x')
coalesce(null, null, 3)
nullif(1, 1)
nullif('a', 'b')
concat('a', 'b', 'c')
concat('a', null)
concat_ws('-', 'a', null, 'b')
left('abcdef', 2)
left('abc', -1)
right('abcdef', 2)
right('abc', 0)
substring('abcdef', 2, 3)
substring('abcdef', -3)
substring('abc', 10)
mid('abcdef', 2, 2)
instr('foobar', 'BAR')
locate('bar', 'foobar')
lower('ÄB')
upper('äb')
length('äb')
char_length('äb')
trim('  a ')
ltrim('  a ')
rtrim(' a  ')
replace('aXbX', 'X', '-')
isnull(null)
database()
version()
@@sql_mode
@unset
now()
curdate()
current_user()
1e3
'it''s' 'joined'
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_evaluator_agrees_with_the_engine(daemon, expression):
    with contextlib.closing(daemon.connect("user", database="oss_schema")) as connection:
        for _ in range(3):
            # now() may pass a second between the two.
            local = loon.query(connection, f"select {expression} as v")
            engine = loon.query(connection, f"select {expression} as v from range(1)")
            if local == engine:
                return
        assert local == engine
