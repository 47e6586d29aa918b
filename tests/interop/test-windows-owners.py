#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Process Monitor log merged with a capture of its machine, as tshark shows it.

usage: test-windows-owners.py TRACEBRAID MAKE_WINDOWS_NET. Prints TAP; skipped without tshark.
"""
import filecmp
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import read_captures  # noqa: E402

CHROME, SVCHOST = 2116, 1136
COUNTS = re.compile(r"ends of packets named for certain: (\d+), by links: (\d+), by context: (\d+), "
                    r"not named: (\d+), named alike by their capture: (\d+), named otherwise by it: (\d+)")
RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("# %s" % str(detail).replace("\n", "\n# "))


def run(*arguments):
    done = subprocess.run(arguments, env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC"), check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout.decode(), done.stderr.decode()


def tshark(path, wanted, field="frame.time_relative"):
    out = subprocess.run(["tshark", "-n", "-r", path, "-Y", wanted, "-T", "fields", "-e", field],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return out.decode().splitlines()


def options_of_packets(path):
    """The options of each enhanced packet block, as lists of (code, value)."""
    return [read_captures.Packet(body).options for kind, body in read_captures.read_blocks(path)
            if kind == read_captures.EPB]


def check_names(path, form):
    for comm, pid, count in (("chrome.exe", CHROME, 8), ("svchost.exe", SVCHOST, 4)):
        named = tshark(path, 'frame.comment contains "comm=%s "' % comm, "frame.comment")
        check("%s: %s has %d packets" % (form, comm, count),
              len(named) == count and all("pid=%d " % pid in c and "via=pml " in c for c in named)
              and not any("tid=" in c or "peer" in c for c in named), named)
    # Nobody's: another host's two packets, and one to a port that has no operation.
    check(form + ": no other end is named",
          len(tshark(path, "(tcp || udp) && !frame.comment")) == 3 and
          len(tshark(path, "frame.comment")) == 13)
    threads = [struct.unpack("<II", value)[1] for packet in options_of_packets(path)
               for code, value in packet if code == 8]
    check(form + ": option 8 states no thread", threads == [0] * 13, threads)


def check_order(tracebraid, log, capture, path, work, form):
    other, again = os.path.join(work, "other.pcapng"), os.path.join(work, "again.pcapng")
    run(tracebraid, "merge", "-q", "-f", "win=" + capture, "win=" + log, "-o", other)
    run(tracebraid, "merge", "-q", "-f", path, "-o", again)
    check(form + ": another order gives the same bytes", filecmp.cmp(path, other, shallow=False))
    check(form + ": merging again changes nothing", filecmp.cmp(path, again, shallow=False))
    run(tracebraid, "merge", "-q", "-f", "--comm", "svchost.exe", "win=" + log, "win=" + capture,
        "-o", other)
    check(form + ": --comm keeps its events and packets",
          len(tshark(other, "tcp || udp")) == 4 and
          len(tshark(other, 'systemd_journal.comm == "svchost.exe"')) == 4)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind, body):
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def write_etl_style(capture, path, pid):
    """The capture as etl2pcapng writes it: option 8 and a comment with whoever ran at the time."""
    with open(capture, "rb") as handle:
        data = handle.read()
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"eth:1:0") + struct.pack("<HH", 0, 0))]
    at = 24
    while at < len(data):
        seconds, nanos, caplen, length = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16:at + 16 + caplen]
        micros = seconds * 10 ** 6 + nanos // 1000
        inbound = packet[26:30] != bytes((10, 0, 0, 1))
        out.append(block(6, struct.pack("<IIIII", 0, micros >> 32, micros & 0xffffffff, caplen, length) +
                         packet + bytes(-caplen % 4) +
                         option(1, b"PID=%d TID=88" % pid) + option(2, struct.pack("<I", 1 if inbound else 2)) +
                         option(8, struct.pack("<II", pid, 88)) + struct.pack("<HH", 0, 0)))
        at += 16 + caplen
    with open(path, "wb") as handle:
        handle.write(b"".join(out))


def check_etl(tracebraid, log, capture, work):
    etl, path = os.path.join(work, "etl.pcapng"), os.path.join(work, "etl-out.pcapng")
    write_etl_style(capture, etl, 4)
    _, said = run(tracebraid, "merge", "-v", "--owners=context", "win=" + log, "win=" + etl, "-o", path)
    counts = tuple(map(int, COUNTS.search(said).groups()))
    check("etl: where the capture names another one, this is counted", counts[1] == counts[5] == 13,
          counts)
    named = tshark(path, 'frame.comment contains "comm=chrome.exe "', "frame.comment")
    check("etl: the log's process is named, and the capture's note stays",
          len(named) == 8 and all("PID=4 TID=88" in c for c in named), named)
    write_etl_style(capture, etl, CHROME)
    _, said = run(tracebraid, "merge", "-v", "-f", "--owners=context", "win=" + log, "win=" + etl,
                  "-o", path)
    counts = tuple(map(int, COUNTS.search(said).groups()))
    check("etl: the same process is no difference", counts[1] == 13 and counts[4:] == (8, 5), counts)


def check_shifted(tracebraid, log, capture, work):
    """A log and its capture moved alike: the same owners, also of a number used again."""
    path = os.path.join(work, "shifted.pcapng")
    found = {}
    for shift in ("+0", "+1.5", "-1.5", "+86400", "-86400"):
        run(tracebraid, "merge", "-q", "-f", "win=%s@%s" % (log, shift),
            "win=%s@%s" % (capture, shift), "-o", path)
        found[shift] = tshark(path, "frame.comment", "frame.comment")
    names = [sum("comm=%s.exe " % name in c for c in found["+0"]) for name in ("old", "new")]
    check("shifted: a number used again has two names", names == [1, 1], names)
    for shift, comments in found.items():
        check("shifted by %s: the same owners" % shift, comments == found["+0"], comments)


def main():
    tracebraid, make = sys.argv[1:3]
    if not shutil.which("tshark"):
        print("1..0 # SKIP no tshark")
        return 0
    with tempfile.TemporaryDirectory() as work:
        log, capture, path = (os.path.join(work, n) for n in ("log.PML", "cap.pcap", "all.pcapng"))
        for bits, family in (("64", "4"), ("32", "6")):
            form = "%s bit, IPv%s" % (bits, family)
            run(make, bits, family, log, capture)
            run(tracebraid, "merge", "-q", "-f", "win=" + log, "win=" + capture, "-o", path)
            check_names(path, form)
            check_order(tracebraid, log, capture, path, work, form)
            run(tracebraid, "convert", "-q", "-f", log, capture, "-o", path)
            check(form + ": convert names them, too", len(tshark(path, "frame.comment")) == 13)
        run(make, "64", "4", log, capture)
        check_etl(tracebraid, log, capture, work)
        run(make, "64", "4", log, capture, "again")
        check_shifted(tracebraid, log, capture, work)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
