#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the owners of packets against what the workloads wrote of themselves.

Every packet of the corpus cases that a "flow" line of the truth speaks of is looked up in a
merge of the recording with the capture: for each local end, is the right process named, none,
or a wrong one? Then the same with parts of the capture or of the recording left out.
usage: test-owners.py PROGRAM OWNERS_DUMP CORPUS [NAME...]. Prints TAP.
"""
import collections
import decimal
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import read_captures  # noqa: E402

ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
RESULTS = []
HOST = re.compile(r"host=(\S+) ")
PAIR = re.compile(r"(\w+)=(\S*) ")


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    for line in str(detail).splitlines():
        print("# %s" % line)
    sys.stdout.flush()


# --- reading what came out ---

def address(raw):
    if len(raw) == 16 and raw[:12] == bytes(10) + b"\xff\xff":
        raw = raw[12:]
    if len(raw) == 4:
        return ".".join(map(str, raw))
    import ipaddress
    return str(ipaddress.ip_address(raw))


class Packet:
    """Ends, numbers and payload of one captured packet."""

    def __init__(self, link, data, orig_len):
        self.ok = False
        ether, at = struct.unpack_from(">H", data, 12)[0], 14
        if link != 1:
            return
        if ether == 0x0800:
            head = (data[at] & 15) * 4
            total = struct.unpack_from(">H", data, at + 2)[0]
            self.proto, self.src, self.dst = data[at + 9], address(data[at + 12:at + 16]), address(data[at + 16:at + 20])
            end, at = at + total, at + head
        elif ether == 0x86dd:
            total = struct.unpack_from(">H", data, at + 4)[0]
            self.proto, self.src, self.dst = data[at + 6], address(data[at + 8:at + 24]), address(data[at + 24:at + 40])
            end, at = at + 40 + total, at + 40
        else:
            return
        if self.proto not in (6, 17):
            return
        self.sport, self.dport = struct.unpack_from(">HH", data, at)
        self.flags = self.seq = 0
        if self.proto == 6:
            self.seq, self.ack = struct.unpack_from(">II", data, at + 4)
            self.flags = data[at + 13]
            self.payload = end - at - (data[at + 12] >> 4) * 4
        else:
            self.payload = end - at - 8
        self.ok = True


def owners(comments):
    """{"src": (pid, tid, via), "dst": ...} of the program's own comment."""
    found = {}
    for text in comments:
        pairs = dict(PAIR.findall(text))
        if not text.startswith("pid=") or "role" not in pairs:
            continue
        found[pairs["role"]] = (int(pairs["pid"]), int(pairs.get("tid", pairs["pid"])), pairs.get("via", ""))
        if "peer_pid" in pairs:
            peer = int(pairs["peer_pid"])
            found["dst"] = (peer, int(pairs.get("peer_tid", peer)), pairs.get("peer_via", pairs.get("via", "")))
    return found


