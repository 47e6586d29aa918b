#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares `tracebraid ps --json` with real recordings of known workloads.

What can be known is computed here a second time, from the recording's own
event list as trace-cmd prints it; what happened is in the workload's truth.jsonl
and in the kernel's process connector log. Prints held / not derivable / wrong
for each recording; nothing may be wrong.
"""
import collections
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

CLONE_THREAD, CLONE_PARENT = 0x10000, 0x8000
LINE = re.compile(rb"^.*-(\d+) +\[(\d+)\] +(\d+)(?:\.(\d{9}))?: +([\w]+): +(.*)$")
CALLS_X86_64 = {60: "exit", 231: "exit_group", 62: "kill"}
FATAL = set(range(1, 65)) - {17, 18, 19, 20, 21, 22, 23, 28}


def raw_text(value):
    """A field of `trace-cmd report -R`: text, or the bytes of an array."""
    if value.startswith(b"ARRAY["):
        value = bytes(int(b, 16) for b in value[6:-1].split(b", "))
    return value.split(b"\0")[0]


PATTERNS = {name: re.compile(pattern, re.S) for name, pattern in {
    "newtask": rb"pid=(\d+) comm=(.*) clone_flags=(\w+) oom_score_adj=.*",
    "rename": rb"pid=(\d+) oldcomm=(.*) newcomm=(.*) oom_score_adj=.*",
    "exec": rb"filename=(.*) pid=(\d+) old_pid=(\d+)",
    "exit": rb"comm=(.*) pid=(\d+) prio=.*",
    "exit_group": rb".*error_code=(\w+)"}.items()}


def fields(text, name):
    """Values of an event's fields, which stand in one order; names may hold anything."""
    return [raw_text(v) for v in PATTERNS[name].fullmatch(text.rstrip()).groups()]


def events_of(path):
    """(time in ns, acting thread, event, text) in the order of the report."""
    out = subprocess.run(["trace-cmd", "report", "-t", "-N", "-R", path], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    pending = None
    for line in out.split(b"\n"):
        match = LINE.match(line)
        if match:
            if pending:
                yield pending
            tid, _, big, small, name, text = match.groups()
            time = int(big) * 10**9 + int(small) if small else int(big)
            pending = (time, int(tid), name.decode(), text)
        elif pending:
            pending = pending[:3] + (pending[3] + b"\n" + line,)
    if pending:
        yield pending


class Life:
    """A thread's, the main one's included."""

    def __init__(self, group, tid, start):
        self.group, self.tid, self.start, self.end = group, tid, start, None
        self.renames = []
        self.name = None


class Group:
    """A process as the simple model here sees it."""

    def __init__(self, pid, start, parent):
        self.pid, self.start, self.parent = pid, start, parent
        self.end = self.whole = self.leader_code = self.last_code = self.kill = None
        self.main = Life(self, pid, start)
        self.lives = [self.main]
        self.live = {self.main}
        self.execs = []
        self.taken_over = False

    def code(self):
        if self.whole is not None:
            return self.whole
        return self.last_code if self.last_code == self.leader_code else None

    def signal(self):
        return self.kill if self.end and self.code() is None else None


class Model:
    """Life-cycle events of one recording, replayed."""

    def __init__(self):
        self.of_tid = {}  # latest life of a number
        self.groups = []
        self.lives = collections.defaultdict(list)

    def add(self, life):
        before = self.of_tid.get(life.tid)
        if before:
            before.group.live.discard(before)
        self.of_tid[life.tid] = life
        self.lives[life.tid].append(life)
        return life

    def add_group(self, group):
        self.groups.append(group)
        return self.add(group.main)

    def life(self, tid):
        return self.of_tid.get(tid) or self.add_group(Group(tid, None, None))

    def group(self, tid):
        return self.life(tid).group

    def newtask(self, time, tid, text):
        child, name, flags = fields(text, "newtask")
        child, flags = int(child), int(flags, 16)
        maker = self.group(tid)
        if flags & CLONE_THREAD:
            life = self.add(Life(maker, child, time))
            maker.lives.append(life)
            maker.live.add(life)
        else:
            life = self.add_group(Group(child, time,
                                        maker.parent if flags & CLONE_PARENT else maker))
        life.name = name

    def rename(self, time, tid, text):
        target, _, name = fields(text, "rename")
        self.life(int(target)).renames.append((time, name))
        self.life(int(target)).name = name

    def exec(self, time, tid, text):
        path, pid, old = fields(text, "exec")
        group = self.group(int(pid))
        group.execs.append((time, path))
        if old != pid:
            self.life(int(old)).end = time
            group.main.end = None
            group.live = {group.main}
            group.taken_over = True

    def exit(self, time, tid, text):
        life = self.life(int(fields(text, "exit")[1]))
        life.end = time
        life.group.live.discard(life)
        if b"group_dead=1" in text or (b"group_dead" not in text and not life.group.live):
            life.group.end = time

    def leave(self, tid, code, whole):
        group = self.group(tid)
        if whole and group.whole is None:
            group.whole = code & 255
        group.last_code = code & 255
        if tid == group.pid:
            group.leader_code = code & 255

    def enter(self, time, tid, text):
        call = CALLS_X86_64.get(int(re.search(rb"id=(-?\d+)", text).group(1)))
        raw = bytes(int(b, 16) for b in re.search(rb"ARRAY\[(.*)\]", text).group(1).split(b", "))
        args = [int.from_bytes(raw[i:i + 8], "little", signed=True) for i in (0, 8)]
        if tid in self.of_tid:
            self.group(tid).kill = None  # it runs on
        if call in ("exit", "exit_group"):
            self.leave(tid, args[0], call == "exit_group")
        elif call == "kill" and args[0] in self.of_tid and args[1] in FATAL:
            self.group(args[0]).kill = args[1]

    def enter_exit_group(self, time, tid, text):
        self.leave(tid, int(fields(text, "exit_group")[0], 16), True)


HANDLERS = {"task_newtask": Model.newtask, "task_rename": Model.rename,
            "sched_process_exec": Model.exec, "sched_process_exit": Model.exit,
            "sys_enter": Model.enter, "sys_enter_exit_group": Model.enter_exit_group}


def unescape(text):
    """Back to the bytes of the recording."""
    raw = text.encode()
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), raw)


