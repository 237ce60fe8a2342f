"""A program in the place of loon-engine that does what a worker must not: wrong frames, sizes, columns, trees.

The way is read from the file HOSTILE beside this program's `--library`, a byte a line: each worker takes the next.
"""

import array
import os
import pathlib
import signal
import socket
import struct
import sys
import time

control = socket.socket(fileno=3)
ways = pathlib.Path(sys.argv[sys.argv.index("--library") + 1])


def number(value):
    return struct.pack("<q", value)


def text(value):
    return number(len(value)) + value.encode()


def frame(kind, payload=b""):
    return struct.pack("<IB", len(payload), kind) + payload


def read(stream, count):
    data = b""
    while len(data) < count:
        piece = stream.recv(count - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def next_frame(stream):
    length, kind = struct.unpack("<IB", read(stream, 5))
    return kind, read(stream, length)


def work(stream):
    way = ways.read_text().strip()
    kind, _ = next_frame(stream)
    if way == "silent":
        time.sleep(3600)
    stream.sendall(b"\xff" * 4096 if way == "noise at once" else frame(16))
    while True:
        kind, payload = next_frame(stream)
        if kind != 2:
            continue
        answer = {
            "no frame": b"\0" * 64,
            "unknown kind": frame(99, b"x"),
            "endless": struct.pack("<IB", 0xFFFFFFFF, 20),
            "large claim": struct.pack("<IB", 1 << 30, 20) + b"x" * 100,
            "no tree": frame(20, b"{"),
            "another tree": frame(20, b'{"error":false,"statements":[]}'),
            "binary tree": frame(20, bytes(range(256))),
            "columns for a tree": frame(18, number(0)),
            "rows for a tree": frame(19, number(1) + b"\1\0\0\0\1"),
            "progress without end": frame(17, number(1)) * 10_000,
            "unknown error": frame(22, text("nonsense") + text("m") + b"\0\0"),
            "failed": frame(22, text("engine") + text("it is so") + b"\0\0"),
            "end": b"",
        }[way if way in ("end",) or way not in ("crash", "stop") else "end"]
        if way == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if way == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        stream.sendall(answer)
        if way in ("large claim", "end"):
            os._exit(0)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
children = {}
control.send(b"\0" + text("0.1.0"))
while True:
    data, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_SPACE(4))
    if not data:
        break
    worker = struct.unpack("<q", data[1:9])[0]
    if data[0] == 1:
        if worker in children:
            os.kill(children.pop(worker), signal.SIGKILL)
            control.send(b"\3" + number(worker) + number(9) + number(0))
        continue
    descriptor = array.array("i", ancillary[0][2][:4])[0]
    child = os.fork()
    if child == 0:
        control.close()
        try:
            work(socket.socket(fileno=descriptor))
        finally:
            os._exit(0)
    os.close(descriptor)
    children[worker] = child
    control.send(b"\2" + number(worker) + number(child))
