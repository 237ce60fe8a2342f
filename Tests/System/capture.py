"""Records what passes between a client and a server, and writes it as a capture file, without rights to capture."""

import contextlib
import socket
import struct
import threading
import time


class Recorder:
    """Listens on `port`, forwards to `target`, and keeps (seconds, from the client?, bytes) of each connection in `conversations`."""

    def __init__(self, target):
        self.target = target
        self.conversations = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
                chunks = []
                self.conversations.append(chunks)
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, target, from_client in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self.pump, args=(source, target, from_client, chunks), daemon=True).start()

    def pump(self, source, target, from_client, chunks):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                with self.lock:
                    chunks.append((time.time(), from_client, data))
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def write_pcap(path, port, conversations):
    """The server is 127.0.0.1:`port`; the client of connection n is 127.0.0.2:20000+n."""
    packets = []
    client, server = socket.inet_aton("127.0.0.2"), socket.inet_aton("127.0.0.1")
    for number, chunks in enumerate(conversations):
        sequence = {True: 1000, False: 5000}

        def add(when, from_client, flags, data=b""):
            ends = [(client, 20000 + number), (server, port)]
            (source, source_port), (target, target_port) = ends if from_client else ends[::-1]
            acknowledged = sequence[not from_client] if flags & 0x10 else 0
            tcp = (
                struct.pack(
                    ">HHIIBBHHH",
                    source_port,
                    target_port,
                    sequence[from_client],
                    acknowledged,
                    5 << 4,
                    flags,
                    65535,
                    0,
                    0,
                )
                + data
            )
            # Checksums of 0 are not checked by its reader.
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, source, target)
            packets.append((when, ip + tcp))
            # SYN and FIN count as one byte.
            sequence[from_client] += len(data) + (1 if flags & 0x03 else 0)

        when = chunks[0][0]
        add(when, True, 0x02), add(when, False, 0x12), add(when, True, 0x10)
        for when, from_client, data in chunks:
            for place in range(0, len(data), 60000):
                add(when, from_client, 0x18, data[place : place + 60000])
        add(when, True, 0x11), add(when, False, 0x11), add(when, True, 0x10)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))  # 101: raw IP
        for when, data in sorted(packets, key=lambda packet: packet[0]):
            file.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(data), len(data)) + data)


def framing(conversation):
    """Complaints about packet headers and sequence ids, which Wireshark does not check."""
    buffers, expected, waiting, found = {True: b"", False: b""}, 0, 0, []
    for _, from_client, data in conversation:
        rest = buffers[from_client] + data
        while len(rest) >= 4 and len(rest) >= 4 + int.from_bytes(rest[:3], "little"):
            number, code = rest[3], rest[4:5]
            rest = rest[4 + int.from_bytes(rest[:3], "little") :]
            if from_client and number == 0:
                # A new command. COM_STMT_CLOSE, COM_STMT_SEND_LONG_DATA and COM_QUIT have no answer.
                waiting += code not in (b"\x19", b"\x18", b"\x01")
            elif not from_client and number == 1 and waiting:
                waiting -= 1
            elif number != expected:
                found.append(f"{'client' if from_client else 'server'}: packet {number} instead of {expected}")
            expected = (number + 1) % 256
        buffers[from_client] = rest
    return found + [f"{len(rest)} bytes left over" for rest in buffers.values() if rest]
