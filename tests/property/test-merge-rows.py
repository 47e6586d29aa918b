#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Merging is associative over recordings and captures, also with stock tools in between.

The sample recordings and their captures are converted once, then merged by random trees in
random orders; on the way a file may be rewritten by editcap, mergecap or reordercap, where they
are installed. Each tree must give the bytes that merging the originals at once gives.
usage: test-merge-rows.py TRACEBRAID SOURCE_ROOT. Prints TAP.
"""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile

SEEDS = range(1, 13)
# machine and sample: two hosts, a recording and a capture of each
INPUTS = [("one", "http.dat"), ("one", "http.pcap"), ("two", "http-date.dat"),
          ("two", "http-date.pcap")]
AS_THEY_STAND = ["--align=off", "--owners=off"]


def quiet(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Trees:
    """Makes files in a folder, each under a new name."""

    def __init__(self, program, folder, stock):
        self.program = program
        self.folder = folder
        self.stock = stock
        self.made = 0

    def new(self):
        self.made += 1
        return os.path.join(self.folder, "%d.pcapng" % self.made)

    def merge(self, inputs):
        out = self.new()
        quiet(self.program, "merge", *AS_THEY_STAND, *inputs, "-o", out)
        return out

    def rewrite(self, dice, path):
        """What a stock tool makes of a file, or the file."""
        tool = dice.choice(self.stock + [None])
        if tool is None:
            return path
        out = self.new()
        quiet(*(["mergecap", "-w", out, path] if tool == "mergecap" else [tool, path, out]))
        return out

    def join(self, dice, paths):
        """Two or more files into one: by merge, or by mergecap where more merging follows."""
        if "mergecap" in self.stock and dice.random() < 0.3:
            out = self.new()
            quiet("mergecap", "-w", out, *paths)
            return out
        return self.merge(paths)

    def tree(self, dice, files):
        if len(files) == 1:
            return self.rewrite(dice, files[0])
        cut = dice.randint(1, len(files) - 1)
        parts = [self.tree(dice, files[:cut]), self.tree(dice, files[cut:])]
        return self.rewrite(dice, self.join(dice, parts))


def digest(path):
    with open(path, "rb") as handle:
        return hashlib.sha256(handle.read()).hexdigest()


def main():
    program, root = sys.argv[1:3]
    stock = [tool for tool in ("editcap", "mergecap", "reordercap") if shutil.which(tool)]
    failures = 0
    print("1..%d" % len(SEEDS))
    print("# stock tools in between: %s" % (", ".join(stock) or "none"))
    with tempfile.TemporaryDirectory() as folder:
        named = ["%s=%s" % (machine, os.path.join(root, "samples", name))
                 for machine, name in INPUTS]
        trees = Trees(program, folder, stock)
        expected = digest(trees.merge(named))
        converted = [trees.merge([one]) for one in named]
        for number, seed in enumerate(SEEDS, 1):
            dice = random.Random(seed)
            files = list(converted)
            dice.shuffle(files)
            # The last step is ours: stock tools may end a tree, but not give the bytes compared.
            result = digest(trees.merge([trees.tree(dice, files)]))
            failures += result != expected
            print("%s %d - seed %d" % ("ok" if result == expected else "not ok", number, seed))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
