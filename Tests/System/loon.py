"""Starts the built programs on free ports, and speaks to them as their users do."""

import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import time

import pymysql

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SYSTEM_TEST_BIN", ROOT / ".build/debug"))
FULL = os.environ.get("SYSTEM_TEST_FULL") == "1"
FLIGHTS = ROOT / ".deps/nycflights13"
# Ends when it is stopped, however fast the machine is, and holds next to no memory.
ENDLESS = "select sum(range % 7) as s from range(1000000000000000)"
# Never ends and cannot be stopped: its daemon is to be killed.
DEAF = "select equi_width_bins(1, 2, 1000000, false) as d from range(3)"
KEY_ID, KEY_SECRET = "loon", "the-secret-of-the-tests"


def environment(**settings):
    """The environment without what a developer's shell may have set, and with `settings` as LOON_… variables."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LOON_")}
    clean["LOON_ENGINE_LIBRARY"] = str(ROOT / ".deps/libduckdb.so")
    clean.update({"LOON_" + name: str(value) for name, value in settings.items()})
    return clean


class Program:
    """A server process with its log file."""

    # All that were started, for the fixture that leaves none running behind a test.
    started = []

    def __init__(self, arguments, log, ready, env, preexec=None):
        self.log_path = pathlib.Path(log)
        # Appended to: a restart goes on in the same file.
        self.start_of_log = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as file:
            self.process = subprocess.Popen(
                arguments, stderr=file, stdout=file, stdin=subprocess.DEVNULL, env=env, preexec_fn=preexec
            )
        self.started.append(self.process)
        self.port = int(self.wait_for(rf"event={ready} .*?port=(\d+)").group(1))

    def log(self):
        with open(self.log_path, "rb") as file:
            file.seek(self.start_of_log)
            return file.read().decode()

    def wait_for(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log()):
                return match
            assert self.process.poll() is None, f"the program ended with {self.process.returncode}:\n{self.log()}"
            time.sleep(0.02)
        raise AssertionError(f"no line like {pattern!r} in:\n{self.log()}")

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        """Asks it to stop, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=30)


class Daemon:
    """A loond with a data directory, an administrator `root` and an account `user`."""

    def __init__(self, data, **settings):
        self.data = pathlib.Path(data)
        self.settings = {
            "NOTIFY_ACCESS_KEY_ID": KEY_ID,
            "NOTIFY_ACCESS_KEY_SECRET": KEY_SECRET,
            "NOTIFY_RETRY_BASE_MS": 50,
            **settings,
        }
        self.program = None
        self.preexec = None
        self.passwords = {}

    def command(self, *arguments, check=True, input=None):
        return subprocess.run(
            [BIN / "loond", *map(str, arguments)],
            env=environment(**self.settings),
            input=input,
            check=check,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self, *arguments):
        self.program = Program(
            [BIN / "loond", "serve", "--port", "0", "--data-dir", str(self.data), *map(str, arguments)],
            str(self.data) + ".log",
            "server.ready",
            environment(**self.settings),
            self.preexec,
        )
        self.passwords["root"] = (self.data / "root-password").read_text().strip()
        return self

    def create_account(self, name, *flags, grants=("ALL ON *.*",)):
        """An account that may read and change every table, unless `grants` say otherwise."""
        for grant in grants if "--admin" not in flags else ():
            flags += ("--grant", grant)
        self.passwords[name] = secrets.token_hex(8)
        self.command(
            "account",
            "create",
            name,
            "--password-stdin",
            "--data-dir",
            self.data,
            *flags,
            input=self.passwords[name] + "\n",
        )

    def connect(self, user="root", **options):
        options = {"connect_timeout": 60, **options}
        return pymysql.connect(
            host="127.0.0.1",
            port=self.program.port,
            user=user,
            password=self.passwords[user],
            autocommit=None,
            **options,
        )

    def put(self, url, content):
        """Puts text into the object store through the administration command."""
        source = self.data.parent / ("put-" + secrets.token_hex(4))
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        bucket = url.removeprefix("oss://").split("/")[0]
        self.command("oss", "mb", "oss://" + bucket, "--data-dir", self.data)
        self.command("oss", "cp", source, url, "--data-dir", self.data)

    def read(self, url):
        return self.command("oss", "cat", url, "--data-dir", self.data).stdout

    def query(self, sql, user="root"):
        with contextlib.closing(self.connect(user)) as connection:
            return query(connection, sql)

    def task(self, task_id, full=False):
        with contextlib.closing(self.connect()) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(f"show {'full ' if full else ''}query_task where id = '{task_id}'")
            return cursor.fetchone()

    def await_task(self, task_id, until=lambda row: row["status"] in ("SUCCESS", "FAILURE"), seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            row = self.task(task_id)
            if until(row):
                return row
            time.sleep(0.03)
        raise AssertionError(f"the task did not get there: {row}\n{self.program.log()[-3000:]}")

    def submit(self, sql, hints="", user="root"):
        return self.query(f"/*+ run_async=true{', ' if hints else ''}{hints} */ {sql}", user)[0][0]


class Faulty(Daemon):
    """With a disk that refuses and a clock that jumps, where `fault` says so."""

    def __init__(self, data, library, **settings):
        super().__init__(data, **settings)
        self.control = self.data.parent / "faults"
        self.fault()
        self.library = library

    def fault(self, shift=0, number=0, path="-"):
        temporary = self.control.with_suffix(".new")
        temporary.write_text(f"{shift} {number} {path}\n")
        temporary.rename(self.control)

    def start(self, *arguments):
        # For the daemon alone, not for the compiler's and the test's own programs.
        preload = {
            "LD_PRELOAD": str(self.library),
            "FAULTS_FILE": str(self.control),
            "FAULTS_STEPS": str(self.control) + ".steps",
        }
        os.environ.update(preload)
        try:
            return super().start(*arguments)
        finally:
            for name in preload:
                del os.environ[name]

    def steps(self):
        """What was synced (with an empty third part) and renamed so far, in its order."""
        path = pathlib.Path(str(self.control) + ".steps")
        return [tuple(line.split("\t")) for line in path.read_text().splitlines()] if path.exists() else []


def query(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def start_broker(log, port=0):
    return Program(
        [BIN / "loon-mq", "--port", str(port), "--access-key-id", KEY_ID],
        log,
        "broker.ready",
        {**os.environ, "LOON_MQ_ACCESS_KEY_SECRET": KEY_SECRET},
    )


def ons(port, topic="dla_topic"):
    """The hints of a message to a RocketMQ topic of the development broker."""
    return f"mq-notify-by=ons, mq-topic={topic}, mq-producer-id=GID_test, mq-endpoint=http://MQ_INST_1_test.localhost:{port}"


def receive_ons(port, topic="dla_topic", group="GID_reader", seconds=5):
    """All messages that a consumer group gets within `seconds` of the last, by the vendor's SDK, acknowledged."""
    from mq_http_sdk.mq_client import MQClient
    from mq_http_sdk.mq_exception import MQServerException

    consumer = MQClient(f"http://127.0.0.1:{port}", KEY_ID, KEY_SECRET).get_consumer("MQ_INST_1_test", topic, group)
    received = []
    while True:
        try:
            batch = consumer.consume_message(16, seconds)
        except MQServerException as error:
            if error.type == "MessageNotExist":
                return received
            raise
        received += [(message, json.loads(message.message_body)) for message in batch]
        consumer.ack_message([message.receipt_handle for message in batch])
        seconds = 1
