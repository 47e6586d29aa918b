#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Converts every pcapng of the corpus and compares what went in with what came out.

Block by block, with a parser of its own: packets (bytes, lengths, times to the nanosecond,
link types, options), names, secrets, statistics, section and interface comments; then packet
by packet with tshark. Damaged files: the whole packets in front, exit 1, the offset.
usage: test-pcapng.py TRACEBRAID SOURCE_ROOT. Prints TAP; skipped without the corpus (TB_CORPUS),
the tshark part without tshark.
"""
import collections
import os
import shutil
import struct
import subprocess
import sys
import tempfile

RESULTS = []
SHB, IDB, PB, SPB, NRB, ISB, EPB, DSB = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 10
# Damaged files: packets, offset of the first wrong byte.
DAMAGED = {
    "bad-length.pcapng": (10, 0x404),
    "bad-trailer.pcapng": (10, 0x460),
    "no-idb.pcapng": (None, 0x24),  # nothing can be read: exit 2, no output
    "trunc.pcapng": (180, 0xFE0C),
}
FIELDS = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "frame.comment",
          "frame.packet_flags", "frame.packet_id", "eth.type"]
# Numbers in packet options, by code: bytes of each.
NUMBERS = {2: 4, 4: 8, 5: 8, 6: 4, 8: 4}


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail)[:2000].splitlines()), end="")


def options(data, order):
    found, at = [], 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            break
        found.append((code, data[at + 4:at + 4 + size]))
        at += 4 + size + -size % 4
    return found


def swapped(code, value, order):
    size = NUMBERS.get(code)
    if order == "<" or not size:
        return value
    return b"".join(value[i:i + size][::-1] for i in range(0, len(value), size))


class Capture:
    """What a pcapng holds, in comparable form."""

    def __init__(self, data):
        self.packets = []
        self.blocks = collections.Counter()
        self.names = []
        self.secrets = []
        self.statistics = []
        self.comments = []
        self.interface_comments = []
        self.interfaces = []
        self.last_ns = 0
        at, order = 0, "<"
        while at + 12 <= len(data):
            if data[at:at + 4] == b"\n\r\r\n":
                order = "<" if data[at + 8] == 0x4D else ">"
            kind, size = struct.unpack_from(order + "II", data, at)
            if size < 12 or size % 4 or data[at + size - 4:at + size] != data[at + 4:at + 8]:
                break
            self.take(kind, data[at + 8:at + size - 4], order)
            at += size

    def take(self, kind, body, order):
        self.blocks[kind] += 1
        if kind == SHB:
            self.interfaces = []
            self.comments += [v for c, v in options(body[16:], order) if c == 1]
        elif kind == IDB:
            found = options(body[8:], order)
            link, = struct.unpack_from(order + "H", body)
            snaplen, = struct.unpack_from(order + "I", body, 4)
            resolution = next((v[0] for c, v in found if c == 9), 6)
            offset = next((struct.unpack(order + "q", v)[0] for c, v in found if c == 14), 0)
            self.interfaces.append((link, resolution, offset, snaplen))
            self.interface_comments += [v for c, v in found if c == 1]
        elif kind == EPB:
            number, high, low, caplen, length = struct.unpack_from(order + "5I", body)
            self.packet(number, high << 32 | low, body[20:20 + caplen], length,
                        options(body[20 + caplen + -caplen % 4:], order), order)
        elif kind == SPB:
            length, = struct.unpack_from(order + "I", body)
            data = body[4:4 + min(length, self.interfaces[0][3] or length)]
            self.packets.append((self.last_ns, self.interfaces[0][0], data, length,
                                 ((1, b"time=none "),)))
        elif kind == NRB:
            self.names.append(self.records(body, order))
        elif kind == DSB:
            what, size = struct.unpack_from(order + "II", body)
            self.secrets.append((what, body[8:8 + size]))
        elif kind == ISB:
            self.statistics.append(tuple((c, v[::-1] if order == ">" and c > 3 else v)
                                         for c, v in options(body[12:], order)))

    @staticmethod
    def records(body, order):
        found, at = [], 0
        while at + 4 <= len(body):
            code, size = struct.unpack_from(order + "HH", body, at)
            if code == 0:
                break
            found.append((code, body[at + 4:at + 4 + size]))
            at += 4 + size + -size % 4
        return tuple(found)

    def packet(self, number, ticks, data, length, found, order):
        if number >= len(self.interfaces):
            return
        link, resolution, offset, _snaplen = self.interfaces[number]
        per_s = 2 ** (resolution & 127) if resolution & 128 else 10 ** resolution
        self.last_ns = ticks * 10 ** 9 // per_s + offset * 10 ** 9
        self.packets.append((self.last_ns, link, data, length,
                             tuple((c, swapped(c, v, order)) for c, v in found)))


def compare(name, source, result):
    check("%s: packets with times, bytes, lengths, link types and options" % name,
          sorted(source.packets) == sorted(result.packets),
          "%d in, %d out" % (len(source.packets), len(result.packets)))
    times = [packet[0] for packet in result.packets]
    check("%s: in order of time" % name, times == sorted(times))
    check("%s: one section" % name, result.blocks[SHB] == 1)
    for what in ("names", "secrets", "statistics"):
        check("%s: %s" % (name, what), sorted(getattr(source, what)) == sorted(getattr(result, what)))
    check("%s: section comments" % name, sorted(source.comments) == sorted(result.comments))
    check("%s: interface comments" % name,
          not collections.Counter(source.interface_comments)
          - collections.Counter(result.interface_comments))


def tshark(path):
    command = ["tshark", "-r", path, "-T", "fields"] + [w for f in FIELDS for w in ("-e", f)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    noise = [line for line in run.stderr.splitlines() if b'Running as user "root"' not in line]
    return run.stdout.splitlines(), noise


def compare_tshark(name, path, output):
    before, _noise = tshark(path)
    after, noise = tshark(output)
    check("%s: tshark has nothing to say" % name, not noise, noise)
    # Private custom blocks are rows in tshark and may not be copied; a packet without a time
    # has got one.
    empty = [line for line in before if not line.split(b"\t")[0]]
    timed = [line for line in before if line.split(b"\t")[0]]
    missing = collections.Counter(timed) - collections.Counter(after)
    check("%s: all timed rows as tshark shows them" % name, not missing, missing)
    check("%s: no row too many" % name, len(timed) <= len(after) <= len(timed) + len(empty))


def convert(program, path, output):
    return subprocess.run([program, "convert", "-f", path, "-o", output], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


def captures(corpus):
    found = []
    for folder, folders, names in os.walk(corpus):
        folders[:] = [name for name in folders if name not in ("hostile", "reports")]
        found += [os.path.join(folder, name) for name in names if name.endswith(".pcapng")]
    return sorted(found)


def try_file(program, path, scratch):
    name = os.path.basename(path)
    output, again = os.path.join(scratch, "1.pcapng"), os.path.join(scratch, "2.pcapng")
    if os.path.exists(output):
        os.remove(output)
    run = convert(program, path, output)
    if name in DAMAGED and DAMAGED[name][0] is None:
        check("%s: exit 2" % name, run.returncode == 2, run.stderr)
        check("%s: offset 0x%x" % (name, DAMAGED[name][1]),
              b"offset 0x%x:" % DAMAGED[name][1] in run.stderr, run.stderr)
        check("%s: no output" % name, not os.path.exists(output))
        return
    with open(path, "rb") as handle:
        source = Capture(handle.read())
    with open(output, "rb") as handle:
        first = handle.read()
    if name in DAMAGED:
        packets, offset = DAMAGED[name]
        check("%s: exit 1" % name, run.returncode == 1, run.stderr)
        check("%s: offset 0x%x" % (name, offset), b"offset 0x%x:" % offset in run.stderr, run.stderr)
        check("%s: %d packets" % (name, packets), len(Capture(first).packets) == packets)
    else:
        check("%s: exit 0" % name, run.returncode == 0, run.stderr)
    compare(name, source, Capture(first))
    check("%s: exit 0 again" % name, convert(program, output, again).returncode == 0)
    with open(again, "rb") as handle:
        check("%s: the same bytes again" % name, handle.read() == first)
    if shutil.which("tshark"):
        compare_tshark(name, path, output)


def main():
    program, root = sys.argv[1:3]
    corpus = os.environ.get("TB_CORPUS") or os.path.join(root, "..", "shared", "corpus")
    files = captures(corpus)
    if not files:
        print("1..0 # SKIP no captures in %s" % corpus)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            try_file(program, path, scratch)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
