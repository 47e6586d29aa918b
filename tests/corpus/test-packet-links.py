#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds TRACE_PACKET of network events against what the events themselves say of the packet.

Of every event of a device that names a packet: is the packet's length the event's, its kind of
network layer, the captured device the event's, does it lie near in time, do the ports and bytes
that the next tcp_probe tells of fit, is no packet named by two buffers? How many of the captured
device's events name one? Then the same with packets left out of the capture at random (the
others must still be named by the same events), and with the inputs in another order and merged
again.
usage: test-packet-links.py PROGRAM CORPUS [NAME...]. Prints TAP.
"""
import collections
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
SENT = ("net_dev_queue", "net_dev_start_xmit", "net_dev_xmit")
RECEIVED = ("netif_rx_entry", "netif_rx", "netif_receive_skb", "napi_gro_receive_entry")
FIELD = re.compile(r"(\w+)=(\S+)")

# name, recording, capture, captured device, how far apart in time at most (queues aside)
NATIVE_NS, GUEST_NS = 60000, 600000
CASES = [("net-v7-zstd-mono", "trace.dat", "A-ns.pcap", "vA", NATIVE_NS),
         ("net-v7-zstd-mono", "trace.dat", "B-us.pcap", "vB", NATIVE_NS),
         ("net-v7-zstd-mono", "trace.dat", "B.pcapng", "vB", NATIVE_NS),
         ("net-v6-local", "trace.dat", "A-ns.pcap", "vA", NATIVE_NS),
         ("net-v7-none-boot", "trace.dat", "B.pcapng", "vB", NATIVE_NS),
         ("net-v7-zlib-mono", "trace.dat", "B-us.pcap", "vB", NATIVE_NS),
         ("net-v7-zstd-tsc", "trace.dat", "A-ns.pcap", "vA", NATIVE_NS),
         ("net-stress", "trace.dat", "A-ns.pcap", "vA", NATIVE_NS),
         ("guest-amd64", "net.dat", "lo-ns.pcap", "lo", GUEST_NS),
         ("guest-i386", "net.dat", "lo-ns.pcap", "lo", GUEST_NS),
         ("guest-s390x", "net.dat", "lo-ns.pcap", "lo", GUEST_NS),
         ("multihost-1/A", "alpha.dat", "alpha.pcap", "eth0", GUEST_NS),
         ("multihost-1/B", "beta.dat", "beta.pcap", "eth0", GUEST_NS)]


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    for line in str(detail).splitlines():
        print("# %s" % line)
    sys.stdout.flush()


# --- reading what came out ---

class Packet:
    def __init__(self, interface, number, time, length, data):
        self.interface, self.number = interface, number
        self.time, self.length, self.data = time, length, data
        self.ether = struct.unpack_from(">H", data, 12)[0]

    def tcp(self):
        """(source port, target port, payload bytes), None where it is no TCP."""
        if self.ether == 0x0800:
            at, proto = 14 + (self.data[14] & 15) * 4, self.data[23]
            end = 14 + struct.unpack_from(">H", self.data, 16)[0]
        elif self.ether == 0x86dd:
            at, proto = 54, self.data[20]
            end = 54 + struct.unpack_from(">H", self.data, 18)[0]
        else:
            return None
        if proto != 6:
            return None
        sport, dport = struct.unpack_from(">HH", self.data, at)
        return sport, dport, end - at - (self.data[at + 12] >> 4) * 4


class Row:
    def __init__(self, time, text):
        self.time = time
        keys = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
        self.name = keys["SYSLOG_IDENTIFIER"].split(":", 1)[1]
        self.fields = dict(FIELD.findall(keys["MESSAGE"]))
        self.cpu = keys.get("TRACE_CPU")
        self.packet = keys.get("TRACE_PACKET")


class Packets:
    """All packets; of them those that bear a number, by it."""
    def __init__(self):
        self.all, self.by_id, self.twice = [], {}, []
        self.count = collections.Counter()

    def add(self, interface, option, time, length, data):
        self.count[interface] += 1
        packet = Packet(interface, self.count[interface], time, length, data)
        self.all.append(packet)
        if option:
            number = struct.unpack("<Q", option)[0]
            if number in self.by_id:
                self.twice.append(number)
            self.by_id[number] = packet


def read_output(path):
    """The rows of network and TCP events in order; the packets that bear a number, by it."""
    interfaces, rows, packets = [], [], Packets()
    for kind, body in read_captures.read_blocks(path):
        if kind == 1:
            facts = dict(read_captures.read_options(body[8:]))
            interfaces.append((struct.unpack_from("<H", body)[0], facts.get(2, b"").decode(),
                               facts.get(9, b"\x06")[0]))
        elif kind == 6:
            number, high, low, caplen, length = struct.unpack_from("<IIIII", body)
            link, name, resol = interfaces[number]
            time = (high << 32 | low) * 10 ** (9 - resol)
            if link != 252:
                options = dict(read_captures.read_options(body[20 + (caplen + 3) // 4 * 4:]))
                packets.add(name, options.get(5), time, length, body[20:20 + caplen])
            elif b"SYSLOG_IDENTIFIER=net:net" in body or b"SYSLOG_IDENTIFIER=tcp:" in body or \
                    b"SYSLOG_IDENTIFIER=net:napi" in body:
                start = body.find(b"_PID=")
                start = body.find(b"_HOSTNAME=") if start < 0 else start
                rows.append(Row(time, body[start:20 + caplen].decode("utf-8", "replace")))
    return rows, packets


def merge(program, inputs, output):
    done = subprocess.run([program, "merge", "-q", "-f", "-o", output] + inputs, env=ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode in (0, 1) and os.path.exists(output), done.stdout.decode()


# --- judging ---

def named_packet(row, packets):
    """The packet a row names, or None."""
    return packets.by_id.get(int(row.packet))


def stamped(device):
    """Events next to the stamp; loopback is captured where it is received, long after it was sent."""
    return ("netif_receive_skb",) if device == "lo" else ("netif_receive_skb", "net_dev_start_xmit")


def wrong_with(row, packet, device, near):
    """Why this cannot be the row's packet, or None."""
    if packet is None:
        return "no such packet"
    if row.fields["dev"] != device:
        return "device %s, captured was %s" % (row.fields["dev"], device)
    sent = row.name in SENT
    length = int(row.fields["len"]) + (0 if sent else 14)
    if row.name != "napi_gro_receive_entry" and length != packet.length:
        return "length %d, packet %d" % (length, packet.length)
    if "protocol" in row.fields and int(row.fields["protocol"], 0) != packet.ether:
        return "protocol %s, packet %#x" % (row.fields["protocol"], packet.ether)
    if row.name in stamped(device) and abs(row.time - packet.time) > near:
        return "%d ns away" % (row.time - packet.time)
    if row.name == "net_dev_queue" and packet.time < row.time - near:
        return "queued %d ns behind its packet" % (row.time - packet.time)
    return None


