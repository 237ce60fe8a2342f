"""Debian's rabbitmq-server with its management plugin, on private ports of loopback."""

import contextlib
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import time

import requests


class RabbitMQ:
    def __init__(self, folder, management_port=None, preexec=None):
        self.amqp_port, self.management_port, distribution, self.names = (
            free_port(),
            management_port or free_port(),
            free_port(),
            free_port(),
        )
        (folder / "plugins").write_text("[rabbitmq_management].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.amqp_port}\nmanagement.tcp.port = {self.management_port}\nmanagement.tcp.ip = 127.0.0.1\n"
        )
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"loon{secrets.token_hex(3)}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.names),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        # Debian's wrapper changes the user; the program itself does not.
        program = next(pathlib.Path("/usr/lib/rabbitmq").glob("lib/*/sbin/rabbitmq-server"))
        with open(folder / "out", "wb") as log:
            self.process = subprocess.Popen(
                [program],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=preexec,
            )
        self.session = requests.Session()
        self.session.auth, self.session.base = ("guest", "guest"), f"http://127.0.0.1:{self.management_port}"
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(requests.ConnectionError):
                if self.session.get(self.session.base + "/api/overview").status_code == 200:
                    return
            assert self.process.poll() is None and time.monotonic() < deadline, (folder / "out").read_text()
            time.sleep(0.3)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=60)
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(
                ["epmd", "-port", self.environment["ERL_EPMD_PORT"], "-kill"], capture_output=True, timeout=10
            )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
