"""INSERT, INSERT OVERWRITE and CREATE TABLE … AS: what lands, and that it lands whole or not at all."""

import contextlib
import threading
import time

import pymysql
import pytest

import loon
from test_tables import flights, refused  # noqa: F401 (a fixture)


pytestmark = pytest.mark.timeout(1800 if loon.FULL else 600)


@pytest.fixture(scope="module", autouse=True)
def schema(daemon):
    daemon.query("create schema w with dbproperties (location='oss://lake/w/')")


def files(daemon, folder):
    root = daemon.data / "oss/lake/w" / folder
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


FORMATS = {
    "parquet": "stored as parquet",
    "json": "stored as json",
    "text": "row format delimited fields terminated by ',' escaped by '\\\\'",
    "csv": "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties ('escapeChar'='\"')",
    "multi": "row format serde 'org.apache.hadoop.hive.serde2.MultiDelimitSerDe' with serdeproperties ('field.delim'='||')",
    "header": "row format delimited fields terminated by '|' tblproperties ('skip.header.line.count'='1')",
}


TYPES = "b boolean, ti tinyint, si smallint, i int, bi bigint, f float, d double, de decimal(20,3), s string, vc varchar(3), da date, ts timestamp"


ROWS = [
    "true, -128, 32767, -5, 9007199254740993, 1.5, 1e300, 12345678901234567.891, 'a,\"ä''', 'abcdef', date '0999-12-31', timestamp '2024-02-29 12:34:56.789'",
    "null, null, null, null, null, null, null, null, null, null, null, null",
    "false, 0, 0, 0, 0, 0, 0.1, 0, '', '', date '1970-01-01', timestamp '1970-01-01 00:00:00'",
]


@pytest.mark.parametrize("name", FORMATS)
def test_values_come_back_as_they_were_written(daemon, name):
    clauses, _, properties = FORMATS[name].partition(" tblproperties ")
    properties = " tblproperties " + properties if properties else ""
    daemon.query(f"create table w.v_{name} ({TYPES}) {clauses}{properties}")
    for row in ROWS:
        daemon.query(f"insert into w.v_{name} values ({row})")
    kinds = [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "float",
        "double",
        "decimal(20,3)",
        "varchar",
        "varchar",
        "date",
        "timestamp",
    ]
    casts = ", ".join(f"cast(c{place} as {kind})" for place, kind in enumerate(kinds))
    names = ", ".join(f"c{place}" for place in range(len(kinds)))
    expected = [daemon.query(f"select {casts} from (values ({row})) as t({names})")[0] for row in ROWS]
    expected = [
        tuple(value[:3] if place == 9 and value else value for place, value in enumerate(row)) for row in expected
    ]
    found = daemon.query(f"select * from w.v_{name} order by i nulls first, b desc")
    wanted = sorted(expected, key=lambda row: (row[3] is not None, row[3] or 0))
    if name in ("csv", "multi"):
        # OpenCSVSerde has no NULL text: '' and NULL are one.
        found, wanted = (
            [tuple(None if value == "" else value for value in row) for row in rows] for rows in (found, wanted)
        )
    assert list(found) == list(wanted)


def test_nested_values(daemon):
    kinds = "a array<int>, m map<string,double>, s struct<x:int,y:array<string>>"
    for name in ("parquet", "json", "text"):
        clauses = FORMATS[name].replace(" escaped by '\\\\'", "")
        daemon.query(f"create table w.n_{name} ({kinds}) {clauses}")
        daemon.query(
            f"insert into w.n_{name} values ([1,null,3], map{{'k':1.5,'l':2}}, {{'x':7,'y':['p','q']}}), (null, null, null), ([], map{{}}, {{'x':null,'y':['r']}})"
        )
        assert set(daemon.query(f"select * from w.n_{name}")) == {
            ("[1,null,3]", '{"k":1.5,"l":2}', '{"x":7,"y":["p","q"]}'),
            (None, None, None),
            ("[]", "{}", '{"x":null,"y":["r"]}'),
        }, name


def test_insert_by_columns_counts_and_errors(daemon):
    daemon.query(
        "create table w.c (a int, b string) partitioned by (p int, q string) stored as parquet location 'oss://lake/w/c/'"
    )
    with contextlib.closing(daemon.connect()) as connection, connection.cursor() as cursor:
        assert cursor.execute("insert into w.c (b, q, p) select 'x', 'y', 1 from range(3)") == 3
        cursor.execute("select * from w.c")
        assert cursor.fetchall() == ((None, "x", 1, "y"),) * 3
    assert refused(daemon, "insert into w.c values (1, 'a')")[0] == 1136
    assert refused(daemon, "insert into w.c (a, nothing) values (1, 2)")[0] == 1054
    assert refused(daemon, "insert into w.c (a, p) values (1, 2)")[0] == 1136
    assert refused(daemon, "insert into w.c partition (z=1) values (1, 2)")[0] == 1054
    assert refused(daemon, "insert into w.c partition (p='no', q) values (1, 'a', 'b')")[0] == 1366
    assert refused(daemon, "insert into w.c values ('no number', 'a', 1, 'b')")[0] == 1366
    assert refused(daemon, "insert into w.nothing values (1)")[0] == 1146
    assert refused(daemon, "insert into oss_schema.oss_json select * from w.nothing")[0] == 1146
    assert files(daemon, "c") == files(daemon, "c") and len(files(daemon, "c")) == 1


