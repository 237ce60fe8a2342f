"""A lake with accounts."""

import contextlib

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
