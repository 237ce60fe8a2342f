"""Tools and drivers that speak MySQL, each doing its usual thing; and what tools were seen to send, replayed."""

import asyncio
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

import pexpect
import pymysql
import pytest
from pymysql.constants import CLIENT

import loon

HERE = pathlib.Path(__file__).parent


def test_asyncmy(daemon):
    import asyncmy

    async def work():
        # It speaks CLIENT_DEPRECATE_EOF.
        connection = await asyncmy.connect(
            host="127.0.0.1",
            port=daemon.program.port,
            user="native",
            password=daemon.passwords["native"],
            db="oss_schema",
        )
        async with connection.cursor() as cursor:
            await cursor.execute("select id, name from oss_json where id < %s order by id", (3,))
            rows = await cursor.fetchall()
            await cursor.execute("select * from oss_json where id = 99")
            assert await cursor.fetchall() == ()
        connection.close()
        return rows

    assert [row[0] for row in asyncio.run(work())] == [1, 2]


@pytest.mark.parametrize(
    "options",
    ["", "?useServerPrepStmts=true", "?useCompression=true", "?allowMultiQueries=true&rewriteBatchedStatements=true"],
)
def test_connector_j(daemon, options):
    run = subprocess.run(
        [
            "java",
            "-cp",
            "/usr/share/java/mariadb-java-client.jar",
            HERE / "Peer.java",
            f"jdbc:mariadb://127.0.0.1:{daemon.program.port}/oss_schema{options}",
            "native",
            daemon.passwords["native"],
            "oss_schema",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = run.stdout.splitlines()
    assert lines[0] == "1|é", run.stderr[-2000:]
    assert [line for line in lines if "it's 3" in line][0].startswith("4|")
    assert "oss_json" in lines and lines[-1] == "true"
    assert any(line.startswith("temperature|DOUBLE|") for line in lines), lines


def test_the_exporter(daemon, tmp_path):
    settings = tmp_path / "my.cnf"
    settings.write_text(
        f"[client]\nhost=127.0.0.1\nport={daemon.program.port}\nuser=native\npassword={daemon.passwords['native']}\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open(tmp_path / "log", "w+") as log:
        exporter = subprocess.Popen(
            ["prometheus-mysqld-exporter", f"--web.listen-address=127.0.0.1:{port}", f"--config.my-cnf={settings}"],
            stderr=log,
        )
        try:
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError):
                    metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
                    break
                assert time.monotonic() < deadline
                time.sleep(0.1)
        finally:
            exporter.terminate()
            exporter.wait(timeout=10)
        log.seek(0)
        assert "\nmysql_up 1\n" in metrics and "mysql_exporter_last_scrape_error 0" in metrics, log.read()
        assert (
            re.search(r"^mysql_global_status_threads_connected [1-9]", metrics, re.M)
            and "mysql_global_variables_max_connections" in metrics
        )


def test_mycli(daemon, tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "MYSQL_PWD": daemon.passwords["native"], "LANG": "C.UTF-8"}
    base = [
        "/usr/bin/mycli",
        "--defaults-file",
        "/dev/null",
        "--host",
        "127.0.0.1",
        "--port",
        str(daemon.program.port),
        "--user",
        "native",
    ]
    run = subprocess.run(
        [*base, "-D", "oss_schema", "-e", "select count(*) as n from oss_json"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == ["n", "4"], run.stderr
    (tmp_path / ".myclirc").write_text(
        "[main]\nsmart_completion = True\nenable_pager = False\nless_chatty = True\nlog_file = ~/.mycli.log\nlog_level = ERROR\n"
    )
    environment.update(TERM="dumb", PROMPT_TOOLKIT_NO_CPR="1")
    shell = pexpect.spawn(
        base[0],
        [*base[1:], "--prompt", "MYCLI> ", "oss_schema"],
        env=environment,
        encoding="utf-8",
        timeout=20,
        dimensions=(40, 160),
    )
    shell.expect("MYCLI>")
    time.sleep(1)  # the completions come over a connection of their own
    for line, answer in [("select 1 + 1 as two;", "1 row in set"), ("select nope;", r"\(1054,"), ("\\dt", "oss_json")]:
        shell.send(line + "\r")
        shell.expect(answer)
        shell.expect("MYCLI> ")
    shell.send("exit\r")
    shell.expect(pexpect.EOF)


def cli(daemon, *options):
    return pexpect.spawn(
        "mariadb",
        [
            "--no-defaults",
            "-h",
            "127.0.0.1",
            "-P",
            str(daemon.program.port),
            "-u",
            "native",
            "-p" + daemon.passwords["native"],
            *options,
        ],
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 160),
        env={**os.environ, "TERM": "xterm"},
    )


def test_the_cli_completes_names(daemon):
    shell = cli(daemon, "oss_schema")
    shell.expect(r"oss_schema\]> ")
    # Names were asked for with COM_FIELD_LIST.
    shell.send("select tempe\t")
    shell.expect("rature")
    shell.send(" from oss_json where id = 1;\r")
    shell.expect("1 row in set")
    shell.send("use information_schema\rselect count(*) from ENGINES;\r")
    shell.expect("1 row in set")
    shell.send("\\q\r")
    shell.expect(pexpect.EOF)


def test_the_cli_shows_progress_and_control_c_stops_a_query(daemon):
    shell = cli(daemon)
    shell.expect(r"\]> ")
    shell.send(loon.ENDLESS + ";\r")
    # MariaDB's client draws what the server reports.
    shell.expect(r"Stage: 1 of 1 'executing'\s+[0-9.]+%", timeout=20)
    pressed = time.monotonic()
    shell.sendintr()
    shell.expect("ERROR 1317")
    assert time.monotonic() - pressed < 60
    shell.send("select 'alive' as state;\r")
    shell.expect("1 row in set")
    shell.send("\\q\r")
    shell.expect(pexpect.EOF)


# What would err on MySQL 8.0 too, or is refused here for the reason that stands beside it.
EXPECTED = {
    "activerecord:50": "MySQL's CHECK_CONSTRAINTS has no table_name either",
    "dump:6": "mariadb-dump groups by some columns and selects others, which the engine refuses; it goes on without",
    "dump:35": "the same",
    "dump:69": "the same",
    "grafana:20": "there is no SLEEP",
    "heidisql:35": "FULL_COLLATION_NAME is MariaDB's",
    "heidisql:41": "mysql.user.password is MariaDB's",
    "metabase:34": "%X and %V count weeks from Sundays, which the engine cannot",
    "navicat:10": "GROUP_CONCAT with SEPARATOR is not supported",
    "navicat:32": "it orders by a column that it does not group by: an error in MySQL's default mode too",
    "tableau:8": "a probe whether tables can be created",
    "tableau:10": "a probe whether temporary tables can be created",
    "tableau:11": "the end of that probe",
}


def test_recorded_statements_err_only_where_mysql_errs(daemon, mariadb):
    """Every tool's statements, in order, on one connection: what passes on MariaDB passes here."""
    daemon.put("oss://shop/shop/orders/a.json", '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n')
    daemon.query("create schema shop with dbproperties (catalog='oss', location='oss://shop/shop/')")
    daemon.query(
        "create external table shop.orders (id bigint, name string) stored as json location 'oss://shop/shop/orders/'"
    )
    with contextlib.closing(mariadb.connect()) as connection:
        for sql in [
            "create database shop",
            "create table shop.orders (id bigint, name varchar(255))",
            "insert into shop.orders values (1, 'a'), (2, 'b')",
            "commit",
        ]:
            loon.query(connection, sql)
    different = []
    count = 0
    for file in sorted((HERE / "recorded").glob("*.sql")):
        statements = file.read_text().splitlines()
        count += len(statements)
        ours, theirs = (replay(server, statements) for server in (daemon, mariadb))
        for number, (sql, our, their) in enumerate(zip(statements, ours, theirs), 1):
            if our and not their and f"{file.stem}:{number}" not in EXPECTED:
                different.append((f"{file.stem}:{number}", our, sql[:200]))
    assert count > 1000 and not different, different


def replay(server, statements):
    def connect():
        return server.connect(database="shop", client_flag=CLIENT.MULTI_STATEMENTS, read_timeout=30)

    connection, errors = connect(), []
    for sql in statements:
        victim = None
        if re.search(r"KILL (QUERY |CONNECTION )?42$", sql):
            victim = connect()
            sql = sql.replace("42", str(victim.thread_id()))
        try:
            connection.query(sql)
            while connection._result.has_next:
                connection.next_result()
            errors.append(None)
        except pymysql.err.MySQLError as error:
            errors.append(error.args)
            with contextlib.suppress(pymysql.err.MySQLError):
                connection.ping(reconnect=True)
        if victim:
            with contextlib.suppress(pymysql.err.MySQLError):
                victim.close()
    connection.close()
    return errors


# An independent reader of the protocol


def test_wireshark_reads_every_packet(daemon, tmp_path):
    """Text and prepared results, errors and the rest, through a recording proxy, read by Wireshark's dissector."""
    import capture

    recorder = capture.Recorder(("127.0.0.1", daemon.program.port))
    options = dict(host="127.0.0.1", port=recorder.port, user="native", password=daemon.passwords["native"])
    connection = pymysql.connect(**options, ssl_disabled=True, client_flag=CLIENT.MULTI_STATEMENTS)
    for sql in [
        "select * from oss_schema.oss_json",
        "show variables",
        "show collation",
        "select 1; select 2; set @a = 1",
        "select repeat('x', 300000) from range(3)",
    ]:
        connection.query(sql)
        while connection._result.has_next:
            connection.next_result()
    for sql in ["selec", "select * from nowhere.t"]:
        with contextlib.suppress(pymysql.err.MySQLError):
            connection.query(sql)
    connection.ping()
    connection.close()
    import mysql.connector

    with contextlib.closing(mysql.connector.connect(**options, ssl_disabled=True)) as prepared:
        cursor = prepared.cursor(prepared=True)
        for value in (1, None, "text", 1.5):
            cursor.execute(
                "select ? as a, id, name, temperature, rainy, null as n, date '2024-02-29' as d from oss_schema.oss_json order by id",
                (value,),
            )
            assert len(cursor.fetchall()) == 4
    time.sleep(0.3)
    recorder.close()
    assert len(recorder.conversations) == 2
    complaints = [complaint for conversation in recorder.conversations for complaint in capture.framing(conversation)]
    assert complaints == []
    capture.write_pcap(tmp_path / "x.pcap", 3306, recorder.conversations)
    read = ["tshark", "-n", "-r", str(tmp_path / "x.pcap"), "-d", "tcp.port==3306,mysql"]
    seen = subprocess.run(
        [*read, "-Y", "mysql.query", "-T", "fields", "-e", "mysql.query"], check=True, capture_output=True, text=True
    ).stdout
    assert "show collation" in seen
    bad = "tcp.srcport == 3306 && (_ws.malformed || mysql.unknown_response || mysql.invalid_length)"
    assert subprocess.run([*read, "-Y", bad], check=True, capture_output=True, text=True).stdout == ""
