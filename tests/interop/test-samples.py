#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the samples against what is written about them.

First the files themselves: sizes, sums, the table in samples/README.md, and that nothing
private is inside. Then what the program says of them: `info --json`, the lines of
`convert --to text` beside trace-cmd, and the rows of the pcapng as tshark shows them.
usage: test-samples.py SOURCE_ROOT PROGRAM. Prints TAP.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
TASK = re.compile(rb"^ *\S*?-(\d+ +\[\d+\])")
RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail).splitlines()), end="")


def skip(name, why):
    RESULTS.append(True)
    print("ok %d - %s # SKIP %s" % (len(RESULTS), name, why))


def run(*command):
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=False)


def check_file(folder, facts, table):
    path = os.path.join(folder, facts["file"])
    with open(path, "rb") as handle:
        data = handle.read()
    digest = hashlib.sha256(data).hexdigest()
    check("%s: size and sum" % facts["file"],
          len(data) == facts["bytes"] and digest == facts["sha256"], digest)
    row = "| `%s` | %d | %d | `%s` |" % (facts["file"], facts["bytes"],
                                        facts.get("events", facts.get("packets")), digest)
    check("%s: row in the README" % facts["file"], row in table, row)
    check("%s: under 150 KB" % facts["file"], len(data) <= 150_000, len(data))
    strangers = [w for w in (b"HOME=", b"PWD=", b"USER=", b"LOGNAME=", b"LANG=") if w in data]
    check("%s: no environment inside" % facts["file"], not strangers, strangers)


def check_info(program, path, facts):
    """Counts, time range and event types by `info --json`."""
    name = facts["file"]
    done = run(program, "info", "--json", path)
    check("%s: info" % name, done.returncode == 0 and not done.stderr, done.stderr.decode())
    if done.returncode != 0:
        return
    sources = json.loads(done.stdout)["files"][0]["sources"]
    check("%s: number of records" % name,
          sum(s["records"] for s in sources) == facts.get("events", facts.get("packets")),
          [s["records"] for s in sources])
    check("%s: time range" % name,
          (min(s["first_ns"] for s in sources), max(s["last_ns"] for s in sources))
          == (facts["first_ns"], facts["last_ns"]), sources)
    if "types" in facts:
        types = {t["name"].split(":", 1)[1]: t["count"] for s in sources for t in s["types"]}
        check("%s: events of each type" % name, types == facts["types"], types)


def check_text(program, path, name):
    """The lines of trace-cmd report, if it is there."""
    if not shutil.which("trace-cmd"):
        skip("%s: text" % name, "no trace-cmd")
        return
    ours = run(program, "convert", "-q", "--to", "text", path, "-o", "-")
    theirs = run("trace-cmd", "report", "-N", "-t", path).stdout
    theirs = theirs[theirs.index(b"\n") + 1:] if theirs.startswith(b"cpus=") else theirs
    # The name of the task is left out: trace-cmd knows only the last one of each.
    ours_lines = [TASK.sub(rb"\1", line) for line in ours.stdout.splitlines()]
    theirs_lines = [TASK.sub(rb"\1", line) for line in theirs.splitlines()]
    different = [(a, b) for a, b in zip(ours_lines, theirs_lines) if a != b]
    check("%s: text" % name, ours_lines == theirs_lines and ours.returncode == 0, different[:3])


def check_rows(program, path, facts):
    """The rows of the pcapng, as tshark shows them, hold every process of the workload."""
    name = facts["file"]
    if not shutil.which("tshark"):
        skip("%s: rows" % name, "no tshark")
        return
    with tempfile.TemporaryDirectory() as work:
        output = os.path.join(work, "rows.pcapng")
        done = run(program, "convert", "-q", path, "-o", output)
        check("%s: convert" % name, done.returncode == 0, done.stderr.decode())
        shown = run("tshark", "-n", "-r", output, "-T", "fields", "-e", "frame.time_epoch",
                    "-e", "systemd_journal.pid", "-e", "systemd_journal.hostname",
                    "-e", "systemd_journal.syslog_id", "-e", "_ws.col.Info")
    noise = re.sub(rb"Running as user .*\n", b"", shown.stderr)
    check("%s: tshark has nothing to complain about" % name, not noise, noise)
    rows = [line.split("\t") for line in shown.stdout.decode().splitlines()]
    times = [int(row[0].replace(".", "")) for row in rows]
    check("%s: number of rows" % name, len(rows) == facts["events"], len(rows))
    check("%s: rows in time order" % name, times == sorted(times))
    check("%s: every row names the host" % name, {row[2] for row in rows} == {"sample"})
    by_type = [(int(row[1] or 0), row[3], time, row[4]) for row, time in zip(rows, times)]
    for process in facts["processes"]:
        pid = process["pid"]
        mine = [(kind, time, text) for owner, kind, time, text in by_type if owner == pid]
        # Threads end on rows of their process too.
        ends = {time for kind, time, _ in mine if kind == "sched:sched_process_exit"}
        expected_ends = {p["end_ns"] for p in [process] + facts["threads"]
                         if p["pid"] == pid and "end_ns" in p}
        execs = [text for kind, _, text in mine if kind == "sched:sched_process_exec"]
        paths = process.get("executed", [])
        check("%s: process %d" % (name, pid),
              ends == expected_ends and len(execs) == len(paths)
              and all(path in text for path, text in zip(paths, execs)), (ends, execs))


def main():
    folder = os.path.join(sys.argv[1], "samples")
    program = sys.argv[2]
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as handle:
        table = handle.read()
    names = sorted(n for n in os.listdir(folder) if n.endswith(".expect.json"))
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8") as handle:
            expect = json.load(handle)
        for facts in (expect["recording"], expect["capture"]):
            check_file(folder, facts, table)
            check_info(program, os.path.join(folder, facts["file"]), facts)
        recording = os.path.join(folder, expect["recording"]["file"])
        check_text(program, recording, expect["recording"]["file"])
        check_rows(program, recording, expect["recording"])
    check("there are samples", len(names) >= 2, names)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
