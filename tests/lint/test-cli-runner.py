#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that the runner of the command-line cases notices what is wrong.

usage: test-cli-runner.py RUN_PY. Prints TAP.
"""
import os
import subprocess
import sys
import tempfile

# name, files of the case, whether the run must pass, what its output must hold
CASES = [
    ("all as expected", {"a.sh": "echo out; echo err >&2; exit 3", "a.stdout": "out\n",
                         "a.stderr": "err\n", "a.exit": "3\n"}, True, "ok 1 - a"),
    ("nothing to compare with", {"a.sh": "echo anything"}, True, "ok 1 - a"),
    ("other exit code", {"a.sh": "exit 2", "a.exit": "1\n"}, False, "exit: found    '2"),
    ("failure without .exit", {"a.sh": "exit 2"}, False, "exit: expected '0"),
    ("other stdout", {"a.sh": "echo x", "a.stdout": "y\n"}, False, "stdout: found    'x"),
    ("missing newline", {"a.sh": "printf x", "a.stdout": "x\n"}, False, "not ok 1"),
    ("unexpected stderr", {"a.sh": "echo x >&2", "a.stderr": ""}, False, "stderr: found    'x"),
    ("skipped", {"a.sh": "echo no tool; exit 77"}, True, "# SKIP no tool"),
    ("unset variable", {"a.sh": "echo $NO_SUCH_THING"}, False, "not ok 1"),
    ("empty directory", {"a.sh": "ls -A", "a.stdout": ""}, True, "ok 1 - a"),
    ("the program is found", {"a.sh": "tracebraid", "a.stdout": "it ran\n"}, True, "ok 1 - a"),
    ("no case at all", {}, False, "1..0"),
]


def run(runner, files):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        cases = os.path.join(folder, "cases")
        os.mkdir(cases)
        with open(program, "w", encoding="utf-8") as handle:
            handle.write("#!/bin/sh\necho it ran\n")
        os.chmod(program, 0o755)
        for name, text in files.items():
            with open(os.path.join(cases, name), "w", encoding="utf-8") as handle:
                handle.write(text)
        done = subprocess.run([sys.executable, runner, "--cases", cases, program, folder],
                              capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout + done.stderr


def main():
    failures = 0
    print("1..%d" % len(CASES))
    for number, (name, files, should_pass, holds) in enumerate(CASES, 1):
        passed, out = run(sys.argv[1], files)
        right = passed == should_pass and holds in out
        failures += not right
        print("%s %d - %s" % ("ok" if right else "not ok", number, name))
        if not right:
            print("".join("# %s\n" % line for line in out.splitlines()), end="")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
