"""A real MariaDB beside the daemon, on a private port: what is asked of both must be answered alike."""

import contextlib
import os
import pathlib
import secrets
import socket
import subprocess
import time

import pymysql


class MariaDB:
    def __init__(self, directory, *options, preexec=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.password = secrets.token_urlsafe(12)
        common = [
            "--no-defaults",
            f"--datadir={self.directory}/data",
            "--innodb-flush-method=nosync",
            "--innodb-log-file-size=4M",
            "--innodb-buffer-pool-size=16M",
            "--skip-log-bin",
            "--skip-name-resolve",
        ]
        if os.getuid() == 0:
            common.append("--user=root")
        with open(self.directory / "install.log", "wb") as log:
            subprocess.run(
                ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        statements = [
            f"DROP USER IF EXISTS root@'{host}';"
            for host in ("localhost", "127.0.0.1", "::1", socket.gethostname().lower())
        ] + [
            f"CREATE USER root@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{self.password}');",
            "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;",
        ]
        (self.directory / "init.sql").write_text("\n".join(statements) + "\n")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        with open(self.directory / "server.log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    "/usr/sbin/mariadbd",
                    *common,
                    "--bind-address=127.0.0.1",
                    f"--port={self.port}",
                    f"--socket={self.directory}/m.sock",
                    f"--pid-file={self.directory}/pid",
                    f"--init-file={self.directory}/init.sql",
                    "--performance-schema=OFF",
                    "--character-set-server=utf8mb4",
                    "--collation-server=utf8mb4_general_ci",
                    "--max-allowed-packet=64M",
                    *options,
                ],
                preexec_fn=preexec,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(pymysql.err.OperationalError):
                self.connect().close()
                return
            assert self.process.poll() is None and time.monotonic() < deadline, (
                self.directory / "server.log"
            ).read_text()[-3000:]
            time.sleep(0.05)

    def connect(self, **options):
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", password=self.password, autocommit=None, **options
        )

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
