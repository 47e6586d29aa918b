#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Damaged and derived recordings of the corpus: what is delivered, what is said, how it ends.

Each damaged file against the events of its whole: none is invented, those that can be read are
there, the exit code is 1 (or 2, without an output, where nothing can be read). Then parts and
copies given together, and completeness against the recorder's own counts.
usage: test-edge-recordings.py TRACEBRAID SOURCE_ROOT. Prints TAP; skipped without the corpus
(TB_CORPUS).
"""
import json
import os
import subprocess
import sys
import tempfile

RESULTS = []
# Damaged files: exit code, events delivered, words of a message.
DAMAGED = {
    "v6-flip0.dat": (0, 2795, ""),  # a byte of a payload: nothing in the format can tell
    "v6-flip1.dat": (0, 2795, ""),
    "v6-flip2.dat": (0, 2795, ""),
    "v6-head02.dat": (2, 0, "offset 0xd87: an ftrace format of 936 bytes, 141 are left"),
    "v6-head30.dat": (1, 346, "17203 of 139264 bytes are there; 122061 bytes skipped"),
    "v6-head62.dat": (1, 1492, "data of CPU 1 at offset 0x2b000, the file ends at 0x1b47a"),
    "v6-head97.dat": (1, 2735, "60 missing in the file"),
    "v6-zero.dat": (1, 2649, "offset 0x19000: CPU 0: a page without time and records"),
    "v7zstd-flip0.dat": (0, 807, ""),  # between the data of two CPUs
    "v7zstd-flip1.dat": (0, 807, ""),
    "v7zstd-flip2.dat": (0, 807, ""),  # a printk string: its frame still unpacks
    "v7zstd-flip3.dat": (1, 807, "offset 0x1598: zstd block of 1186 bytes does not unpack"),
    "v7zstd-flip4.dat": (0, 807, ""),
    "v7zstd-flip5.dat": (0, 807, ""),  # kernel symbols that no event asks for; info tells
    "v7zstd-head02.dat": (2, 0, "offset 0x1afe: a section should begin here"),
    "v7zstd-head30.dat": (2, 0, "the file ends at 0x1732"),
    "v7zstd-head62.dat": (2, 0, "no record could be read"),
    "v7zstd-head97.dat": (1, 444, "the option of a buffer is lost"),
    "v7zstd-zero.dat": (1, 363, "offset 0x2004: CPU 0: a chunk of 4492 bytes"),
}
WHOLE = {"v6": "edge-dat/v6-flip0.dat", "v7": "tort-threads/trace.dat"}
MISSING = {"guest-amd64/reuse.dat": 1, "guest-amd64/inst.dat": 67}


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail)[:2000].splitlines()), end="")


class Program:
    def __init__(self, program, corpus, folder):
        self.program, self.corpus, self.folder = program, corpus, folder

    def text(self, *inputs):
        """Exit code, lines of events, what was said."""
        out = os.path.join(self.folder, "out.txt")
        if os.path.exists(out):
            os.remove(out)
        run = subprocess.run(
            [self.program, "convert", "--to", "text", "-o", out] +
            [os.path.join(self.corpus, name) for name in inputs],
            capture_output=True, timeout=120)
        lines = None
        if os.path.exists(out):
            with open(out, "rb") as file:
                lines = [line for line in file.read().split(b"\n") if b"[" in line
                         and b" EVENTS DROPPED]" not in line]
        return run.returncode, lines, run.stderr.decode("utf-8", "replace")

    def sources(self, name):
        run = subprocess.run([self.program, "info", "--json", os.path.join(self.corpus, name)],
                             capture_output=True, timeout=120)
        return json.loads(run.stdout)["files"][0]["sources"]


def times(lines):
    """CPU and time of each event: what no flipped byte of a payload changes."""
    return {line[line.index(b"["):].split(b":")[0] for line in lines}


def test_damaged(program):
    for name, (code, events, words) in sorted(DAMAGED.items()):
        got, lines, said = program.text("edge-dat/" + name)
        whole = times(program.text(WHOLE[name[:2]])[1])
        good = got == code and words in said
        good = good and (lines is None if code == 2 else
                         len(lines) == events and times(lines) <= whole)
        check(name, good, "exit %d, %s events\n%s" % (got, lines and len(lines), said))


def test_sets(program):
    parts = ["edge-dat/tree-split.dat.%04d" % i for i in (3, 1, 2)]
    _, whole, _ = program.text("tort-tree/trace.dat")
    code, lines, said = program.text(*parts)
    check("parts of a split recording", code == 0 and len(lines) == 600 and
          times(lines) <= times(whole), said)
    code, lines, said = program.text("tort-tree/trace.dat", *parts)
    check("parts beside the whole", code == 0 and lines == whole and
          "600 events stand in more than one input" in said, said)
    code, lines, said = program.text("tort-tree/trace.dat", "edge-dat/tree-to-v6.dat")
    check("a recording and its conversion", code == 0 and lines == whole, said)


def test_completeness(program):
    for folder, _, names in sorted(os.walk(program.corpus)):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), program.corpus)
            if not name.endswith(".dat") or path.split(os.sep)[0] in ("edge-dat", "hostile", "reports"):
                continue
            missing = 0
            for source in program.sources(path):
                if source.get("expected") is not None:
                    missing += source["expected"] - source["records"] - source["discarded"]
            check("completeness of " + path, missing == MISSING.get(path, 0), missing)


def main():
    corpus = os.environ.get("TB_CORPUS") or os.path.join(sys.argv[2], "..", "shared", "corpus")
    if not os.path.isdir(os.path.join(corpus, "edge-dat")):
        print("1..0 # SKIP no corpus")
        return
    with tempfile.TemporaryDirectory() as folder:
        program = Program(sys.argv[1], os.path.abspath(corpus), folder)
        test_damaged(program)
        test_sets(program)
        test_completeness(program)
    print("1..%d" % len(RESULTS))


main()
