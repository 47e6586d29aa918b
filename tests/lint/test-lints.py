#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that the checkers of this folder find what they are for.

Each case plants one fault in a small clean tree and expects it to be named, with
file and line; the clean tree itself must pass. Prints TAP.
"""
import contextlib
import io
import os
import runpy
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n/* What it knows. */\n"

CLEAN = {
    "libconv/base/error.h": HEAD + "#pragma once\n#include <glib.h>\n",
    "libconv/base/input.c": HEAD + '#include "base/error.h"\n#include <zlib.h>\n#include <zstd.h>\n',
    "libconv/base/input.h": HEAD + '#include "base/error.h"\n',
    "libconv/decode/linux.c": HEAD + 'static const char *names[] = { "sched_switch", "pid" };\n',
    "libconv/model/event.h": HEAD + '#include "base/error.h"\n',
    "libconv/format/reader.h": HEAD + '#include "model/event.h"\n',
    "libconv/stages/order/merge.h": HEAD + '#include "format/reader.h"\n',
    "libconv/pass.h": HEAD + '#include "stages/order/merge.h"\n',
    "formats/formats.c": HEAD + '#include "one/one.h"\n#include "pcap/pcap.h"\n',
    "formats/one/one.c": HEAD + 'const TbReaderFormat one = {\n  .name = "one",\n};\n',
    "formats/one/one.h": HEAD + '#include "format/reader.h"\n#include "pcap/capture.h"\n',
    "formats/pcap/pcap.h": HEAD,
    "formats/pcap/capture.h": HEAD,
    "formats/tracecmd/events.c": HEAD + "#include <traceevent/event-parse.h>\n",
    "tools/tool.h": HEAD,
    "tools/main.c": HEAD + '#include "tool.h"\n#include "formats/formats.c"\n',
    "tests/support/build.h": HEAD + '#include "base/error.h"\n',
    "tests/unit/test-x.c": HEAD + '#include "support/build.h"\n#include "one/one.h"\n',
    "meson.build": "# SPDX-License-Identifier: LGPL-2.1-or-later\n",
    "docs/page.md": "[the other](../meson.build), [elsewhere](https://example.org/x)\n",
    "run.sh": "#!/bin/sh\n# SPDX-License-Identifier: LGPL-2.1-or-later\n# What it does.\n",
}


def function(lines):
    return "static void f(int a)\n{\n" + "".join(line + "\n" for line in lines) + "}\n"


def structure(fields, more=""):
    return "typedef struct {\n" + "int a;\n" * fields + more + "} Big;\n"


def nested(opening, depth):
    return function([opening + " {"] * depth + ["a++;"] + ["}"] * depth)


# checker, name, file, what is appended to it (or the whole text), expected in the output
FAULTS = [
    ("includes", "base includes model", "libconv/base/error.h", '#include "model/event.h"\n',
     "error.h:5: model/event.h: libconv: report"),
    ("includes", "format includes stages", "libconv/format/reader.h",
     '#include "stages/order/merge.h"\n', "never back"),
    ("includes", "stages include a pass", "libconv/stages/order/merge.h", '#include "pass.h"\n',
     "never back"),
    ("includes", "libconv includes a format", "libconv/pass.h", '#include "one/one.h"\n',
     "libconv includes only libconv"),
    ("includes", "libconv includes formats by a relative path", "libconv/base/input.c",
     '#include "../../formats/one/one.h"\n', "libconv includes only libconv"),
    ("includes", "a format includes another", "formats/one/one.h", '#include "pcap/pcap.h"\n',
     "a format includes only its own folder"),
    ("includes", "a format includes the table", "formats/one/one.h", '#include "formats.c"\n',
     "a format includes only its own folder"),
    ("includes", "a format includes a tool", "formats/one/one.h", '#include "tools/tool.h"\n',
     "nobody outside tools/"),
    ("includes", "a tool includes a test", "tools/main.c", '#include "support/build.h"\n',
     "nobody outside tests/"),
    ("includes", "a test includes a tool", "tests/unit/test-x.c", '#include "tools/tool.h"\n',
     "nobody outside tools/"),
    ("includes", "angle brackets hide nothing", "libconv/base/error.h",
     "#include <model/event.h>\n", "never back"),
    ("includes", "a missing header", "tools/main.c", '#include "nothing.h"\n',
     "no such file in the tree"),
    ("includes", "zstd outside its home", "libconv/model/event.h", "#include <zstd.h>\n",
     "this library belongs to"),
    ("includes", "libtraceevent outside its home", "formats/one/one.h",
     "#include <traceevent/event-parse.h>\n", "this library belongs to"),
    ("source", "no licence line", "tools/tool.h", None, "tool.h:1: the first line"),
    ("source", "no paragraph", "tools/tool.h",
     "/* SPDX-License-Identifier: LGPL-2.1-or-later */\nint a;\n", "tool.h:2: no opening"),
    ("source", "no paragraph in a script", "run.sh",
     "#!/bin/sh\n# SPDX-License-Identifier: LGPL-2.1-or-later\nset -e\n", "run.sh:3: no opening"),
    ("source", "no licence in meson.build", "meson.build", "project('x')\n", "licence"),
    ("source", "nesting with braces", "tools/main.c", nested("while (a)", 5), "f nests 5 deep"),
    ("source", "nesting without braces", "tools/main.c",
     function(["if (a) for (;;) while (a) do if (a) a++; while (a);"]), "f nests 5 deep"),
    ("source", "nesting in a switch", "tools/main.c",
     function(["switch (a) { case 1: if (a) { for (;;) { while (a) { if (a) a++; } } } }"]),
     "f nests 5 deep"),
    ("source", "goto", "tools/main.c", function(["goto out;", "out: a = 1;"]), "main.c:7: goto"),
    ("source", "unfinished work", "tools/main.c", "/* TO" + "DO: more */\n", "unfinished"),
    ("source", "path of one machine", "run.sh", "cd /ho" + "me/someone\n", "path of one machine"),
    ("source", "dead link", "docs/page.md", "[x](y.md)\n", "page.md:2: link to y.md"),
    ("sizes", "function of 61 lines", "tools/main.c", function(["a++;"] * 58),
     "main.c:5: f has 61 lines, limit 60"),
    ("sizes", "file of 601 lines", "tools/main.c", HEAD + "int a;\n" * 599,
     "main.c:601: 601 lines"),
    ("sizes", "test of 601 lines", "tests/unit/test-x.c", HEAD + "int a;\n" * 599, "601 lines"),
    ("sizes", "script of 601 lines", "tests/unit/x.py", "#!\n" * 601, "x.py:601: 601 lines"),
    ("sizes", "structure of 17 fields", "libconv/model/event.h", structure(17),
     "event.h:4: struct Big has 17 fields, limit 16"),
    ("sizes", "structure of 17 fields without a typedef", "libconv/model/event.h",
     "struct _Big {\nint a, b;\n" + "int c;\n" * 15 + "};\n", "struct _Big has 17 fields"),
    ("sizes", "fields of an unnamed structure", "libconv/model/event.h",
     structure(8, "struct { int a[2], b; " + "int c; " * 7 + "};\n"), "struct Big has 17 fields"),
    ("sizes", "circle of two headers", "libconv/base/error.h", '#include "base/input.h"\n',
     "error.h:5: circle of includes: libconv/base/error, libconv/base/input"),
    ("sizes", "circle by a private header", "libconv/base/error-private.h",
     HEAD + '#include "base/input.h"\n',
     "error-private.h:3: circle of includes: libconv/base/error, libconv/base/input"),
    ("sizes", "name of an event in a stage", "libconv/stages/order/merge.h",
     'char *a = "sched_switch";\n', 'merge.h:4: "sched_switch" is the name'),
    ("sizes", "name of a format in a pass", "libconv/pass/emit.c", HEAD + 'char *a = "one";\n',
     'emit.c:3: "one" is the name'),
    ("source", "tracker number", "tools/main.c", "/* see issue " + "#12 */\n", "tracker"),
]

# What must not be called a fault.
FINE = [
    ("function of 60 lines", "tools/main.c", function(["a++;"] * 57)),
    ("structure of 16 fields", "libconv/model/event.h", structure(16)),
    ("variants and arguments are no fields", "libconv/model/event.h",
     structure(15, "union { int a; struct { int b, c; } d; };\n") +
     "struct call {\n" + "int (*f)(int a, int b, int c);\n" * 16 + "};\n"),
    ("a private header of its own subject", "libconv/base/error-private.h",
     HEAD + '#include "base/error.h"\n'),
    ("name of an event in a comment", "libconv/stages/order/merge.h", '/* "sched_switch", "one" */\n'),
    ("four levels", "tools/main.c", nested("if (a)", 4)),
    ("an else-if chain is one level", "tools/main.c",
     function(["if (a == 0) a++;"] + ["else if (a == 1) { a--; }"] * 9 + ["else a = 2;"])),
    ("words in strings and comments", "tools/main.c",
     function(['const char *s = "goto { (";', "/* goto } */", "char c = '{';"])),
    ("initialisers are not nesting", "tools/main.c",
     function(["struct { int b; } t[] = {{{{{{1}}}}}};"])),
    ("structures are not functions", "tests/unit/test-x.c",
     "struct x {\n" + "int a;\n" * 130 + "};\n"),
    ("commented-out include", "libconv/base/error.h", '/*\n#include "model/event.h"\n*/\n'),
]


def plant(root, extra):
    for path, text in {**{path: "" for path in extra}, **CLEAN}.items():
        where = os.path.join(root, path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w", encoding="utf-8") as handle:
            handle.write(extra.get(path, lambda old: old)(text))


def run_over(checker, root):
    """(exit code, output) of a checker; in this process, for a new one each takes its time."""
    script = os.path.join(HERE, "check-%s.py" % checker)
    out = io.StringIO()
    old, sys.argv = sys.argv, [script, root]
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = old
    return code, out.getvalue()


def run(checker, path=None, change=None, more=None):
    with tempfile.TemporaryDirectory() as root:
        plant(root, {**(more or {}), **({path: change} if path else {})})
        return run_over(checker, root)


def replacing(text):
    """An edit: None empties the file's head, a whole file replaces, the rest is appended."""
    if text is None:
        return lambda old: "int a;\n"
    if text.startswith(("/* SPDX", "#!", "project(")):
        return lambda old: text
    return lambda old: old + text


def main():
    results = []
    for checker in ("includes", "sizes", "source"):
        code, out = run(checker)
        results.append(("%s: the clean tree passes" % checker, code == 0, out))
        with tempfile.TemporaryDirectory() as empty:
            code, out = run_over(checker, empty)
            results.append(("%s: an empty tree fails" % checker, code == 1, out))
    for checker, name, path, text, expected in FAULTS:
        code, out = run(checker, path, replacing(text))
        results.append(("%s: %s" % (checker, name), code == 1 and expected in out, out))
    for name, path, text in FINE:
        for checker in ("includes", "sizes", "source"):
            code, out = run(checker, path, replacing(text))
            results.append(("%s: fine: %s" % (checker, name), code == 0, out))
    print("1..%d" % len(results))
    for number, (name, passed, out) in enumerate(results, 1):
        print("%s %d - %s" % ("ok" if passed else "not ok", number, name))
        if not passed:
            print("".join("# %s\n" % line for line in out.splitlines()), end="")
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
