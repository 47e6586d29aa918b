#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that the comparison of two programs notices what differs, and tells where.

usage: test-compare-outputs.py COMPARE_OUTPUTS_PY. Prints TAP.
"""
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import known_captures as build  # noqa: E402

CONVERT = "convert -v in/a.pcap -o out.pcapng"
# An output file is what lies beside the program; the rest it says itself.
SAME = 'case $1 in info) echo one; echo two;; convert) cp "$here/out" out.pcapng;; esac'
PROGRAM = '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n%s\n'


def pcapng(comment=b"x", message=b"MESSAGE=here", link=1, last=b"one"):
    """A packet with a comment, a row, another packet."""
    row = struct.pack("B", 12) + b"_PID=1\n" + message + b"\n"
    return (build.section([(4, b"test")]) + build.interface([], link=link)
            + build.interface([], link=252) + build.packet(1, b"bytes", [(1, comment)])
            + build.packet(2, row, [], number=1) + build.packet(3, last, []))


# name, what the new program does, output files of both, options, exit code, what must be said
CASES = [
    ("the same", SAME, (b"x", b"x"), [], 0, ["4 outputs compared, 0 differ"]),
    ("stdout", SAME.replace("two", "zwei"), (b"x", b"x"), ["--only", "info in/a.pcap"], 1,
     ["differs: info in/a.pcap: stdout: line 2 of 2 | 2 lines: 'two' | 'zwei'", ", 1 differ"]),
    ("stderr", SAME + "; echo no >&2", (b"x", b"x"), ["--only", "info in/a.pcap"], 1,
     ["stderr: line 1 of 0 | 1 lines: '' | 'no'"]),
    ("exit code", SAME + "; exit 1", (b"x", b"x"), [], 1, ["exit: line 1 of 1 | 1 lines: '0' | '1'"]),
    ("killed", SAME + "; kill -SEGV $$", (b"x", b"x"), [], 1, ["exit: line 1", "'-11'"]),
    ("no output", "true", (b"x", b"x"), [], 1, ["file out.pcapng: only the old program has it"]),
    ("one file more", SAME + "; : > more", (b"x", b"x"), [], 1,
     ["file more: only the new program has it"]),
    ("bytes", SAME, (b"\0abc", b"\0abd"), [], 1, ["offset 0x3 of 4 | 4 bytes: 63 | 64"]),
    ("JSON", SAME, (b'{"a": [1, {"b": 2}]}', b'{"a": [1, {"b": 3}]}'), [], 1, [".a[1].b: '2' | '3'"]),
    ("comment", SAME, (pcapng(), pcapng(comment=b"y")), [], 1,
     ["block 4 (offset 0x", "packet 1, captured), packet, option 1 (comment): 'x' | 'y'"]),
    ("row", SAME, (pcapng(), pcapng(message=b"MESSAGE=there")), [], 1,
     ["a row), packet, MESSAGE: 'MESSAGE=here' | 'MESSAGE=there'"]),
    ("link type", SAME, (pcapng(), pcapng(link=113)), [], 1, ["block 2 (offset", "interface, head:"]),
    ("bytes of a packet", SAME, (pcapng(), pcapng(last=b"two")), [], 1, ["data: 'one' | 'two'"]),
    ("fewer blocks", SAME, (pcapng(), pcapng()[:-36]), [], 1, ["block 6", ": packet | end of file"]),
    ("expected", SAME, (b"x", b"y"), ["--expect"], 0,
     ["expected: because: " + CONVERT, "1 outputs differ as expected", "compared, 0 differ"]),
    ("nothing compared", SAME, (b"x", b"x"), ["--only", "nothing"], 2, ["nothing to compare"]),
    ("never ends", "while :; do :; done", (b"x", b"x"), ["--seconds", "1"], 1, ["exit: ", "'-24'"]),
]
ALSO_SAVED = {"the same", "no output", "row", "expected", "nothing compared", "never ends"}


def write(path, data, mode=0o644):
    with open(path, "wb") as handle:
        handle.write(data)
    os.chmod(path, mode)
    return path


def program(folder, name, text, output):
    os.mkdir(os.path.join(folder, name))
    write(os.path.join(folder, name, "out"), output)
    return write(os.path.join(folder, name, "program"), (PROGRAM % text).encode(), 0o755)


def run(script, options, arguments):
    done = subprocess.run([sys.executable, script, *options, *arguments], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Tests:
    """Counts what was found."""

    def __init__(self, script, folder):
        self.script, self.folder = script, folder
        self.number = self.failures = 0
        os.mkdir(folder + "/in")
        write(folder + "/in/a.pcap", struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))

    def check(self, name, code, want_code, out, holds):
        right = code == want_code and all(h in out for h in holds) and self.folder not in out
        self.number += 1
        self.failures += not right
        print("%s %d - %s" % ("ok" if right else "not ok", self.number, name))
        if not right:
            print("".join("# %s\n" % line for line in ("exit %d\n%s" % (code, out)).splitlines()), end="")

    def case(self, name, text, outputs, options, want_code, holds):
        here = os.path.join(self.folder, name)
        os.mkdir(here)
        old = program(here, "old", SAME, outputs[0])
        new = program(here, "new", text, outputs[1])
        if options == ["--expect"]:
            options = ["--expect", write(here + "/list", b"# list\n%s: file*\tbecause\n" % CONVERT.encode())]
        if "--only" not in options:
            options = options + ["--only", CONVERT]
        code, out = run(self.script, options, [old, new, self.folder + "/in"])
        self.check(name, code, want_code, out, holds)
        if name not in ALSO_SAVED:
            return
        code, out = run(self.script, options + ["--save", here + "/saved"], [old, self.folder + "/in"])
        if code == 0:
            code, out = run(self.script, options + ["--against", here + "/saved"], [new])
        self.check(name + ", saved", code, want_code, out, holds)

    def others(self):
        here = self.folder + "/others"
        os.mkdir(here)
        old = program(here, "old", SAME, b"x")
        hangs = program(here, "hangs", "while :; do :; done", b"x")
        unused = write(here + "/list", b"nothing*\tnever seen\n")
        code, out = run(self.script, ["--expect", unused], [old, old, self.folder + "/in"])
        self.check("an entry that matches nothing", code, 0, out,
                   ["expected, but not found: nothing* (never seen)", ", 0 differ"])
        code, out = run(self.script, ["--seconds", "1", "--only", "info in/a.pcap", "--only", "info -v *"],
                        [hangs, old, self.folder + "/in"])
        self.check("the old program does not end", code, 2, out, [
            "not compared, the old program does not end: info in/a.pcap", "0 outputs compared"])
        dies = program(here, "dies", 'mktemp .out.XXXXXX; echo "(a b:$$): GLib-ERROR **: 01:02:03.$(date +%N): no" >&2;'
                       ' exec > /dev/null; kill -TRAP $$', b"x")
        code, out = run(self.script, ["--only", CONVERT], [dies, dies, self.folder + "/in"])
        self.check("last words and unfinished outputs", code, 1, out, ["stdout: line 1", ", 1 differ"])
        code, out = run(self.script, [], [here + "/none", old, self.folder + "/in"])
        self.check("no program", code, 2, out.replace(self.folder, ""), ["is no program"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        for case in CASES:
            tests.case(*case)
        tests.others()
        print("1..%d" % tests.number)
        return 1 if tests.failures else 0


if __name__ == "__main__":
    sys.exit(main())