def test_overwrite_replaces_what_it_names(daemon):
    daemon.query("create table w.o (a int) partitioned by (p string) stored as json location 'oss://lake/w/o/'")
    daemon.query("insert into w.o values (1,'x'),(2,'y'),(3,null)")
    daemon.query("insert overwrite w.o partition (p='x') select 10")
    assert set(daemon.query("select * from w.o")) == {(10, "x"), (2, "y"), (3, None)}
    # Dynamic: the partitions that rows come for.
    daemon.query("insert overwrite table w.o select a + 100, p from w.o where p in ('x', 'y')")
    assert set(daemon.query("select * from w.o")) == {(110, "x"), (102, "y"), (3, None)}
    daemon.query("insert overwrite w.o partition (p='x') if not exists select 0")
    daemon.query("insert overwrite w.o partition (p='y') select 0 from range(0)")
    assert set(daemon.query("select * from w.o")) == {(110, "x"), (3, None)}
    assert len(files(daemon, "o")) == 2
    # A folder that holds files and is not registered.
    daemon.put("oss://lake/w/o/p=z/other.json", '{"a": 5}\n')
    assert "insert-overwrite-ignore-conflict" in refused(daemon, "insert overwrite w.o partition (p='z') select 6")[1]
    daemon.query("/*+ insert-overwrite-ignore-conflict=true */ insert overwrite w.o partition (p='z') select 6")
    assert daemon.query("select * from w.o where p = 'z'") == ((6, "z"),)


def test_asynchronous_writes(daemon):
    daemon.query("create table w.a (n bigint) stored as parquet")
    task = daemon.await_task(daemon.submit("insert into w.a select range from range(1000)"))
    assert (task["status"], task["task_name"], task["row_count"], task["result_file_oss_file"]) == (
        "SUCCESS",
        "INSERT",
        1000,
        None,
    )
    task = daemon.await_task(daemon.submit("insert overwrite w.a select n from w.a where n < 10"))
    assert (task["task_name"], task["row_count"]) == ("INSERT_OVERWRITE", 10)
    task = daemon.await_task(daemon.submit("create table w.a2 as select n, 'x' as s from w.a"))
    assert (task["task_name"], task["row_count"]) == ("CREATE_TABLE_AS_SELECT", 10)
    assert daemon.query("select count(*), min(s) from w.a2") == ((10, "x"),)
    with pytest.raises(pymysql.err.MySQLError):
        daemon.submit("insert into w.a select 1, 2")
    task = daemon.await_task(daemon.submit("insert into w.a select cast(s as int) from w.a2"))
    assert task["status"] == "FAILURE" and daemon.query("select count(*) from w.a") == ((10,),)
    assert list((daemon.data / "staging").iterdir()) == []


def test_create_table_as(daemon):
    daemon.query(
        "create table w.t1 partitioned by (k) stored as parquet tblproperties ('compression.type'='zstd') as select range as n, range % 3 as k from range(10)"
    )
    assert daemon.query("show partitions w.t1") == (("k=0",), ("k=1",), ("k=2",))
    assert daemon.query("select sum(n), count(*) from w.t1 where k = 1") == ((12, 3),)
    daemon.query("create table if not exists w.t1 as select 1 as n")
    assert refused(daemon, "create table w.t1 as select 1 as n")[0] == 1050
    assert refused(daemon, "create table w.t2 as select 1 as n, 2 as n")[0] == 1060
    assert refused(daemon, "create table w.t3 location 'oss://lake/w/t1/' as select 1 as n")[0] == 1210
    # Nothing is left of a CREATE TABLE … AS that fails.
    assert refused(daemon, "create table w.t4 as select cast('x' || range as int) as n from range(3)")[0] == 1366
    assert refused(daemon, "select * from w.t4")[0] == 1146 and not (daemon.data / "oss/lake/w/t4").exists()