class Case:
    def __init__(self, name):
        self.name = name
        self.held = collections.Counter()
        self.unknown = collections.Counter()
        self.wrong = []

    def check(self, kind, ok, why):
        if ok:
            self.held[kind] += 1
        else:
            self.wrong.append(f"{kind}: {why}")

    def report(self):
        held = " ".join(f"{k}={v}" for k, v in sorted(self.held.items()))
        unknown = " ".join(f"{k}={v}" for k, v in sorted(self.unknown.items())) or "nothing"
        print(f"# {self.name}: held {held}; not derivable {unknown}; wrong {len(self.wrong)}")
        for line in self.wrong[:20]:
            print(f"#   {line}")


def names_of(entry):
    return [(n["time_ns"], unescape(n["comm"])) for n in entry["names"] if n["comm"] is not None]


def compare_group(case, group, process, by_id):
    where = f"pid {group.pid} at {group.start}"
    case.check("end" if group.end else "no-end", process["end_ns"] == group.end,
               f"{where}: end {process['end_ns']} for {group.end}")
    if group.start is not None:
        parent = by_id.get(process["parent"])
        expected = group.parent.pid if group.parent else None
        case.check("parent", (parent and parent["pid"]) == expected and
                   process["ppid"] == expected and
                   (not parent or parent["start_ns"] == group.parent.start),
                   f"{where}: parent {parent and parent['pid']} for {expected}")
    threads = collections.defaultdict(list)
    for thread in process["threads"]:
        threads[thread["tid"]].append(thread)
    case.check("threads", len(group.lives) == len(process["threads"]), f"{where}: "
               f"{len(process['threads'])} threads for {len(group.lives)}")
    for life in group.lives:
        if not threads[life.tid]:
            case.check("thread", False, f"{where}: thread {life.tid} is missing")
            continue
        thread = threads[life.tid].pop(0)
        told = names_of(thread)
        if life is not group.main:
            case.check("thread", thread["start_ns"] == life.start, f"{where}: thread {life.tid}")
        case.check("thread-end" if life.end else "no-thread-end", thread["end_ns"] == life.end,
                   f"{where}: end of {life.tid}: {thread['end_ns']} for {life.end}")
        case.check("names", told[len(told) - len(life.renames):] == life.renames and
                   len(told) <= len(life.renames) + 1,
                   f"{where}: names of {life.tid}: {told} for {life.renames}")
        case.held["rename"] += len(life.renames)
    case.check("main-names", process["names"] == process["threads"][0]["names"], where)
    execs = [(e["time_ns"], unescape(e["path"])) for e in process["exe"]]
    case.check("programs", execs[len(execs) - len(group.execs):] == group.execs and
               len(execs) <= len(group.execs) + 1, f"{where}: programs {execs} {group.execs}")
    case.held["exec"] += len(group.execs)
    if group.end is None:
        return
    for kind, expected, told in (("code", group.code(), process["exit_code"]),
                                 ("signal", group.signal(), process["exit_signal"])):
        case.check(kind if expected is not None else f"no-{kind}", told == expected,
                   f"{where}: {kind} {told} for {expected}")


