"""Accounts, their privileges and limits: who may do what, and what the others are told."""

import contextlib
import re
import socket
import time

import pymysql
import pytest

import loon

DENIED_TABLE, DENIED_DATABASE, DENIED = 1142, 1044, 1227


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    daemon = loon.Daemon(tmp_path_factory.mktemp("access") / "data").start()
    daemon.put("oss://lake/sales/orders/a.csv", "1,apple\n2,pear\n")
    daemon.put("oss://lake/sales/salaries/a.csv", "1,100\n")
    daemon.put("oss://lake/hr/people/a.csv", "1,ann\n")
    for statement in (
        "create schema sales with dbproperties (catalog='oss', location='oss://lake/sales/')",
        "create schema hr with dbproperties (catalog='oss', location='oss://lake/hr/')",
        "create external table sales.orders (id int, name string) row format delimited fields terminated by ',' location 'oss://lake/sales/orders/'",
        "create external table sales.salaries (id int, pay int) row format delimited fields terminated by ',' location 'oss://lake/sales/salaries/'",
        "create external table hr.people (id int, name string) row format delimited fields terminated by ',' location 'oss://lake/hr/people/'",
    ):
        daemon.query(statement)
    yield daemon
    assert daemon.program.stop() == 0


@pytest.fixture
def account(lake, request):
    """A new account without privileges, and a function that runs statements as it."""
    name = "u" + format(abs(hash(request.node.name)), "x")[:10]
    lake.passwords[name] = "pw-" + name
    lake.query(f"create user '{name}'@'%' identified by 'pw-{name}'")

    def run(sql, **options):
        with contextlib.closing(lake.connect(name, **options)) as connection:
            return loon.query(connection, sql)

    run.name = name
    yield run
    lake.query(f"drop user if exists {name}")


def refused(number, run, sql):
    with pytest.raises(pymysql.MySQLError) as raised:
        run(sql)
    assert raised.value.args[0] == number, (sql, raised.value)
    return raised.value.args[1]


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


def test_accounts_are_locked_expire_and_have_limits(lake, account):
    name = account.name
    held = lake.connect(name)
    lake.query(f"alter user {name} account lock")
    with pytest.raises(pymysql.MySQLError):
        for _ in range(20):
            loon.query(held, "select 1")
            time.sleep(0.05)
    refused(3118, account, "select 1")
    lake.query(f"alter user {name} account unlock password expire")
    refused(1862, account, "select 1")
    lake.query(f"alter user {name} identified by 'pw-{name}'")
    assert account("select 1") == ((1,),)
    account(f"set password = 'pw-{name}'")
    account(f"alter user user() identified by 'pw-{name}'")
    lake.query(
        f"alter user {name} with max_user_connections 1 max_queued_tasks 1 max_running_tasks 1 max_scan_bytes_per_day 40"
    )
    with contextlib.closing(lake.connect(name)) as connection:
        refused(1226, account, "select 1")
        lake.query(f"grant select on sales.orders to {name}")
        # 15 bytes each.
        for _ in range(2):
            loon.query(connection, "select * from sales.orders")
        assert "max_scan_bytes_per_day" in refused(
            1226, lambda sql: loon.query(connection, sql), "select * from sales.orders"
        )
        row = lake.await_task(loon.query(connection, "/*+ run_async=true */ select * from sales.orders")[0][0])
        assert row["status"] == "FAILURE" and "max_scan_bytes_per_day" in row["message"]
        slow = "/*+ run_async=true */ select count(*) from range(100000000) a(i), range(2000) b(j) where i + j < 0"
        running = loon.query(connection, slow)[0][0]
        lake.await_task(running, lambda row: row["status"] == "RUNNING")
        waiting = loon.query(connection, slow)[0][0]
        assert "max_queued_tasks" in refused(1226, lambda sql: loon.query(connection, sql), slow)
        for task in (waiting, running):
            loon.query(connection, f"cancel query_task '{task}'")
    lake.query(f"alter user {name} with max_user_connections 0")


def test_the_last_administrator_stays(lake, account):
    for sql in (
        "drop user root",
        "alter user root account lock",
        "revoke all on *.* from root",
        "revoke grant option on *.* from root",
        "revoke all privileges, grant option from root",
    ):
        assert "no administrator" in refused(DENIED, lake.query, sql)
    refused(1410, lake.query, "grant select on *.* to nobody_there")
    refused(1396, lake.query, "drop user nobody_there")
    refused(1396, lake.query, f"create user {account.name} identified by 'x'")
    lake.query(f"create user if not exists {account.name} identified by 'x'")
    refused(1146, lake.query, f"grant select on sales.no_such to {account.name}")
    for sql, number in (
        ("create user x", 1064),
        ("create user x@localhost identified by 'x'", 1235),
        ("grant super on *.* to x", 1064),
        ("grant select (id) on sales.orders to x", 1235),
        ("create user x identified with sha256_password by 'x'", 1235),
        ("grant select on `s%`.* to x", 1235),
        ("create user 'a b' identified by 'x'", 1231),
        ("create user x identified by ''", 1231),
    ):
        refused(number, lake.query, sql)


