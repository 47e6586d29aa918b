# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checkers of this folder share: the files of a tree, C taken apart, and the report."""
import argparse
import os
import re
import sys

C_SUFFIXES = (".c", ".h", ".c.in", ".h.in")
SKIPPED_FOLDERS = {".git", "__pycache__", "subprojects"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
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


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as handle:
        return handle.read()


def files_below(root, suffixes):
    """Paths of the tree relative to its root, in order; builds and caches are left out."""
    for folder, dirs, names in os.walk(root):
        top = folder == root
        dirs[:] = sorted(d for d in dirs if d not in SKIPPED_FOLDERS
                         and not (top and d.startswith("build")))
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def resolve(root, path, header):
    """The file an include names, relative to the root, or None."""
    own = os.path.dirname(path)
    for folder in (own, "libconv", "formats", "tests", "tools", ""):
        candidate = os.path.normpath(os.path.join(folder, header))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate.replace(os.sep, "/")
    return None


def includes(root, path):
    """(header, its bracket, line, file of the tree or None) of each include of a file."""
    # Comments may quote an include; line breaks stay so that numbers stay right.
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, read(root, path), flags=re.S)
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield match.group(2), match.group(1), line, resolve(root, path, match.group(2))


def run(about, check):
    """Runs a checker over the tree named by the command line.

    check(root) gives (files it looked at, problems); a problem is (path, line, why).
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("root", help="root of the source tree")
    root = parser.parse_args().root
    files, problems = check(root)
    for path, line, why in problems:
        print("%s:%d: %s" % (path, line, why))
    name = os.path.basename(sys.argv[0]).rsplit(".", 1)[0]
    print("%s: %d files, %d problems" % (name, len(files), len(problems)))
    if not files:
        print("%s: nothing to check in %s" % (name, root))
    return 1 if problems or not files else 0
