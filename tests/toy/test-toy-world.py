#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the whole program with the third reader of docs/adding-a-format.md.

usage: test-toy-world.py PROGRAM. A world of two processes, a child that is born and ends, a
descriptor and a socket, and a capture beside it: processes, names on rows, owners of packets and
typed fields must come of the facts that the reader tells. Prints TAP.
"""
import os
import struct
import subprocess
import sys
import tempfile

START = 1700000000 * 10**9
LOCAL, REMOTE = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
LOCAL_PORT, REMOTE_PORT = 40000, 53
SHELL, CLIENT, CHILD = 10, 20, 30
PROCESS, SOCKET, DESCRIPTOR, SPAWN, SEND, EXIT = range(6)


def block(kind, body):
    return struct.pack("<II", kind, len(body)) + body


def name(text):
    return text.encode().ljust(16, b"\0")


def event(kind, after_ms, pid, fields):
    return block(kind, struct.pack("<QI", START + after_ms * 10**6, pid) + fields)


def world():
    tables = [
        block(PROCESS, struct.pack("<IIQ", SHELL, 1, START - 10**12) + name("sh") + b"/bin/sh"),
        block(PROCESS, struct.pack("<IIQ", CLIENT, SHELL, START - 10**9) + name("resolve")
              + b"/usr/bin/resolve"),
        block(SOCKET, struct.pack("<I4s4sHH", 7, LOCAL, REMOTE, LOCAL_PORT, REMOTE_PORT)),
        block(DESCRIPTOR, struct.pack("<III", CLIENT, 3, 7)),
    ]
    events = [
        event(SPAWN, 1, SHELL, struct.pack("<I", CHILD) + name("worker")),
        event(SEND, 10, CLIENT, struct.pack("<II", 3, 29)),
        event(EXIT, 20, CHILD, struct.pack("<I", 3)),
        event(EXIT, 40, SHELL, struct.pack("<I", 0)),
    ]
    return b"TOYWORLD" + struct.pack("<Q", START) + b"".join(tables) + b"".join(events)


def packet(after_ms, source, target, payload):
    (address, port), (to_address, to_port) = source, target
    tcp = struct.pack(">HHIIBBHHH", port, to_port, 100, 200, 0x50, 0x18, 1000, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, address, to_address)
    frame = bytes(12) + b"\x08\0" + ip + tcp
    time_us = START // 1000 + after_ms * 1000
    return struct.pack("<IIII", time_us // 10**6, time_us % 10**6, len(frame), len(frame)) + frame


def capture():
    here, there = (LOCAL, LOCAL_PORT), (REMOTE, REMOTE_PORT)
    return (struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
            + packet(10, here, there, b"q" * 29) + packet(30, there, here, b"a" * 45))


class Toy:
    """The program, run in a folder with both inputs."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        for path, data in (("a.world", world()), ("eth0.pcap", capture())):
            with open(os.path.join(folder, path), "wb") as handle:
                handle.write(data)

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], cwd=self.folder, check=False, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise AssertionError("%s: exit code %d, %s" % (" ".join(arguments), done.returncode,
                                                           done.stderr.decode()))
        return done.stdout

    def convert(self):
        self.run("convert", "-q", "a.world", "eth0.pcap", "-f", "-o", "out.pcapng")
        with open(os.path.join(self.folder, "out.pcapng"), "rb") as handle:
            return handle.read()


def need(where, *parts):
    for part in parts:
        if part not in where:
            raise AssertionError("%r is not in %r" % (part, where))


def check_processes(toy):
    lines = [line.split() for line in toy.run("ps", "a.world").decode().splitlines()]
    for pid, parent, comm in ((SHELL, 1, "sh"), (CLIENT, SHELL, "resolve"),
                              (CHILD, SHELL, "worker")):
        if not any(str(pid) in line and str(parent) in line and comm in " ".join(line)
                   for line in lines):
            raise AssertionError("no %d %d %s in %r" % (pid, parent, comm, lines))


def check_names(toy):
    need(toy.convert(), b"_COMM=resolve", b"_COMM=worker", b"_EXE=/usr/bin/resolve")


def check_owners(toy):
    need(toy.convert(), b"pid=%d tid=%d comm=resolve" % (CLIENT, CLIENT))


def check_fields(toy):
    rows = toy.run("convert", "-q", "a.world", "--to", "csv", "--columns", "PID,bytes,child",
                   "-o", "-")
    need(rows, b'"20","29",""', b'"10","","30"')


CHECKS = [check_processes, check_names, check_owners, check_fields]


def main():
    bad = 0
    print("1..%d" % len(CHECKS))
    for number, check in enumerate(CHECKS, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(Toy(os.path.abspath(sys.argv[1]), folder))
                print("ok %d %s" % (number, check.__name__))
            except AssertionError as error:
                bad += 1
                print("not ok %d %s\n# %s" % (number, check.__name__, error))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
