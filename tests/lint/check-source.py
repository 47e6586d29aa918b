#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the tree to its own rules of form.

Every source opens with its licence line and a paragraph saying what it is;
functions, files and nesting stop at their limits; there is no goto, no mark of
unfinished work and no path of the machine it was written on; links of pages lead somewhere.
"""
import argparse
import os
import re
import sys

MAX_FUNCTION_LINES = 120
MAX_FILE_LINES = 1200
MAX_NESTING = 4
LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
C_SUFFIXES = (".c", ".h", ".c.in", ".h.in")
SCRIPT_SUFFIXES = (".py", ".sh", ".stp", ".lua", ".fish")
TEXT_SUFFIXES = C_SUFFIXES + SCRIPT_SUFFIXES + (
    ".md", ".build", ".txt", ".json", ".stdout", ".stderr", ".scd", ".in", ".yml")
SKIPPED_FOLDERS = {".git", "__pycache__", "subprojects"}

# The brackets keep these patterns from matching themselves.
TEXT_RULES = [
    (re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|HAC[K])\b"), "mark of unfinished work"),
    (re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e])/\w"), "path of one machine"),
    (re.compile(r"(?i)\bissue\s*#?\d"), "the text must stand without a tracker"),
]
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\S")


class Confused(Exception):
    """The small parser met something it does not understand."""


def blank(match):
    """What a comment or literal is replaced by: nothing, but the same lines."""
    text = match.group()
    if text.startswith("/"):
        return " " + "\n" * text.count("\n")
    return text[0] + text[0]


def code_only(text):
    """C text without comments, literals' contents and preprocessor lines."""
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"), text,
                  flags=re.M)


def tokens_of(text):
    found = []
    line = 1
    last = 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        found.append((match.group(), line))
    return found


class Body:
    """Walks the statements of one function and keeps the deepest nesting met."""

    def __init__(self, tokens, start):
        self.tokens = tokens
        self.at = start
        self.deepest = 0
        self.deepest_line = tokens[start][1]

    def peek(self):
        if self.at >= len(self.tokens):
            raise Confused("the file ends inside a function")
        return self.tokens[self.at][0]

    def skip_pair(self, opening, closing):
        if self.peek() != opening:
            raise Confused("'%s' expected at line %d" % (opening, self.tokens[self.at][1]))
        depth = 0
        while True:
            token = self.peek()
            self.at += 1
            depth += (token == opening) - (token == closing)
            if depth == 0:
                return

    def block(self, depth):
        self.at += 1
        while self.peek() != "}":
            self.statement(depth)
        self.at += 1

    def enter(self, depth):
        if depth > self.deepest:
            self.deepest = depth
            self.deepest_line = self.tokens[self.at][1]
        if self.peek() == "{":
            self.block(depth)
        else:
            self.statement(depth)

    def if_statement(self, depth):
        self.at += 1
        self.skip_pair("(", ")")
        self.enter(depth + 1)
        if self.peek() == "else":
            self.at += 1
            if self.peek() == "if":
                self.if_statement(depth)  # a chain is one level, not many
            else:
                self.enter(depth + 1)

    def statement(self, depth):
        token = self.peek()
        if token == "if":
            self.if_statement(depth)
        elif token in ("for", "while", "switch"):
            self.at += 1
            self.skip_pair("(", ")")
            self.enter(depth + 1)
        elif token == "do":
            self.at += 1
            self.enter(depth + 1)
            self.plain()
        elif token == "{":
            self.enter(depth + 1)
        elif token in ("case", "default"):
            while self.peek() != ":":
                self.at += 1
            self.at += 1
        else:
            self.plain()

    def plain(self):
        while self.peek() != ";":
            if self.peek() == "(":
                self.skip_pair("(", ")")
            elif self.peek() == "{":
                self.skip_pair("{", "}")
            elif self.peek() == "}":
                return  # a macro without semicolon ends the block
            else:
                self.at += 1
        self.at += 1


def name_before(tokens, brace):
    """Index of the name whose argument list ends right before a brace, or None."""
    depth = 0
    for at in range(brace - 1, 0, -1):
        depth += (tokens[at][0] == ")") - (tokens[at][0] == "(")
        if depth == 0:
            is_name = re.match(r"[A-Za-z_]", tokens[at - 1][0])
            return at - 1 if tokens[at][0] == "(" and is_name else None
    return None


def functions(tokens):
    """(name, first line, last line, nesting, its line) of each function."""
    at = 0
    while at < len(tokens):
        if tokens[at][0] != "{":
            at += 1
            continue
        body = Body(tokens, at)
        name = name_before(tokens, at)
        if name is None:
            body.skip_pair("{", "}")  # a structure or an initialiser
        else:
            body.block(0)
            yield (tokens[name][0], tokens[name][1], tokens[body.at - 1][1], body.deepest,
                   body.deepest_line)
        at = body.at


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
    for name, start, end, nesting, where in found:
        if end - start + 1 > MAX_FUNCTION_LINES:
            yield path, start, "%s has %d lines, limit %d" % (name, end - start + 1,
                                                              MAX_FUNCTION_LINES)
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
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as handle:
        text = handle.read()
    if path.endswith(C_SUFFIXES):
        yield from check_c(path, text)
    elif path.endswith(SCRIPT_SUFFIXES) and not path.startswith("tests/cli/"):
        yield from check_script(path, text)
    elif os.path.basename(path) in ("meson.build", "meson_options.txt"):
        if LICENCE not in text.split("\n", 1)[0]:
            yield path, 1, "the first line is not the licence line"
    if path.endswith(C_SUFFIXES + SCRIPT_SUFFIXES):
        count = text.count("\n")
        if count > MAX_FILE_LINES:
            yield path, count, "%d lines, limit %d" % (count, MAX_FILE_LINES)
    if path.endswith(".md"):
        yield from check_links(root, path, text)
    yield from check_text(path, text)


def sources(root):
    for folder, dirs, names in os.walk(root):
        top = folder == root
        dirs[:] = sorted(d for d in dirs if d not in SKIPPED_FOLDERS
                         and not (top and d.startswith("build")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if name.endswith(TEXT_SUFFIXES) or path == ".ci/run":
                yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", help="root of the source tree")
    root = parser.parse_args().root
    files = list(sources(root))
    problems = [p for path in files for p in check_file(root, path)]
    for path, line, why in problems:
        print("%s:%d: %s" % (path, line, why))
    print("check-source: %d files, %d problems" % (len(files), len(problems)))
    if not files:
        print("check-source: nothing to check in", root)
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
