#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the tree to its own rules of form.

Every source opens with its licence line and a paragraph saying what it is; nesting
stops at its limit; there is no goto, no mark of unfinished work and no path of the
machine it was written on; links of pages lead somewhere. Sizes: check-sizes.py.
"""
import os
import re
import sys

from c_source import (C_SUFFIXES, Confused, code_only, files_below, functions, read, run,
                      tokens_of)

MAX_NESTING = 4
LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
SCRIPT_SUFFIXES = (".py", ".sh", ".stp", ".lua", ".fish")
# Scripts of a few lines whose names say what they do.
CASES = ("tests/cli/", "tests/corpus/reports/")
TEXT_SUFFIXES = C_SUFFIXES + SCRIPT_SUFFIXES + (
    ".md", ".build", ".txt", ".json", ".stdout", ".stderr", ".scd", ".in", ".yml")

# The brackets keep these patterns from matching themselves.
TEXT_RULES = [
    (re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|HAC[K])\b"), "mark of unfinished work"),
    (re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e])/\w"), "path of one machine"),
    (re.compile(r"(?i)\bissue\s*#?\d"), "the text must stand without a tracker"),
]
def check_c(path, text):
    lines = text.split("\n")
    if lines[0].strip() != "/* %s */" % LICENCE:
        yield path, 1, "the first line is not the licence line"
    if len(lines) < 2 or not re.match(r"/\*", lines[1].strip()):
        yield path, 2, "no opening paragraph saying what the file knows"
    try:
        found = list(functions(tokens_of(code_only(text))))
    except Confused as confused:
        yield path, 1, "cannot follow the code: %s" % confused
        return
    for name, _, _, nesting, where in found:
        if nesting > MAX_NESTING:
            yield path, where, "%s nests %d deep, limit %d" % (name, nesting, MAX_NESTING)
    for token, line in tokens_of(code_only(text)):
        if token == "goto":
            yield path, line, "goto"


def check_script(path, text):
    head = text.split("\n", 3)[:3]
    at = 1 if head[0].startswith("#!") else 0
    if len(head) <= at or LICENCE not in head[at]:
        yield path, at + 1, "the licence line is missing"
    if len(head) <= at + 1 or not re.match(r'#|"""|--', head[at + 1]):
        yield path, at + 2, "no opening paragraph saying what the script does"


def check_text(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, why in TEXT_RULES:
            match = pattern.search(line)
            if match:
                yield path, number, "%s: %s" % (match.group(), why)


def check_links(root, path, text):
    """Links of a Markdown page to files of the tree."""
    for number, line in enumerate(text.split("\n"), 1):
        for target in re.findall(r"\]\(([^)#:\s]+)\)", line):
            if not os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                yield path, number, "link to %s, which is not there" % target


def check_file(root, path):
    text = read(root, path)
    if path.endswith(C_SUFFIXES):
        yield from check_c(path, text)
    elif path.endswith(SCRIPT_SUFFIXES) and not path.startswith(CASES):
        yield from check_script(path, text)
    elif os.path.basename(path) in ("meson.build", "meson_options.txt"):
        if LICENCE not in text.split("\n", 1)[0]:
            yield path, 1, "the first line is not the licence line"
    if path.endswith(".md"):
        yield from check_links(root, path, text)
    yield from check_text(path, text)


def check(root):
    files = list(files_below(root, TEXT_SUFFIXES))
    if os.path.isfile(os.path.join(root, ".ci/run")):
        files.append(".ci/run")
    return files, [problem for path in files for problem in check_file(root, path)]


if __name__ == "__main__":
    sys.exit(run(__doc__, check))
