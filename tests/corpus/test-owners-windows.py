#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Owners of packets from a real Process Monitor log and a capture made to go with it.

No real capture is at hand, so one is made of the log's network operations: handshakes, segments
of the bytes sent and received, datagrams, ends of connections, at the times of the operations
and a little off, among packets of other machines. Is each local end named right, none, or wrong?
usage: test-owners-windows.py PROGRAM OWNERS_DUMP CORPUS. Prints TAP.
"""
import csv
import datetime
import filecmp
import ipaddress
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
COLUMNS = ("Date & Time", "Time of Day", "Process Name", "PID", "Operation", "Local Address",
           "Local Port", "Remote Address", "Remote Port", "Length")
SYN, FIN, ACK = 2, 1, 16
MTU = 1460
LINKED = 2
RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    for line in str(detail).splitlines():
        print("# %s" % line)
    sys.stdout.flush()


def run(*arguments):
    return subprocess.run(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, check=True).stdout


class Operation:
    def __init__(self, row):
        day = datetime.datetime.strptime(row["Date & Time"].split(" ")[0] + " " +
                                         row["Time of Day"][:-11] + row["Time of Day"][-3:],
                                         "%m/%d/%Y %I:%M:%S %p")
        seconds = int(day.replace(tzinfo=datetime.timezone.utc).timestamp())
        self.time = seconds * 10 ** 9 + int(row["Time of Day"][-10:-3]) * 100
        self.tcp = row["Operation"].startswith("TCP")
        self.name = row["Operation"][4:]
        self.pid = int(row["PID"])
        self.local = ipaddress.ip_address(row["Local Address"]), int(row["Local Port"])
        self.remote = ipaddress.ip_address(row["Remote Address"]), int(row["Remote Port"])
        self.length = int(row["Length"])


def operations(program, log, work):
    table = os.path.join(work, "operations.csv")
    run(program, "convert", "-q", "--to", "csv", "--columns", ",".join(COLUMNS), log, "-o", table)
    with open(table, encoding="utf-8-sig", newline="") as handle:
        return [Operation(row) for row in csv.DictReader(handle)
                if row["Operation"].startswith(("TCP ", "UDP "))]


# --- the capture ---

def packet(tcp, source, target, payload, seq=0, ack=0, flags=ACK):
    """An IP packet; sums are left out, nobody looks at them."""
    if tcp:
        body = struct.pack(">HHIIBBHHH", source[1], target[1], seq & 0xffffffff, ack & 0xffffffff,
                           80, flags, 65535, 0, 0)
    else:
        body = struct.pack(">HHHH", source[1], target[1], 8 + payload, 0)
    body += bytes(payload)
    protocol = 6 if tcp else 17
    if source[0].version == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0) + \
            source[0].packed + target[0].packed + body
    return struct.pack(">IHBB", 6 << 28, len(body), protocol, 64) + source[0].packed + \
        target[0].packed + body


class Capture:
    """Packets with the process at their local ends: (time, bytes, {end: pid})."""

    def __init__(self, jitter_ns, seed):
        self.packets = []
        self.random = random.Random(seed)
        self.jitter_ns = jitter_ns
        self.next = {}

    def add(self, time, data, src=None, dst=None):
        time += self.random.randint(-self.jitter_ns, self.jitter_ns)
        self.packets.append((time, data, {"src": src, "dst": dst}))

    def segments(self, op, out):
        """The bytes of one operation."""
        here, there = (op.local, op.remote) if out else (op.remote, op.local)
        seq = self.next.setdefault((here, there), 1000)
        for at in range(0, op.length, MTU):
            size = min(MTU, op.length - at)
            data = packet(True, here, there, size, seq + at, self.next.get((there, here), 1000))
            self.add(op.time, data, **{"src" if out else "dst": op.pid})
        self.next[(here, there)] = seq + op.length

    def tcp(self, op):
        if op.name == "Connect":
            for key in ((op.local, op.remote), (op.remote, op.local)):
                self.next[key] = 1000
            self.add(op.time - 21000000, packet(True, op.local, op.remote, 0, 999, 0, SYN), op.pid)
            self.add(op.time - 1000000, packet(True, op.remote, op.local, 0, 999, 1000, SYN | ACK),
                     None, op.pid)
            self.add(op.time, packet(True, op.local, op.remote, 0, 1000, 1000), op.pid)
        elif op.name == "Disconnect":
            here, there = (op.local, op.remote), (op.remote, op.local)
            self.add(op.time, packet(True, op.local, op.remote, 0, self.next[here],
                                     self.next[there], FIN | ACK), op.pid)
            self.add(op.time + 40000000, packet(True, op.remote, op.local, 0, self.next[there],
                                                self.next[here] + 1, FIN | ACK), None, op.pid)
        else:
            self.segments(op, op.name == "Send")

    def strangers(self, operations_here):
        """The same ports between other addresses, and a port that nobody here has."""
        other = ipaddress.ip_address("192.0.2.7")
        for op in operations_here[::5]:
            if op.local[0].version == 4:
                self.add(op.time, packet(op.tcp, (other, op.local[1]), op.remote, 10))
                self.add(op.time, packet(op.tcp, (op.local[0], 7), (other, op.remote[1]), 10))

    def write(self, path, raw):
        self.packets.sort(key=lambda item: item[0])
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101 if raw else 1))
            for time, data, _ in self.packets:
                kind = b"\x08\x00" if data[0] >> 4 == 4 else b"\x86\xdd"
                data = data if raw else bytes(12) + kind + data
                out.write(struct.pack("<IIII", time // 10 ** 9, time % 10 ** 9, len(data), len(data)))
                out.write(data)


def make_capture(ops, jitter_ns, seed):
    """Also the packets that two operations tell of: a group's member on the sending machine."""
    capture = Capture(jitter_ns, seed)
    for op in ops:
        if op.tcp:
            capture.tcp(op)
        elif op.name == "Send":
            capture.add(op.time, packet(False, op.local, op.remote, op.length), op.pid)
        else:
            capture.add(op.time, packet(False, op.remote, op.local, op.length), None, op.pid)
    capture.strangers(ops)
    return capture


