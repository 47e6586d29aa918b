#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes down what a sample holds, as trace-cmd and tshark see it.

usage: expect.py BASE OFFSET_BEFORE OFFSET_AFTER

Reads BASE.dat and BASE.pcap, writes BASE.expect.json. The offsets are those from the
monotonic clock to the epoch, in nanoseconds, measured around the recording. Fails when
the recording names a program that is not of the workload. Knows nothing of tracebraid.
"""
import collections
import hashlib
import json
import os
import re
import subprocess
import sys

WORKLOAD = {"sh", "env", "python3", "curl", "wget", "grep", "awk", "sleep", "cmp", "seq", "cat",
            "trace-cmd", "record-sample"}
KERNEL = re.compile(r"<\.\.\.>|<idle>|swapper/\d+|(kworker|ksoftirqd|migration|rcu|idle_inject)\S*")
LINE = re.compile(r"^\s*(.+)-(\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}):\s+(\w+):\s*(.*)$")
CLONE_THREAD = 0x10000
COMM = re.compile(r"\b(?:prev_|next_|child_|old|new)?comm=(\S+)")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")).stdout


def digest(path):
    with open(path, "rb") as handle:
        data = handle.read()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def foreign(names):
    return sorted(n for n in names if n not in WORKLOAD and not KERNEL.fullmatch(n))


def number(fields, key):
    return int(re.search(r"\b%s=(-?\d+)" % key, fields).group(1))


class Recording:
    """What the lines of `trace-cmd report -N -t` say."""

    def __init__(self, path):
        self.path = path
        self.types = collections.Counter()
        self.cpus = collections.Counter()
        self.times = []
        self.names = set()
        self.processes = {}
        self.threads = {}
        for line in output("trace-cmd", "report", "-N", "-t", path).splitlines():
            match = LINE.match(line)
            if match:
                self.event(match)
        saved = output("trace-cmd", "dump", "--cmd-lines", path)
        self.names.update(re.findall(r"^\s*\d+ (\S+)$", saved, re.M))

    def event(self, match):
        comm, pid, cpu, seconds, nanoseconds, name, fields = match.groups()
        time = int(seconds) * 10**9 + int(nanoseconds)
        self.types[name] += 1
        self.cpus[cpu] += 1
        self.times.append(time)
        self.names.add(comm)
        self.names.update(COMM.findall(fields))
        if name == "task_newtask":
            # Its line comes right before the one of the fork and knows threads apart.
            flags = int(re.search(r"clone_flags=([0-9a-f]+)", fields).group(1), 16)
            if flags & CLONE_THREAD:
                self.threads[number(fields, "pid")] = {"tid": number(fields, "pid"),
                                                       "pid": int(pid), "start_ns": time}
        elif name == "sched_process_fork" and number(fields, "child_pid") not in self.threads:
            child = number(fields, "child_pid")
            self.processes[child] = {"pid": child, "parent": int(pid), "start_ns": time}
        elif name == "sched_process_exec":
            process = self.processes.setdefault(int(pid), {"pid": int(pid)})
            filename = re.search(r"filename=(\S+)", fields).group(1)
            process.setdefault("executed", []).append(filename)
        elif name == "sched_process_exit" and int(pid) in self.threads:
            self.threads[int(pid)]["end_ns"] = time
        elif name == "sched_process_exit":
            self.processes.setdefault(int(pid), {"pid": int(pid)})["end_ns"] = time

    def facts(self):
        facts = {"file": os.path.basename(self.path)}
        facts.update(digest(self.path))
        facts.update(events=len(self.times), first_ns=min(self.times), last_ns=max(self.times),
                     per_cpu=dict(sorted(self.cpus.items())),
                     types=dict(sorted(self.types.items())),
                     processes=[self.processes[p] for p in sorted(self.processes)],
                     threads=[self.threads[t] for t in sorted(self.threads)])
        return facts


def packets(path):
    rows = output("tshark", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src",
                  "-e", "ipv6.src", "-e", "tcp.stream").splitlines()
    times = [int(r.split("\t")[0].replace(".", "")) for r in rows]
    facts = {"file": os.path.basename(path)}
    facts.update(digest(path))
    facts.update(packets=len(rows), first_ns=min(times), last_ns=max(times),
                 ipv4=sum(1 for r in rows if r.split("\t")[1]),
                 ipv6=sum(1 for r in rows if r.split("\t")[2]),
                 tcp_streams=len({r.split("\t")[3] for r in rows if r.split("\t")[3]}))
    return facts


def main():
    base, before, after = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    recording = Recording(base + ".dat")
    strangers = foreign(recording.names)
    if strangers:
        print("not of the workload:", ", ".join(strangers))
        return 1
    expect = {"recording": recording.facts(), "capture": packets(base + ".pcap"),
              "monotonic_to_epoch_ns": [before, after]}
    with open(base + ".expect.json", "w", encoding="utf-8") as handle:
        json.dump(expect, handle, indent=1)
        handle.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
