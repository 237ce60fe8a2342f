"""Accounts: passwords, locks, limits, and what becomes of one that is dropped."""

import contextlib
import re
import socket
import time

import pymysql
import pytest

import loon
from access_support import DENIED, DENIED_TABLE, account, lake, refused  # noqa: F401


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