def probes(rows):
    """The tcp_probe that follows one netif_receive_skb at once on its CPU: its ends and bytes."""
    last, found = collections.defaultdict(list), {}
    for row in rows:
        where = row.cpu
        if row.name == "netif_receive_skb":
            last[where].append(row)
        elif row.name == "tcp_probe" and last[where]:
            received, several = last[where][-1], len(last[where]) > 1
            last[where] = []
            if several: # a list of packets is received first and looked at then
                continue
            same = row.fields.get("skbaddr", received.fields["skbaddr"])
            if same == received.fields["skbaddr"] and "dest" in row.fields and row.time - received.time < 100000:
                ends = [int(row.fields[end].rsplit(":", 1)[1]) for end in ("dest", "src")]
                found[received] = (ends[0], ends[1], int(row.fields["data_len"]))
    return found


def judge(rows, packets, device, near):
    """Complaints, and how many rows were compared with a tcp_probe."""
    complaints, buffers, compared = [], collections.defaultdict(list), 0
    next_probe = probes(rows)
    stamps = collections.defaultdict(list)
    for packet in packets.all:
        stamps[packet.length].append(packet.time)
    for row in rows:
        if not row.packet:
            continue
        packet = named_packet(row, packets)
        why = wrong_with(row, packet, device, near)
        if not why and row.name in stamped(device):
            low, high = sorted((row.time, packet.time))
            between = sum(low + 1000 < t < high - 1000 for t in stamps[packet.length])
            if between:
                why = "%d packets of its length lie nearer" % between
        if not why and row in next_probe:
            compared += 1
            if packet.tcp() != next_probe[row]:
                why = "tcp_probe says %s, packet %s" % (next_probe[row], packet.tcp())
        if why:
            complaints.append("%d %s %s: %s" % (row.time, row.name, row.packet, why))
        buffers[row.packet].append(row)
    complaints += ["%d is the number of two packets" % number for number in packets.twice]
    for number, of_packet in buffers.items():
        kinds = collections.Counter(row.name for row in of_packet)
        if max(kinds.values()) > 1 or len({row.fields["skbaddr"] for row in of_packet}) > 1:
            complaints.append("%s is named by several buffers" % number)
    return complaints, compared


