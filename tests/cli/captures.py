#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases of `merge` and `convert` share; they call it as python3 "$CASES/captures.py".

make FILE LINK_TYPE SECONDS...   a nanosecond pcap with a packet at each of the times
ip FILE TIME,FROM,PORT,TO,PORT...
                                 raw IPv4 of ten bytes in TCP segments
times FILE                       time and first byte of each packet of a pcap this program wrote
blocks FILE                      how many blocks of names, secrets and custom ones it holds
show FILE                        machines and sources as `tracebraid info --json` has them
"""
import json
import socket
import struct
import subprocess
import sys
from decimal import Decimal

HEADER = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")


def blocks(path):
    counts = {0x4: 0, 0xA: 0, 0xBAD: 0}
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind in counts:
            counts[kind] += 1
        at += size
    print("names %d secrets %d custom %d" % tuple(counts[kind] for kind in sorted(counts)))


def make(path, link_type, *times):
    with open(path, "wb") as out:
        out.write(HEADER.pack(0xA1B23C4D, 2, 4, 0, 0, 65535, int(link_type)))
        for number, time in enumerate(times):
            ns = int(Decimal(time) * 10 ** 9)
            data = bytes([number]) * (20 + number)
            out.write(RECORD.pack(ns // 10 ** 9, ns % 10 ** 9, len(data), len(data)) + data)


def ip(path, *packets):
    with open(path, "wb") as out:
        out.write(HEADER.pack(0xA1B23C4D, 2, 4, 0, 0, 65535, 101))
        for packet in packets:
            time, source, source_port, target, target_port = packet.split(",")
            ns = int(Decimal(time) * 10 ** 9)
            data = struct.pack(">BBHHHBBH", 0x45, 0, 50, 0, 0, 64, 6, 0)
            data += socket.inet_aton(source) + socket.inet_aton(target)
            data += struct.pack(">HHIIHHI", int(source_port), int(target_port), 1, 1, 0x5010, 0, 0)
            data += bytes(10)
            out.write(RECORD.pack(ns // 10 ** 9, ns % 10 ** 9, len(data), len(data)) + data)


def times(path):
    with open(path, "rb") as handle:
        data = handle.read()
    magic, _major, _minor, _zone, _sigfigs, _snaplen, link_type = HEADER.unpack_from(data)
    digits = {0xA1B23C4D: 9, 0xA1B2C3D4: 6}[magic]
    print("link type %d" % link_type)
    at = HEADER.size
    while at < len(data):
        seconds, fraction, caplen, _length = RECORD.unpack_from(data, at)
        print("%d.%0*d %d" % (seconds, digits, fraction, data[at + RECORD.size]))
        at += RECORD.size + caplen


def show(path):
    done = subprocess.run(["tracebraid", "info", "--json", path], stdout=subprocess.PIPE,
                          check=False)
    facts = json.loads(done.stdout)["files"][0]
    for machine in facts["machines"]:
        print("machine %s %s" % (machine["name"], "known" if machine["identity"] else "unknown"))
    for source in facts["sources"]:
        print("%s: %d %s, axis %s, %d unordered" % (
            source["name"], source["records"], source["class"], source["axis"],
            source["unordered"]))


if __name__ == "__main__":
    {"make": make, "ip": ip, "times": times, "blocks": blocks, "show": show}[sys.argv[1]](*sys.argv[2:])
