"""Allocations of the whole daemon, engine included, while rows go to a client: what 900,000 rows more cost. `scripts/bench allocations` runs it."""

import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402
from frontend import INTEGERS, MIXED, Server, drain  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        library, count = directory / "allocations.so", directory / "count"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "allocations.c"], check=True)
        daemon = loon.Daemon(directory / "loon", CLUSTER_THREADS="1")
        os.environ.update(LD_PRELOAD=str(library), ALLOCATIONS_FILE=str(count))
        daemon.start()
        del os.environ["LD_PRELOAD"], os.environ["ALLOCATIONS_FILE"]
        daemon.create_account("bench", "--native-password")
        daemon.command("oss", "mb", "oss://bench", "--data-dir", daemon.data)
        daemon.query("create schema bench with dbproperties (catalog='oss', location='oss://bench/')")
        for name, sql, columns in (
            ("mixed", MIXED, "a bigint, b int, c double, d string, e timestamp"),
            ("integers", INTEGERS, ", ".join(f"c{n} int" for n in range(1, 11))),
        ):
            duckdb.connect().execute(f"copy ({sql}) to '{directory}/{name}.parquet' (format parquet)")
            daemon.command(
                "oss", "cp", directory / f"{name}.parquet", f"oss://bench/{name}/f.parquet", "--data-dir", daemon.data
            )
            daemon.query(
                f"create external table bench.{name} ({columns}) stored as parquet location 'oss://bench/{name}/'"
            )
        server = Server(
            "Loon", daemon.program.port, "bench", daemon.passwords["bench"], daemon.program.process.pid, "bench", ""
        )
        for name in ("mixed", "integers"):
            for prepared in (False, True):
                counts = []
                for rows in (100_000, 100_000, 1_000_000):
                    before = struct.unpack("Q", count.read_bytes()[:8])[0]
                    drain(server, f"select * from {name} limit {rows}", prepared)
                    counts.append(struct.unpack("Q", count.read_bytes()[:8])[0] - before)
                per_row = (counts[2] - counts[1]) / 900_000
                print(
                    f"{name:9} {'binary' if prepared else 'text':7} {counts[1]:8,} for 100,000 rows, {counts[2]:8,} for 1,000,000: {per_row:.4f} a row"
                )
        daemon.program.stop()


if __name__ == "__main__":
    main()
