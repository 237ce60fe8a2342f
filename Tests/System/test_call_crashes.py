"""Every finished task's message arrives, whoever is killed: the daemon and the broker in turn, under load."""

import collections
import contextlib
import random
import threading
import time

import pymysql
import pytest

import loon

ROUNDS = 50 if loon.FULL else 6
pytestmark = pytest.mark.timeout(1800 if loon.FULL else 600)


class Broker:
    """The development broker on one port, with a journal; killed and started again."""

    def __init__(self, folder):
        self.folder, self.port = folder, 0
        self.start()

    def start(self):
        environment = {**loon.environment(), "LOON_MQ_ACCESS_KEY_SECRET": loon.KEY_SECRET}
        self.program = loon.Program(
            [
                loon.BIN / "loon-mq",
                "--port",
                str(self.port),
                "--access-key-id",
                loon.KEY_ID,
                "--data",
                self.folder / "journal",
            ],
            self.folder / "mq.log",
            "broker.ready",
            environment,
        )
        self.port = self.program.port


class Submitter(threading.Thread):
    """Submits until it is told to stop; keeps the ids that it was told."""

    def __init__(self, daemon, hints):
        super().__init__(daemon=True)
        self.target, self.hints, self.ids, self.stopping = daemon, hints, [], threading.Event()

    def run(self):
        while not self.stopping.is_set():
            with (
                contextlib.suppress(pymysql.Error, OSError),
                contextlib.closing(self.target.connect(connect_timeout=2, read_timeout=5)) as connection,
            ):
                while not self.stopping.is_set():
                    self.ids.append(
                        loon.query(connection, f"/*+ run_async=true, {self.hints} */ select {len(self.ids)}")[0][0]
                    )
            time.sleep(0.02)


def test_messages_arrive_though_daemon_and_broker_are_killed(tmp_path):
    broker = Broker(tmp_path)
    daemon = loon.Daemon(tmp_path / "data", NOTIFY_RETRY_CAP_MS=200).start()
    submitters = [
        Submitter(daemon, loon.ons(broker.port, "crash")),
        Submitter(daemon, f"notify-on=start,finish, {loon.ons(broker.port, 'crash')}"),
    ]
    for submitter in submitters:
        submitter.start()
    chance = random.Random(7)
    for number in range(ROUNDS):
        time.sleep(chance.uniform(0.2, 0.8))
        if number % 2:
            broker.program.kill()
            time.sleep(chance.uniform(0, 0.3))
            broker.start()
        else:
            daemon.program.kill()
            daemon.start()
    for submitter in submitters:
        submitter.stopping.set()
        submitter.join(timeout=30)
    ids = [task_id for submitter in submitters for task_id in submitter.ids]
    assert len(ids) > ROUNDS
    deadline = time.monotonic() + 90
    while (
        left := daemon.query("select count(*) from loon.query_task where mq_status is null or mq_status <> 'SUCCESS'")[
            0
        ][0]
    ) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == 0
    rows = dict(daemon.query("select id, status from loon.query_task"))
    assert set(ids) <= set(rows) and set(rows.values()) == {"SUCCESS"}
    events = collections.defaultdict(dict)
    order = collections.defaultdict(list)
    for message, body in loon.receive_ons(broker.port, "crash", seconds=1):
        # A repeat is the same event, to the letter.
        assert events[body["subject"]].setdefault(body["id"], body) == body
        order[body["subject"]].append(int(body["sequence"]))
    ends = {
        subject: [body for body in bodies.values() if body["type"] == "loon.task.success"]
        for subject, bodies in events.items()
    }
    assert set(ends) == set(rows) and all(len(found) == 1 for found in ends.values())
    # None comes before an earlier one has.
    for numbers in order.values():
        seen = list(dict.fromkeys(numbers))
        assert seen == sorted(seen)
    for task_id in submitters[1].ids:
        assert "loon.task.running" in {body["type"] for body in events[task_id].values()}
    assert daemon.program.stop() == 0
    broker.program.stop()
