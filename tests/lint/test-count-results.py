#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that the counting at the end of tests/run.sh cannot turn a failure into a pass.

usage: test-count-results.py COUNT_RESULTS. Prints TAP.
"""
import json
import os
import subprocess
import sys
import tempfile

PASS = {"result": "OK", "stdout": ""}
TAP = {"result": "OK", "stdout": "1..3\nok 1 /a\n# note\nok 2 /b # SKIP no tool\nok 3 /c\n"}

# name, records, status of meson, last line, exit code
CASES = [
    ("plain programs", [PASS, PASS], 0, "2 passed, 0 failed, 0 skipped", 0),
    ("TAP counts inside", [TAP], 0, "2 passed, 0 failed, 1 skipped", 0),
    ("a failed TAP test", [{"result": "FAIL", "stdout": "ok 1 /a\nnot ok 2 /b\n"}], 1,
     "1 passed, 1 failed, 0 skipped", 1),
    ("a TAP program that crashed", [{"result": "ERROR", "stdout": "ok 1 /a\n"}], 1,
     "1 passed, 1 failed, 0 skipped", 1),
    ("a TAP program that ran out of time", [{"result": "TIMEOUT", "stdout": "ok 1 /a\n"}], 1,
     "1 passed, 1 failed, 0 skipped", 1),
    ("a program that failed", [PASS, {"result": "FAIL", "stdout": "text"}], 1,
     "1 passed, 1 failed, 0 skipped", 1),
    ("a skipped program", [PASS, {"result": "SKIP"}], 0, "1 passed, 0 failed, 1 skipped", 0),
    ("everything skipped", [{"result": "SKIP"}], 0, "0 passed, 0 failed, 1 skipped", 1),
    ("nothing ran", [], 0, "0 passed, 0 failed, 0 skipped", 1),
    ("meson failed although no test did", [PASS], 3, "1 passed, 0 failed, 0 skipped", 3),
    ("words in the output are not results", [{"result": "OK", "stdout": "  ok 1\nnot okay\n"}], 0,
     "1 passed, 0 failed, 0 skipped", 0),
]


def main():
    failures = 0
    print("1..%d" % (len(CASES) + 1))
    for number, (name, records, status, last, code) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "testlog.json")
            with open(log, "w", encoding="utf-8") as handle:
                handle.writelines(json.dumps(r) + "\n" for r in records)
            done = subprocess.run([sys.executable, sys.argv[1], log, str(status)],
                                  capture_output=True, text=True, check=False)
        passed = done.returncode == code and done.stdout.splitlines()[-1:] == [last]
        failures += not passed
        print("%s %d - %s" % ("ok" if passed else "not ok", number, name))
        if not passed:
            print("# %d %r %r" % (done.returncode, done.stdout, done.stderr))
    done = subprocess.run([sys.executable, sys.argv[1], "no-such-file", "1"], capture_output=True,
                          check=False)
    passed = done.returncode != 0
    failures += not passed
    print("%s %d - no log at all" % ("ok" if passed else "not ok", len(CASES) + 1))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