def read_output(path):
    """(host, time ns, Packet, owners) of each packet."""
    interfaces, out = [], []
    for kind, body in read_captures.read_blocks(path):
        if kind == 1:
            facts = dict(read_captures.read_options(body[8:]))
            interfaces.append((struct.unpack_from("<H", body)[0], facts.get(2, b"").decode().split(":")[0],
                               facts.get(9, b"\x06")[0]))
        elif kind == 6:
            number, high, low, caplen, length = struct.unpack_from("<IIIII", body)
            link, host, resol = interfaces[number]
            if link == 252:
                continue
            packet = Packet(link, body[20:20 + caplen], length)
            texts = [v.decode() for c, v in read_captures.read_options(body[20 + (caplen + 3) // 4 * 4:]) if c == 1]
            if packet.ok:
                time = (high << 32 | low) * 10 ** (9 - resol)
                out.append((host, time, packet, owners(texts)))
    return out


# --- truths ---

def split_end(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def read_truth(path):
    with open(path) as handle:
        return [json.loads(line, parse_float=decimal.Decimal) for line in handle]


def offset_of(lines, clock):
    """Wall clock minus trace clock, from a line that has all three."""
    for line in lines:
        if clock in line and "real" in line:
            return line["real"] - line[clock]
    return None


class Truth:
    """Who may be named at an end: processes and threads, and whose bytes are where."""

    def __init__(self, lines):
        self.tcp = collections.defaultdict(list)
        self.udp = collections.defaultdict(set)
        self.locals = set()
        for line in lines:
            if line.get("event") != "flow":
                continue
            pid, tid = line["pid"], line.get("tid")
            if line["proto"] == "tcp":
                local, remote = split_end(line["local"]), split_end(line["remote"])
                self.tcp[(local, remote)].append((pid, tid, line.get("sent"), line.get("rcvd")))
                self.locals.add(local[0])
            else:
                port = line.get("local_port") or (split_end(line["local"])[1] if line.get("local") else None)
                if not port:
                    continue
                self.udp[port].add((pid, tid))
                if line.get("local"):
                    self.locals.add(split_end(line["local"])[0])

    def allowed(self, packet, end, position):
        """Who is right, None where the truth says nothing, and whether just one is."""
        here = (packet.src, packet.sport), (packet.dst, packet.dport)
        local, remote = here if end == "src" else here[::-1]
        if packet.proto == 17:
            return self.udp.get(local[1])
        owners_here = self.tcp.get((local, remote))
        if not owners_here:
            return None
        moved = 2 if end == "src" else 3
        if packet.payload and position is not None and all(o[moved] for o in owners_here):
            begin = 0
            for owner in owners_here:
                if begin <= position < begin + owner[moved]:
                    return {owner[:2]}
                begin += owner[moved]
        return {o[:2] for o in owners_here}


def is_right(answer, allowed):
    return any(answer[0] == pid and (tid is None or answer[1] == tid) for pid, tid in allowed)


# Positions come from the whole capture, also where the packets looked at are fewer.
def stream_starts(packets):
    return {(p.src, p.sport, p.dst, p.dport): p.seq + 1 for _, _, p, _ in packets if p.proto == 6 and p.flags & 2}


def judge(truths, packets, starts):
    """{(kind, end): Counter of right, unnamed, wrong}; named ends of hosts that are not here."""
    table, remote = collections.defaultdict(collections.Counter), 0
    wrongs = []
    for host, _, packet, found in packets:
        truth = truths[host]
        kind = "udp" if packet.proto == 17 else "tcp data" if packet.payload else "tcp other"
        start = starts.get((packet.src, packet.sport, packet.dst, packet.dport)) if packet.proto == 6 else None
        position = (packet.seq - start) & 0xffffffff if start is not None else None
        for end in "src", "dst":
            here = packet.src if end == "src" else packet.dst
            allowed = truth.allowed(packet, end, position)
            if allowed is None:
                if here not in truth.locals and end in found:
                    remote += 1
                continue
            answer = found.get(end)
            verdict = "unnamed" if answer is None else "right" if is_right(answer, allowed) else "wrong"
            table[(kind, end)][verdict] += 1
            if verdict == "wrong":
                wrongs.append("%s %s:%d>%s:%d len %d %s: %s, not %s" % (
                    kind, packet.src, packet.sport, packet.dst, packet.dport, packet.payload, end, answer, allowed))
    return table, remote, wrongs


# --- the program ---

def merge(program, folder, inputs, *more):
    out = os.path.join(folder, "out.pcapng")
    done = subprocess.run([program, "merge", "-f", "-q", "-o", out, *more, *inputs],
                          capture_output=True, env=ENVIRONMENT, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode())
    return read_output(out)


def thin_pcap(path, out, share, seed):
    """A classic capture without a random share of its packets."""
    pick = random.Random(seed)
    with open(path, "rb") as handle:
        data = handle.read()
    order = "<" if data[0] in (0xd4, 0x4d) else ">"
    kept, at = [data[:24]], 24
    while at + 16 <= len(data):
        size = 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        if pick.random() >= share:
            kept.append(data[at:at + size])
        at += size
    with open(out, "wb") as handle:
        handle.write(b"".join(kept))
    return out


def cases(corpus):
    """Name, [(host, recording, capture, truth, clock of the recording without a date)]."""
    for name, clock in (("net-v7-zstd-mono", "mono"), ("net-v7-none-boot", "boot"),
                        ("net-v7-zlib-mono", "mono"),
                        ("net-v6-local", None), ("net-v7-zstd-tsc", None)):
        base = os.path.join(corpus, name)
        for capture in "A-ns.pcap", "B-us.pcap":
            yield name + " " + capture, [("alpha", base + "/trace.dat", base + "/" + capture, base + "/truth.jsonl", clock)]
    for arch in "amd64", "i386", "s390x":
        base = os.path.join(corpus, "guest-" + arch)
        truth = base + "/net-truth.jsonl"
        yield "guest-" + arch, [("guest", base + "/net.dat", base + "/lo-ns.pcap", truth, "date")]
    base = os.path.join(corpus, "multihost-1")
    yield "multihost-1", [("alpha", base + "/A/alpha.dat", base + "/A/alpha.pcap", base + "/A/truth.jsonl", "date"),
                          ("beta", base + "/B/beta.dat", base + "/B/beta.pcap", base + "/B/truth.jsonl", "date")]


def run_case(program, name, parts, folder):
    inputs, truths = [], {}
    for host, recording, capture, truth, clock in parts:
        lines = read_truth(truth) if os.path.exists(truth) else []
        shift = offset_of(lines, clock) if clock in ("mono", "boot") else None
        inputs.append("%s=%s%s" % (host, recording, "@+%s" % shift if shift is not None else ""))
        inputs.append("%s=%s" % (host, capture))
        truths[host] = Truth(lines)
    packets = merge(program, folder, inputs)
    whole = merge(program, folder, ["%s=%s" % (p[0], p[2]) for p in parts], "--owners=off", "--align=off")
    return judge(truths, packets, stream_starts(whole))


def show(table):
    lines = []
    for (kind, end), counts in sorted(table.items()):
        lines.append("%-10s %s right %5d unnamed %4d wrong %3d" % (kind, end, counts["right"], counts["unnamed"], counts["wrong"]))
    return "\n".join(lines)


def totals(table, kind):
    total = collections.Counter()
    for (of, _), counts in table.items():
        if of in kind:
            total.update(counts)
    return total


def report(name, result, least_other=0.98):
    table, remote, wrongs = result
    data, other = totals(table, ("tcp data", "udp")), totals(table, ("tcp other",))
    share = other["right"] / max(1, sum(other.values()))
    check("%s: every data end right, others %.1f %%, none wrong, %d remote ends" % (name, share * 100, remote),
          sum(data.values()) > 0 and data["right"] == sum(data.values()) and other["wrong"] == 0 and
          share >= least_other and remote == 0, show(table) + "\n" + "\n".join(wrongs[:10]))


# --- through owners-dump, with parts left out ---

class Line:
    """A packet as owners-dump prints it; the same names as Packet has."""

    def __init__(self, fields):
        import ipaddress
        self.src, self.dst = (str(ipaddress.ip_address(fields[n])) for n in (1, 3))
        self.sport, self.dport, self.proto, self.flags, self.seq, self.payload = (
            int(fields[n]) for n in (2, 4, 5, 6, 7, 8))


def run_dump(dump, inputs, *more, least=2):
    """Like read_output(), of owners known at least so well (2 linked, 3 certain)."""
    done = subprocess.run([dump, *more, *inputs], capture_output=True, env=ENVIRONMENT, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    out = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        fields = line.split("\t")
        found = {}
        for end, at in (("src", 9), ("dst", 14)):
            if fields[at] != "-" and int(fields[at + 2]) >= least:
                found[end] = (int(fields[at]), int(fields[at + 1]), fields[at + 3], int(fields[at + 2]))
        packet = Line(fields)
        if packet.proto in (6, 17):
            out.append((fields[0], 0, packet, found))
    return out


def case_inputs(parts, thin=None):
    inputs, truths = [], {}
    for host, recording, capture, truth, clock in parts:
        lines = read_truth(truth)
        shift = offset_of(lines, clock) if clock in ("mono", "boot") else None
        inputs += ["%s=%s%s" % (host, recording, "@+%s" % shift if shift is not None else ""),
                   "%s=%s" % (host, thin(capture) if thin else capture)]
        truths[host] = Truth(lines)
    return inputs, truths


def run_thinned(dump, parts, folder, thin=None, more=(), least=2):
    inputs, truths = case_inputs(parts)
    starts = stream_starts(run_dump(dump, inputs))
    if thin:
        inputs, _ = case_inputs(parts, thin)
    return judge(truths, run_dump(dump, inputs, *more, least=least), starts)


def share_of(table, verdict):
    total = sum(sum(counts.values()) for counts in table.values())
    return sum(counts[verdict] for counts in table.values()) / max(1, total)


class StressTruth:
    """net-stress: who wrote and read which bytes, and who sent which datagrams."""

    def __init__(self, lines):
        self.lines = lines

    def answer(self, packet, end, position):
        way, local = ("wr", (packet.src, packet.sport)) if end == "src" else ("rd", (packet.dst, packet.dport))
        remote = (packet.dst, packet.dport) if end == "src" else (packet.src, packet.sport)
        found = set()
        for line in self.lines:
            if tuple(line["local"]) != local or line["role"] != way:
                continue
            if packet.proto == 17 and line["proto"] == "udp" and line.get("len") in (None, packet.payload):
                found.add(line["pid"])
            elif packet.proto == 6 and line["proto"] == "tcp" and tuple(line["remote"]) == remote and position is not None:
                # A packet may hold bytes of two writers: either is right.
                if line["lo"] < position + packet.payload and position < line["hi"]:
                    found.add(line["pid"])
        return found


def judge_stress(truth, packets, starts):
    counts, wrongs = collections.Counter(), []
    for _, _, packet, found in packets:
        if not packet.payload:
            continue
        start = starts.get((packet.src, packet.sport, packet.dst, packet.dport))
        position = (packet.seq - start) & 0xffffffff if packet.proto == 6 and start is not None else None
        for end in "src", "dst":
            allowed = truth.answer(packet, end, position)
            if not allowed:
                continue
            answer = found.get(end)
            verdict = "unnamed" if answer is None else "right" if answer[0] in allowed else "wrong"
            counts[verdict] += 1
            counts[("udp " if packet.proto == 17 else "tcp ") + end + " " + verdict] += 1
            if verdict == "wrong" and len(wrongs) < 10:
                wrongs.append("%s:%d>%s:%d at %s len %d %s: %s, not %s" % (
                    packet.src, packet.sport, packet.dst, packet.dport, position, packet.payload, end, answer, allowed))
    return counts, wrongs


def stress(dump, corpus):
    base = os.path.join(corpus, "net-stress")
    lines = read_truth(base + "/truth.jsonl")
    inputs = ["a=" + base + "/trace.dat", "a=" + base + "/A-ns.pcap"]
    truth = StressTruth(lines)
    starts = stream_starts(run_dump(dump, inputs))
    lengths = "--drop=sock:sock_send_length,sock:sock_recv_length,sock:sk_data_ready"
    for name, more, most_unnamed, most_wrong in (
            ("byte ranges", [], 0.001, 0),
            ("without lengths: descriptor tables", [lengths], 0.001, 0),
            ("without lengths and system calls", [lengths + ",raw_syscalls,syscalls"], 1, 0.01)):
        counts, wrongs = judge_stress(truth, run_dump(dump, inputs, *more), starts)
        total = counts["right"] + counts["unnamed"] + counts["wrong"]
        claimed = max(1, counts["right"] + counts["wrong"])
        # Two datagrams wait for the neighbour's address: an interrupt sends them on.
        unnamed = sum(counts["tcp %s unnamed" % end] for end in ("src", "dst"))
        check("net-stress, %s: %d of %d data ends right, %d wrong" % (name, counts["right"], total, counts["wrong"]),
              total > 0 and unnamed <= total * most_unnamed and counts["unnamed"] - unnamed <= (2 if most_unnamed < 1 else total)
              and counts["wrong"] <= claimed * most_wrong,
              "\n".join("%s %d" % item for item in sorted(counts.items())) + "\n" + "\n".join(wrongs))
    losses(dump, "net-stress", inputs, lambda packets: judge_stress(truth, packets, starts))


# Shares of events lost one by one, or all of a CPU for some time, which a mark then tells; for
# how many seeds; how much is right at the least, and wrong at the most, of all ends.
LOSSES = (
    ("a tenth of the events lost", ["--lose=0.1"], 20, 0.98, 0.005),
    ("three tenths of the events lost", ["--lose=0.3"], 5, 0.8, 0.05),
    ("a tenth of the time lost", ["--lose=0.1", "--mark=1000000"], 5, 0.7, 0.1),
)
# Calls of sockets go through socketcall() there, whose descriptor no event tells.
LEAST_RIGHT = {("guest-i386", 20): 0.96, ("guest-s390x", 20): 0.97}


def certain_only(packets):
    return [(host, time, packet, {end: who for end, who in found.items() if who[3] >= 3})
            for host, time, packet, found in packets]


def losses(dump, name, inputs, judge_packets):
    """Events are lost in several ways; nothing certain may be wrong by that."""
    for what, more, seeds, least, most_wrong in LOSSES:
        overall, certain, wrongs = collections.Counter(), 0, []
        for seed in range(1, seeds + 1):
            packets = run_dump(dump, inputs, *more, "--seed=%d" % seed)
            counts, some = judge_packets(packets)
            overall.update({verdict: counts[verdict] for verdict in ("right", "unnamed", "wrong")})
            wrongs += ["seed %d: %s" % (seed, line) for line in some]
            counts, some = judge_packets(certain_only(packets))
            certain += counts["wrong"]
            wrongs += ["seed %d, certain: %s" % (seed, line) for line in some]
        total = max(1, sum(overall.values()))
        check("%s, %s, %d times: %.2f %% right, %d wrong, %d of them certain" % (
            name, what, seeds, 100 * overall["right"] / total, overall["wrong"], certain),
              certain == 0 and overall["right"] >= total * LEAST_RIGHT.get((name, seeds), least) and
              overall["wrong"] <= total * most_wrong, "\n".join(wrongs[:10]))


def thinned(dump, corpus, folder, wanted):
    for name, parts in cases(corpus):
        if not wanted(name) or "B-us" in name:
            continue
        for seed in 1, 2, 3:
            def thin(path, seed=seed):
                return thin_pcap(path, os.path.join(folder, "thin-" + os.path.basename(path)), 0.43, seed)
            try:
                table, remote, wrongs = run_thinned(dump, parts, folder, thin)
            except RuntimeError as failure:
                check("%s, 43 %% of the packets left out (seed %d)" % (name, seed), False, failure)
                continue
            data = totals(table, ("tcp data", "udp"))
            check("%s, 43 %% of the packets left out (seed %d)" % (name, seed),
                  data["right"] == sum(data.values()) > 0 and share_of(table, "wrong") == 0 and remote == 0,
                  show(table) + "\n" + "\n".join(wrongs[:5]))
        inputs, truths = case_inputs(parts)
        starts = stream_starts(run_dump(dump, inputs))

        def sum_up(packets, truths=truths, starts=starts):
            table, _, wrongs = judge(truths, packets, starts)
            total = collections.Counter()
            for counts in table.values():
                total.update(counts)
            return total, wrongs
        losses(dump, name, inputs, sum_up)


def no_network_events(dump, corpus):
    """The recording holds system calls only: no event relates a socket to an address."""
    base = os.path.join(corpus, "net-v7-zstd-instance")
    shift = offset_of(read_truth(base + "/truth.jsonl"), "mono")
    inputs = ["a=%s/trace.dat@+%s" % (base, shift), "a=%s/A-ns.pcap" % base]
    packets = run_dump(dump, inputs)
    check("net-v7-zstd-instance: nobody is named where no network events were recorded",
          len(packets) > 0 and not any(found for _, _, _, found in packets))


def main():
    program, dump, corpus = sys.argv[1], sys.argv[2], os.environ.get("TB_CORPUS", sys.argv[3])
    only = sys.argv[4:]
    if not os.path.isdir(corpus):
        print("1..0 # SKIP no corpus at hand")
        return 0

    def wanted(name):
        return not only or any(word in name for word in only)
    with tempfile.TemporaryDirectory() as folder:
        for name, parts in cases(corpus):
            if not wanted(name):
                continue
            try:
                report(name, run_case(program, name, parts, folder))
            except RuntimeError as failure:
                check(name, False, failure)
        thinned(dump, corpus, folder, wanted)
    if wanted("net-stress"):
        stress(dump, corpus)
    if wanted("net-v7-zstd-instance"):
        no_network_events(dump, corpus)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


sys.exit(main())