def test_passwords_in_statements_are_shown_nowhere(lake, account):
    secret = "hunter2hunter2"
    for sql in (
        f"create user s1 identified by '{secret}'",
        f"alter user s1 identified by '{secret}x'",
        f"set password for s1 = '{secret}'",
        f"create user s2 identified by '{secret}' nonsense",
        f"create user s3 identified by '{secret}",
        f"set password for s1 '{secret}'",
        f'alter user s1 identified by "{secret}" and more',
        f"create user s4 identified by {secret}",
        f"grant select on *.* to s1 identified by '{secret}'",
        f"select 1; create user s5 identified by '{secret}'",
        f"set /* x */ password = {secret}",
        f"/*+ run_async=true */ create user s6 identified by '{secret}'",
    ):
        with (
            contextlib.closing(lake.connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)) as connection,
            connection.cursor() as cursor,
        ):
            try:
                cursor.execute(sql)
                while cursor.nextset():
                    pass
            except pymysql.MySQLError as error:
                assert secret not in str(error), sql
                cursor.execute("show warnings")
                assert secret not in str(cursor.fetchall()), sql
    log = lake.program.log()
    audit = (lake.data / "audit.log").read_text()
    assert secret not in log and secret not in audit
    assert re.search(r"event=audit.account .*kind=\"CREATE USER\" outcome=OK what=s1", audit)
    for name in ("s1", "s5"):
        lake.query(f"drop user if exists {name}")


def test_wrong_passwords_slow_down_and_are_logged(lake, account):
    name = account.name

    def attempt(password, user=name):
        start = time.monotonic()
        try:
            pymysql.connect(host="127.0.0.1", port=lake.program.port, user=user, password=password).close()
            return None, time.monotonic() - start
        except pymysql.MySQLError as error:
            return str(error), time.monotonic() - start

    known, unknown = attempt("wrong")[0], attempt("wrong", "nobody_at_all")[0]
    assert known.replace(name, "X") == unknown.replace("nobody_at_all", "X")
    for _ in range(9):
        attempt("wrong")
    assert attempt("wrong")[1] > 1
    # Slower, not locked out.
    error, seconds = attempt("pw-" + name)
    assert error is None and seconds > 1
    assert attempt("pw-" + name)[1] < 1
    assert re.search(rf"event=login.failed account={name} failures=11 host=127.0.0.1", lake.program.log())
    assert re.search(
        rf"event=audit.login_failed account={name} failures=11 host=127.0.0.1", (lake.data / "audit.log").read_text()
    )


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