def match_lives(case, groups, processes):
    """Lives of one number, in order, on both sides."""
    told = collections.defaultdict(list)
    for process in processes:
        told[process["pid"]].append(process)
    seen = collections.defaultdict(list)
    for group in groups:
        seen[group.pid].append(group)
    by_id = {p["id"]: p for p in processes}
    for pid, lives in seen.items():
        case.check("lives", len(told[pid]) == len(lives), f"pid {pid}: {len(told[pid])} lives "
                   f"for {len(lives)}")
        for group, process in zip(lives, told[pid]):
            case.check("fork" if group.start else "before", process["start_ns"] == group.start,
                       f"pid {pid}: start {process['start_ns']} for {group.start}")
            compare_group(case, group, process, by_id)
    for pid, lives in told.items():  # others are only named by switches
        for process in lives if pid not in seen else []:
            invented = [k for k in ("start_ns", "end_ns", "exit_code", "exit_signal", "parent")
                        if process[k] is not None]
            case.check("bystander", not invented and not process["exe"],
                       f"pid {pid}: {invented}")


def compare_truth(case, path, processes):
    """What the workload wrote down: parents, exit codes and signals as the parents saw them."""
    lives = collections.defaultdict(list)
    for process in processes:
        lives[process["pid"]].append(process)
    used = collections.Counter()
    for line in open(path, encoding="latin-1"):
        fact = json.loads(line)
        if fact["event"] != "reap" or not lives[fact["child"]]:
            continue
        mine = [p for p in lives[fact["child"]]]
        at = used[fact["child"]]
        used[fact["child"]] += 1
        if at >= len(mine):
            case.check("reaped", False, f"life {at} of pid {fact['child']} is missing")
            continue
        process = mine[at]
        for kind, told, true in (("exit_code", process["exit_code"], fact["exit_code"]),
                                 ("exit_signal", process["exit_signal"], fact["signal"] or None)):
            if told is None:
                case.unknown[kind] += true not in (None, -1)
            else:
                case.check("true-" + kind, told == true,
                           f"pid {fact['child']} life {at}: {told} for {true}")


def compare_forks(case, path, processes):
    parents = {p["id"]: p["pid"] for p in processes}
    told = collections.Counter((p["pid"], parents.get(p["parent"])) for p in processes
                               if p["start_ns"] is not None)
    for line in open(path, encoding="latin-1"):
        fact = json.loads(line)
        if fact["event"] not in ("fork", "vfork") or fact["pid"] not in parents.values():
            continue
        pair = (fact["child"], fact["pid"])
        if told[pair]:
            told[pair] -= 1
            case.held["true-fork"] += 1
        elif any(p["pid"] == fact["child"] and p["start_ns"] is None for p in processes):
            case.unknown["fork-before"] += 1
        else:
            case.check("true-fork", False, f"{fact['pid']} forks {fact['child']}")


def compare_connector(case, path, model, processes):
    """The kernel's own log: raw wait statuses of all threads, in the order of the ends."""
    process_of = collections.defaultdict(list)
    for process in processes:
        process_of[process["pid"]].append(process)
    expected = collections.defaultdict(list)  # number -> processes or None, a line each
    for tid, lives in model.lives.items():
        for life in lives:
            group = life.group
            if life is not group.main:
                expected[tid].append(None)
                continue
            process = process_of[tid].pop(0)
            left = life.end and group.end and life.end != group.end
            if group.taken_over or left:
                expected[tid].append(None)
            if not left:
                expected[tid].append(process)
    for line in open(path, errors="replace"):
        words = line.split()
        if len(words) < 8 or words[1] != "exit" or not words[6].isdigit():
            continue
        if not expected[int(words[2])]:
            continue  # the harness
        process, status = expected[int(words[2])].pop(0), int(words[6])
        if process is None or (process["exit_code"] is None and process["exit_signal"] is None):
            case.unknown["connector"] += 1
        elif process["exit_code"] is not None:
            case.check("connector", status == process["exit_code"] << 8,
                       f"{line.strip()}: code {process['exit_code']}")
        else:
            case.check("connector", status & 127 == process["exit_signal"],
                       f"{line.strip()}: signal {process['exit_signal']}")


def rows_of(path):
    """(time, {key: value}) of every journal row of a pcapng of ours, in its order."""
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            high, low, caplen = struct.unpack_from("<III", data, at + 12)
            payload = data[at + 28:at + 28 + caplen]
            tag = 0
            while struct.unpack_from(">H", payload, tag)[0]:
                tag += 4 + struct.unpack_from(">H", payload, tag + 2)[0]
            keys = dict(line.split(b"=", 1) for line in payload[tag + 4:].split(b"\n")
                        if b"=" in line)
            yield high << 32 | low, keys
        at += size


