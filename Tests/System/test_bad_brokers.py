"""Brokers that refuse, lie or are away."""

import http.server
import re
import threading

import pytest

import loon
from test_tables import flights  # noqa: F401 (a fixture)
from tasks_support import sent  # noqa: F401


class BadBroker(http.server.BaseHTTPRequestHandler):
    """Answers with what the test asks for."""

    answers = []
    requests = []

    def do_POST(self):
        self.requests.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def bad_broker():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BadBroker)
    BadBroker.requests = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A daemon that gives messages up after a second."""
    daemon = loon.Daemon(
        tmp_path_factory.mktemp("impatient") / "data",
        NOTIFY_GIVE_UP_S=1,
        NOTIFY_RETRY_CAP_MS=200,
        NOTIFY_REQUEST_TIMEOUT_MS=300,
    ).start()
    yield daemon
    assert daemon.program.stop() == 0


@pytest.mark.parametrize(
    "answer, status, words",
    [
        ((403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"), "FAILURE", "AccessDenied: no"),
        ((400, b"<?a?><Error/>"), "FAILURE", "HTTP 400"),
        ((400, "<!DOCTYPE a [<!NOTATION n PUBLIC 'p'>]><a/>".encode("utf-16")), "FAILURE", "HTTP 400"),
        ((500, b""), "FAILURE", "HTTP 500"),
        ((201, b"garbage"), "FAILURE", "no broker's"),
        ((201, b"\xff\xfe<<<"), "FAILURE", "no broker's"),
        (
            (201, b"<!DOCTYPE x [<!ENTITY a 'b'>]><Message><MessageId>&a;</MessageId></Message>"),
            "FAILURE",
            "no broker's",
        ),
        ((201, b"<Message><MessageId>1</MessageId><MessageBodyMD5>00</MessageBodyMD5></Message>"), "FAILURE", "MD5"),
        ((201, b"x" * 1_000_000), "FAILURE", ""),
        ((302, b""), "FAILURE", "HTTP 302"),
    ],
)
def test_brokers_that_refuse_or_answer_garbage(impatient, bad_broker, answer, status, words):
    BadBroker.answers = [answer]
    task_id = impatient.submit("select 1", loon.ons(bad_broker.server_port))
    row = impatient.await_task(task_id, sent)
    assert (row["status"], row["mq_status"]) == ("SUCCESS", status)
    assert words in row["mq_error_msg"] and row["mq_message_id"] is None


def test_a_broker_that_is_down_or_never_answers(impatient):
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hanging = impatient.submit("select 1", loon.ons(silent.getsockname()[1]))
        down = impatient.submit("select 1", loon.ons(1))
        for task_id in (down, hanging):
            row = impatient.await_task(task_id, lambda row: row["mq_status"] == "FAILURE")
            assert row["status"] == "SUCCESS" and row["mq_error_msg"]


def test_the_address_is_checked_on_the_socket(tmp_path, bad_broker):
    """A name that the rules allow may lead elsewhere: what counts is where the socket would go."""
    config = tmp_path / "loon.yaml"
    config.write_text('notify:\n  allow:\n    - { host: "*.localhost", address: [public, private] }\n')
    daemon = loon.Daemon(tmp_path / "data")
    daemon.start("--config", config)
    row = daemon.await_task(daemon.submit("select 1", loon.ons(bad_broker.server_port)), sent)
    assert row["mq_status"] == "FAILURE" and "loopback" in row["mq_error_msg"] and BadBroker.requests == []
    assert daemon.program.stop() == 0


def test_a_message_is_tried_again_until_it_is_taken(daemon, bad_broker):
    BadBroker.answers = [(503, b""), (429, b""), (200, b"what?"), (400, b"<Error><Code>MalformedXML</Code></Error>")]
    task_id = daemon.submit("select 1", loon.ons(bad_broker.server_port))
    row = daemon.await_task(task_id, lambda row: row["mq_status"] == "FAILURE")
    assert len(BadBroker.requests) == 4 and "MalformedXML" in row["mq_error_msg"]
    assert daemon.task(task_id, full=True)["mq_attempts"] == 4
    # Every try is the same event.
    assert (
        len({re.search(rb"<MessageBody>(.*)</MessageBody>", body, re.S).group(1) for _, _, body in BadBroker.requests})
        == 1
    )


def test_a_statement_of_15_mib_makes_a_small_message(daemon, broker):
    sql = "select length('" + "ü" * (15 << 19) + "') as n"
    with daemon.connect() as connection:
        task_id = loon.query(connection, f"/*+ run_async=true, {loon.ons(broker.port, 'large')} */ {sql}")[0][0]
    row = daemon.await_task(task_id, sent)
    assert row["status"] == "SUCCESS" and len(row["command"].encode()) > 15 << 20
    [(message, event)] = loon.receive_ons(broker.port, "large")
    assert (
        event["data"]["command_truncated"]
        and len(event["data"]["command_sha256"]) == 64
        and len(message.message_body) < 61_440
    )
    import hashlib

    assert hashlib.sha256(row["command"].encode()).hexdigest() == event["data"]["command_sha256"]
    assert row["command"].startswith(event["data"]["command"])
