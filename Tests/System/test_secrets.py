"""Planted secrets are nowhere afterwards but where they belong: not in logs, errors, tables, messages or files."""

import contextlib
import http.server
import re
import threading

import pymysql
import pytest

import loon

# Each of a form that nothing else has.
KEY, WEBHOOK, RABBIT, PASSWORD, WRONG, NEW = (
    "PLANTEDaccesskeysecret",
    "whsec_UExBTlRFRHdlYmhvb2tzZWNyZXQxMjM0NTY3ODkw",
    "PLANTEDrabbitpassword",
    "PLANTEDpassword",
    "PLANTEDwrongpassword",
    "PLANTEDnewpassword",
)
SECRETS = [KEY, WEBHOOK, "UExBTlRFRHdlYmhvb2tz", "PLANTEDwebhooksecret", RABBIT, PASSWORD, WRONG, NEW, "PLANTED"]


@pytest.fixture(scope="module")
def sink():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.got.append(str(self.headers) + self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(self.server.status)
            self.end_headers()
            # Brokers may say anything back.
            self.wfile.write(
                b"<Error><Code>No</Code><Message>"
                + self.headers.get("Authorization", "").encode()
                + b"</Message></Error>"
            )

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 403
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def everything_that_is_shown(daemon, connection):
    shown = []
    with connection.cursor() as cursor:
        for sql in (
            "show full query_task",
            "show full processlist",
            "show variables",
            "show global variables",
            "show status",
            "show warnings",
            "show grants",
            "show ram roles",
            "select * from mysql.user",
            "select * from information_schema.processlist",
            "select * from performance_schema.session_variables",
            "select * from performance_schema.session_connect_attrs",
            "select * from information_schema.user_privileges",
            "select * from loon.query_task",
        ):
            cursor.execute(sql)
            shown.append(str(cursor.fetchall()))
    for command in (["tasks", "export"], ["ram", "roles"], ["check-config"], ["oss", "ls", "-r", "oss://"]):
        run = daemon.command(
            *command, *([] if command[0] == "check-config" else ["--data-dir", daemon.data]), check=False
        )
        shown.append(run.stdout + run.stderr)
    return shown


def test_planted_secrets_are_nowhere(tmp_path, sink):
    secret_file = tmp_path / "rabbit-password"
    secret_file.write_text(RABBIT + "\n")
    endpoint = f"http://127.0.0.1:{sink.server_port}"
    daemon = loon.Daemon(
        tmp_path / "data",
        NOTIFY_ACCESS_KEY_SECRET=KEY,
        NOTIFY_WEBHOOK_SECRET=WEBHOOK,
        NOTIFY_RABBITMQ_ENDPOINT=endpoint,
        NOTIFY_RABBITMQ_USER="guest",
        NOTIFY_RABBITMQ_PASSWORD_FILE=secret_file,
        LOG_LEVEL="trace",
        NOTIFY_MAX_ATTEMPTS=2,
    ).start()
    daemon.passwords["ann"] = PASSWORD
    errors = []
    with contextlib.closing(daemon.connect()) as connection:

        def attempt(sql, connection=connection):
            try:
                return loon.query(connection, sql)
            except pymysql.MySQLError as error:
                errors.append(str(error))

        attempt(f"create user ann identified by '{PASSWORD}'")
        attempt("grant select on *.* to ann")
        attempt(f"create user ann identified by '{NEW}'")
        attempt(f"alter user nobody identified by '{NEW}'")
        attempt(f"alter user ann identified by '{NEW}' , , ")
        attempt(f"set password for nobody = '{NEW}'")
        attempt(f"/*+ run_async=true */ set password for ann = '{NEW}'")
        for hints in (
            f"mq-notify-by=ons, mq-topic=t, mq-producer-id=G, mq-endpoint=http://MQ_INST_1_x.localhost:{sink.server_port}",
            f"mq-notify-by=mns, mq-queue=q, mq-endpoint={endpoint}",
            f"mq-notify-by=webhook, mq-endpoint={endpoint}/hook",
            f"mq-notify-by=rabbitmq, mq-queue=q, mq-endpoint={endpoint}",
            f"mq-notify-by=rabbitmq, mq-queue=q, mq-endpoint=http://127.0.0.1:1",
        ):
            for sink.status in (403, 500):
                task = attempt(f"/*+ run_async=true, {hints} */ select 1")
                if task:
                    daemon.await_task(task[0][0], lambda row: row["mq_status"] == "FAILURE")
        for password in (WRONG, NEW):
            with pytest.raises(pymysql.MySQLError) as raised:
                pymysql.connect(host="127.0.0.1", port=daemon.program.port, user="ann", password=password)
            errors.append(str(raised.value))
        with contextlib.closing(daemon.connect("ann")) as own:
            attempt(f"set password = '{PASSWORD}'", own)
            attempt("select * from nowhere.nothing", own)
            shown = everything_that_is_shown(daemon, connection)
    log = daemon.program.log()
    assert daemon.program.stop() == 0
    assert len(sink.got) >= 8 and "Authorization" in "".join(sink.got)
    texts = {"log": log, "errors": "\n".join(errors), **{f"shown {number}": text for number, text in enumerate(shown)}}
    for path in daemon.data.rglob("*"):
        if path.is_file() and path.name != "root-password":
            texts[str(path)] = path.read_bytes().decode("latin-1")
    # What was sent is signed with the secrets, and does not hold them. (RabbitMQ's login is one, in base64.)
    texts["messages"] = "\n".join(re.sub(r"Authorization: Basic .*", "", text) for text in sink.got)
    root = (daemon.data / "root-password").read_text().strip()
    found = {(where, secret) for where, text in texts.items() for secret in [*SECRETS, root] if secret in text}
    assert not found
    assert "audit.log" in " ".join(texts) and "loon.sqlite" in " ".join(texts)
