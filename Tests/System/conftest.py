import subprocess

import pytest

import loon
import pools
import mariadb_server

JSON_ROWS = (loon.ROOT / "scripts/demo/oss_json.json").read_bytes()


@pytest.fixture(autouse=True)
def nothing_left_running():
    """A test that fails leaves no server behind that takes the machine from the others."""
    before = len(loon.Program.started)
    yield
    for process in loon.Program.started[before:]:
        if process.poll() is None:
            process.kill()
            process.wait()
    del loon.Program.started[before:]


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    program = loon.start_broker(tmp_path_factory.mktemp("mq") / "loon-mq.log")
    yield program
    program.stop()


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """What `loon.Faulty` preloads."""
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-o", library, loon.ROOT / "Tests/System/faults.c", "-ldl"], check=True
    )
    return library


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    server = mariadb_server.MariaDB(tmp_path_factory.mktemp("mariadb"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with the document's table, and the accounts `user` and `native`."""
    daemon = loon.Daemon(tmp_path_factory.mktemp("loond") / "data").start()
    daemon.create_account("user")
    daemon.create_account("native", "--native-password")
    prepare(daemon)
    yield daemon
    if daemon.program.is_running():
        assert daemon.program.stop() == 0
    else:
        pytest.fail(f"the daemon died with {daemon.program.process.returncode}:\n{daemon.program.log()[-3000:]}")


def prepare(daemon):
    daemon.put("oss://lake/oss_schema/oss_json/part.json", JSON_ROWS)
    with daemon.connect() as connection:
        loon.query(
            connection, "create schema oss_schema with dbproperties (catalog='oss', location='oss://lake/oss_schema/')"
        )
        loon.query(
            connection,
            "create external table oss_schema.oss_json (id int, name string, temperature double, rainy boolean) "
            "stored as json location 'oss://lake/oss_schema/oss_json/'",
        )


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    daemon = pools.start(tmp_path_factory.mktemp("queue") / "data")
    yield daemon
    assert daemon.program.stop() == 0


@pytest.fixture
def deaf(tmp_path):
    """A daemon for what can only be ended with it."""
    daemon = pools.start(tmp_path / "data")
    yield daemon
    daemon.program.kill()
