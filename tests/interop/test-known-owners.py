#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures that name processes themselves, alone and beside a recording of the same machine.

The sample's packets are written in the layout of each program (support/known_captures.py): with
the processes that the recording names, and with others. What was told must come through with its
source and confidence, the original notes too; where it differs from the recording, both are there
and counted; converting and merging again changes nothing.
usage: test-known-owners.py TRACEBRAID SOURCE_ROOT. Prints TAP; filters are tried where there is a
tshark.
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import known_captures as known  # noqa: E402
import read_captures  # noqa: E402

PROGRAM, ROOT = os.path.abspath(sys.argv[1]), sys.argv[2]
RECORDING = os.path.join(ROOT, "samples", "http-date.dat")
PLAIN = os.path.join(ROOT, "samples", "http-date.pcap")
RESULTS = []
WRONG = {"pid": 77, "tid": 78, "comm": b"liar comm=curl", "exe": b"/opt/liar", "args": b"liar -v"}


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail)[:2000].splitlines()), end="")


def run(*args, code=0):
    done = subprocess.run([PROGRAM, *args], capture_output=True, check=False)
    assert done.returncode == code, (args, done.returncode, done.stderr)
    return done.stderr.decode()


def write(name, data):
    with open(name, "wb") as handle:
        handle.write(data)
    return name


def same(a, b):
    with open(a, "rb") as first, open(b, "rb") as second:
        return first.read() == second.read()


def truth():
    """The sample's packets and whom the recording names as their senders."""
    run("merge", "vm=" + RECORDING, "vm=" + PLAIN, "-o", "truth.pcapng")
    owners = []
    for one in read_captures.read_packets("truth.pcapng"):
        pairs = one.own()
        owners.append(pairs and pairs[b"role"] == b"src" and {
            "pid": int(pairs[b"pid"]), "tid": int(pairs[b"tid"]), "comm": pairs[b"comm"],
            "exe": pairs[b"exe"], "args": pairs[b"comm"] + b" -v\nCmd: /bin/fake\nPID: 9"} or None)
    return read_captures.read_pcap(PLAIN), owners


def counts(text):
    found = re.search(r"named alike by their capture: (\d+), named otherwise by it: (\d+)", text)
    return tuple(int(n) for n in found.groups())


def frozen(name, file):
    """Read back and written again: the same bytes; under another host name: only that differs."""
    run("convert", "-f", file, "-o", "again.pcapng")
    check(name + ": converted again", same(file, "again.pcapng"))
    run("merge", "-f", "other=" + PLAIN, file, "-o", "more.pcapng")
    kept = [p.options for p in read_captures.read_packets("more.pcapng") if p.options]
    check(name + ": merged again", kept == [p.options for p in read_captures.read_packets(file)
                                            if p.options])


def expected(owner, style):
    pairs = {b"pid": b"%d" % owner["pid"], b"via": style["via"]}
    if style.get("role", True):
        pairs[b"role"] = b"dst" if owner.get("inbound") else b"src"
    if style.get("tid"):
        pairs[b"tid"] = b"%d" % owner["tid"]
    if style.get("comm"):
        pairs[b"comm"] = owner["comm"].replace(b" ", b"\\x20").replace(b"=", b"\\x3d")
    return pairs


