#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the manual pages against the program: both name the same commands and options.

usage: check-manual.py PROGRAM FOLDER_OF_PAGES. Prints TAP.
"""
import os
import re
import subprocess
import sys

ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8")
# One page tells of both.
PAGES = {"merge": "convert"}


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], env=ENVIRONMENT, check=True,
                          capture_output=True, text=True).stdout


def options_of(text):
    """The options at the beginnings of the lines of a help text."""
    return {option for line in re.findall(r"(?m)^ +((?:-\w, )?--[a-z-]+)", text)
            for option in re.findall(r"--[a-z-]+|-\w\b", line)}


def main():
    program, folder = sys.argv[1:]
    commands = re.findall(r"(?m)^  ([a-z]+)  +\S", help_of(program))
    results = []

    def check(name, wrong):
        results.append(not wrong)
        print("%s %d - %s" % ("not ok" if wrong else "ok", len(results), name))
        for line in wrong:
            print("# %s" % line)

    def read(name):
        with open(os.path.join(folder, name), encoding="utf-8") as handle:
            return handle.read()

    overview = read("tracebraid.1.scd")
    check("commands", ["not in the page: " + c for c in commands if "-%s*(1)" % c not in overview])
    for command in commands:
        page = read("tracebraid-%s.1.scd" % PAGES.get(command, command))
        told = set(re.findall(r"\*(--[a-z-]+|-\w)\*", "\n".join(
            line for line in page.splitlines() if line.startswith("*-"))))
        known = options_of(help_of(program, command))
        check(command, ["not in the page: " + o for o in sorted(known - told)] +
              ["not in the help: " + o for o in sorted(told - known)])
    print("1..%d" % len(results))
    return 0 if len(commands) > 3 and all(results) else 1


sys.exit(main())
