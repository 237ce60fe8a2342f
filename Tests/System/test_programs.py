"""The programs' flags, settings and failures; bad bytes on their ports."""

import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

import loon


def test_settings_flags_over_environment_over_file(tmp_path):
    config = tmp_path / "loon.yaml"
    config.write_text("listen:\n  port: 1\nlog:\n  level: debug\nservice: { region-code: sh }\n")
    daemon = loon.Daemon(tmp_path / "data", LISTEN_PORT=2)
    program = loon.Program(
        [loon.BIN / "loond", "serve", "--config", config, "--port", "0", "--data-dir", daemon.data],
        tmp_path / "log",
        "server.ready",
        loon.environment(LISTEN_PORT=2),
    )
    assert program.port > 2
    assert program.stop() == 0
    assert len(re.findall("event=server.ready", program.log())) == 1


@pytest.mark.parametrize(
    "text, words",
    [
        ("listen:\n  prt: 1\n", ":2: there is no setting 'listen.prt'"),
        ("listen:\n  port: many\n", ":2: listen.port: 'many' is not a whole number"),
        ("\nlisten: 5\n", ":2:"),
        ("log: [a]\n", ":1:"),
        ("{", "is not YAML"),
        ("service:\n  time-zone: '+25:00'\n", ":2:"),
        ("notify:\n  mns-endpoint: moon\n", ":2: notify.mns-endpoint: 'moon' is not an endpoint"),
        ("notify:\n  ca-file: /no/such\n", "a file that can be read"),
        ("notify:\n  rabbitmq-endpoint: http://u:hidden@host/x y\n", ":2: notify.rabbitmq-endpoint: the value is not"),
        ("notify:\n  rabbitmq-user: u\n", "notify.rabbitmq-user and notify.rabbitmq-password"),
        ("notify:\n  allow:\n    - { host: x, prot: 1 }\n", ":3:"),
        ("notify:\n  allow:\n    - { host: x, address: [moon] }\n", ":3:"),
        ("x: 1\n", ":1:"),
    ],
)
def test_a_bad_configuration_names_its_line(tmp_path, text, words):
    path = tmp_path / "loon.yaml"
    path.write_text(text)
    run = loon.Daemon(tmp_path / "data").command("check-config", "--config", path, check=False)
    assert run.returncode == 1 and words in run.stderr and len(run.stderr.splitlines()) <= 6, run.stderr


def test_the_shipped_configuration_is_good_and_complete():
    daemon = loon.Daemon("unused")
    path = loon.ROOT / "config/loon.yaml"
    assert daemon.command("check-config", "--config", path).returncode == 0
    sources = [loon.ROOT / f"Sources/LoonService/Configuration/{name}.swift" for name in ("Settings", "ClusterSetting")]
    source = "".join(path.read_text() for path in sources)
    names = set(
        re.findall(r'(?:path: |name: |text\(|integer\(|flag\(|size\(|endpoint\()"([a-z-]+(?:\.[a-z-]+)?)"', source)
    ) - {"notify.access-key-secret"}
    assert len(names) > 40
    for name in names:
        assert re.search(rf"^\s*(# )?{name.split('.')[-1]}:", path.read_text(), re.M), name


def test_wrong_settings_elsewhere(tmp_path):
    daemon = loon.Daemon(tmp_path / "data")
    assert (
        "LISTEN_PORT"
        in subprocess.run(
            [loon.BIN / "loond", "check-config"], env=loon.environment(LISTEN_PORT="x"), capture_output=True, text=True
        ).stderr
    )
    assert (
        "LOON_NONSENSE"
        in subprocess.run(
            [loon.BIN / "loond", "check-config"], env=loon.environment(NONSENSE="x"), capture_output=True, text=True
        ).stderr
    )
    for usage in [("serve", "--nonsense"), ("account", "create", "x"), ("oss",), ("oss", "cp", "x")]:
        assert daemon.command(*usage, check=False).returncode in (0, 2), usage
    assert daemon.command("serve", "--nonsense", check=False).returncode == 2


