"""Connections that speak the protocol by hand."""

import struct

import mysql.connector


def connector(daemon, user="user", **options):
    return mysql.connector.connect(
        host="127.0.0.1", port=daemon.program.port, user=user, password=daemon.passwords[user], **options
    )


def command(connection, code, payload=b""):
    """Sends a bare command and reads one packet of the answer."""
    connection._execute_command(code, payload)
    return connection._read_packet()


class Raw:
    """A connection that speaks packets, for what no driver sends."""

    def __init__(self, daemon, user="native", **options):
        self.connection = daemon.connect(user, **options)
        self.socket = self.connection._sock

    def send(self, payload, sequence=0):
        self.socket.sendall(struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload)

    def packet(self):
        head = self.read(4)
        return self.read(int.from_bytes(head[:3], "little"))

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the connection was closed"
            data += part
        return data
