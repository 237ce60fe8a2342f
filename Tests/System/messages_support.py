"""An endpoint that takes messages."""

import base64
import contextlib
import http.server
import os
import shutil
import threading
import time

import pytest

import loon


SECRET = "whsec_" + base64.b64encode(b"a key of the tests, thirty two b").decode()


RABBIT_PORT = 15672 + os.getpid() % 10_000


sent = lambda row: row["mq_status"] in ("SUCCESS", "FAILURE")  # noqa: E731


class Hook(http.server.ThreadingHTTPServer):
    """An endpoint that keeps what it gets, and answers as it is told: (status, headers, seconds to wait)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got, self.answer = [], (204, {}, 0)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path="/hook?a=b", host="127.0.0.1"):
        return f"http://{host}:{self.server_port}{path}"

    def wait_for(self, count, seconds=15):
        deadline = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.got


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, seconds = self.server.answer
        time.sleep(seconds)
        self.server.got.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()}, body, time.monotonic())
        )
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook():
    server = Hook()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    """A daemon that may call everything on loopback."""
    folder = tmp_path_factory.mktemp("caller")
    ram = folder / "ram"
    shutil.copytree(loon.ROOT / "config/ram", ram)
    config = folder / "loon.yaml"
    config.write_text(f"""
notify:
  webhook-secret: {SECRET}
  rabbitmq-endpoint: http://127.0.0.1:{RABBIT_PORT}
  rabbitmq-user: guest
  rabbitmq-password: guest
  request-timeout-ms: 2000
  retry-cap-ms: 300
  accounts:
    teller: {{ mq-notify-by: webhook, mq-endpoint: "http://127.0.0.1:1/" }}
  clusters:
    public: {{ mq-notify-by: none }}
ram:
  directory: {ram}
""")
    daemon = loon.Daemon(folder / "data").start("--config", config)
    daemon.ram = ram
    daemon.create_account("teller")
    yield daemon
    assert daemon.program.stop() == 0