def share(rows, packets, device):
    """Events of the device, sent or received while it was captured, and of these the linked ones."""
    stamps = sorted(p.time for p in packets.all)
    lengths = collections.Counter(p.length for p in packets.all)
    possible = linked = 0
    for row in rows:
        if row.fields.get("dev") != device or not stamps or \
                not stamps[0] - 30000 <= row.time <= stamps[-1] + 30000:
            continue
        if row.name in ("net_dev_start_xmit", "net_dev_xmit", "netif_receive_skb", "netif_rx"):
            length = int(row.fields["len"]) + (0 if row.name in SENT else 14)
            if lengths[length]:
                possible += 1
                linked += row.packet is not None
    return possible, linked


def thin(source, target, keep_share, seed):
    """Copies a classic pcap without some packets. Returns the numbers of those that stay."""
    with open(source, "rb") as handle:
        data = handle.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    chance, out, at, number, kept = random.Random(seed), bytearray(data[:24]), 24, 0, []
    while at < len(data):
        size = 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        number += 1
        if chance.random() < keep_share:
            out += data[at:at + size]
            kept.append(number)
        at += size
    with open(target, "wb") as handle:
        handle.write(out)
    return kept


def judge_thinned(whole, whole_packets, rows, packets, kept):
    """With packets left out: events that name another packet than in the whole capture."""
    possible = linked = 0
    wrong = []
    left = set(kept)
    for row, before in zip(rows, whole): # the times may have moved, not their order
        expected = whole_packets.by_id[int(before.packet)].number if before.packet else None
        if expected in left:
            possible += 1
            linked += row.packet is not None
        if row.packet and expected is not None and \
                (row.packet != before.packet or kept[named_packet(row, packets).number - 1] != expected):
            wrong.append("%d %s %s: packet %d of the whole capture" % (row.time, row.name, row.packet, expected))
    return possible, linked, wrong


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def run_case(program, corpus, case, work):
    folder, recording, capture, device, near = case
    name = "%s/%s" % (folder, capture)
    dat, pcap = os.path.join(corpus, folder, recording), os.path.join(corpus, folder, capture)
    output = os.path.join(work, "out.pcapng")
    ok, said = merge(program, ["m=" + dat, "m=" + pcap], output)
    if not ok:
        check("%s: merged" % name, False, said)
        return
    rows, packets = read_output(output)
    complaints, compared = judge(rows, packets, device, near)
    check("%s: no event names a wrong packet" % name, not complaints, "\n".join(complaints[:8]))
    possible, linked = share(rows, packets, device)
    check("%s: at least 98 %% of the device's events name their packet" % name,
          possible > 0 and linked * 100 >= possible * 98,
          "%d of %d (%.2f %%), %d compared with tcp_probe" % (linked, possible, percent(linked, possible), compared))
    run_orders(program, name, dat, pcap, output, work)
    if capture.endswith(".pcap"):
        run_thinned(program, name, case, dat, pcap, (rows, packets), work)


def run_orders(program, name, dat, pcap, output, work):
    other, again = os.path.join(work, "other.pcapng"), os.path.join(work, "again.pcapng")
    merge(program, ["m=" + pcap, "m=" + dat], other)
    merge(program, [output], again)
    with open(output, "rb") as a, open(other, "rb") as b, open(again, "rb") as c:
        first, second, third = a.read(), b.read(), c.read()
    check("%s: the order of the inputs changes no byte" % name, first == second)
    check("%s: nor does merging once more" % name, first == third)


def run_forms(program, dat, pcap, pcapng, device, work):
    """What is not the same in every case: names, options, other tools."""
    output, renamed = os.path.join(work, "out.pcapng"), os.path.join(work, "renamed.pcapng")
    merge(program, ["m=" + dat, "m=" + pcap], output)
    rows, packets = read_output(output)
    linked = [row for row in rows if row.packet]
    merge(program, ["another-name=" + output], renamed)
    again, of_again = read_output(renamed)
    complaints, _ = judge(again, of_again, device, NATIVE_NS)
    check("a machine that gets another name takes its packets along",
          not complaints and [row.packet for row in again] == [row.packet for row in rows],
          "\n".join(complaints[:4]))
    merge(program, ["--owners=off", "m=" + dat, "m=" + pcap], output)
    check("--owners=off names no packet", linked and not any(row.packet for row in read_output(output)[0]))
    run_filtered(program, dat, pcap, linked, work)
    run_damaged(program, dat, pcap, rows, device, work)
    merge(program, ["m=" + dat, "m=" + pcap, "m=" + pcapng], output)
    rows, packets = read_output(output)
    both = collections.Counter(named_packet(row, packets).interface for row in rows if row.packet)
    named = collections.Counter(row.fields["dev"] for row in rows if row.packet)
    check("of two captures each device's events name their own", len(both) == 2 and
          sorted(both.values()) == sorted(named.values()), "%s %s" % (dict(both), dict(named)))
    run_tshark(output, sum(both.values()))


