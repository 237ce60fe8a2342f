"""Accounts, their privileges and limits: who may do what, and what the others are told."""

import contextlib
import re

import pymysql
import pytest

import loon
from access_support import DENIED, DENIED_DATABASE, DENIED_TABLE, account, lake, refused  # noqa: F401


def test_nothing_is_allowed_that_was_not_granted(lake, account):
    assert account("select 1") == ((1,),)
    assert account("show databases") == (("information_schema",),)
    assert account("show grants") == ((f"GRANT USAGE ON *.* TO `{account.name}`@`%`",),)
    for number, sql in (
        (DENIED_TABLE, "select * from sales.orders"),
        (DENIED_TABLE, "select 1 where exists (select 1 from sales.orders)"),
        (DENIED_TABLE, "with x as (select * from sales.orders) select * from x"),
        (DENIED_TABLE, "explain select * from sales.orders"),
        (DENIED_TABLE, "/*+ run_async=true */ select * from sales.orders"),
        (DENIED_TABLE, "insert into sales.orders values (1, 'x')"),
        (DENIED_TABLE, "/*+ run_async=true */ insert into sales.orders values (1, 'x')"),
        (DENIED_DATABASE, "create table sales.mine (id int)"),
        (DENIED_DATABASE, "create table sales.mine as select 1 as a"),
        (DENIED_DATABASE, "drop table sales.orders"),
        (DENIED_DATABASE, "alter table sales.orders add columns (x int)"),
        (DENIED_DATABASE, "msck repair table sales.orders"),
        (DENIED_DATABASE, "msck repair database sales"),
        (DENIED_DATABASE, "create view sales.v as select 1 as a"),
        (DENIED_DATABASE, "show tables from sales"),
        (DENIED_DATABASE, "show create table sales.orders"),
        (DENIED_DATABASE, "show create schema sales"),
        (DENIED_DATABASE, "describe sales.orders"),
        (DENIED_DATABASE, "use sales"),
        (DENIED, "create schema x with dbproperties (catalog='oss', location='oss://lake/x/')"),
        (DENIED, "drop schema sales cascade"),
        (DENIED, "create user x identified by 'x'"),
        (DENIED, "drop user root"),
        (DENIED, "alter user root identified by 'x'"),
        (DENIED, "set password for root = 'x'"),
        (DENIED_DATABASE, f"grant select on *.* to {account.name}"),
        (DENIED_DATABASE, "revoke select on *.* from root"),
    ):
        refused(number, account, sql)
    with pytest.raises(pymysql.MySQLError) as raised:
        account("select 1", database="sales")
    assert raised.value.args[0] == DENIED_DATABASE


def test_what_may_not_be_used_is_not_told_to_exist(lake, account):
    lake.query(f"grant select on sales.orders to {account.name}")
    for there, not_there in (
        ("select * from hr.people", "select * from hr.nobody"),
        ("select * from sales.salaries", "select * from sales.salarie"),
        ("show tables from hr", "show tables from nowhere"),
        ("describe sales.salaries", "describe sales.nothing"),
        ("insert into sales.salaries values (1, 1)", "insert into sales.nothing values (1, 1)"),
        ("drop table sales.salaries", "drop table sales.nothing"),
        ("drop table if exists sales.salaries", "drop table if exists sales.nothing"),
        (
            "create table if not exists sales.salaries as select 1 as a",
            "create table if not exists sales.nothing as select 1 as a",
        ),
        ("use hr", "use nowhere"),
    ):
        answers = []
        for sql in (there, not_there):
            with pytest.raises(pymysql.MySQLError) as raised:
                account(sql)
            answers.append(
                (
                    raised.value.args[0],
                    re.sub("hr|people|nobody|salaries|salarie|nothing|nowhere", "X", raised.value.args[1]),
                )
            )
        assert answers[0] == answers[1], (there, not_there)
    assert account("show databases") == (("information_schema",), ("sales",))
    assert account("show tables from sales") == (("orders",),)
    assert {row[2] for row in account("show table status from sales") for row in [(0, 0, row[0])]} == {"orders"}
    for table in ("tables", "columns"):
        sql = f"select distinct table_schema, table_name from information_schema.{table} where table_schema in ('sales', 'hr')"
        assert account(sql) == (("sales", "orders"),)
        # By the engine too.
        assert account(sql.replace("distinct", "distinct abs(-1),")) == ((1, "sales", "orders"),)
    assert account("select schema_name from information_schema.schemata") == (("information_schema",), ("sales",))
    assert "salaries" not in refused(DENIED_TABLE, account, "select * from sales.salarys")
    assert "salaries" not in refused(1054, account, "select pay from sales.orders")


