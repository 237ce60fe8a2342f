"""What the gate's second look costs. `scripts/bench gate` runs it; raw numbers go to Benchmarks/results/gate.json.

A statement is prepared, so that nothing runs. Four kinds, interleaved: with and without a function that is replaced by
its bounded twin, each as one text (both looks are remembered) and as texts that were never seen. The first look is what
a new text costs beyond a known one; the second is what a new text with a replacement costs beyond that.
"""

import json
import pathlib
import statistics
import sys
import tempfile
import time

import mysql.connector

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/System"))
import loon  # noqa: E402

ROUNDS = 2_000
COLUMNS = ", ".join(f"t.i + {number} as c{number}" for number in range(10))


def text(function, number):
    return f"select {function}, {COLUMNS}, {number} as n from range(3) t(i) where t.i <> {number} order by 1"


KINDS = {
    "known, nothing replaced": lambda number: text("lower(cast(t.i as varchar))", 1),
    "new, nothing replaced": lambda number: text("lower(cast(t.i as varchar))", number),
    "known, one replaced": lambda number: text("repeat(cast(t.i as varchar), 2)", 1),
    "new, one replaced": lambda number: text("repeat(cast(t.i as varchar), 2)", number),
}


def main():
    with tempfile.TemporaryDirectory() as directory:
        daemon = loon.Daemon(pathlib.Path(directory) / "data").start()
        # Not over TCP: there the closing of a statement, which has no answer, holds up the next by 40 ms.
        connection = mysql.connector.connect(
            unix_socket=str(daemon.data / "loond.sock"), user="root", password=daemon.passwords["root"]
        )
        times = {kind: [] for kind in KINDS}
        for number in range(2, ROUNDS + 102):
            for kind, sql in KINDS.items():
                statement = sql(number).encode()
                started = time.perf_counter()
                prepared = connection.cmd_stmt_prepare(statement)
                elapsed = (time.perf_counter() - started) * 1e6
                connection.cmd_stmt_close(prepared["statement_id"])
                # The first ones warm up.
                if number > 101:
                    times[kind].append(elapsed)
        connection.close()
        daemon.program.stop()
    medians = {kind: statistics.median(values) for kind, values in times.items()}
    for kind, value in medians.items():
        print(f"{kind:28} {value:8.0f} µs")
    first = medians["new, nothing replaced"] - medians["known, nothing replaced"]
    second = (medians["new, one replaced"] - medians["known, one replaced"]) - first
    print(f"the first look {first:.0f} µs, the second {second:.0f} µs: {second / first:.2f} (at most 1)")
    results = {"medians_us": medians, "first_us": first, "second_us": second, "ratio": second / first, "rounds": ROUNDS}
    (HERE / "results/gate.json").write_text(json.dumps(results, indent=1) + "\n")


main()
