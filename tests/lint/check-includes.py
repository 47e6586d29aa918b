#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails when an include points the wrong way.

tools -> formats -> libconv, and inside libconv: report -> pass -> stages ->
format -> model -> base, and decode beside stages on top of model. A format folder sees itself, libconv and the one shared
header of the capture formats. Nobody includes tools/ or tests/ from outside. Each
outside library has its home, so that a change of library stays in one place.
"""
import argparse
import os
import re
import sys

LIBCONV_RANK = {"base": 0, "model": 1, "decode": 2, "format": 2, "stages": 3, "pass": 4, "report": 5}
LIBCONV_TOP = 6
SHARED_FORMAT_HEADERS = {"formats/pcap/capture.h"}
TOP_FOLDERS = ("libconv", "formats", "tools", "tests", "samples")

# header prefix -> path prefixes that may include it
LIBRARY_HOMES = {
    "traceevent/": ("formats/tracecmd/", "tests/"),
    "event-parse.h": ("formats/tracecmd/", "tests/"),
    "tracefs": ("tools/cmd-record", "tests/support/"),
    "pcap/": ("libconv/stages/filter", "tools/cmd-record", "tests/"),
    "pcap.h": ("libconv/stages/filter", "tools/cmd-record", "tests/"),
    "zstd": ("libconv/base/", "formats/tracecmd/", "tests/"),
    "json-glib/": ("libconv/report/", "formats/tcpsnitch/", "tools/", "tests/"),
    "zlib.h": ("libconv/base/", "formats/tracecmd/", "tests/"),
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def area(path):
    """(folder, rank or name below it) of a path relative to the root."""
    parts = path.split("/")
    if parts[0] == "libconv":
        return "libconv", LIBCONV_RANK.get(parts[1], LIBCONV_TOP) if len(parts) > 2 else LIBCONV_TOP
    if parts[0] == "formats":
        return "formats", parts[1] if len(parts) > 2 else None
    return parts[0], None


def verdict(path, target):
    """Why path may not include target (both relative to the root), or None."""
    folder, inner = area(path)
    to_folder, to_inner = area(target)
    if to_folder in ("tools", "tests") and folder != to_folder:
        return "nobody outside %s/ may include from it" % to_folder
    if folder == "libconv":
        if to_folder != "libconv":
            return "libconv includes only libconv"
        if to_inner > inner:
            return "libconv: report -> pass -> stages -> format -> model -> base, never back"
        if "decode" in (path.split("/")[1], target.split("/")[1]) and path.split("/")[1] != target.split("/")[1] \
                and path.split("/")[1] not in ("decode", "pass", "stages"):
            return "decoders are for the formats; stages know facts"
    if folder == "formats" and to_folder == "formats":
        if inner is not None and inner != to_inner and target not in SHARED_FORMAT_HEADERS:
            return "a format includes only its own folder and libconv"
    return None


def library_verdict(path, header):
    for prefix, homes in LIBRARY_HOMES.items():
        if header.startswith(prefix) and not path.startswith(homes):
            return "this library belongs to " + ", ".join(homes)
    return None


def resolve(root, path, header):
    """The file an include names, relative to the root, or None."""
    own = os.path.dirname(path)
    for folder in (own, "libconv", "formats", "tests", "tools", ""):
        candidate = os.path.normpath(os.path.join(folder, header))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate.replace(os.sep, "/")
    return None


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as handle:
        text = handle.read()
    # Comments may quote an include; line breaks stay so that numbers stay right.
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    for match in INCLUDE.finditer(text):
        header = match.group(2)
        line = text.count("\n", 0, match.start()) + 1
        target = resolve(root, path, header)
        if target is not None:
            why = verdict(path, target)
        elif match.group(1) == '"':
            why = "no such file in the tree"
        else:
            why = library_verdict(path, header)
        if why:
            yield "%s:%d: %s: %s" % (path, line, header, why)


def sources(root):
    for top in TOP_FOLDERS:
        for folder, dirs, names in os.walk(os.path.join(root, top)):
            dirs.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h", ".c.in", ".h.in")):
                    yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", help="root of the source tree")
    root = parser.parse_args().root
    files = list(sources(root))
    problems = [p for path in files for p in check_file(root, path)]
    for problem in problems:
        print(problem)
    print("check-includes: %d files, %d problems" % (len(files), len(problems)))
    if not files:
        print("check-includes: nothing to check in", root)
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
