#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails when an include points the wrong way.

tools -> formats -> libconv, and inside libconv: report -> pass -> stages ->
format -> model -> base, and decode beside stages on top of model. A format folder sees itself, libconv and the one shared
header of the capture formats. Nobody includes tools/ or tests/ from outside. Each
outside library has its home, so that a change of library stays in one place.
"""
import sys

from c_source import C_SUFFIXES, files_below, includes, run

LIBCONV_RANK = {"base": 0, "model": 1, "decode": 2, "format": 2, "stages": 3, "pass": 4,
                "report": 5}
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
                and path.split("/")[1] not in ("decode", "pass"):
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


def check_file(root, path):
    for header, bracket, line, target in includes(root, path):
        if target is not None:
            why = verdict(path, target)
        elif bracket == '"':
            why = "no such file in the tree"
        else:
            why = library_verdict(path, header)
        if why:
            yield path, line, "%s: %s" % (header, why)


def check(root):
    files = [path for path in files_below(root, C_SUFFIXES)
             if path.split("/")[0] in TOP_FOLDERS]
    return files, [problem for path in files for problem in check_file(root, path)]


if __name__ == "__main__":
    sys.exit(run(__doc__, check))