def test_each_privilege_allows_its_statements(lake, account):
    name = account.name
    lake.query(f"grant select on sales.orders to '{name}'@'%'")
    assert account("select count(*) from sales.orders") == ((2,),)
    refused(DENIED_TABLE, account, "insert into sales.orders values (3, 'fig')")
    lake.query(f"grant create, insert on sales.* to {name}")
    account("create table sales.mine (id int) stored as json")
    account("insert into sales.mine values (1), (2)")
    refused(DENIED_TABLE, account, "select * from sales.mine")
    lake.query(f"grant select on sales.mine to {name}")
    assert account("select sum(id) from sales.mine") == ((3,),)
    refused(DENIED_TABLE, account, "alter table sales.mine add columns (x int)")
    refused(DENIED_TABLE, account, "drop table sales.mine")
    lake.query(f"grant alter, drop on sales.mine to {name}")
    account("alter table sales.mine add columns (x int)")
    refused(DENIED_TABLE, account, "alter table sales.mine rename to hr.mine")
    account("drop table sales.mine")
    assert account("show grants") == (
        (f"GRANT USAGE ON *.* TO `{name}`@`%`",),
        (f"GRANT INSERT, CREATE ON `sales`.* TO `{name}`@`%`",),
        (f"GRANT SELECT, DROP, ALTER ON `sales`.`mine` TO `{name}`@`%`",),
        (f"GRANT SELECT ON `sales`.`orders` TO `{name}`@`%`",),
    )
    lake.query(f"revoke all privileges, grant option from {name}")
    assert account("show grants") == ((f"GRANT USAGE ON *.* TO `{name}`@`%`",),)
    refused(1141, lake.query, f"revoke select on sales.orders from {name}")


def test_grants_hold_at_once_on_open_connections_and_for_tasks_that_wait(lake, account):
    name = account.name
    with contextlib.closing(lake.connect(name)) as connection:
        refused(DENIED_TABLE, lambda sql: loon.query(connection, sql), "select * from sales.orders")
        lake.query(f"grant select on *.* to {name}")
        assert len(loon.query(connection, "select * from sales.orders")) == 2
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from hr.people")
        # Its places are taken: the task waits.
        holder = lake.connect()
        lake.query(f"alter user {name} with max_running_tasks 1")
        slow = loon.query(
            connection,
            "/*+ run_async=true */ select count(*) from range(100000000) a(i), range(2000) b(j) where i + j < 0",
        )[0][0]
        waiting = loon.query(connection, "/*+ run_async=true */ select * from sales.orders")[0][0]
        lake.query(f"revoke select on *.* from {name}")
        loon.query(connection, f"cancel query_task '{slow}'")
        row = lake.await_task(waiting)
        assert row["status"] == "FAILURE" and "command denied" in row["message"], row
        refused(DENIED_TABLE, lambda sql: loon.query(connection, sql), "select * from sales.orders")
        # An administrator, and no more.
        lake.query(f"grant all on *.* to {name} with grant option")
        assert loon.query(connection, "select count(*) from mysql.user")[0][0] > 1
        lake.query(f"revoke grant option on *.* from {name}")
        refused(DENIED, lambda sql: loon.query(connection, sql), "create user nobody identified by 'x'")
        holder.close()