def failing_start(tmp_path, *arguments, **settings):
    run = subprocess.run(
        [loon.BIN / "loond", "serve", "--data-dir", str(tmp_path / "other"), *map(str, arguments)],
        env=loon.environment(**settings),
        capture_output=True,
        text=True,
        timeout=30,
    )
    lines = [line for line in run.stderr.splitlines() if not re.match(r"\d{4}-.* info event=", line)]
    assert run.returncode == 1 and len(lines) == 1, run.stderr
    return lines[0]


def test_a_start_that_cannot_be_says_what_to_do(tmp_path, daemon):
    assert "--port" in failing_start(tmp_path, "--port", daemon.program.port)
    assert "--data-dir" in failing_start(tmp_path, "--data-dir", daemon.data, "--port", 0)
    assert "scripts/setup" in failing_start(tmp_path, "--port", 0, ENGINE_LIBRARY="/nowhere/libduckdb.so")
    assert "scripts/setup" in failing_start(tmp_path, "--port", 0, "--libduckdb", "libsqlite3.so.0")
    assert "data directory" in failing_start(tmp_path, "--port", 0, "--data-dir", "/proc/loon")


def test_files_are_the_owners_alone(daemon):
    assert daemon.data.stat().st_mode & 0o777 == 0o700
    for name in ["root-password", "password-key.pem", "loon.sqlite", "loon.sqlite-wal", "loond.sock"]:
        assert (daemon.data / name).stat().st_mode & 0o077 == 0, name


def test_object_store_commands(daemon, tmp_path):
    def oss(*arguments, check=True):
        return daemon.command("oss", *arguments, "--data-dir", daemon.data, check=check)

    (tmp_path / "a.txt").write_text("hello")
    oss("mb", "oss://bucket-1")
    oss("mb", "oss://bucket-1")
    oss("cp", tmp_path / "a.txt", "oss://bucket-1/x/y/")
    assert "oss://bucket-1/" in oss("ls").stdout.splitlines()
    assert re.fullmatch(r"5\t\S+\toss://bucket-1/x/y/a.txt\n", oss("ls", "-r", "oss://bucket-1/").stdout)
    assert oss("cat", "oss://bucket-1/x/y/a.txt").stdout == "hello"
    oss("cp", "oss://bucket-1/x/y/a.txt", tmp_path / "b.txt")
    assert (tmp_path / "b.txt").read_text() == "hello"
    (tmp_path / "link").symlink_to("/etc")
    (daemon.data / "oss/bucket-1/escape").symlink_to("/etc")
    for bad in [
        ("cat", "oss://bucket-1/escape/passwd"),
        ("cat", "oss://bucket-1/../../root-password"),
        ("cat", "oss://bucket-1/nothing"),
        ("cat", "/etc/passwd"),
        ("mb", "oss://A"),
        ("mb", "oss://.."),
        ("mb", "oss://b1-/"),
        ("cp", tmp_path / "a.txt", "oss://nobucket/a"),
        ("cp", tmp_path / "a.txt", "oss://bucket-1/x/y/a.txt/z"),
        ("cp", tmp_path / "a.txt", "oss://bucket-1/x"),
        ("cp", tmp_path / "a.txt", "oss://bucket-1/escape/a"),
        ("cp", tmp_path / "nothing", "oss://bucket-1/n"),
        ("ls", "oss://nobucket/"),
    ]:
        run = oss(*bad, check=False)
        assert run.returncode == 1 and run.stderr.startswith("loond: ") and run.stdout == "", (bad, run)


# MARK: Bad bytes


