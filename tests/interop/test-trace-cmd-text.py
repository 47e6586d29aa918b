#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares `tracebraid convert --to text` with `trace-cmd report -N -t`, line for line. Stacks and
raw data are as `trace-cmd report -t` shows them: -N cuts them (docs/format-tracecmd.md).

CPU, time, event name and text of every recording of the corpus that is not damaged and
that the installed trace-cmd reads; the task's name is left out, because trace-cmd takes it
from the saved command lines. Recordings above 2 MB only with TB_SLOW=1.
usage: test-trace-cmd-text.py TRACEBRAID SOURCE_ROOT. Prints TAP; all is skipped without
trace-cmd or corpus.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

QUICK_BYTES = 2_000_000
# [instance:] task-pid [cpu] time: rest
LINE = re.compile(rb"^(?:(\S+): {1,11})?\s*.*?-(\d+) +\[(\d{3,})\] *(-?\d+(?:\.\d+)?): (.*)$")
# Events that hold more than their formats say.
WHOLE = re.compile(rb": (kernel_stack|raw_data): ")
NO_EVENT = re.compile(rb"^(\S+: +)?(CPU:\d+ \[(\d+ )?EVENTS? DROPPED\]|cpus=\d+$)")


def lines_of(data):
    """The lines without the tasks' names; those that are no events are left out."""
    lines = []
    for line in data.split(b"\n"):
        if NO_EVENT.match(line):
            continue
        match = LINE.match(line)
        lines.append(b"|".join(part or b"" for part in match.groups()) if match else line)
    return lines


def recordings(corpus):
    found = []
    for folder, folders, names in os.walk(corpus):
        folders[:] = [name for name in folders if name not in ("edge-dat", "hostile", "reports")]
        found += [os.path.join(folder, name) for name in names if name.endswith(".dat")]
    if not os.environ.get("TB_SLOW"):
        found = [path for path in found if os.path.getsize(path) <= QUICK_BYTES]
    return sorted(found)


def rows_of(data):
    """The events, each with the lines that follow it."""
    rows = []
    for line in data.split(b"\n"):
        if rows and not LINE.match(line) and not NO_EVENT.match(line):
            rows[-1] += b"\n" + line
        else:
            rows.append(line)
    return rows


def report(path, *options):
    run = subprocess.run(["trace-cmd", "report", *options, "-t", path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False)
    return run.stdout if run.returncode == 0 else None


def reported(path):
    """What trace-cmd says; None where it does not read the file."""
    plain = report(path, "-N")
    if plain is None or not WHOLE.search(plain):
        return plain
    return b"\n".join(whole if WHOLE.search(whole) else row
                      for row, whole in zip(rows_of(plain), rows_of(report(path))))


def converted(tracebraid, path, folder):
    output = os.path.join(folder, "out.txt")
    run = subprocess.run([tracebraid, "convert", "-q", "-f", "--to", "text", path, "-o", output],
                         stderr=subprocess.PIPE, check=False)
    if run.returncode > 1:
        return b"exit code %d: %s" % (run.returncode, run.stderr)
    with open(output, "rb") as handle:
        return handle.read()


def first_difference(theirs, ours):
    for number, (a, b) in enumerate(zip(theirs, ours)):
        if a != b:
            return "line %d\n  trace-cmd:  %r\n  tracebraid: %r" % (number + 1, a, b)
    return "%d lines of trace-cmd, %d of tracebraid" % (len(theirs), len(ours))


def main():
    tracebraid, root = sys.argv[1:3]
    corpus = os.environ.get("TB_CORPUS", os.path.join(root, "..", "shared", "corpus"))
    paths = recordings(corpus)
    if not paths or not shutil.which("trace-cmd"):
        print("1..0 # SKIP no corpus or no trace-cmd")
        return 0
    failed = count = total = 0
    with tempfile.TemporaryDirectory() as folder:
        for count, path in enumerate(paths, 1):
            name = os.path.relpath(path, corpus)
            theirs = reported(path)
            if theirs is None:
                print("ok %d - %s # SKIP trace-cmd does not read it" % (count, name))
                continue
            theirs = lines_of(theirs)
            ours = lines_of(converted(tracebraid, path, folder))
            total += len(theirs)
            if theirs == ours:
                print("ok %d - %s: %d lines" % (count, name, len(theirs)))
            else:
                failed += 1
                print("not ok %d - %s" % (count, name))
                print("".join("# %s\n" % line
                              for line in first_difference(theirs, ours).splitlines()), end="")
    print("# %d lines compared" % total)
    print("1..%d" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
