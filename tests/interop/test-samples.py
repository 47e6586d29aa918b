#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the samples against what is written about them.

Sizes, sums, the table in samples/README.md, and that nothing private is inside.
usage: test-samples.py SOURCE_ROOT. Prints TAP.
"""
import hashlib
import json
import os
import sys

RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail).splitlines()), end="")


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


def main():
    folder = os.path.join(sys.argv[1], "samples")
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as handle:
        table = handle.read()
    names = sorted(n for n in os.listdir(folder) if n.endswith(".expect.json"))
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8") as handle:
            expect = json.load(handle)
        check_file(folder, expect["recording"], table)
        check_file(folder, expect["capture"], table)
    check("there are samples", len(names) >= 2, names)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