def alone(name, style, packets, owners, file):
    """Converted by itself: the told owners, once, with what was there."""
    run("convert", "-f", *style["options"], file, "-o", "alone.pcapng")
    got = read_captures.read_packets("alone.pcapng")
    by_bytes = {}
    for (ns, data), owner in zip(packets, owners):
        by_bytes[ns // style["unit"] * style["unit"]] = (data, owner)
    wrong = []
    for one in got:
        data, owner = by_bytes[one.ticks * style["unit"]]
        pairs = one.own()
        want = expected(owner, style) if owner else None
        if not one.data.startswith(data) or (pairs is None) != (want is None) or (
                want and any(pairs.get(k) != v for k, v in want.items())):
            wrong.append((one.comments(), want))
        if want and (len(one.ids()) != 1 or one.ids()[0][0] != owner["pid"]):
            wrong.append((one.ids(), owner["pid"]))
    check("%s: %d packets of %d named" % (name, sum(p.own() is not None for p in got), len(got)),
          len(got) == len(packets) and not wrong and any(owners), wrong[:3])
    frozen(name, "alone.pcapng")


def beside(name, style, file, told, differ):
    """With the recording: the recording's owners, and those of the capture where they differ."""
    text = run("merge", "-f", "-v", *style["options"], "vm=" + RECORDING, "vm=" + file,
               "-o", "beside.pcapng")
    got = [p.own() for p in read_captures.read_packets("beside.pcapng")]
    claimed = sum((b"claimed" in p) + (b"peer_claimed" in p) for p in got if p)
    alike, otherwise = counts(text)
    check("%s: %d alike, %d otherwise" % (name, alike, otherwise),
          claimed == otherwise and (otherwise > 0) == differ and (alike > 0) != differ
          and alike + otherwise <= told, (claimed, text))
    if differ:
        form = style["claim"]
        check(name + ": claims read", all(form == p[b"claimed"] for p in got if p and b"claimed" in p)
              and not any(p[b"pid"] == b"77" and b"claimed" in p for p in got if p),
              [p for p in got if p][:2])
    frozen(name, "beside.pcapng")
    return got


STYLES = {
    "ptcpdump": {"build": known.ptcpdump, "via": b"ptcpdump", "tid": True, "comm": True, "unit": 1,
                 "options": [], "claim": b"ptcpdump:77:78:liar\\x20comm\\x3dcurl"},
    "etl": {"build": known.etl2pcapng, "via": b"context:etl", "tid": True, "unit": 1000,
            "options": ["--owners=context"], "claim": b"context:etl:77:78"},
    "option8": {"build": known.option8, "via": b"context:option8", "tid": True, "unit": 1,
                "role": False, "options": ["--owners=context"],
                "claim": b"context:option8:77:78"},
    "option8-big": {"build": lambda p, o: known.option8(p, o, ">"), "via": b"context:option8",
                    "tid": True, "unit": 1, "role": False, "options": ["--owners=context"],
                    "claim": b"context:option8:77:78"},
    "darwin": {"build": known.darwin, "via": b"darwin", "comm": True, "unit": 1, "options": [],
               "claim": b"darwin:77:0:liar\\x20comm\\x3dcurl"},
    "darwin-big": {"build": lambda p, o: known.darwin(p, o, ">"), "via": b"darwin", "comm": True,
                   "unit": 1, "options": [], "claim": b"darwin:77:0:liar\\x20comm\\x3dcurl"},
    "tcpshark": {"build": known.tcpshark, "via": b"tcpshark", "comm": True, "unit": 1,
                 "options": [], "claim": b"tcpshark:77:0:liar\\x20comm\\x3dcurl"},
}


def styles(packets, owners):
    for name, style in STYLES.items():
        told = sum(owner is not None for owner in owners)
        file = write("right.pcapng", style["build"](packets, owners))
        alone(name, style, packets, owners, file)
        beside(name, style, file, told, False)
        liars = [owner and WRONG for owner in owners]
        file = write("wrong.pcapng", style["build"](packets, liars))
        beside(name + " that differs", style, file, told, True)


def notes(packets, owners):
    """What else stands in the notes goes on, whether owners are wished for or not."""
    ours = b"pid="
    for name, style in STYLES.items():
        file = write("notes.pcapng", style["build"](packets, owners))
        run("merge", "-f", "--owners=off", "vm=" + RECORDING, "vm=" + file, "-o", "off.pcapng")
        run("merge", "-f", "--owners=context", "vm=" + RECORDING, "vm=" + file, "-o", "on.pcapng")
        off, on = read_captures.read_packets("off.pcapng"), read_captures.read_packets("on.pcapng")
        check(name + ": notes are kept", len(off) == len(packets) and all(
            [c for c in a.comments() if not c.startswith(ours)]
            == [c for c in b.comments() if not c.startswith(ours)] for a, b in zip(off, on)))
        own = [p.comments() for p in off if any(c.startswith(ours) for c in p.comments())]
        if not name.startswith("darwin"):  # whose numbers mean nothing in another file
            check(name + ": --owners=off adds nothing", not own, own[:2])
    file = write("notes.pcapng", known.ptcpdump(packets, owners))
    run("convert", "-f", file, "-o", "off.pcapng")
    with open("off.pcapng", "rb") as handle:
        data = handle.read()
    for text in (b"UserId: 1000", b"ParentArgs: init", b"ContainerImage: nginx:1", b"PodUID: 77",
                 b"ifIndex: 1, netNsInode: 4026531833", b"ptcpdump: https://"):
        check("ptcpdump: %s stays" % text.decode(), text in data)


def guesses(packets, owners):
    """By default a guess stays what it was: an option and a comment of somebody else."""
    for tid, with_option in ((False, False), (True, False), (True, True)):
        data = known.etl2pcapng(packets, owners, tid, with_option)
        run("convert", "-f", write("etl.pcapng", data), "-o", "guess.pcapng")
        got = read_captures.read_packets("guess.pcapng")
        told = [p for p in got if p.comments()]
        check("etl without asking, tid %s, option %s" % (tid, with_option),
              told and not any(p.own() for p in got) and all(
                  c.startswith(b"PID=") for p in told for c in p.comments())
              and all(len(p.ids()) == with_option for p in told))
        run("convert", "-f", "--owners=context", "etl.pcapng", "-o", "guess.pcapng")
        got = [p.own() for p in read_captures.read_packets("guess.pcapng") if p.own()]
        check("etl when asked, tid %s, option %s" % (tid, with_option), got and all(
            p[b"via"] == b"context:etl" and (b"tid" in p) == tid for p in got), got[:2])


def two_of_apple(packets, owners):
    """Numbers of process blocks mean something in their own file only."""
    half = len(packets) // 2
    effective = dict(WRONG, pid=500, comm=b"Safari")
    first = [o and dict(o, effective=effective) for o in owners[:half]]
    write("a.pcapng", known.darwin(packets[:half], first))
    write("b.pcapng", known.darwin(packets[half:], [o and WRONG for o in owners[half:]], ">"))
    run("merge", "-f", "vm=a.pcapng", "vm=b.pcapng", "-o", "apple.pcapng")
    got = [p.own() for p in read_captures.read_packets("apple.pcapng")]
    want = [o and (b"%d" % o["pid"], b"500:Safari") for o in owners[:half]]
    want += [o and (b"77", None) for o in owners[half:]]
    check("two files of Apple's", [p and (p[b"pid"], p.get(b"effective")) for p in got] == want)
    frozen("two files of Apple's", "apple.pcapng")
    # References to blocks that are not there (mergecap 4.6 makes such files), or come later.
    data = known.darwin(packets, owners)
    blocks = read_captures.read_blocks(write("none.pcapng", data))
    write("none.pcapng", b"".join(known.block(k, b) for k, b in blocks if k != known.DARWIN))
    write("late.pcapng", known.darwin(packets, owners, late=True))
    for name in ("none", "late"):
        text = run("convert", "-f", name + ".pcapng", "-o", "dangling.pcapng", code=1)
        got = read_captures.read_packets("dangling.pcapng")
        check(name + ": references to nothing", len(got) == len(packets) and not any(
            p.own() for p in got) and not any(c & 0x8000 for p in got for c, _v in p.options))
        check(name + ": they are told once", text.count("refers to process block") == 1, text)
        facts = subprocess.run([PROGRAM, "info", name + ".pcapng"], capture_output=True, check=False)
        check(name + ": they are counted", b"process blocks that do not stand in front %d\n"
              % sum(o is not None for o in owners) in facts.stdout, facts.stdout)


def trailers(packets, owners):
    """--strip-trailers gives the packets of the wire back, with the owners that were behind them."""
    arp = bytes.fromhex("ffffffffffff0200000000010806000108000604000102000000000a0a000001"
                        "0000000000000a000002")
    some = packets + [(packets[-1][0] + 1000, arp)]
    told = [o and dict(o, args=b"a b\xff\n=") for o in owners] + [None]
    write("shark.pcapng", known.tcpshark(some, told, 2))
    text = run("convert", "-f", "-v", "--strip-trailers", "shark.pcapng", "-o", "bare.pcapng")
    got = read_captures.read_packets("bare.pcapng")
    check("trailers are taken away", [p.data for p in got] == [data for _ns, data in some]
          and all(p.length == len(p.data) for p in got)
          and "trailers removed from %d packets, 0 packets" % len(some) in text, text)
    check("owners of trailers stay", [p.own() and (p.own()[b"pid"], p.own()[b"comm"],
                                                   p.own()[b"args"], p.ids()[0][0]) for p in got]
          == [o and (b"%d" % o["pid"], o["comm"], b"a\\x20b\\xff\\x0a\\x3d", o["pid"])
              for o in told])
    frozen("without trailers", "bare.pcapng")
    run("convert", "-f", "shark.pcapng", "-o", "kept.pcapng")
    check("trailers are kept", [p.data for p in read_captures.read_packets("kept.pcapng")]
          == [data.ljust(60, b"\0") + known.trailer(o, 2) for (_ns, data), o in zip(some, told)])
    run("convert", "-f", "--strip-trailers", "kept.pcapng", "-o", "later.pcapng")
    check("trailers are taken away later", same("later.pcapng", "bare.pcapng"))
    # One frame that cannot be tcpshark's: zeros behind the others may be anything.
    odd = known.tcpshark(some, told, 2) + known.packet(some[-1][0] + 1, arp, [])
    text = run("convert", "-f", "-v", "--strip-trailers", write("odd.pcapng", odd), "-o",
               "odd-bare.pcapng")
    want = [data if o else data.ljust(60, b"\0") + bytes(15) for (_ns, data), o in zip(some, told)]
    check("zeros stay where they may be anything", [p.data for p in read_captures.read_packets(
        "odd-bare.pcapng")] == want + [arp], text)
    for verbosity in (0, 1):
        write("shark.pcapng", known.tcpshark(packets, owners, verbosity))
        text = run("merge", "-f", "-v", "--strip-trailers", "vm=" + RECORDING, "vm=shark.pcapng",
                   "-o", "bare.pcapng")
        got = read_captures.read_packets("bare.pcapng")
        check("trailers of verbosity %d" % verbosity, [p.data for p in got] == [
            data for _ns, data in packets], text)
        check("what stood behind frames is no part of the evidence, verbosity %d" % verbosity,
              [p.own() for p in got] == [p.own() for p in read_captures.read_packets("truth.pcapng")])
    text = run("convert", "-f", "--strip-trailers", PLAIN, "-o", "bare.pcapng")
    check("no trailers", "no packet has a trailer" in text)


def process_blocks(name, kind):
    """Walks a file: (number of blocks, packets whose reference is wrong)."""
    table, wrong = [], []
    records = 0
    for block, body in read_captures.read_blocks(name):
        if block == kind == known.DARWIN:
            found = dict(read_captures.read_options(body[4:]))
            table.append((struct.unpack_from("<I", body)[0], found.get(2)))
        elif block == kind == known.CUSTOM:
            pen, entry, size, pid = struct.unpack_from("<4I", body)
            found = dict(read_captures.read_options(body[16:12 + size]))
            if (pen, entry, len(body)) != (32622, 3, 12 + size + -size % 4) or not records:
                wrong.append(body)
            table.append((pid, found.get(2)))
        elif block == known.EPB:
            records += 1
            one = read_captures.Packet(body)
            own = one.own()
            index = [struct.unpack("<I", v)[0] for c, v in one.options if c == 0x8001]
            effective = [struct.unpack("<I", v)[0] for c, v in one.options if c == 0x8003]
            if not own:
                wrong += index + effective
                continue
            want = (int(own[b"pid"]), own.get(b"comm"))
            if kind == known.DARWIN and (len(index) != 1 or table[index[0]] != want):
                wrong.append((want, index))
            if kind == known.CUSTOM and (index or (want not in table and records > 1)):
                wrong.append(want)
            asked = own.get(b"effective")
            told = effective and b"%d:%s" % table[effective[0]] or None
            if kind == known.DARWIN and asked != told:
                wrong.append((asked, told))
    return table, wrong


def process_info(packets, owners):
    """--process-info: a block a process and name, in front of its first packet, and once only."""
    effective = dict(WRONG, pid=500, comm=b"Safari")
    write("a.pcapng", known.darwin(packets, [o and dict(o, effective=effective) for o in owners]))
    inputs = {"recording": ["vm=" + RECORDING, "vm=" + PLAIN], "apple": ["vm=a.pcapng"],
              "both": ["vm=" + RECORDING, "vm=" + PLAIN, "other=a.pcapng"]}
    for name, args in inputs.items():
        run("merge", "-f", *args, "-o", "plain.pcapng")
        for form, kind in (("darwin", known.DARWIN), ("wireshark", known.CUSTOM)):
            wish = "--process-info=" + form
            run("merge", "-f", wish, *args, "-o", "info.pcapng")
            table, wrong = process_blocks("info.pcapng", kind)
            check("%s, %s: %d blocks" % (name, form, len(table)), table and not wrong, wrong[:3])
            if name != "both":  # where two machines have the same processes
                check("%s, %s: each once" % (name, form), len(set(table)) == len(table), table)
            run("convert", "-f", wish, "info.pcapng", "-o", "again.pcapng")
            check("%s, %s: converted again" % (name, form), same("info.pcapng", "again.pcapng"))
            run("convert", "-f", "info.pcapng", "-o", "without.pcapng")
            check("%s, %s: taken away again" % (name, form), same("plain.pcapng", "without.pcapng"))
            run("merge", "-f", wish, "info.pcapng", "x=" + PLAIN, "-o", "more.pcapng")
            again, wrong = process_blocks("more.pcapng", kind)
            check("%s, %s: merged" % (name, form), sorted(table) == sorted(again) and not wrong,
                  (table, again, wrong[:3]))
    stock_tools()


def stock_tools():
    """What does not know the blocks passes over them in silence."""
    if not shutil.which("tshark"):
        return
    run("merge", "-f", "--process-info=darwin", "vm=" + RECORDING, "vm=" + PLAIN, "-o", "info.pcapng")
    shown = [subprocess.run(["tshark", "-n", "-r", name, "-T", "fields", "-e", "frame.time_epoch",
                             "-e", "frame.comment", "-e", "_ws.col.Info"], capture_output=True,
                            check=True) for name in ("info.pcapng", "truth.pcapng")]
    said = [line for line in shown[0].stderr.splitlines() if b"Running as user" not in line]
    check("tshark shows the same", shown[0].stdout == shown[1].stdout and not said, said)
    fields = subprocess.run(["tshark", "-G", "fields"], capture_output=True, check=True).stdout
    if b"frame.darwin.process_info.pname" not in fields:
        return
    named = subprocess.run(["tshark", "-n", "-r", "info.pcapng", "-Y", "frame.comment", "-T", "fields",
                            "-e", "frame.darwin.process_info.pid", "-e",
                            "frame.darwin.process_info.pname"], capture_output=True, check=True)
    want = [b"%s\t%s" % (p.own()[b"pid"], p.own()[b"comm"])
            for p in read_captures.read_packets("truth.pcapng") if p.own()]
    check("tshark shows processes", named.stdout.splitlines() == want, named.stdout)


def receivers(packets, owners):
    """A note of an inbound packet speaks of its receiver; without direction of either end."""
    inbound = [o and dict(o, inbound=True) for o in owners]
    run("convert", "-f", write("in.pcapng", known.ptcpdump(packets, inbound)), "-o", "to.pcapng")
    got = [p.own() for p in read_captures.read_packets("to.pcapng") if p.own()]
    check("inbound notes name receivers", got and all(p[b"role"] == b"dst" for p in got))
    lies = [o and dict(WRONG, inbound=True) for o in owners]
    text = run("merge", "-f", "-v", "vm=" + RECORDING, "vm=" + write(
        "in.pcapng", known.ptcpdump(packets, lies)), "-o", "to.pcapng")
    got = [p.own() for p in read_captures.read_packets("to.pcapng") if p.own()]
    claims = [p[b"peer_claimed"] for p in got if b"peer_claimed" in p]
    claims += [p[b"claimed"] for p in got if b"claimed" in p and p[b"role"] == b"dst"]
    check("claims about receivers", len(claims) == counts(text)[1] > 0
          and set(claims) == {STYLES["ptcpdump"]["claim"]}, (len(claims), text))
    frozen("claims about receivers", "to.pcapng")
    truth_of = [p.own() for p in read_captures.read_packets("truth.pcapng")]
    peers = [p and b"peer_pid" in p and dict(WRONG, pid=int(p[b"peer_pid"]), tid=1) or None
             for p in truth_of]
    run("merge", "-f", "--owners=context", "vm=" + RECORDING, "vm=" + write(
        "peer.pcapng", known.option8(packets, peers)), "-o", "either.pcapng")
    got = [p.own() for p in read_captures.read_packets("either.pcapng")]
    fits = [p for p, peer in zip(got, peers) if peer]
    check("an option without direction is compared with the end it fits", fits and all(
        b"peer_pid" in p and b"claimed" not in p and b"peer_claimed" not in p for p in fits))


def choosing(packets, owners):
    """--pid and --comm find a process by what the capture tells."""
    write("told.pcapng", known.ptcpdump(packets, owners))
    some = next(o for o in owners if o)
    for wish, key in (("--comm=" + some["comm"].decode(), "comm"), ("--pid=%d" % some["pid"], "pid")):
        want = sum(o is not None and o[key] == some[key] for o in owners)
        run("convert", "-f", wish, "told.pcapng", "-o", "chosen.pcapng")
        check("told owners and " + wish.split("=")[0],
              0 < len(read_captures.read_packets("chosen.pcapng")) == want < len(packets))


def filters(packets, owners):
    """What a user types: names select owners only, claims by their own key."""
    if not shutil.which("tshark"):
        return
    liars = [o and dict(WRONG, comm=b"curl") for o in owners]
    file = write("liar.pcapng", known.ptcpdump(packets, liars))
    run("merge", "-f", "vm=" + RECORDING, "vm=" + file, "-o", "filter.pcapng")

    def count(wish, name="filter.pcapng"):
        done = subprocess.run(["tshark", "-n", "-r", name, "-Y", wish], capture_output=True,
                              check=True)
        return len(done.stdout.splitlines())
    name = 'frame.comment contains "comm=curl "'
    check("claims are no names", 0 < count(name, "truth.pcapng") == count(name),
          (count(name, "truth.pcapng"), count(name)))
    check("claims are found", count('frame.comment contains "claimed=ptcpdump:77:"')
          == sum(o is not None for o in owners))
    check("claims are no pids", count('frame.comment contains "pid=77 "') == 0)


def main():
    work = tempfile.mkdtemp()
    os.chdir(work)
    try:
        packets, owners = truth()
        styles(packets, owners)
        notes(packets, owners)
        guesses(packets, owners)
        two_of_apple(packets, owners)
        trailers(packets, owners)
        process_info(packets, owners)
        receivers(packets, owners)
        choosing(packets, owners)
        filters(packets, owners)
    finally:
        os.chdir("/")
        shutil.rmtree(work)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
