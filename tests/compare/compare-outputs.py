#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs two builds of the program over everything there is to convert and compares all they say.

usage: compare-outputs.py [OPTION...] OLD NEW [FOLDER...]      compare two programs
       compare-outputs.py [OPTION...] --save DIR OLD [FOLDER...]   write down what OLD says
       compare-outputs.py [OPTION...] --against DIR NEW         compare with what was written down

FOLDERs are samples/, tests/data/ and the corpus (beside the tree, or where TB_CORPUS says) where
none are named; some inputs are made (made_inputs.py). Each command of case_list.py runs in an
empty folder; output files, standard output, standard error and the exit code are compared byte
for byte. Commands that OLD does not end within --seconds of CPU are left out and named.

  --save DIR     keeps the inputs and results of OLD in DIR, which must not be there yet
  --against DIR  runs what DIR holds; neither OLD nor the corpus is needed
  --quick        a part that takes less than 30 s
  --only GLOB    only commands that match; may be repeated
  --expect FILE  differences that are meant, one a line: GLOB, a tab, the reason. GLOB is held
                 against "COMMAND" and "COMMAND: STREAM"
  --list         only names the commands
  --jobs N (2), --seconds N (3), --memory MB (3000; 0 = no limit, as sanitizers need)

Prints one line for each difference, how many differ as expected, and at the end `N outputs
compared, M differ`, M without those. Exit code 0 when every difference is a meant one, 1 when
not, 2 when the comparison could not be made.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import case_list  # noqa: E402
import explain  # noqa: E402
import made_inputs  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "../.."))
# Of larger outputs the first bytes are kept, and the sum of the whole.
KEPT_BYTES = 64 << 20
# The new program may take that much longer before it is said not to end.
PATIENCE = 5
XCPU, KILL = -24, -9
# What no two runs of one program have in common, and only where it dies: GLib tells its last word
# with the number of the process and the time of day, and the unfinished output stays, whose name
# ends by chance. Nothing else is made equal.
LAST_WORD = re.compile(rb"^(\([\w -]+:)\d+(\): .*\*\*: )\d\d:\d\d:\d\d\.\d+", re.M)
UNFINISHED = re.compile(r"^(\..+\.)\w{6}$")


class Trouble(Exception):
    """The comparison cannot be made."""


# --- running ---

