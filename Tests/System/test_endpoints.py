"""Endpoints that are well but modern, and endpoints that are not well: TLS and HTTP/2, hostile answers, slow names."""

import http.server
import os
import subprocess
import sys
import threading
import time

import pytest

import loon
import rabbitmq_server


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def serve(answer):
    """An HTTP server that answers each POST by `answer(handler)`, and counts them."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, time.monotonic()))
            answer(self)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.got = True, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def no_content(handler):
    handler.send_response(204)
    handler.end_headers()


def sent(row):
    return row["mq_status"] == "SUCCESS"


def failed(row):
    return row["mq_status"] == "FAILURE"


def start(folder, rules, **settings):
    configuration = folder / "loon.yaml"
    configuration.write_text(
        "notify:\n  request-timeout-ms: 3000\n  retry-cap-ms: 300\n  allow:\n"
        + "".join(f"    - {rule}\n" for rule in rules)
    )
    daemon = loon.Daemon(folder / "data", NOTIFY_WEBHOOK_SECRET="whsec_" + "QUJD" * 10, **settings)
    return daemon.start("--config", configuration)


def test_https_with_http_2_and_only_where_the_certificate_is_trusted(folder):
    """hypercorn speaks HTTP/2 to whom offers it over TLS."""
    (folder / "app.py").write_text(
        "async def app(scope, receive, send):\n"
        "    while scope['type'] == 'lifespan':\n"
        "        event = await receive()\n"
        "        await send({'type': event['type'] + '.complete'})\n"
        "        if event['type'] == 'lifespan.shutdown': return\n"
        "    while (await receive()).get('more_body'): pass\n"
        "    open('seen', 'a').write(scope['http_version'] + ' ' + scope['scheme'] + '\\n')\n"
        "    await send({'type': 'http.response.start', 'status': 204, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': b''})\n"
    )
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "2",
            "-subj",
            "/CN=hooks.localhost",
            "-addext",
            "subjectAltName=DNS:hooks.localhost",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    port = rabbitmq_server.free_port()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "hypercorn",
            "--bind",
            f"127.0.0.1:{port}",
            "--certfile",
            "cert.pem",
            "--keyfile",
            "key.pem",
            "app:app",
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with open(os.devnull) as null, __import__("contextlib").suppress(OSError):
                __import__("socket").create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.1)
        rules = ["{ scheme: https, host: '*.localhost', address: [loopback] }"]
        hints = f"mq-notify-by=webhook, mq-endpoint=https://hooks.localhost:{port}/x"
        # Nobody has signed it.
        daemon = start(folder, rules, NOTIFY_MAX_ATTEMPTS=2)
        row = daemon.await_task(daemon.submit("select 1", hints), failed)
        assert "certificate" in row["mq_error_msg"].lower() and not (folder / "seen").exists(), row["mq_error_msg"]
        assert daemon.program.stop() == 0
        # Now the operator trusts it, and asks for no other name than the certificate's.
        daemon = start(folder, rules, NOTIFY_CA_FILE=folder / "cert.pem", NOTIFY_MAX_ATTEMPTS=2)
        for _ in range(3):
            daemon.await_task(daemon.submit("select 1", hints), sent)
        assert (folder / "seen").read_text().splitlines() == ["2 https"] * 3
        row = daemon.await_task(daemon.submit("select 1", hints.replace("hooks.", "others.")), failed)
        assert "certificate" in row["mq_error_msg"].lower() or "subject" in row["mq_error_msg"].lower(), row[
            "mq_error_msg"
        ]
        assert daemon.program.stop() == 0
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_hostile_answers_end_nothing(folder):
    """XML of eight thousand elements within each other, answers without an end, texts that turn the line around: each fails in its own words."""
    deep = b"<Message>" + b"<a>" * 8_000 + b"</a>" * 8_000 + b"</Message>"

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"1000\r\n" + b"x" * 4_096 + b"\r\n")
        except OSError:
            pass

    def body(status, content):
        def answer(handler):
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        return answer

    answers = [
        (body(201, deep), "mq-notify-by=ons, mq-topic=t, mq-producer-id=G", "FAILURE", None),
        (
            body(403, b"<Error><Code>No</Code><Message>" + ("e" + "\u0301" * 30_000).encode() + b"</Message></Error>"),
            "mq-notify-by=ons, mq-topic=t, mq-producer-id=G",
            "FAILURE",
            "No",
        ),
        (
            body(403, "<Error><Code>No</Code><Message>a\u202eb</Message></Error>".encode()),
            "mq-notify-by=ons, mq-topic=t, mq-producer-id=G",
            "FAILURE",
            "No: a b",
        ),
        (endless, "mq-notify-by=ons, mq-topic=t, mq-producer-id=G", "FAILURE", None),
        # Whatever a webhook's answer says, its status counts.
        (endless, "mq-notify-by=webhook", "SUCCESS", None),
        (body(999, b""), "mq-notify-by=webhook", "FAILURE", "HTTP 999"),
    ]
    daemon = start(folder, ["{ scheme: http, host: '*.localhost', address: [loopback] }"], NOTIFY_MAX_ATTEMPTS=2)
    for answer, hints, status, reason in answers:
        server = serve(answer)
        started = time.monotonic()
        hints += f", mq-endpoint=http://MQ_INST_1_x.localhost:{server.server_port}"
        row = daemon.await_task(
            daemon.submit("select 1", hints), lambda row: row["mq_status"] in ("SUCCESS", "FAILURE")
        )
        assert row["mq_status"] == status, (hints, row["mq_error_msg"])
        assert reason is None or reason in row["mq_error_msg"], row["mq_error_msg"]
        assert len((row["mq_error_msg"] or "").encode()) <= 4_096 and "\u202e" not in (row["mq_error_msg"] or "")
        assert time.monotonic() - started < 60
        server.shutdown()
    assert daemon.program.stop() == 0


def test_a_slow_name_server_holds_up_nobody_elses_messages(folder):
    library = folder / "slow_names.so"
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-o", library, loon.ROOT / "Tests/System/slow_names.c", "-ldl"], check=True
    )
    server = serve(no_content)
    daemon = None
    os.environ["LD_PRELOAD"] = str(library)
    try:
        daemon = start(folder, ["{ scheme: http, host: '*.test', address: [loopback] }"])
    finally:
        del os.environ["LD_PRELOAD"]
    for number in range(3):
        daemon.submit(
            "select 1", f"mq-notify-by=webhook, mq-endpoint=http://slow{number}.test:{server.server_port}/slow"
        )
    waits = []
    for _ in range(10):
        row = daemon.await_task(
            daemon.submit("select 1", f"mq-notify-by=webhook, mq-endpoint=http://fast.test:{server.server_port}/fast"),
            sent,
        )
        waits.append(row["mq_total_time"])
        time.sleep(0.5)
    assert max(waits) < 3_000, waits
    started = time.monotonic()
    assert daemon.program.stop() == 0
    assert time.monotonic() - started < 60


def test_a_message_that_waits_long_is_sent_at_once_by_resend(folder):
    def peace(handler):
        handler.send_response(503 if len(handler.server.got) == 1 else 204)
        handler.send_header("Retry-After", "86400")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server = serve(peace)
    daemon = start(folder, ["{ scheme: http, host: 127.0.0.1, address: [loopback] }"])
    task = daemon.submit("select 1", f"mq-notify-by=webhook, mq-endpoint=http://127.0.0.1:{server.server_port}/")
    daemon.await_task(task, lambda row: row["mq_error_msg"] is not None)
    assert daemon.task(task)["mq_status"] == "WAITING"
    daemon.query(f"resend query_task message '{task}'")
    # The lane as a whole rests for at most half a minute.
    daemon.await_task(task, sent, seconds=45)
    assert daemon.program.stop() == 0
