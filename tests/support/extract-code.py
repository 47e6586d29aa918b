#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes the C block out of a Markdown page, so that a test can compile what the page says.

usage: extract-code.py PAGE OUTPUT. Fails unless the page has exactly one such block.
"""
import re
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as handle:
        blocks = re.findall(r"^```c\n(.*?)^```$", handle.read(), re.M | re.S)
    if len(blocks) != 1:
        print("%s: %d C blocks, expected 1" % (sys.argv[1], len(blocks)), file=sys.stderr)
        return 1
    with open(sys.argv[2], "w", encoding="utf-8") as handle:
        handle.write(blocks[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