def judge(dump, log, path, capture, *wishes):
    """(right, unnamed, wrong, remote named) of all ends."""
    lines = run(dump, *wishes, log, path).decode().splitlines()
    counts = [0, 0, 0, 0]
    assert len(lines) == len(capture.packets), (len(lines), len(capture.packets))
    for line, (_, _, truth) in zip(lines, capture.packets):
        cells = line.split("\t")
        for end, (pid, tid, confidence, via, _) in (("src", cells[9:14]), ("dst", cells[14:19])):
            named = pid != "-" and int(confidence) >= LINKED
            if truth[end] is None:
                counts[3] += named
            elif not named:
                counts[1] += 1
            else:
                right = (int(pid), tid, int(confidence), via) == (truth[end], "0", LINKED, "pml")
                counts[0 if right else 2] += 1
    return tuple(counts)


def check_losses(dump, log, ops, path):
    """Clocks far apart, operations and packets that are missing: fewer names, none of them wrong."""
    for name, jitter_ns, share, wishes, least in (
            ("200 ms off", 200000000, 1, (), 0.98),
            ("1 of 10 operations missing", 1000000, 1, ("--lose=0.1", "--seed=7"), 0.98),
            ("half of the operations missing", 1000000, 1, ("--lose=0.5", "--seed=8"), 0.9),
            ("43 % of the packets missing", 1000000, 0.57, (), 1)):
        capture = make_capture(ops, jitter_ns, 2)
        chosen = random.Random(3)
        capture.packets = [p for p in capture.packets if chosen.random() < share]
        capture.write(path, False)
        right, unnamed, wrong, remote = judge(dump, log, path, capture, *wishes)
        check(name, right >= least * (right + unnamed) and wrong == remote == 0,
              "right %d, unnamed %d, wrong %d, remote ends named %d" % (right, unnamed, wrong, remote))


def main():
    program, dump, corpus = sys.argv[1], sys.argv[2], os.environ.get("TB_CORPUS", sys.argv[3])
    packed = os.path.join(corpus, "procmon", "CompressedLogfileTests32bitUTCPML")
    if not os.path.exists(packed):
        print("1..0 # SKIP no corpus")
        return 0
    with tempfile.TemporaryDirectory() as work:
        log = os.path.join(work, "log.PML")
        with open(packed, "rb") as handle, open(log, "wb") as out:
            out.write(zlib.decompress(handle.read()))
        ops = operations(program, log, work)
        check("the log has network operations", len(ops) > 400, "%d of them" % len(ops))
        for name, raw, jitter_ns in (("Ethernet, at once", False, 0), ("raw IP, 5 ms off", True, 5000000),
                                     ("Ethernet, 15 ms off", False, 15000000)):
            capture = make_capture(ops, jitter_ns, 1)
            path = os.path.join(work, "capture.pcap")
            capture.write(path, raw)
            right, unnamed, wrong, remote = judge(dump, log, path, capture)
            check(name, right > 400 and unnamed == wrong == remote == 0,
                  "right %d, unnamed %d, wrong %d, remote ends named %d" % (right, unnamed, wrong, remote))
        check_losses(dump, log, ops, path)
        outputs = [os.path.join(work, n) for n in ("a.pcapng", "b.pcapng", "c.pcapng")]
        run(program, "merge", "-q", log, path, "-o", outputs[0])
        run(program, "merge", "-q", path, log, "-o", outputs[1])
        run(program, "merge", "-q", outputs[0], "-o", outputs[2])
        check("another order of inputs gives the same bytes",
              filecmp.cmp(outputs[0], outputs[1], shallow=False))
        check("merging again changes nothing", filecmp.cmp(outputs[0], outputs[2], shallow=False))
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
