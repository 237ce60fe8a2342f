"""Seeds for the fuzzer: statements of real tools, and packets as clients send them. Usage: seeds.py DIRECTORY"""

import pathlib
import struct
import sys
import zlib

target = pathlib.Path(sys.argv[1])
recorded = pathlib.Path(__file__).resolve().parents[1] / "System/recorded"


def save(name, kind, data):
    (target / name).write_bytes(bytes([kind]) + data)


def packet(payload, sequence=0):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


for file in recorded.glob("*.sql"):
    for number, statement in enumerate(file.read_text().splitlines()[::5]):
        save(f"{file.stem}-{number}", 3 + number % 2, statement.encode()[:2000])
login = (
    struct.pack("<IIB23x", 0x00BFA285, 1 << 24, 45)
    + b"fuzz\0\x14"
    + b"\x01" * 20
    + b"db\0caching_sha2_password\0"
    + b"\x0b\x04name\x05value"
)
save("login", 0, packet(login, 1) + packet(b"pw\0", 3))
save("tls", 0, packet(struct.pack("<IIB23x", 0x00BFAA85, 1 << 24, 45), 1))
commands = [
    b"\x03select 1",
    b"\x02db",
    b"\x04t\0%",
    b"\x09",
    b"\x0c\x01\0\0\0",
    b"\x0d",
    b"\x0e",
    b"\x11user\0\x01xdb\0\x2d\0mysql_native_password\0",
    b"\x16select ?, ?",
    b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01\x08\0\xfd\0" + struct.pack("<q", 5) + b"\x03abc",
    b"\x17\x01\0\0\0\x01\x01\0\0\0\x02\0" + struct.pack("<q", 5),
    b"\x18\x01\0\0\0\0\0abc",
    b"\x1c\x01\0\0\0\x05\0\0\0",
    b"\x1a\x01\0\0\0",
    b"\x19\x01\0\0\0",
    b"\x1b\0\0",
    b"\x1f",
    b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01\x0c\0\x0b\0"
    + b"\x0b\xe8\x07\x02\x1d\x0c\x22\x38\x40\x42\x0f\0"
    + b"\x08\0\x01\0\0\0\x01\x02\x03",
]
save("commands", 1, b"".join(packet(command) for command in commands))
for number, command in enumerate(commands):
    save(f"command-{number}", 1, packet(b"\x16select ?, ?") + packet(command))
data = packet(b"\x03select " + b"1, " * 100)
body = zlib.compress(data)
save("compressed", 2, struct.pack("<I", len(body))[:3] + b"\0" + struct.pack("<I", len(data))[:3] + body)
root = pathlib.Path(__file__).resolve().parents[2]
for number, file in enumerate((root / "config/ram").rglob("*.json")):
    save(f"policy-{number}", 5, file.read_bytes())
for number, answer in enumerate(
    [
        b'<?xml version="1.0"?><Message><MessageId>M1</MessageId><MessageBodyMD5>AB</MessageBodyMD5></Message>',
        b"<Error><Code>TopicNotExist</Code><Message>gone &amp; lost</Message></Error>",
        b'{"routed":true}',
        b'{"error":"bad_request","reason":"x"}',
        b'{"Credentials":{"AccessKeyId":"STS.1","AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-11-22T06:54:00Z"}}',
    ]
):
    save(f"answer-{number}", 6, answer)
save("configuration", 7, (root / "config/loon.yaml").read_bytes())
for number, text in enumerate(
    ["http://MQ_INST_1_demo.localhost:8080", "https://h/p?q=1", "http://[::1]:80/", "http://127.0.0.1"]
):
    save(f"endpoint-{number}", 8, text.encode())
for number, line in enumerate((root / "Tests/System/attacks.txt").read_text().splitlines()[::7]):
    save(f"attack-{number}", 3, line.encode())
