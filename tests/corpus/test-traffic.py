#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packets by process and by owner on real recordings: what `ps --json` and `info --json` count
is what the comments of the merged file add up to, read by a reader of its own.

usage: test-traffic.py PROGRAM CORPUS. Prints TAP; skips without a corpus (TB_CORPUS).
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import known_captures as known  # noqa: E402
import read_captures  # noqa: E402

RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        for line in str(detail).splitlines()[:20]:
            print("# " + line)


def run(program, *words):
    done = subprocess.run([program, *words], capture_output=True, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    return done.stdout


def interface_hosts(path):
    """Name of the machine of every interface: if_name is HOST:SOURCE."""
    return [dict(read_captures.read_options(body[8:])).get(2, b"").split(b":")[0].decode()
            for kind, body in read_captures.read_blocks(path) if kind == 1]


class Sums:
    """What the comments of a merged file add up to."""

    def __init__(self, path):
        hosts = interface_hosts(path)
        self.by_process = collections.defaultdict(lambda: [0, 0, 0, 0])
        self.captured = collections.defaultdict(lambda: [0, 0])
        self.not_named = collections.defaultdict(lambda: [0, 0])
        self.named = collections.Counter()
        self.via = collections.Counter()
        for packet in read_captures.read_packets(path):
            host, pairs = hosts[packet.number], packet.own()
            self.add(self.captured[host], 0, packet.length)
            if not pairs:
                self.add(self.not_named[host], 0, packet.length)
                continue
            sender = pairs[b"role"] == b"src"
            ends = [(b"pid", 0 if sender else 2)] + [(b"peer_pid", 2)] * (b"peer_pid" in pairs)
            for key, at in ends:
                self.add(self.by_process[(host, int(pairs[key]))], at, packet.length)
                self.named["dst" if at else "src"] += 1
            if sender:
                self.via[pairs[b"via"].decode().replace("context:", "")] += 1

    @staticmethod
    def add(row, at, length):
        row[at] += 1
        row[at + 1] += length


def traffic_of(process):
    return [process[way][what] for way in ("sent", "received") for what in ("packets", "bytes")]


def by_pid(document):
    """{(host, pid): [packets and bytes sent, received]}, instances of one number together."""
    found = collections.defaultdict(lambda: [0, 0, 0, 0])
    for machine in document["machines"]:
        for process in machine["processes"]:
            row = found[(machine["name"], process["pid"])]
            for at, value in enumerate(traffic_of(process)):
                row[at] += value
    return {key: row for key, row in found.items() if any(row)}


def instances(document):
    """Every instance with packets: of a number used twice each one by itself."""
    return sorted((machine["name"], process["pid"], process["start_ns"] or 0, process["names"][-1]["comm"] or "",
                   *traffic_of(process)) for machine in document["machines"] for process in machine["processes"]
                  if any(traffic_of(process)))


def packets_and_bytes(traffic):
    return [traffic["packets"], traffic["bytes"]]


def whole(document, key):
    return {m["name"]: packets_and_bytes(m[key]) for m in document["machines"] if key in m}


def named_ends(owners, end):
    return sum(row["named"] for row in owners["ends"] if row["end"] == end)


def evidence_of_senders(owners):
    found = collections.Counter()
    for row in owners["ends"]:
        for entry in row["evidence"] if row["end"] == "src" else ():
            found[entry["via"]] += entry["certain"] + entry["linked"] + entry["context"]
    return found


def cases(corpus):
    def two(case, recording, capture, shift=""):
        base = os.path.join(corpus, case)
        return ["m=" + os.path.join(base, recording) + shift, "m=" + os.path.join(base, capture)]
    for name in "net-v7-zstd-mono", "net-v6-local":
        yield name, two(name, "trace.dat", "A-ns.pcap")
    yield "net-stress", two("net-stress", "trace.dat", "A-ns.pcap")
    for arch in "amd64", "i386", "s390x":
        yield "guest-" + arch, two("guest-" + arch, "net.dat", "lo-ns.pcap")
    base = os.path.join(corpus, "multihost-1")
    yield "multihost-1", ["alpha=" + base + "/A/alpha.dat", "alpha=" + base + "/A/alpha.pcap",
                          "beta=" + base + "/B/beta.dat", "beta=" + base + "/B/beta.pcap"]


def judge(program, name, inputs, folder):
    out = os.path.join(folder, "out.pcapng")
    report = json.loads(run(program, "merge", "-f", "-q", "--json", "-o", out, *inputs))["owners"]
    sums = Sums(out)
    first = json.loads(run(program, "ps", "-q", "--json", *inputs))
    again = json.loads(run(program, "ps", "-q", "--json", out))
    wanted = {key: row for key, row in sums.by_process.items()}
    check("%s: ps of recording and capture adds up to the comments, %d processes" % (name, len(wanted)),
          len(wanted) > 1 and by_pid(first) == wanted, (by_pid(first), wanted))
    check(name + ": packets without an owner are the rest", whole(first, "not_named") ==
          {host: sums.not_named[host] for host in sums.captured} and whole(first, "captured") == sums.captured,
          (whole(first, "not_named"), dict(sums.not_named)))
    check(name + ": ps of the merged file says the same of every instance", instances(again) == instances(first) and
          whole(again, "not_named") == whole(first, "not_named"),
          "\n".join(map(str, set(instances(again)) ^ set(instances(first)))))
    check(name + ": merge --json counts the named ends of the comments",
          [named_ends(report, end) for end in ("src", "dst")] == [sums.named["src"], sums.named["dst"]] and
          evidence_of_senders(report) == sums.via and
          packets_and_bytes(report["not_named"]) == [sum(row[i] for row in sums.not_named.values()) for i in (0, 1)],
          (report["not_named"], sums.named, sums.via))
    info = json.loads(run(program, "info", "--json", *inputs))["owners"]
    out = os.path.join(folder, "context.pcapng")
    run(program, "merge", "-f", "-q", "--owners=context", "-o", out, *inputs)
    sums = Sums(out)
    check(name + ": info --json of all files counts those of --owners=context, and no more ends than there are",
          [named_ends(info, end) for end in ("src", "dst")] == [sums.named["src"], sums.named["dst"]] and
          all(2 * info["all"]["packets"] == sum(row[key] for row in info["ends"] for key in keys)
              for keys in [("named", "unnamed", "remote", "unknown"),
                           ("certain", "linked", "context", "unnamed", "remote", "unknown")]),
          (info, sums.named))
    merged = json.loads(run(program, "info", "--json", out))["owners"]
    check(name + ": info --json of the merged file names as many",
          [named_ends(merged, end) for end in ("src", "dst")] == [sums.named["src"], sums.named["dst"]], merged)


def reused(program, corpus, folder):
    """Comments that name a number used again: each packet is its own instance's."""
    recording = os.path.join(corpus, "guest-amd64", "reuse.dat")
    rows, capture = os.path.join(folder, "rows.pcapng"), os.path.join(folder, "told.pcapng")
    run(program, "merge", "-f", "-q", "-o", rows, "guest=" + recording + "@+1795189000")
    lives = collections.defaultdict(list)
    for process in json.loads(run(program, "ps", "-q", "--json", rows))["machines"][0]["processes"]:
        if process["start_ns"] is not None and process["end_ns"] is not None:
            lives[process["pid"]].append(process)
    lives = {pid: found for pid, found in lives.items() if len(found) > 1}
    packets, wanted = [], {}
    for pid, found in lives.items():
        for n, process in enumerate(found):
            wanted[process["id"]] = [n + 1, (n + 1) * (100 + n), 0, 0]
            comment = b"pid=%d tid=%d comm=%s host=guest role=src via=bytes " % (
                pid, pid, process["names"][-1]["comm"].encode())
            middle = (process["start_ns"] + process["end_ns"]) // 2
            packets += [(middle + i, bytes(100 + n), [(1, comment)]) for i in range(n + 1)]
    with open(capture, "wb") as handle:
        handle.write(known.section([]) + known.interface([(2, b"eth0"), (9, b"\x09")]) + b"".join(
            known.packet(*one) for one in sorted(packets)))
    document = json.loads(run(program, "ps", "-q", "--json", rows, "guest=" + capture))
    found = {p["id"]: traffic_of(p) for p in document["machines"][0]["processes"] if any(traffic_of(p))}
    check("guest-amd64 reuse.dat: %d numbers used again, each of %d instances has its own packets" % (
        len(lives), len(wanted)), len(wanted) > 1 and found == wanted, (found, wanted))


def main():
    program, corpus = sys.argv[1], os.environ.get("TB_CORPUS", sys.argv[2])
    if not os.path.isdir(corpus):
        print("1..0 # SKIP no corpus at hand")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for name, inputs in cases(corpus):
            try:
                judge(program, name, inputs, folder)
            except RuntimeError as failure:
                check(name, False, failure)
        reused(program, corpus, folder)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


sys.exit(main())
