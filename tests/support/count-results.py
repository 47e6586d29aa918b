#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what a run of `meson test` did, from its testlog.json.

usage: count-results.py TESTLOG STATUS_OF_MESON

A program that prints TAP counts with each of its tests, any other as one; a program
that broke down without naming a failed test counts as one failure more. Prints
`N passed, N failed, N skipped` and fails unless something passed and nothing failed.
"""
import json
import re
import sys

TAP = re.compile(r"^(ok|not ok)\b(.*)$", re.M)
SKIP = re.compile(r"#\s*(?:skip|todo)\b", re.I)
GOOD = {"OK", "EXPECTEDFAIL"}


def count(record):
    """(passed, failed, skipped) of one test program."""
    result = record["result"]
    lines = TAP.findall(record.get("stdout") or "")
    if not lines:
        if result == "SKIP":
            return 0, 0, 1
        return (1, 0, 0) if result in GOOD else (0, 1, 0)
    skipped = sum(1 for _, rest in lines if SKIP.search(rest))
    passed = sum(1 for word, rest in lines if word == "ok" and not SKIP.search(rest))
    failed = len(lines) - passed - skipped
    if failed == 0 and result not in GOOD and result != "SKIP":
        failed = 1
    return passed, failed, skipped


def main():
    status = int(sys.argv[2])
    totals = [0, 0, 0]
    try:
        with open(sys.argv[1], encoding="utf-8") as handle:
            for line in handle:
                totals = [a + b for a, b in zip(totals, count(json.loads(line)))]
    except OSError as error:
        print("no test log: %s" % error, file=sys.stderr)
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    if totals[0] == 0 or totals[1] > 0:
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
