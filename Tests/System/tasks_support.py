"""Help for the tests of tasks."""

import pymysql
import pytest

from test_tables import flights  # noqa: F401 (a fixture)


sent = lambda row: row["mq_status"] in ("SUCCESS", "FAILURE")  # noqa: E731


def refused(daemon, sql, user="root"):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        daemon.query(sql, user)
    return raised.value.args