def greeting(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    header = connection.recv(4, socket.MSG_WAITALL)
    connection.recv(header[0] | header[1] << 8, socket.MSG_WAITALL)
    return connection


def packet(sequence, payload):
    return struct.pack("<I", len(payload) | sequence << 24) + payload


def test_random_bytes_and_cut_handshakes(daemon):
    generator = random.Random(7)
    login = (
        struct.pack("<IIB23x", 0x3FA28D, 1 << 24, 45)
        + b"user\0"
        + b"\x14"
        + b"x" * 20
        + b"db\0"
        + b"mysql_native_password\0"
    )
    inputs = [generator.randbytes(generator.randrange(1, 2000)) for _ in range(200)]
    inputs += [packet(1, login[:cut]) for cut in range(0, len(login), 3)]
    inputs += [
        packet(1, bytes([generator.randrange(256) if generator.random() < 0.1 else b for b in login]))
        for _ in range(200)
    ]
    inputs += [
        packet(2, login),
        packet(1, b""),
        packet(1, b"\xff" * 60_000),
        struct.pack("<I", 0x01FFFFFF) + b"x" * 70_000,
    ]
    for data in inputs:
        with greeting(daemon.program.port) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:
                pass
    assert daemon.query("select 1") == ((1,),)


def test_bad_commands_after_the_login(daemon):
    import pymysql

    generator = random.Random(8)
    for number in range(150):
        connection = daemon.connect("user")
        payload = bytes(
            [generator.choice([2, 3, 4, 9, 12, 13, 14, 17, 22, 23, 26, 27, 28, 31, 99])]
        ) + generator.randbytes(generator.randrange(300))
        connection._sock.sendall(packet(0, payload))
        try:
            connection._read_packet()
        except pymysql.err.MySQLError:
            pass
        connection._force_close()
    connection = daemon.connect("user")
    for code in [0, 5, 7, 10, 15, 30, 200]:
        connection._sock.sendall(packet(0, bytes([code]) + b"x\0"))
        connection._next_seq_id = 1
        with pytest.raises(pymysql.err.MySQLError) as raised:
            connection._read_packet()
        assert raised.value.args[0] == 1047
    # Several commands sent ahead are answered in their order.
    connection._sock.sendall(b"".join(packet(0, b"\x03select %d" % n) for n in range(60)))
    for n in range(60):
        connection._next_seq_id = 1
        connection._result = None
        result = pymysql.connections.MySQLResult(connection)
        result.read()
        assert result.rows == ((n,),)
    connection.close()


def test_a_peer_that_says_nothing_is_let_go(daemon):
    with socket.create_connection(("127.0.0.1", daemon.program.port), timeout=15) as connection:
        started = time.monotonic()
        while connection.recv(4096):
            pass
        assert 5 < time.monotonic() - started < 60


def test_the_log_is_opened_again_on_sighup_and_cannot_be_forged(tmp_path):
    log = tmp_path / "loond.log"
    daemon = loon.Daemon(tmp_path / "data")
    process = subprocess.Popen(
        [loon.BIN / "loond", "serve", "--port", "0", "--data-dir", daemon.data],
        env=loon.environment(LOG_FILE=log, LOG_LEVEL="debug"),
    )
    try:
        deadline = time.monotonic() + 20
        while "server.ready" not in (log.read_text() if log.exists() else "") and time.monotonic() < deadline:
            time.sleep(0.05)
        port = int(re.search(r" port=(\d+)", log.read_text()).group(1))
        log.rename(tmp_path / "old.log")
        process.send_signal(signal.SIGHUP)
        while not log.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        import pymysql

        with pytest.raises(pymysql.err.MySQLError):
            pymysql.connect(
                host="127.0.0.1", port=port, user='x\n2026-01-01T00:00:00.000Z info event=forged a="b', password="p"
            )
        while "connection.refused" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        lines = log.read_text().splitlines()
        assert any("event=connection.refused" in line for line in lines)
        assert all(
            re.match(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (trace|debug|info|notice|warning|error) event=(?!forged)", line
            )
            for line in lines
        )
        assert log.stat().st_mode & 0o777 == 0o600
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_every_event_that_is_logged_is_documented(daemon):
    text = (loon.ROOT / "docs/operations.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", text, re.M))
    used = set()
    for path in pathlib.Path(loon.ROOT / "Sources").rglob("*.swift"):
        used |= set(
            re.findall(
                r'"((?:server|connection|statement|task|message|notifier|scheduler|account|log|broker|tls|table|storage|role|sts|login|audit|gate|worker|engine)\.[a-z_]+)"',
                path.read_text(),
            )
        )
    used -= {"log.file", "log.level"}  # settings
    used -= {name for name in used if name.startswith("engine.") and name not in ("engine.sandbox", "engine.ended")}
    assert documented == used
    logged = set(re.findall(r"event=([a-z_.]+)", pathlib.Path(str(daemon.data) + ".log").read_text()))
    assert logged <= documented and {"server.ready", "account.created"} <= logged