def run_filtered(program, dat, pcap, linked, work):
    """With a process chosen the numbers stay those of the whole capture."""
    output = os.path.join(work, "chosen.pcapng")
    merge(program, ["--comm", "curl", "m=" + dat, "m=" + pcap], output)
    chosen, packets = read_output(output)
    chosen = [row for row in chosen if row.packet]
    whole = {(row.time, row.name, row.fields["skbaddr"]): row.packet for row in linked}
    check("with a process chosen the numbers are those of the whole capture", chosen and
          all(whole.get((row.time, row.name, row.fields["skbaddr"])) == row.packet for row in chosen),
          "%d rows" % len(chosen))
    check("and each of them is in the output", all(named_packet(row, packets) for row in chosen))
    merge(program, ["--comm", "curl", "--owners=off", os.path.join(work, "renamed.pcapng")], output)
    rows, packets = read_output(output)
    check("which also holds of a converted file, whatever owners it has",
          rows and all(named_packet(row, packets) for row in rows if row.packet))
    merge(program, ["--no-packets", os.path.join(work, "renamed.pcapng")], output)
    rows, packets = read_output(output)
    check("without packets none is named", rows and not any(row.packet for row in rows))


def run_damaged(program, dat, pcap, rows, device, work):
    """The capture's packets in another order in its file; and a capture that was cut off."""
    output, changed = os.path.join(work, "changed.pcapng"), os.path.join(work, "changed.pcap")
    with open(pcap, "rb") as handle:
        data = handle.read()
    records, at = [], 24
    while at < len(data):
        size = 16 + struct.unpack_from("<I", data, at + 8)[0]
        records.append(data[at:at + size])
        at += size
    random.Random(1).shuffle(records)
    with open(changed, "wb") as handle:
        handle.write(data[:24] + b"".join(records))
    merge(program, ["m=" + dat, "m=" + changed], output)
    numbers = [[row.packet for row in of] for of in (rows, read_output(output)[0])]
    check("a capture out of order gives the same numbers", numbers[0] == numbers[1])
    with open(changed, "wb") as handle:
        handle.write(data[:len(data) * 3 // 5])
    merge(program, ["m=" + dat, "m=" + changed], output)
    cut, packets = read_output(output)
    complaints, _ = judge(cut, packets, device, NATIVE_NS)
    possible, linked = share(cut, packets, device)
    check("of a capture that was cut off what is left is named", not complaints and linked * 100 >= possible * 97 > 0,
          "\n".join(complaints[:4] + ["%d of %d" % (linked, possible)]))


def run_tshark(output, expected):
    try:
        done = subprocess.run(["tshark", "-r", output, "-Y", 'systemd_journal.field.name == "TRACE_PACKET"',
                               "-T", "fields", "-e", "frame.number"], env=ENVIRONMENT,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return
    found = len(done.stdout.split())
    check("tshark finds these rows by the name of the field", found == expected, "%d of %d" % (found, expected))


def run_thinned(program, name, case, dat, pcap, whole, work):
    thinned, output = os.path.join(work, "thin.pcap"), os.path.join(work, "thin.pcapng")
    total = collections.Counter()
    wrong = []
    for seed in range(5):
        kept = thin(pcap, thinned, 0.57, seed)
        ok, said = merge(program, ["m=" + dat, "m=" + thinned], output)
        if not ok:
            total["unaligned"] += 1 # too few are left
            continue
        rows, packets = read_output(output)
        possible, linked, bad = judge_thinned(*whole, rows, packets, kept)
        total.update(possible=possible, linked=linked)
        wrong += bad
    check("%s: with 43 %% of the packets left out none is taken for another" % name, not wrong,
          "\n".join(wrong[:8] + ["%d of %d events name their packet (%.2f %%), %d of 5 not aligned" % (
              total["linked"], total["possible"], percent(total["linked"], total["possible"]), total["unaligned"])]))


def main():
    program = os.path.abspath(sys.argv[1])
    corpus = os.environ.get("TB_CORPUS") or sys.argv[2]
    wanted = sys.argv[3:]
    if not os.path.isdir(corpus):
        print("1..0 # SKIP no corpus at %s" % corpus)
        return 0
    with tempfile.TemporaryDirectory() as work:
        for case in CASES:
            if not wanted or any(w in "%s/%s" % (case[0], case[2]) for w in wanted):
                run_case(program, corpus, case, work)
        folder = os.path.join(corpus, "net-v7-zstd-mono")
        if not wanted:
            run_forms(program, *(os.path.join(folder, f) for f in ("trace.dat", "A-ns.pcap", "B.pcapng")), "vA", work)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
