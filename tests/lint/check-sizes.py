#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds files, functions and structures to a size, and folders to what they may know.

A file that outgrows its limit is split by what it is about; a structure likewise. No two
files of different subjects need each other (x.h, x.c and x-private.h are one subject). Stages
and passes know no event and no format by name: those words stand in the tables of formats/
and libconv/decode/, and no string outside may be one of them.
"""
import os
import re
import sys

from c_source import (C_SUFFIXES, Confused, code_only, files_below, functions, includes, read, run,
                      tokens_of)

MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 600
MAX_FIELDS = 16

CODE = ("libconv/", "formats/", "tools/")
NO_WORDS = ("libconv/stages/", "libconv/pass/")
EVENT_TABLES = "libconv/decode/"
# Words of both worlds: an event's or format's name that also means something else.
COMMON_WORDS = {"text"}

WORD = " is the name of an event or a format"

LITERAL = re.compile(r'/\*.*?\*/|//[^\n]*|\'(?:\\.|[^\'\\\n])*\'|"((?:\\.|[^"\\\n])*)"', re.S)
EVENT_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
FORMAT_NAME = re.compile(r'Tb(?:Reader|Writer)Format\s+\w+\s*=\s*\{[^}]*?\.name\s*=\s*"([^"]+)"')


def literals(text):
    """(string, line) of each string literal that is not in a comment or an include."""
    text = re.sub(r"^[ \t]*#[ \t]*include[^\n]*", "", text, flags=re.M)
    for match in LITERAL.finditer(text):
        if match.group(1) is not None:
            yield match.group(1), text.count("\n", 0, match.start()) + 1


def closing(tokens, at):
    """Index of the brace that closes the one at an index."""
    depth = 0
    while at < len(tokens):
        depth += (tokens[at][0] == "{") - (tokens[at][0] == "}")
        if depth == 0:
            return at
        at += 1
    raise Confused("a brace is never closed")


def count_fields(tokens, start, end):
    """Members declared between two braces. An unnamed structure counts by its members."""
    count = 0
    depth = 0
    at = start + 1
    while at < end:
        token = tokens[at][0]
        if token == "{":
            close = closing(tokens, at)
            if tokens[close + 1][0] == ";" and "struct" in (tokens[at - 1][0], tokens[at - 2][0]):
                count += count_fields(tokens, at, close) - 1
            at = close
        depth += (token == "(") - (token == ")")
        count += token == ";" or (token == "," and depth == 0)
        at += 1
    return count


def structures(tokens):
    """(name, line, members) of each structure that is defined."""
    for at, (token, line) in enumerate(tokens):
        if token != "struct":
            continue
        brace = at + 1 if tokens[at + 1][0] == "{" else at + 2
        if brace >= len(tokens) or tokens[brace][0] != "{":
            continue
        close = closing(tokens, brace)
        tag = tokens[at + 1][0] if brace == at + 2 else ""
        typedef = at > 0 and tokens[at - 1][0] == "typedef"
        name = tokens[close + 1][0] if typedef else tag
        yield name or tag or "(unnamed)", line, count_fields(tokens, brace, close)


def check_c(path, text):
    tokens = tokens_of(code_only(text))
    for name, start, end, _, _ in functions(tokens):
        if end - start + 1 > MAX_FUNCTION_LINES:
            yield path, start, "%s has %d lines, limit %d" % (name, end - start + 1,
                                                              MAX_FUNCTION_LINES)
    if not path.startswith(CODE):
        return
    for name, line, fields in structures(tokens):
        if fields > MAX_FIELDS:
            yield path, line, "struct %s has %d fields, limit %d" % (name, fields, MAX_FIELDS)


def check_file(root, path):
    text = read(root, path)
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield path, lines, "%d lines, limit %d" % (lines, MAX_FILE_LINES)
    if path.endswith(C_SUFFIXES):
        try:
            yield from check_c(path, text)
        except Confused as confused:
            yield path, 1, "cannot follow the code: %s" % confused


def subject(path):
    """What a source and its headers are about: their path without ending."""
    stem = path[:path.index(".", path.rindex("/"))]
    return stem[:-len("-private")] if stem.endswith("-private") else stem


def subject_graph(root, paths):
    """{subject: {subject it includes: (path, line)}}"""
    graph = {}
    for path in paths:
        needs = graph.setdefault(subject(path), {})
        for _, _, line, target in includes(root, path):
            if target and target.startswith(CODE) and subject(target) != subject(path):
                needs.setdefault(subject(target), (path, line))
    return graph


def reachable(graph, start):
    seen = set()
    todo = list(graph.get(start, ()))
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph.get(name, ())
    return seen


def check_circles(graph):
    """Each group of subjects that need one another, told once, at its first member."""
    reach = {name: reachable(graph, name) for name in graph}
    told = set()
    for name in sorted(graph):
        if name in told or name not in reach[name]:
            continue
        circle = sorted(other for other in reach[name] if name in reach.get(other, ()))
        told.update(circle)
        path, line = next(graph[name][other] for other in sorted(graph[name]) if other in circle)
        yield path, line, "circle of includes: " + ", ".join(circle)


def foreign_words(root, paths):
    """Names of events and formats, from the tables that are their home."""
    words = set()
    for path in paths:
        if path.startswith(EVENT_TABLES):
            words.update(word for word, _ in literals(read(root, path))
                         if EVENT_NAME.fullmatch(word))
        elif path.startswith("formats/"):
            words.update(FORMAT_NAME.findall(read(root, path)))
    return words - COMMON_WORDS


def check_words(root, paths, words):
    for path in paths:
        if path.startswith(NO_WORDS):
            for word, line in literals(read(root, path)):
                if word in words:
                    yield path, line, '"%s"%s' % (word, WORD)


def check(root):
    files = [path for path in files_below(root, C_SUFFIXES + (".py",)) if "/" in path]
    code = [path for path in files if path.startswith(CODE) and path.endswith(C_SUFFIXES)]
    problems = [problem for path in files for problem in check_file(root, path)]
    problems += check_circles(subject_graph(root, code))
    problems += check_words(root, code, foreign_words(root, code))
    return files, problems


if __name__ == "__main__":
    sys.exit(run(__doc__, check))
