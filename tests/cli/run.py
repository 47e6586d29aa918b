#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the command-line cases: <command>/<case>.sh, each in an empty directory of its own.

usage: run.py [--update] [--cases FOLDER] [--corpus] PROGRAM SAMPLES [NAME...]

A case is a shell script; `tracebraid` is in its PATH, $SAMPLES names the samples and $CASES
the folder of the cases. What
stands beside it is compared exactly: <case>.stdout, <case>.stderr and <case>.exit (the
exit code). What does not stand there is not compared; a case without <case>.exit must
exit 0. Exit code 77 skips the case. --update rewrites the files that exist. With --corpus SAMPLES
is a folder of the corpus, which TB_CORPUS may name; where it is missing the exit code is 77.
Prints TAP.
"""
import argparse
import os
import subprocess
import sys
import tempfile

TIMEOUT_S = 60


def cases_in(folder, wanted):
    for root, dirs, names in os.walk(folder):
        dirs.sort()
        for name in sorted(names):
            case = os.path.relpath(os.path.join(root, name[:-3]), folder)
            if name.endswith(".sh") and (not wanted or case in wanted):
                yield case


def expected(path):
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except FileNotFoundError:
        return None


def run_case(script, program, samples, cases):
    """(exit code, stdout, stderr) of a script in an empty directory."""
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as tools:
        os.symlink(program, os.path.join(tools, "tracebraid"))
        environment = {"CASES": cases, "SAMPLES": samples, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "PATH": tools + ":" + os.environ.get("PATH", "/usr/bin:/bin"), "HOME": work}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        try:
            done = subprocess.run(["sh", "-u", script], cwd=work, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                  timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return None, b"", b"no end after %d seconds" % TIMEOUT_S
        return done.returncode, done.stdout, done.stderr


def differences(base, code, streams, update):
    """What is not as it should be, as lines."""
    wanted_code = expected(base + ".exit")
    found = [("exit", b"0\n" if wanted_code is None else wanted_code, b"%d\n" % (code or 0))]
    if code is None:
        return ["timeout"]
    found += [(suffix, expected(base + "." + suffix), got) for suffix, got in streams]
    lines = []
    for suffix, want, got in found:
        if want is None or want == got:
            continue
        if update and os.path.exists(base + "." + suffix):
            with open(base + "." + suffix, "wb") as handle:
                handle.write(got)
            continue
        lines.append("%s: expected %r" % (suffix, want.decode("utf-8", "backslashreplace")))
        lines.append("%s: found    %r" % (suffix, got.decode("utf-8", "backslashreplace")))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--cases", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--corpus", action="store_true")
    parser.add_argument("program")
    parser.add_argument("samples")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.corpus:
        folder, name = os.path.split(options.samples)
        options.samples = os.path.join(os.environ.get("TB_CORPUS", folder), name)
        if not os.path.isdir(options.samples):
            return 77
    cases = list(cases_in(options.cases, options.names))
    failures = 0
    print("1..%d" % len(cases))
    for number, case in enumerate(cases, 1):
        base = os.path.join(os.path.abspath(options.cases), case)
        code, out, err = run_case(base + ".sh", os.path.abspath(options.program),
                                  os.path.abspath(options.samples),
                                  os.path.abspath(options.cases))
        if code == 77:
            print("ok %d - %s # SKIP %s" % (number, case, out.decode(errors="replace").strip()))
            continue
        lines = differences(base, code, [("stdout", out), ("stderr", err)], options.update)
        print("%s %d - %s" % ("not ok" if lines else "ok", number, case))
        if lines:
            failures += 1
            lines += err.decode(errors="replace").splitlines()
            print("".join("# %s\n" % line for line in lines), end="")
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
