#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Selects rows in tshark as a reader of a trace would, and tries to deceive that reader.

The samples: display filters by process id, name and event type give just the rows that the text
of the same recording has, and the info column is the event's text. A recording made to forge
keys, break lines and reach terminals: every row keeps its own fields, and no control byte comes
out. usage: test-rows.py TRACEBRAID SOURCE_ROOT MAKE_HOSTILE_DAT. Prints TAP.
"""
import collections
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile

ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
LINE = re.compile(r" *.*?-(\d+) +\[\d+\] +([0-9.]+): +(\w+): +(.*)")
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail)[:2000].splitlines()), end="")


def run(*command):
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=False)


def tshark(path, wanted, *fields):
    """Rows of a filter as lists of fields, and what else tshark says."""
    command = ["tshark", "-n", "-r", path, "-T", "fields"]
    command += ["-Y", wanted] if wanted else []
    done = run(*command, *[word for field in fields for word in ("-e", field)])
    noise = re.sub(rb"Running as user .*\n", b"", done.stderr)
    return [line.split(b"\t") for line in done.stdout.splitlines()], noise


def check_filters(program, sample, scratch):
    name = os.path.basename(sample)
    output = os.path.join(scratch, name + ".pcapng")
    check("%s: convert" % name, run(program, "convert", "-q", sample, "-o", output).returncode == 0)
    text = run(program, "convert", "-q", "--to", "text", sample, "-o", "-").stdout.decode()
    lines = [LINE.fullmatch(line) for line in text.splitlines()]
    check("%s: lines of text" % name, lines and all(lines))
    rows, noise = tshark(output, "", "frame.time_epoch", "systemd_journal.pid",
                         "systemd_journal.comm", "systemd_journal.syslog_id", "_ws.col.Info")
    check("%s: tshark says nothing" % name, not noise, noise)
    rows = [[field.decode() for field in row] for row in rows]
    pairs = list(zip(lines, rows))
    check("%s: as many rows as lines" % name, len(rows) == len(lines), (len(rows), len(lines)))
    strange = [(line.group(0), row) for line, row in pairs
               if row[0] != line.group(2) or not row[3].endswith(":" + line.group(3))
               or not row[4].startswith(line.group(3) + ": ")]
    check("%s: time, type and info of each" % name, not strange, strange[:2])
    for column, field, quote in ((1, "systemd_journal.pid", "%s"),
                                 (2, "systemd_journal.comm", '"%s"'),
                                 (3, "systemd_journal.syslog_id", '"%s"')):
        values = collections.Counter(row[column] for row in rows)
        chosen = [value for value, _count in values.most_common(4)]
        if column == 3 and "sched:sched_process_exec" in values:
            chosen.append("sched:sched_process_exec")
        for value in chosen:
            found, _noise = tshark(output, "%s == %s" % (field, quote % value), "frame.time_epoch")
            check("%s: %s == %s" % (name, field, value),
                  [f[0].decode() for f in found] == [r[0] for r in rows if r[column] == value])
    execs = [line.group(4) for line in lines if line.group(3) == "sched_process_exec"]
    found, _noise = tshark(output, 'systemd_journal.syslog_id == "sched:sched_process_exec"',
                           "_ws.col.Info")
    paths = [re.search(r"filename=(\S+)", line).group(1) for line in execs]
    check("%s: what was executed stands in the info" % name,
          paths and all(path in row[0].decode() for path, row in zip(paths, found))
          and len(paths) == len(found), (paths, found))


def on_terminal(*command):
    """All that a command writes when its output and its messages go to a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                          env=ENVIRONMENT) as process:
        os.close(slave)
        out = b""
        while True:
            try:
                block = os.read(master, 65536)
            except OSError: # the last writer has gone
                break
            if not block:
                break
            out += block
        os.close(master)
        return process.wait(), out


def check_hostile_rows(program, recording, scratch):
    output = os.path.join(scratch, "hostile.pcapng")
    done = run(program, "convert", recording, "-o", output)
    check("hostile: convert", done.returncode == 0, done.stderr)
    check("hostile: messages are harmless", not CONTROL.search(done.stderr), done.stderr)
    rows, noise = tshark(output, "", "systemd_journal.pid", "systemd_journal.hostname",
                         "systemd_journal.comm", "systemd_journal.syslog_id",
                         "systemd_journal.message", "frame.interface_name")
    check("hostile: tshark says nothing", not noise, noise)
    check("hostile: five rows", len(rows) == 5, len(rows))
    check("hostile: every row is of process 7, once", {row[0] for row in rows} == {b"7"}, rows[:4])
    check("hostile: one host, one name, one type",
          len({tuple(row[1:4]) for row in rows}) == 1 and b"forged" not in rows[0][1], rows[0][:4])
    check("hostile: one text a row", all(len(row) == 6 and row[4].startswith(b"tick: ")
                                         for row in rows), [row[:5] for row in rows[:4]])
    check("hostile: no row for a forged key",
          not tshark(output, "systemd_journal.pid == 1", "frame.number")[0])
    check("hostile: no control byte", not CONTROL.search(b"".join(b"".join(r) for r in rows)))
    # tshark writes the newline of a value as backslash and n.
    check("hostile: 200 KB of text are whole, the key at their end is text",
          len(rows[4][4]) > 200000 and rows[4][4].endswith(rb"x\n_PID=1"), rows[4][4][-40:])
    again = os.path.join(scratch, "again.pcapng")
    check("hostile: merged again, the same bytes",
          run(program, "merge", "-q", output, "-o", again).returncode == 0
          and open(output, "rb").read() == open(again, "rb").read())


def check_hostile_terminal(program, recording, scratch):
    converted = os.path.join(scratch, "hostile.pcapng")
    evil = os.path.join(scratch, "\x1b[2J.dat")
    shutil.copy(recording, evil)
    for name, command in (
            ("text", ("convert", "--to", "text", recording, "-o", "-")),
            ("text of the rows", ("convert", "--to", "text", converted, "-o", "-")),
            ("info", ("info", "-v", recording)),
            ("info --json", ("info", "--json", recording)),
            ("info of the rows", ("info", "-v", converted)),
            ("ps", ("ps", recording)),
            ("ps of the rows", ("ps", converted)),
            ("info of a hostile file name", ("info", evil)),
            ("message about a hostile file name", ("info", evil + "x")),
            ("message about a hostile option", ("info", "--\x1b[2J"))):
        _code, out = on_terminal(program, *command)
        found = CONTROL.search(out.replace(b"\r\n", b"\n").replace(b"\t", b" "))
        check("terminal: %s" % name, out and not found and b"\r" not in out.replace(b"\r\n", b""),
              found and out[max(0, found.start() - 60):found.end() + 60])


def main():
    program, root, make_hostile = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as scratch:
        recording = os.path.join(scratch, "hostile.dat")
        subprocess.run([make_hostile, recording], check=True)
        if shutil.which("tshark"):
            for name in ("http.dat", "http-date.dat"):
                check_filters(program, os.path.join(root, "samples", name), scratch)
            check_hostile_rows(program, recording, scratch)
        else:
            run(program, "convert", "-q", recording, "-o", os.path.join(scratch, "hostile.pcapng"))
            print("# rows left out: no tshark")
        check_hostile_terminal(program, recording, scratch)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
