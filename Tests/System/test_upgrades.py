"""A data directory of an earlier version is opened by this one, with all that was under way in it."""

import pymysql
import pytest

import loon
import stored_version

VERSIONS = sorted(path.name for path in stored_version.STORED.iterdir())


@pytest.fixture(params=VERSIONS)
def upgraded(request, tmp_path, broker):
    stored_version.open_stored(request.param, tmp_path / "data", broker.port)
    daemon = loon.Daemon(tmp_path / "data", TASKS_KEEP_DAYS=0, CLUSTER_RUNNING_TASKS=1)
    daemon.passwords.update(stored_version.PASSWORDS)
    daemon.start()
    yield daemon
    if daemon.program.is_running():
        assert daemon.program.stop() == 0


def task(daemon, label):
    ((task_id,),) = daemon.query(f"select id from loon.query_task where label = '{label}'")
    return task_id


def result(daemon, row):
    return daemon.read(row["result_file_oss_file"])


def test_what_waited_in_an_earlier_version_is_done(upgraded, broker):
    done = upgraded.task(task(upgraded, "done"))
    assert done["status"] == "SUCCESS" and result(upgraded, done) == "number,letter\n1,old\n2,Zürich\n"
    assert upgraded.task(task(upgraded, "failed"))["status"] == "FAILURE"
    assert upgraded.task(task(upgraded, "cancelled"))["status"] == "CANCELLED"
    upgraded.query(f"cancel query_task '{task(upgraded, 'endless')}'")
    # What a write had decided has its place by now.
    assert upgraded.await_task(task(upgraded, "decided"))["status"] == "SUCCESS"
    assert upgraded.query("select count(*), max(c) from s.q")[0][0] == 3
    assert list((upgraded.data / "staging").glob("*/data_0.parquet")) == []
    waiting = upgraded.await_task(task(upgraded, "waiting"))
    assert waiting["status"] == "SUCCESS", waiting["message"]
    assert result(upgraded, waiting) == "x,y,d,n,c\n42,\\,s,1,2\n"
    assert upgraded.await_task(task(upgraded, "insert"))["status"] == "SUCCESS"
    assert upgraded.query("select * from s.t order by a") == ((1, "old"), (2, "Zürich"), (3, "new"))
    told = {body["data"]["id"]: body["data"]["status"] for _, body in loon.receive_ons(broker.port)}
    for label in ("done", "waiting", "insert"):
        assert told.get(task(upgraded, label)) == "SUCCESS", (label, told)
    # A client that tries again what it sent to the earlier version.
    hints = loon.ons(broker.port) + ", label=done, client-token=first"
    assert upgraded.submit("select * from s.v order by number", hints) == done["id"]


def test_tables_views_and_accounts_of_an_earlier_version_are_as_they_were(upgraded):
    assert upgraded.query("select a, n.x from s.j") == ((1, "[1.5,null]"),)
    assert upgraded.query("select a, d, n from s.p order by a") == ((1, "x", 7), (2, None, 8))
    assert upgraded.query("show partitions s.p") == (("d=__HIVE_DEFAULT_PARTITION__/n=8",), ("d=x/n=7",))
    assert upgraded.query("select number, letter from s.v order by 1", "alice") == ((1, "old"), (2, "Zürich"))
    assert int(upgraded.query("select total from s.mine")[0][0]) == 3
    assert "'loon.malformed' = 'fail'" in upgraded.query("show create table s.j")[0][1].replace("'='", "' = '")
    with pytest.raises(pymysql.err.MySQLError):
        upgraded.query("insert into s.t values (4, 'x')", "alice")
    with pytest.raises(pymysql.err.MySQLError) as raised:
        upgraded.connect("bob")
    assert raised.value.args[0] == 3118
    # Earlier tasks are seen by who sent them, and nobody else.
    assert upgraded.query("select count(*) from loon.query_task", "alice") == ((0,),)
