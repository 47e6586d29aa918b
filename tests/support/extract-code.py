#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes C blocks out of a Markdown page, so that a test can compile what the page says.

usage: extract-code.py PAGE OUTPUT... A block is one that begins with "```c NAME"; OUTPUT is
written with the block of its base name. Fails unless each is there once, and no other.
"""
import os
import re
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as handle:
        found = re.findall(r"^```c ?(\S*)\n(.*?)^```$", handle.read(), re.M | re.S)
    names = sorted(name for name, _ in found)
    wanted = sorted(os.path.basename(path) for path in sys.argv[2:])
    if names != wanted:
        print("%s: C blocks %s, expected %s" % (sys.argv[1], names, wanted), file=sys.stderr)
        return 1
    for path in sys.argv[2:]:
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(dict(found)[os.path.basename(path)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