def test_who_has_grant_option_hands_on_what_is_theirs(lake, account):
    name = account.name
    lake.query("create user friend identified by 'friend'")
    try:
        lake.query(f"grant select on sales.* to {name} with grant option")
        account("grant select on sales.orders to friend")
        refused(DENIED_DATABASE, account, "grant insert on sales.orders to friend")
        refused(DENIED_DATABASE, account, "grant select on hr.people to friend")
        refused(DENIED_DATABASE, account, "grant select on *.* to friend")
        lake.passwords["friend"] = "friend"
        with contextlib.closing(lake.connect("friend")) as connection:
            assert len(loon.query(connection, "select * from sales.orders")) == 2
        account("revoke select on sales.orders from friend")
    finally:
        lake.query("drop user friend")


def test_views_read_with_their_owners_rights(lake, account):
    name = account.name
    lake.query("create view sales.shown as select id from sales.salaries")
    lake.query(f"grant select on sales.shown to {name}")
    assert account("select * from sales.shown") == ((1,),)
    refused(DENIED_TABLE, account, "select * from sales.salaries")
    # Its text names what the account may not use.
    refused(DENIED_TABLE, account, "show create view sales.shown")
    assert account("describe sales.shown")[0][0] == "id"
    # A view of one's own lends nothing that one has not.
    lake.query(f"grant create, drop on sales.* to {name}")
    refused(DENIED_TABLE, account, "create view sales.own as select * from sales.salaries")
    account("create view sales.own as select * from sales.shown")
    lake.query("create user reader identified by 'reader'")
    lake.passwords["reader"] = "reader"
    lake.query("grant select on sales.own to reader")
    with contextlib.closing(lake.connect("reader")) as connection:
        assert loon.query(connection, "select * from sales.own") == ((1,),)
        lake.query(f"revoke select on sales.shown from {name}")
        assert "shown" not in refused(1356, lambda sql: loon.query(connection, sql), "select * from sales.own")
        lake.query(f"drop user {name}")
        refused(1449, lambda sql: loon.query(connection, sql), "select * from sales.own")
    lake.query("drop view sales.own")
    lake.query("drop view sales.shown")
    lake.query("drop user reader")


@pytest.mark.parametrize(
    "sql",
    [
        "create external table sales.mine (pay string) location 'oss://lake/sales/salaries/'",
        "create external table sales.mine (pay string) location 'oss://lake/sales/salaries/a.csv'",
        "create external table sales.mine (pay string) location 'oss://lake/sales/' tblproperties ('recursive.directories'='true')",
        "create external table sales.mine like mapping('oss://lake/sales/salaries/')",
        "create external table sales.mine like sales.orders location 'oss://lake/sales/salaries/'",
        "alter table sales.orders set location 'oss://lake/sales/salaries/'",
        "create external table sales.mine (pay string) partitioned by (y int) location 'oss://lake/sales/salaries/'",
        "create table sales.mine location 'oss://lake/sales/salaries/x/' as select 1 as a",
        # Of a schema whose location holds the other's.
        "create external table over.mine (pay string) location 'oss://lake/sales/salaries/'",
        "create external table over.mine (pay string) location 'oss://lake/' tblproperties ('recursive.directories'='true')",
    ],
)
def test_a_table_of_ones_own_is_no_way_around_a_grant(lake, account, sql):
    lake.query(
        "create schema if not exists over with dbproperties (catalog='oss', location='oss://lake/', 'loon.overlap'='true')"
    )
    lake.query(f"grant create, alter, drop on sales.* to {account.name}")
    lake.query(f"grant create, select, insert on over.* to {account.name}")
    lake.query(f"grant all on sales.orders to {account.name}")
    assert "location" in refused(DENIED_DATABASE, account, sql)


