#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Owners by recorded calls, held against the truth of real connections.

usage: test-tcpsnitch-live.py PROGRAM SOURCE_ROOT

In a network of its own, tcpdump captures what tests/support/socket-calls.py does and tells. Needs
the right to make a network namespace; skipped without.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

PROGRAM, ROOT = sys.argv[1], sys.argv[2]
CONNECTIONS = 40
SCRIPT = """ip link set lo up || exit 77
tcpdump -i any -y LINUX_SLL -s 200 -U -w "$1/all.pcap" 2> "$1/tcpdump.log" &
capture=$!
for i in 1 2 3 4 5 6 7 8 9 10; do grep -q listening "$1/tcpdump.log" && break; sleep 0.3; done
timeout 30 python3 "$2" "$1/run" "$3"
status=$?
sleep 1
kill $capture
exit $status
"""


def record(work):
    """Whether the connections were made and captured; None: not allowed to."""
    os.makedirs(os.path.join(work, "run"))
    done = subprocess.run(["unshare", "-n", "sh", "-c", SCRIPT, "sh", work,
                           os.path.join(ROOT, "tests", "support", "socket-calls.py"),
                           str(CONNECTIONS)], capture_output=True, check=False, timeout=60)
    capture = os.path.join(work, "all.pcap")
    if done.returncode in (1, 77) or not os.path.exists(capture) or os.path.getsize(capture) <= 24:
        return None
    return done.returncode == 0


class Truth:
    """Threads by end: (local port, remote port) of the server, ports of the client."""

    def __init__(self, path):
        self.server, self.readers, self.writes = {}, {}, defaultdict(list)
        with open(path, encoding="utf-8") as lines:
            for word, *numbers in (line.split() for line in lines):
                numbers = [int(number) for number in numbers]
                if word == "own":
                    self.server[tuple(numbers[:2])] = numbers[2]
                elif word == "reads":
                    self.readers[numbers[0]] = numbers[1]
                else:
                    self.writes[numbers[0]].append(numbers[1:])

    def threads(self, port, remote, sends, sequence, size):
        """Who may be behind this end of a packet; sequence: of its first byte, from 0."""
        if (port, remote) in self.server:
            return {self.server[port, remote]}
        if size == 0:
            return {self.readers[port]} | {write[2] for write in self.writes[port]}
        if not sends:
            return {self.readers[port]}
        return {write[2] for write in self.writes[port] if write[0] <= sequence < write[1]}


def compare(path, truth):
    """Counts of (data or not, right / unnamed / wrong), and the wrong ones."""
    fields = ("tcp.srcport", "tcp.dstport", "tcp.len", "tcp.seq", "frame.comment")
    command = ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    counts, wrong = Counter(), []
    for line in shown.splitlines():
        source, target, size, sequence, comment = (line.split("\t") + [""])[:5]
        source, target, size, sequence = int(source), int(target), int(size), int(sequence)
        pairs = dict(pair.split("=", 1) for pair in comment.split())
        first, peer = int(pairs.get("tid", 0)), int(pairs.get("peer_pid", 0))
        peer = int(pairs.get("peer_tid", peer))
        ends = (first, peer) if pairs.get("role") != "dst" else (0, first)
        for sends, port, remote, tid in ((True, source, target, ends[0]), (False, target, source, ends[1])):
            right = tid in truth.threads(port, remote, sends, sequence - 1, size)
            verdict = "right" if right else "wrong" if tid else "unnamed"
            counts["data" if size else "none", verdict] += 1
            if verdict == "wrong":
                wrong.append(line)
    return counts, wrong


def main():
    if not all(shutil.which(name) for name in ("tshark", "tcpdump", "unshare", "ip")):
        print("1..0 # SKIP tshark, tcpdump, unshare or ip is not there")
        return 0
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o777)  # tcpdump gives up its rights
        recorded = record(work)
        if recorded is None:
            print("1..0 # SKIP no right to make a network")
            return 0
        truth = Truth(os.path.join(work, "run", "truth.txt"))
        good = [recorded]
        for least, share in (("certain", 0.4), ("linked", 0.95)):
            out = os.path.join(work, "out.pcapng")
            subprocess.run([PROGRAM, "convert", "-q", "-f", "--owners=" + least, os.path.join(work, "run"),
                            os.path.join(work, "all.pcap"), "-o", out], check=True)
            counts, wrong = compare(out, truth)
            print("# %s: %s" % (least, ", ".join("%s %s %d" % (*key, counts[key]) for key in sorted(counts))))
            named = counts["data", "right"] / max(1, counts["data", "right"] + counts["data", "unnamed"])
            good += [not wrong, named >= share]
            for line in wrong[:9]:
                print("# " + line)
    names = ("connections were made", "none wrong at certain", "data ends named for certain",
             "none wrong at linked", "data ends named by links")
    for i, (ok, name) in enumerate(zip(good, names)):
        print("%sok %d - %s" % ("" if ok else "not ", i + 1, name))
    print("1..%d" % len(good))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