def test_a_revoked_privilege_is_gone_whoever_else_changes_accounts(lake, account):
    """Changes that are made at the same time are all seen."""
    import threading

    name = account.name
    others = [f"{name}_{number}"[-32:] for number in range(4)]
    for other in others:
        lake.query(f"create user {other} identified by 'x'")
    connections = [lake.connect() for _ in others]
    for _ in range(20):
        for other in others:
            lake.query(f"grant select on sales.orders to {other}")
        threads = [
            threading.Thread(target=loon.query, args=(connection, f"revoke select on sales.orders from {other}"))
            for connection, other in zip(connections, others)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for other in others:
            lake.passwords[other] = "x"
        with contextlib.closing(lake.connect(others[0])) as connection:
            refused(DENIED_TABLE, lambda sql: loon.query(connection, sql), "select * from sales.orders")
    for connection in connections:
        connection.close()
    lake.query("drop user " + ", ".join(others))


def test_tasks_of_an_account_that_is_locked_do_not_run(lake, account):
    name = account.name
    lake.query(f"alter user {name} with max_running_tasks 1")
    slow = "/*+ run_async=true */ select count(*) from range(100000000) a(i), range(2000) b(j) where i + j < 0"
    running = account(slow)[0][0]
    lake.await_task(running, lambda row: row["status"] == "RUNNING")
    waiting = account("/*+ run_async=true */ select 1")[0][0]
    lake.query(f"alter user {name} account lock")
    lake.query(f"cancel query_task '{running}'")
    row = lake.await_task(waiting)
    assert row["status"] == "FAILURE" and "locked" in row["message"]


def test_long_names_of_users_fill_no_log(lake):
    before = (lake.data / "audit.log").stat().st_size, len(lake.program.log())
    for number in range(20):
        with pytest.raises(pymysql.MySQLError):
            pymysql.connect(host="127.0.0.1", port=lake.program.port, user=f"{number}" + "x" * 50_000, password="")
    assert (lake.data / "audit.log").stat().st_size - before[0] < 20_000
    assert len(lake.program.log()) - before[1] < 100_000


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


def test_many_statements_that_wait_for_a_table_leave_others_their_threads(lake, account):
    name = account.name
    lake.query("create table sales.busy (a bigint)")
    lake.query(f"grant all on sales.busy to {name}")
    held = [lake.connect(name) for _ in range(11)]
    held[0]._execute_command(
        3, "insert into sales.busy select count(*) from range(100000000) a(i), range(2000) b(j) where i + j < 0"
    )
    time.sleep(0.5)
    for connection in held[1:]:
        connection._execute_command(3, "alter table sales.busy add columns (b int)")
    lake.query("create user bystander identified by 'x'")
    lake.passwords["bystander"] = "x"
    with contextlib.closing(lake.connect("bystander", read_timeout=10)) as connection:
        assert loon.query(connection, "show databases") == (("information_schema",),)
    lake.query("drop user bystander")
    lake.query(f"kill query {held[0].thread_id()}")
    for connection in held:
        connection._force_close()
    for _ in range(50):
        with contextlib.suppress(pymysql.MySQLError):
            lake.query("drop table sales.busy")
            break
        time.sleep(0.1)


def test_the_method_of_a_login_tells_no_account_from_a_name_that_nobody_has(lake):
    """What the server asks for is the same each time, and unknown names are asked for either."""

    def asked(user):
        connection = socket.create_connection(("127.0.0.1", lake.program.port), timeout=10)
        with connection:
            connection.recv(4_096)
            capabilities = 0x00080000 | 0x8000 | 0x200 | 1
            login = (
                capabilities.to_bytes(4, "little")
                + (1 << 24).to_bytes(4, "little")
                + b"\x2d"
                + bytes(23)
                + user.encode()
                + b"\0\x14"
                + b"x" * 20
                + b"other_plugin\0"
            )
            connection.sendall(len(login).to_bytes(3, "little") + b"\x01" + login)
            answer = connection.recv(4_096)
            assert answer[4] == 0xFE, answer
            return answer[5 : answer.index(b"\0", 5)].decode()

    names = [f"nobody{number}" for number in range(24)]
    assert {asked(name) for name in names} == {"caching_sha2_password"}
    lake.query("create user old_client identified with mysql_native_password by 'old'")
    methods = [asked(name) for name in names]
    assert set(methods) == {"caching_sha2_password", "mysql_native_password"} and methods == [
        asked(name) for name in names
    ]
    assert asked("old_client") == "mysql_native_password" and asked("root") == "caching_sha2_password"
    lake.query("drop user old_client")


def test_a_dropped_account_leaves_nothing_to_one_that_has_its_name(lake):
    def make():
        lake.query("create user 'twin'@'%' identified by 'pw-twin'")
        lake.query("grant all on sales.* to twin")
        lake.passwords["twin"] = "pw-twin"

    def run(sql, user="twin"):
        return lake.query(sql, user)

    make()
    done = lake.submit("select 'secret' as s", "client-token=once, label=mine", user="twin")
    lake.await_task(done)
    running = [lake.submit(loon.ENDLESS, user="twin") for _ in range(2)]
    lake.await_task(running[0], lambda row: row["status"] == "RUNNING")
    run("create view sales.seen as select * from sales.salaries")
    old = lake.connect("twin")
    lake.query("drop user twin")
    for task in running:
        row = lake.await_task(task)
        assert row["status"] == "FAILURE" and "no account 'twin' any more" in row["message"], row
    make()
    # The connection of the old one is not the new one's.
    with pytest.raises(pymysql.MySQLError):
        loon.query(old, "select 1")
    assert run("show query_task") == () and run(f"show query_task where id = '{done}'") == ()
    assert run("select count(*) from loon.query_task") == ((0,),)
    refused(1094, run, f"cancel query_task '{done}'")
    refused(1094, run, f"wait query_task '{done}' timeout 1")
    refused(1094, run, f"resend query_task message '{done}'")
    refused(1146, run, f"select * from query_result.`{done}`")
    # A token of the old one's is free, and names another task.
    again = lake.submit("select 'other' as s", "client-token=once", user="twin")
    assert again != done and lake.await_task(again)["status"] == "SUCCESS"
    assert [row[0] for row in run("show query_task")] == [again]
    # Its views are nobody's: they do not run with the new one's rights.
    refused(1449, run, "select * from sales.seen")
    assert len(lake.query("show query_task for 'twin'")) == 4, "an administrator sees all that had the name"
    lake.query("drop view sales.seen")
    lake.query("drop user twin")


def test_the_tasks_of_a_dropped_account_do_not_come_back_after_a_restart(tmp_path):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.create_account("twin")
    running = daemon.submit(loon.ENDLESS, user="twin")
    daemon.await_task(running, lambda row: row["status"] == "RUNNING")
    daemon.program.kill()
    daemon.command("account", "create", "other", "--password-stdin", "--data-dir", daemon.data, input="x\n")
    daemon.start()
    daemon.query("drop user twin")
    daemon.create_account("twin")
    assert daemon.await_task(running)["status"] == "FAILURE"
    assert daemon.query("show query_task", "twin") == ()
    daemon.program.stop()