def expected_row(model, tid):
    """Who acts, as the model knows it after this event; None = it does not know."""
    life = model.of_tid.get(tid)
    if life is None or life.start is None:
        return None
    group = life.group
    path = next((g.execs[-1][1] for g in (group, *ancestors(group)) if g.execs), None)
    parent = group.parent
    return {"_PID": group.pid, "TRACE_TID": life.tid, "_COMM": life.name,
            "TRACE_PPID": parent.pid if parent and not parent.end else None, "exe": path}


def ancestors(group):
    while group.parent:
        group = group.parent
        yield group


def compare_rows(case, expected, program, recording):
    """The context of every row whose actor was born in the recording."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "rows.pcapng")
        subprocess.run([program, "convert", "-q", recording, "-o", output], check=False,
                       stderr=subprocess.DEVNULL)
        rows = list(rows_of(output))
    known = collections.defaultdict(list)
    for time, tid, event, row in expected:
        known[(time, event, tid)].append(row)
    case.check("rows", len(rows) == len(expected), f"{len(rows)} rows for {len(expected)}")
    for time, keys in rows:
        tid = int(keys.get(b"TRACE_TID", keys.get(b"_PID", b"0")))
        event = keys[b"SYSLOG_IDENTIFIER"].split(b":")[1].decode()
        told = known[(time, event, tid)]
        case.check("row", bool(told), f"{time} {event}: nobody {tid} acts")
        row = told.pop(0) if told else None
        if row is None:
            continue
        case.check("row-pid", int(keys[b"_PID"]) == row["_PID"], f"{time}: {keys} for {row}")
        case.check("row-comm", unescape(keys.get(b"_COMM", b"").decode()) == row["_COMM"],
                   f"{time}: {keys} for {row}")
        if row["TRACE_PPID"] is not None:
            case.check("row-ppid", int(keys.get(b"TRACE_PPID", b"0")) == row["TRACE_PPID"],
                       f"{time}: {keys} for {row}")
        if row["exe"]:
            case.check("row-exe", keys.get(b"_EXE") == row["exe"], f"{time}: {keys} for {row}")


def run_case(program, name, recording, truth, connector):
    case = Case(name)
    model = Model()
    expected = []
    for time, tid, event, text in events_of(recording):
        if event in HANDLERS:
            HANDLERS[event](model, time, tid, text)
        expected.append((time, tid, event, expected_row(model, tid)))
    done = subprocess.run([program, "ps", "--json", "-q", recording], stdout=subprocess.PIPE,
                          check=False)
    case.check("exit status", done.returncode in (0, 1), f"{done.returncode}")
    document = json.loads(done.stdout)
    case.check("schema", document["schema"] == 1 and len(document["machines"]) == 1, name)
    processes = document["machines"][0]["processes"]
    match_lives(case, model.groups, processes)
    compare_rows(case, expected, program, recording)
    compare_truth(case, truth, processes)
    compare_forks(case, truth, processes)
    if os.path.exists(connector):
        compare_connector(case, connector, model, processes)
    case.report()
    return case


def cases(corpus):
    for name in sorted(os.listdir(corpus)):
        folder = os.path.join(corpus, name)
        if name.startswith("tort-"):
            yield (name, os.path.join(folder, "trace.dat"), os.path.join(folder, "truth.jsonl"),
                   os.path.join(folder, "procconn.txt"))
        elif name.startswith("guest-"):
            for part in ("tort", "reuse"):
                yield (f"{name}/{part}", os.path.join(folder, part + ".dat"),
                       os.path.join(folder, part + "-truth.jsonl"), "")


def main():
    program, corpus = sys.argv[1], os.environ.get("TB_CORPUS") or sys.argv[2]
    if not os.path.isdir(corpus):
        print(f"1..0 # SKIP no recordings at {corpus}")
        return 0
    try:
        subprocess.run(["trace-cmd", "--version"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        print("1..0 # SKIP no trace-cmd")
        return 0
    held, unknown, number, failed = collections.Counter(), collections.Counter(), 0, 0
    for case in cases(corpus):
        result = run_case(program, *case)
        number += 1
        failed += bool(result.wrong)
        held += result.held
        unknown += result.unknown
        print(f"{'not ok' if result.wrong else 'ok'} {number} /processes/{result.name}")
    print("# all: held " + " ".join(f"{k}={v}" for k, v in sorted(held.items())) +
          "; not derivable " + " ".join(f"{k}={v}" for k, v in sorted(unknown.items())))
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
