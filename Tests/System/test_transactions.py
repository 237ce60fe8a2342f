"""Transactions as clients see them: the status, writes in read-only ones, what no ROLLBACK takes back."""

import contextlib

import pymysql
import pytest

IN_TRANSACTION, AUTOCOMMIT, READ_ONLY = 0x0001, 0x0002, 0x2000


@pytest.fixture
def cursor(daemon):
    with contextlib.suppress(pymysql.Error):
        daemon.query("create schema tx with dbproperties (location = 'oss://lake/tx/')")
    daemon.query("create table if not exists tx.t (a int) stored as parquet location 'oss://lake/tx/t/'")
    with contextlib.closing(daemon.connect(database="tx")) as connection, connection.cursor() as cursor:
        yield cursor


def status(cursor, sql):
    cursor.execute(sql)
    # PyMySQL keeps it of an OK alone.
    if cursor._result.server_status is None:
        cursor.execute("do 1")
    return cursor._result.server_status & (IN_TRANSACTION | READ_ONLY)


def refused(cursor, sql):
    with pytest.raises(pymysql.Error) as raised:
        cursor.execute(sql)
    return raised.value.args[0]


# PHP's PDO throws where COMMIT finds no transaction in the status.
def test_the_status_tells_what_was_begun(cursor):
    assert status(cursor, "select 1") == 0
    for begin, found in {
        "begin": IN_TRANSACTION,
        "BEGIN WORK": IN_TRANSACTION,
        "start transaction": IN_TRANSACTION,
        "start transaction with consistent snapshot": IN_TRANSACTION,
        "start transaction read write": IN_TRANSACTION,
        "start transaction with consistent snapshot, read only": IN_TRANSACTION | READ_ONLY,
        "START TRANSACTION READ ONLY": IN_TRANSACTION | READ_ONLY,
    }.items():
        assert status(cursor, begin) == found, begin
        assert status(cursor, "select a from t") == found
        for end in ("savepoint s", "rollback to savepoint s", "release savepoint s"):
            assert status(cursor, end) == found, end
        assert status(cursor, "commit and chain") == found
        assert status(cursor, "rollback work and no chain no release") == 0
    assert status(cursor, "begin") == IN_TRANSACTION and status(cursor, "commit") == 0
    assert status(cursor, "commit") == 0


def test_a_read_only_transaction_takes_no_writes(cursor):
    cursor.execute("start transaction read only")
    for sql in (
        "insert into t values (1)",
        "/*+ run_async=true */ insert into t values (1)",
        "create table u stored as parquet as select 1 as a",
        "drop table t",
        "alter table t set tblproperties ('comment' = 'x')",
        "create view v as select 1 as a",
    ):
        assert refused(cursor, sql) == 1792, sql
    cursor.execute("select count(*) from t")
    cursor.execute("rollback")
    assert cursor._result.warning_count == 0
    cursor.execute("set transaction read only")
    assert refused(cursor, "insert into t values (1)") == 1792
    cursor.execute("begin")
    assert refused(cursor, "insert into t values (1)") == 1792
    cursor.execute("commit")
    cursor.execute("insert into t values (1)")
    cursor.execute("set session transaction read only")
    assert refused(cursor, "insert into t values (1)") == 1792
    cursor.execute("start transaction read write")
    cursor.execute("insert into t values (2)")
    cursor.execute("commit")
    cursor.execute("set session transaction read write")
    assert refused(cursor, "start transaction read sometimes") == 1064


def test_a_rollback_says_what_it_does_not_take_back(cursor):
    cursor.execute("begin")
    cursor.execute("insert into t values (3)")
    cursor.execute("rollback")
    assert cursor._result.warning_count == 1
    cursor.execute("show warnings")
    ((level, number, words),) = cursor.fetchall()
    assert (level, number) == ("Warning", 1196) and "written" in words
    cursor.execute("begin")
    cursor.execute("select 1")
    cursor.execute("rollback")
    assert cursor._result.warning_count == 0
    cursor.execute("set autocommit = 0")
    cursor.execute("insert into t values (4)")
    cursor.execute("rollback")
    assert cursor._result.warning_count == 1
    cursor.execute("set autocommit = 1")
    # A definition ends the transaction.
    cursor.execute("begin")
    assert status(cursor, "create or replace view w as select a from t") == 0


def test_a_reset_ends_what_was_begun(daemon):
    with contextlib.closing(daemon.connect()) as connection:
        with connection.cursor() as cursor:
            cursor.execute("start transaction read only")
        connection._execute_command(0x1F, b"")
        connection._read_ok_packet()
        with connection.cursor() as cursor:
            assert status(cursor, "select 1") == 0