class Program:
    """One build, found under the name `tracebraid` in a folder of its own."""

    def __init__(self, path, work, seconds, memory):
        self.path = os.path.abspath(path)
        if not os.path.isfile(self.path) or not os.access(self.path, os.X_OK):
            raise Trouble("%s is no program" % path)
        tools = tempfile.mkdtemp(dir=work)
        os.symlink(self.path, os.path.join(tools, "tracebraid"))
        self.environment = {"PATH": tools + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.limits = "ulimit -c 0; ulimit -St %d; ulimit -Ht %d; " % (seconds, seconds + 5)
        if memory:
            self.limits += "ulimit -v %d; " % (memory * 1024)
        self.wall = seconds * 60

    def run(self, step, folder, out, err):
        """The exit code of one step; what it says goes to two files."""
        stdin = os.path.join(folder, step.stdin) if step.stdin else os.devnull
        environment = dict(self.environment, HOME=folder, TZ=step.zone or "UTC")
        with open(stdin, "rb") as source, open(out, "wb") as stdout, open(err, "wb") as stderr:
            try:
                return subprocess.run(
                    ["sh", "-c", self.limits + 'exec tracebraid "$@"', "sh", *step.args], cwd=folder,
                    env=environment, stdin=source, stdout=stdout, stderr=stderr, check=False,
                    timeout=self.wall).returncode
            except subprocess.TimeoutExpired:
                return KILL


class Result:
    """Streams of a case that ran: name -> file, in the order in which they are compared."""

    def __init__(self, program, case, labels, work):
        self.folder = tempfile.mkdtemp(dir=work)
        self.ended = True
        cwd = os.path.join(self.folder, "cwd")
        os.mkdir(cwd)
        for label, path in labels.items():
            os.symlink(path, os.path.join(cwd, label))
        self.files = {}
        for number, step in enumerate(case.steps, start=1):
            prefix = "" if len(case.steps) == 1 else "%d: " % number
            paths = {s: os.path.join(self.folder, "%s%d" % (s, number))
                     for s in ("exit", "stdout", "stderr")}
            code = program.run(step, cwd, paths["stdout"], paths["stderr"])
            with open(paths["exit"], "w", encoding="ascii") as handle:
                handle.write("%d\n" % code)
            if code < 0:
                forget_chance(paths["stderr"])
            self.files.update({prefix + s: p for s, p in paths.items()})
            if code in (XCPU, KILL):
                self.ended = False
                break
        for name in sorted(set(os.listdir(cwd)) - set(labels)):
            self.files["file " + UNFINISHED.sub(r"\1XXXXXX", name)] = os.path.join(cwd, name)
        self.sums = {name: file_sum(path) for name, path in self.files.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def forget_chance(path):
    with open(path, "rb") as handle:
        said = handle.read()
    with open(path, "wb") as handle:
        handle.write(LAST_WORD.sub(rb"\1PID\2TIME", said))


def file_sum(path):
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read(path):
    with open(path, "rb") as handle:
        return handle.read(KEPT_BYTES)


# --- what is written down ---

class Saved:
    """DIR: inputs/LABEL, cases.json, objects/SUM (packed)."""

    def __init__(self, folder):
        self.folder = folder
        self.inputs = os.path.join(os.path.abspath(folder), "inputs")
        self.objects = os.path.join(folder, "objects")
        self.labels, self.cases, self.left_out = [], [], []

    def load(self):
        try:
            with open(os.path.join(self.folder, "cases.json"), encoding="utf-8") as handle:
                document = json.load(handle)
        except (OSError, ValueError) as error:
            raise Trouble("%s holds no results: %s" % (self.folder, error)) from error
        self.labels, self.left_out = document["labels"], document["left_out"]
        for one in document["cases"]:
            case = case_list.Case([case_list.Step(*s) for s in one["steps"]], one["quick"])
            case.sums = one["sums"]
            self.cases.append(case)

    def keep(self, result):
        for name, path in result.files.items():
            kept = os.path.join(self.objects, result.sums[name])
            if not os.path.exists(kept):
                handle, part = tempfile.mkstemp(dir=self.objects)
                with os.fdopen(handle, "wb") as out:
                    out.write(zlib.compress(read(path), 1))
                os.rename(part, kept)

    def stream(self, digest):
        with open(os.path.join(self.objects, digest), "rb") as handle:
            return zlib.decompress(handle.read())

    def store(self):
        document = {"labels": self.labels, "left_out": self.left_out, "cases": [
            {"name": c.name, "quick": c.quick, "steps": [[s.args, s.stdin, s.zone] for s in c.steps],
             "sums": c.sums} for c in self.cases]}
        with open(os.path.join(self.folder, "cases.json"), "w", encoding="utf-8") as handle:
            json.dump(document, handle, indent=1)


# --- comparing ---

def compare(old_sums, old_stream, result):
    """[(stream, what differs)] of one case."""
    found = []
    names = list(old_sums) + [name for name in result.sums if name not in old_sums]
    for name in names:
        if name not in result.sums:
            found.append((name, "only the old program has it"))
        elif name not in old_sums:
            found.append((name, "only the new program has it"))
        elif old_sums[name] != result.sums[name]:
            old, new = old_stream(name), read(result.files[name])
            found.append((name, explain.explain(old, new) if old != new
                          else "behind the first %d bytes" % KEPT_BYTES))
    return found


class Expected:
    """Differences that are meant."""

    def __init__(self, path):
        self.entries = []
        if not path:
            return
        try:
            with open(path, encoding="utf-8") as handle:
                lines = handle.read().splitlines()
        except OSError as error:
            raise Trouble(str(error)) from error
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.startswith("#"):
                glob, tab, reason = line.partition("\t")
                if not tab or not reason.strip():
                    raise Trouble("%s:%d: no tab with a reason behind it" % (path, number))
                self.entries.append([glob, reason.strip(), 0])

    def reason(self, command, stream):
        for entry in self.entries:
            if any(fnmatch.fnmatchcase(text, entry[0])
                   for text in (command, "%s: %s" % (command, stream))):
                entry[2] += 1
                return entry[1]
        return None


class Report:
    """Prints differences as they come and counts."""

    def __init__(self, expected):
        self.expected = expected
        self.n_outputs = self.n_unexpected = self.n_expected = 0
        self.not_ended = []

    def case(self, case, n_outputs, differences):
        self.n_outputs += n_outputs
        for stream, text in differences:
            reason = self.expected.reason(case.name, stream)
            self.n_unexpected += reason is None
            self.n_expected += reason is not None
            mark = "differs" if reason is None else "expected: %s" % reason
            print("%s: %s: %s: %s" % (mark, case.name, stream, text), flush=True)

    def end(self, complete):
        for name in self.not_ended:
            print("not compared, the old program does not end: %s" % name)
        if complete:
            for glob, reason, count in self.expected.entries:
                if not count:
                    print("expected, but not found: %s (%s)" % (glob, reason))
        if self.n_expected:
            print("%d outputs differ as expected" % self.n_expected)
        print("%d outputs compared, %d differ" % (self.n_outputs, self.n_unexpected))
        if not self.n_outputs:
            raise Trouble("there was nothing to compare")
        return 1 if self.n_unexpected else 0


# --- the three ways ---

class Comparison:
    """What the options ask for."""

    def __init__(self, options, work):
        self.options, self.work = options, work
        self.labels = {}

    def wanted(self, cases):
        only = self.options.only
        return [c for c in cases if (c.quick or not self.options.quick)
                and (not only or any(fnmatch.fnmatchcase(c.name, g) for g in only))]

    def is_complete(self):
        return not self.options.quick and not self.options.only

    def folders(self, named):
        """label -> folder, the default ones where none are named."""
        if named:
            found = {}
            for folder in named:
                label = os.path.basename(os.path.abspath(folder))
                if label in found or not os.path.isdir(folder):
                    raise Trouble("%s: no folder, or a second one of that name" % folder)
                found[label] = os.path.abspath(folder)
            return found
        corpus = os.environ.get("TB_CORPUS") or os.path.join(ROOT, "../shared/corpus")
        found = {"samples": ROOT + "/samples", "data": ROOT + "/tests/data"}
        if os.path.isdir(corpus):
            found["corpus"] = os.path.abspath(corpus)
        else:
            print("compare: there is no corpus; TB_CORPUS may name it", file=sys.stderr)
        return found

    def prepare(self, old, named, inputs, copied):
        """The inputs under their labels, and the cases, as the old program sees them."""
        os.mkdir(inputs)
        for label, path in self.folders(named).items():
            if copied:
                shutil.copytree(path, os.path.join(inputs, label), symlinks=True)
            else:
                os.symlink(path, os.path.join(inputs, label))
        if not named:
            os.mkdir(inputs + "/made")
            corpus = inputs + "/corpus" if os.path.exists(inputs + "/corpus") else None
            made_inputs.make_all(old.path, inputs + "/samples", corpus, inputs + "/made")
        self.labels = {name: os.path.join(inputs, name) for name in sorted(os.listdir(inputs))}
        return self.wanted(case_list.list_cases(inputs, list(self.labels),
                                                lambda i: self.ask(old, i)))

    def ask(self, program, inputs):
        case = case_list.Case([case_list.Step(["ps", "--json"] + inputs)], False)
        with Result(program, case, self.labels, self.work) as result:
            return case_list.chosen_processes(read(result.files["stdout"]))

    def each(self, work_on, cases):
        """(case, what came out) in the order of the cases, some at a time."""
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            pending, left = [], iter(cases)
            for case in itertools.islice(left, self.options.jobs * 4):
                pending.append((case, pool.submit(work_on, case)))
            while pending:
                case, future = pending.pop(0)
                yield case, future.result()
                for more in itertools.islice(left, 1):
                    pending.append((more, pool.submit(work_on, more)))

    def save(self, old, named):
        saved = Saved(self.options.save)
        os.makedirs(saved.objects)
        cases = self.prepare(old, named, saved.inputs, True)
        saved.labels = list(self.labels)

        def work_on(case):
            with Result(old, case, self.labels, self.work) as result:
                if result.ended:
                    saved.keep(result)
                return result.ended, result.sums

        for case, (ended, case.sums) in self.each(work_on, cases):
            if ended:
                saved.cases.append(case)
            else:
                saved.left_out.append(case.name)
                print("left out, the program does not end: %s" % case.name, flush=True)
        saved.store()
        print("%d commands with %d outputs written down, %d left out" % (
            len(saved.cases), sum(len(c.sums) for c in saved.cases), len(saved.left_out)))
        return 0

    def against(self, new):
        saved = Saved(self.options.against)
        saved.load()
        self.labels = {name: os.path.join(saved.inputs, name) for name in saved.labels}

        def work_on(case):
            with Result(new, case, self.labels, self.work) as result:
                return len(result.sums), compare(
                    case.sums, lambda name: saved.stream(case.sums[name]), result)

        report = Report(Expected(self.options.expect))
        for case, (n_outputs, differences) in self.each(work_on, self.wanted(saved.cases)):
            report.case(case, n_outputs, differences)
        return report.end(self.is_complete())

    def both(self, old, new, named):
        cases = self.prepare(old, named, os.path.join(self.work, "inputs"), False)

        def work_on(case):
            with Result(old, case, self.labels, self.work) as first:
                if not first.ended:
                    return None, []
                with Result(new, case, self.labels, self.work) as second:
                    return len(second.sums), compare(
                        first.sums, lambda name: read(first.files[name]), second)

        report = Report(Expected(self.options.expect))
        for case, (n_outputs, differences) in self.each(work_on, cases):
            if n_outputs is None:
                report.not_ended.append(case.name)
            else:
                report.case(case, n_outputs, differences)
        return report.end(self.is_complete())


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", metavar="DIR")
    parser.add_argument("--against", metavar="DIR")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", action="append", metavar="GLOB")
    parser.add_argument("--expect", metavar="FILE")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=3000)
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    options = parser.parse_args()
    if options.save and options.against:
        parser.error("--save and --against at once")
    n_programs = 1 if options.save or options.against or options.list else 2
    if len(options.programs) < n_programs:
        parser.error("a program is missing")
    options.folders = options.programs[n_programs:]
    del options.programs[n_programs:]
    if options.against and options.folders:
        parser.error("--against has its own inputs")
    return options


def main():
    options = parse()
    # Backed by memory where that is possible: outputs are written only to be compared.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as work:
        seconds = [options.seconds, options.seconds * PATIENCE]
        programs = [Program(path, work, limit, options.memory)
                    for path, limit in zip(options.programs,
                                           seconds[::-1] if options.against else seconds)]
        comparison = Comparison(options, work)
        if options.list:
            for case in comparison.prepare(programs[0], options.folders, work + "/inputs", False):
                print(case.name)
            return 0
        if options.save:
            return comparison.save(programs[0], options.folders)
        if options.against:
            return comparison.against(programs[0])
        return comparison.both(*programs, options.folders)


if __name__ == "__main__":
    # Whoever ends this finds no folders left in memory.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except (Trouble, OSError) as problem:
        print("compare: %s" % problem, file=sys.stderr)
        sys.exit(2)
