"""Engines' processes: what crashes, hangs, or holds too much there costs one statement, and nobody else anything."""

import os
import pathlib
import re
import signal
import threading
import time

import loon
import pymysql
import pytest

DEEP = "repeat('[',1000000)||repeat(']',1000000)"
# Statements that end the process which runs them, or are refused in it. No grants are needed for any.
CRASHES = [
    f"select json_structure({DEEP})",
    f"select json_contains({DEEP}, '1')",
    f"select from_json({DEEP}, '\"JSON\"')",
    f"select json_transform({DEEP}, '[\"JSON\"]')",
    f"select json_merge_patch({DEEP}, {DEEP})",
    f"select json_keys({DEEP})",
    f"select json_array_length({DEEP})",
    f"select json_valid({DEEP})",
    f"select json_extract({DEEP}, '$[0]')",
    f"select json_type({DEEP})",
    f"select json_quote({DEEP})",
    f"select json({DEEP})",
]
# Statements that hear no interrupt, or take very long to.
DEAF = [
    "select equi_width_bins(1, 2, 1000000, false)",
    "select damerau_levenshtein(repeat('ab', 60000), repeat('ba', 60000))",
    "select regexp_full_match(repeat('a', 30000), '(a?){1000}(a?){900}b')",
    "select length(list_aggregate(range(30000000)::varchar[], 'string_agg', ','))",
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    daemon = loon.Daemon(tmp_path_factory.mktemp("workers") / "data", CLUSTER_MEMORY="1GiB", CLUSTER_RUNNING_QUERIES=5)
    daemon.start()
    daemon.create_account("stranger", grants=())
    daemon.create_account("other", grants=())
    yield daemon
    daemon.program.stop()


def processes(daemon):
    """The processes of the daemon's engines: the parent, and the workers."""
    parent = [pid for pid in children(daemon.program.process.pid) if "loon-engine" in command(pid)]
    return parent, [worker for pid in parent for worker in children(pid)]


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@pytest.mark.parametrize("sql", CRASHES)
def test_a_statement_that_ends_its_process_ends_no_other(daemon, sql):
    before = daemon.program.process.pid
    try:
        daemon.query(sql, user="stranger")
    except pymysql.err.Error as error:
        assert error.args[0] in (1105, 1366, 1235, 1104, 1690, 1064), error
        assert not re.search(r"0x[0-9a-f]{4}|/(tmp|work|proc|usr)/", str(error)), error
    assert daemon.query("select 1 + count(*) from (values (1)) t", user="other") == ((2,),)
    assert daemon.query("select count(*) from range(10)", user="stranger") == ((10,),)
    assert daemon.program.is_running() and daemon.program.process.pid == before


def test_a_task_whose_process_dies_runs_once_more_and_fails(daemon):
    task = daemon.submit(CRASHES[0], user="stranger")
    row = daemon.await_task(task)
    assert row["status"] == "FAILURE"
    assert "process ended" in row["message"]
    deaths = [line for line in daemon.program.log().splitlines() if "event=worker.died" in line]
    assert any("signal=11" in line for line in deaths)
    assert daemon.query("select 1 + count(*) from (values (1)) t", user="other") == ((2,),)


@pytest.mark.parametrize("sql", DEAF)
def test_a_deaf_statement_is_killed_and_its_place_is_free(daemon, sql):
    connection = daemon.connect("stranger")
    failed = []

    def run():
        try:
            loon.query(connection, sql)
        except pymysql.err.Error as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    killed = time.monotonic()
    try:
        daemon.query(f"kill query {connection.thread_id()}")
    except pymysql.err.Error:
        pass
    thread.join(30)
    assert not thread.is_alive()
    # A statement that has ended by itself says so; the others are gone with their processes.
    deadline = killed + 10
    while time.monotonic() < deadline:
        shown = [row for row in daemon.query("show full processlist") if sql in str(row)]
        if not shown:
            break
        time.sleep(0.05)
    assert not shown
    assert daemon.query("select 1 + count(*) from (values (1)) t", user="other") == ((2,),)


def test_deaf_statements_hold_no_place_for_good(daemon):
    connections = [daemon.connect("stranger") for _ in range(6)]

    def run(connection):
        try:
            loon.query(connection, DEAF[0])
        except pymysql.err.Error:
            pass

    threads = [threading.Thread(target=run, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    for connection in connections:
        daemon.query(f"kill {connection.thread_id()}")
    for thread in threads:
        thread.join(30)
    started = time.monotonic()
    assert daemon.query("select count(*) from range(10)", user="other") == ((10,),)
    assert time.monotonic() - started < 10


def test_memory_beyond_the_limit_ends_the_statement_and_is_given_back(daemon):
    with pytest.raises(pymysql.err.Error) as raised:
        daemon.query("select length(list_cat(range(60000000), range(60000000)))", user="stranger")
    assert raised.value.args[0] in (1104, 1105, 1038), raised.value
    assert daemon.query("select count(*) from range(10)", user="other") == ((10,),)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        held = sum(resident(pid) for pid in sum(processes(daemon), []))
        if held < 600 << 20:
            break
        time.sleep(0.1)
    assert held < 600 << 20


def resident(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+)", status)
    return int(found[1]) * 1024 if found else 0


def status(daemon):
    return dict(daemon.query("show global status like 'Engine_processes%'"))


def test_processes_are_shown_and_counted(daemon):
    before = status(daemon)
    task = daemon.submit(loon.ENDLESS, user="stranger")
    daemon.await_task(task, lambda row: row["status"] == "RUNNING")
    deadline = time.monotonic() + 20
    while True:
        shown = [row for row in daemon.query("show processlist") if row[6] == task]
        if shown and shown[0][10] is not None:
            break
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    memory, process = shown[0][9:11]
    assert process in processes(daemon)[1] and 1 << 20 < memory < 1 << 30
    row = daemon.task(task, full=True)
    assert row["engine_process"] == process and row["memory_bytes"] > 1 << 20
    # An account sees what its own hold, and no number of the machine's.
    shown = [row for row in daemon.query("show processlist", user="stranger") if row[6] == task]
    assert shown[0][9] > 1 << 20 and shown[0][10] is None
    columns = "status, memory_bytes, engine_process"
    own = daemon.query(f"show full query_task where id = '{task}'", user="stranger")
    assert own[0][-2] > 1 << 20 and own[0][-1] is None, columns
    assert not [row for row in daemon.query("show processlist", user="other") if row[6] == task]
    daemon.query(f"cancel query_task '{task}'")
    daemon.await_task(task, lambda row: row["status"] == "CANCELLED")
    assert daemon.task(task, full=True)["engine_process"] is None
    with pytest.raises(pymysql.err.Error):
        daemon.query(CRASHES[0], user="stranger")
    after = status(daemon)
    assert int(after["Engine_processes_died"]) == int(before["Engine_processes_died"]) + 1
    assert int(after["Engine_processes_started"]) > int(before["Engine_processes_started"])


def test_a_task_that_is_killed_from_outside_runs_alone_at_last(daemon):
    """The kernel may have killed it for memory: from the third time it has all of the cluster's."""
    holder = daemon.connect("other")
    thread = threading.Thread(target=lambda: pytest.raises(pymysql.err.Error, loon.query, holder, loon.ENDLESS))
    thread.start()
    deadline = time.monotonic() + 30
    while not [row for row in daemon.query("show processlist") if row[0] == holder.thread_id() and row[10]]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    task = daemon.submit("select sum(a.range % 7) as s from range(30000) a, range(100000) b", user="stranger")
    killed = set()
    while len(killed) < 2:
        assert time.monotonic() < deadline + 30
        process = daemon.task(task, full=True)["engine_process"]
        if process is not None and process not in killed:
            killed.add(process)
            os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    daemon.program.wait_for(f"(?s)event=task.again .*task={task}.*event=task.again .*task={task}")
    time.sleep(1)
    row = daemon.task(task, full=True)
    assert (row["status"], row["engine_process"]) == ("RUNNING", None), "waits for all of it"
    daemon.query(f"kill query {holder.thread_id()}")
    thread.join(30)
    assert daemon.await_task(task, lambda row: row["status"] not in ("QUEUED", "RUNNING"), 120)["status"] == "SUCCESS"


def test_random_numbers_differ_from_process_to_process(daemon):
    seen = set()
    for number in range(4):
        daemon.create_account(f"random{number}", grants=())
        seen.add(daemon.query("select uuid(), random()", user=f"random{number}"))
    assert len(seen) == 4 and len({row[0][1] for row in seen}) == 4


def test_workers_are_told_of_nothing_but_their_sockets(daemon):
    daemon.query("select count(*) from range(10)", user="other")
    _, workers = processes(daemon)
    assert workers
    for pid in workers:
        # What cannot be traced is root's alone.
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{entry}") for entry in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        assert sorted(links)[:3] == ["/dev/null"] * 3
        assert [link for link in links if link != "/dev/null" and not link.startswith("socket:")] == []
        assert len(links) == 4


def test_a_killed_worker_is_another_time_the_same_answer(daemon):
    daemon.query("select count(*) from range(10)", user="other")
    for pid in processes(daemon)[1]:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert daemon.query("select count(*) from range(11)", user="other") == ((11,),)
            break
        except pymysql.err.Error as error:
            assert error.args[0] == 1105
    else:
        raise AssertionError("no worker answers")


def test_the_parent_is_started_again(daemon):
    parent, workers = processes(daemon)
    os.kill(parent[0], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(command(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(command(pid) for pid in workers), "workers end with their parent"
    for _ in range(3):
        try:
            assert daemon.query("select count(*) from range(12)", user="other") == ((12,),)
            break
        except pymysql.err.Error as error:
            assert error.args[0] == 1105
    else:
        raise AssertionError("no worker answers")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_stays_when_the_daemon_ends(tmp_path, end):
    daemon = loon.Daemon(tmp_path / "data").start()
    daemon.query("select count(*) from range(10)")
    parent, workers = processes(daemon)
    assert parent and workers
    daemon.program.process.send_signal(end)
    daemon.program.process.wait(60)
    deadline = time.monotonic() + 10
    while any(command(pid) for pid in parent + workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(command(pid) for pid in parent + workers)