def test_what_text_cannot_keep_is_refused(daemon):
    daemon.query(
        "create table w.nested (a array<string>, m map<string,string>) row format delimited fields terminated by ','"
    )
    for values in [
        "['a' || chr(2) || 'b'], null",
        "['']::varchar[], null",
        "[null]::varchar[], null",
        "['\\\\N'], null",
        "null, map{'a' || chr(3): 'b'}",
        "null, map{'a': chr(10)}",
    ]:
        assert refused(daemon, f"insert into w.nested select {values}")[0] == 1366, values
    daemon.query("create table w.plain (a string, d date, n int) row format delimited fields terminated by '-'")
    for values in [
        "'\\\\N', null, 1",
        "'x-y', null, 1",
        "null, date '2024-01-01', 1",
        "null, null, -1",
        "'a' || chr(10), null, 1",
    ]:
        assert refused(daemon, f"insert into w.plain select {values}")[0] == 1366, values
    daemon.query(
        "create table w.line (a string) partitioned by (line string) row format delimited fields terminated by ','"
    )
    daemon.query("insert into w.line select '', 'p1'")
    assert daemon.query("select * from w.line") == (("", "p1"),)
    daemon.query("create table w.nothing (a string) row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'")
    daemon.query("insert into w.nothing values (null), ('\"\"'), ('\\\\')")
    assert sorted(daemon.query("select * from w.nothing")) == [("",), ('""',), ("\\",)]


def test_tables_over_one_place_do_not_write_at_once(daemon):
    daemon.query("create table w.one (n bigint) stored as parquet location 'oss://lake/w/shared/'")
    daemon.query("create table w.two like w.one location 'oss://lake/w/shared/'")
    outcomes = []

    def run(sql):
        try:
            outcomes.append(daemon.query(sql))
        except pymysql.err.MySQLError as error:
            outcomes.append(error.args[0])

    def together(*statements):
        outcomes.clear()
        threads = [threading.Thread(target=run, args=(sql,)) for sql in statements]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    for _ in range(5):
        together(
            "insert overwrite w.one select range from range(300000)",
            "insert overwrite w.two select range from range(300000)",
        )
        assert daemon.query("select count(*) from w.one") == ((300_000,),)
    made = together(
        *(
            f"create table w.made{n} stored as parquet location 'oss://lake/w/made/' as select range as n from range(1000000)"
            for n in (1, 2)
        )
    )
    assert 1210 in made and len(files(daemon, "made")) >= 1
    counts = [
        daemon.query(f"select count(*) from w.{row[0]}") for row in daemon.query("show tables from w like 'made%'")
    ]
    assert counts == [((1_000_000,),)]


def test_readers_see_all_of_an_overwrite_or_nothing(daemon):
    daemon.query("create table w.r (n int, version int) stored as parquet")
    daemon.query("insert into w.r select range, 0 from range(1000)")
    wrong, stop = [], threading.Event()

    def read():
        with contextlib.closing(daemon.connect()) as connection:
            while not stop.is_set():
                rows = loon.query(connection, "select count(*), min(version), max(version) from w.r")[0]
                if rows[0] != 1000 or rows[1] != rows[2]:
                    wrong.append(rows)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 30):
        assert daemon.query(f"insert overwrite w.r select n, {version} from w.r") == []
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong, wrong[:5]
    # A reader lets go of its files when it has been answered, and the last one removes what was replaced.
    deadline = time.monotonic() + 30
    while len(files(daemon, "r")) != 1:
        assert time.monotonic() < deadline, files(daemon, "r")
        time.sleep(0.05)


def test_files_that_are_read_stay_until_they_are(daemon):
    daemon.query("create table w.s (n bigint, t string) stored as json")
    daemon.query("insert into w.s select range, repeat('x', 1000) from range(200000)")
    connection = daemon.connect(cursorclass=pymysql.cursors.SSCursor)
    with connection.cursor() as cursor:
        cursor.execute("select n, t from w.s")
        assert cursor.fetchone() is not None
        daemon.query("insert overwrite w.s select 7, 'new'")
        assert daemon.query("select n from w.s") == ((7,),)
        assert 1 + sum(1 for _ in cursor) == 200_000
    deadline = time.monotonic() + 5
    while len(files(daemon, "s")) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_writers_of_one_partition_come_one_after_another(daemon):
    daemon.query("create table w.counter (n int) stored as parquet")
    daemon.query("insert into w.counter values (0)")
    failed = []

    def add():
        try:
            for _ in range(5):
                daemon.query("insert overwrite w.counter select n + 1 from w.counter")
        except pymysql.err.MySQLError as error:
            failed.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and daemon.query("select n from w.counter") == ((20,),)


def test_flights_written_back_by_month(flights):  # noqa: F811
    flights.query(
        "create table w.by_month partitioned by (m) stored as parquet as select *, month as m from nycflights13.flights"
    )
    assert len(flights.query("show partitions w.by_month")) == 12
    columns = ", ".join(row[0] for row in flights.query("describe nycflights13.flights"))
    difference = f"select count(*) from (select {columns} from %s except all select {columns} from %s)"
    assert flights.query(difference % ("nycflights13.flights", "w.by_month")) == ((0,),)
    assert flights.query(difference % ("w.by_month", "nycflights13.flights")) == ((0,),)
    assert flights.query("select count(*) from w.by_month where m = 2") == flights.query(
        "select count(*) from nycflights13.flights where month = 2"
    )
