"""MariaDB's own test client runs the same scripts as text, prepared, through cursors and compressed; what MariaDB answers is the expected result of `both.test`."""

import os
import pathlib
import subprocess

import pytest

import loon

SCRIPTS = pathlib.Path(__file__).parent / "mysqltest"
MODES = [
    "text",
    "--ps-protocol",
    "--cursor-protocol",
    "--compress",
    "--ps-protocol --compress",
    "--cursor-protocol --compress",
]


def run(script, port, user, password, tmp_path, *options):
    return subprocess.run(
        [
            loon.ROOT / ".deps/mysqltest",
            "--no-defaults",
            "--host=127.0.0.1",
            f"--port={port}",
            "--protocol=tcp",
            f"--user={user}",
            f"--password={password}",
            "--skip-ssl",
            "--max-connect-retries=1",
            "--silent",
            f"--tmpdir={tmp_path}",
            f"--logdir={tmp_path}",
            f"--test-file={script}",
            f"--result-file={script.with_suffix('.result')}",
            *options,
        ],
        env={**os.environ, "PORT": str(port), "USER": user, "PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("script", ["both", "loon"])
def test_loon(daemon, tmp_path, script, mode):
    options = [] if mode == "text" else mode.split()
    outcome = run(
        SCRIPTS / f"{script}.test", daemon.program.port, "native", daemon.passwords["native"], tmp_path, *options
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("mode", MODES)
def test_mariadb(mariadb, tmp_path, mode):
    options = [] if mode == "text" else mode.split()
    outcome = run(SCRIPTS / "both.test", mariadb.port, "root", mariadb.password, tmp_path, *options)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