def test_the_audit_log_says_who_did_what_from_where(lake, account):
    name = account.name
    lake.query(f"grant select on sales.orders to {name}")
    account("select count(*) from sales.orders")
    refused(DENIED_TABLE, account, "select 'a\nevent=audit.statement forged' from hr.people")
    task = account("/*+ run_async=true */ select * from sales.orders")[0][0]
    lake.await_task(task)
    lines = [line for line in (lake.data / "audit.log").read_text().splitlines() if f"account={name}" in line]
    assert all(re.match(r"\S+Z info event=audit\.\w+ ", line) for line in lines)
    text = "\n".join(lines)
    assert re.search(r"event=audit.login account=\S+ connection=\d+ host=127.0.0.1", text)
    assert re.search(
        r'event=audit.statement .*outcome=OK scanned_bytes=15 sql="select count\(\*\) from sales.orders"', text
    )
    assert re.search(r'event=audit.statement .*code=1142 .*outcome=ERROR sql="select \'a\\nevent', text)
    assert re.search(rf"event=audit.statement .*outcome=OK sql=.* task={task}", text)
    assert re.search(rf"event=audit.task account={name} outcome=SUCCESS scanned_bytes=15 task={task}", text)
    assert (lake.data / "audit.log").stat().st_mode & 0o777 == 0o600


def test_a_place_of_ones_choice_is_for_whoever_has_the_schema(lake, account):
    lake.query(f"grant all on sales.orders to {account.name}")
    lake.query(f"grant all on sales.own to {account.name}")
    for sql in (
        "alter table sales.orders set location 'oss://lake/sales/unclaimed/'",
        "create external table sales.own (a int) location 'oss://lake/sales/unclaimed/'",
    ):
        refused(DENIED_DATABASE, account, sql)
    account("create table sales.own (a int)")
    account("drop table sales.own")


def test_renaming_lends_nobodys_rights(lake, account):
    name = account.name
    lake.query("create view sales.lent as select * from hr.people")
    lake.query(f"grant alter, drop on sales.lent to {name}")
    lake.query(f"grant all on sales.taken to {name}")
    refused(DENIED_TABLE, account, "alter table sales.lent rename to sales.taken")
    lake.query("create table sales.moving (a int)")
    lake.query(f"grant alter, drop, select, insert on sales.moving to {name}")
    account("alter table sales.moving rename to sales.taken")
    account("drop table sales.taken")
    lake.query("drop view sales.lent")


def test_what_is_below_a_view_is_not_told(lake, account):
    name = account.name
    lake.query("create table hr.fleeting (a int, hidden string)")
    lake.query("create view sales.over_hr as select a from hr.fleeting where hidden = 'PLANTED'")
    lake.query(f"grant select on sales.over_hr to {name}")
    assert account("select * from sales.over_hr") == ()
    refused(1345, account, "explain select * from sales.over_hr")
    refused(1345, account, "explain analyze select * from sales.over_hr")
    refused(1345, account, "/*+ run_async=true */ explain analyze select * from sales.over_hr")
    lake.query("drop table hr.fleeting")
    assert "fleeting" not in refused(1356, account, "select * from sales.over_hr")
    assert "fleeting" in refused(1146, lake.query, "select * from sales.over_hr")
    lake.query(f"grant show on sales.over_hr to {name}")
    assert "fleeting" in refused(1146, account, "select * from sales.over_hr")
    lake.query("drop view sales.over_hr")


def test_the_audit_log_has_what_is_answered_at_once_and_what_was_stopped(lake, account):
    name = account.name
    with contextlib.closing(lake.connect(name)) as first, contextlib.closing(lake.connect(name)) as second:
        loon.query(second, f"kill {first.thread_id()}")
        with pytest.raises(pymysql.MySQLError):
            loon.query(
                second,
                "/*+ max-running-time-sec=1 */ select count(*) from range(100000000) a(i), range(2000) b(j) where i + j < 0",
            )
        # COM_CHANGE_USER gives up the session that it has: no limit is passed by it.
    lake.query(f"alter user {name} account lock")
    refused(3118, account, "select 1")
    lines = [line for line in (lake.data / "audit.log").read_text().splitlines() if f"account={name}" in line]
    assert any("kind=KILL" in line and f'sql="KILL {first.thread_id()}"' in line for line in lines)
    assert any("code=3024" in line and "outcome=ERROR" in line for line in lines), lines
    assert any("event=audit.login_failed" in line and "code=3118" in line for line in lines)
