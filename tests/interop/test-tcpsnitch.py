#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tcpsnitch folders through the program and tshark: calls as rows of their thread, and who is
named behind each packet - and who must not be.

usage: test-tcpsnitch.py PROGRAM SOURCE_ROOT
"""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

PROGRAM, ROOT = sys.argv[1], sys.argv[2]
SPEC = importlib.util.spec_from_file_location(
    "make_tcpsnitch", os.path.join(ROOT, "tests", "support", "make-tcpsnitch.py"))
make = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make)
HERE, WEB = make.HERE, ("198.51.100.7", 80)
results = []


def check(name, ok, *why):
    results.append(ok)
    print("%sok %d - %s" % ("" if ok else "not ", len(results), name))
    for line in () if ok else why:
        print("# %s" % (line,))


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def rows(path, shown, *fields):
    """The fields of the frames that a filter shows, as tshark has them."""
    command = ["tshark", "-n", "-r", path, "-Y", shown, "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def owners(path):
    """(sender's tid, receiver's tid, via) of each packet, 0 = nobody is named."""
    found = []
    for (comment,) in rows(path, "not systemd_journal", "frame.comment"):
        pairs = dict(pair.split("=", 1) for pair in comment.split())
        tid, peer = int(pairs.get("tid", 0)), int(pairs.get("peer_pid", 0))
        peer = int(pairs.get("peer_tid", peer))
        first = pairs.get("role") != "dst"
        found.append((tid if first else 0, peer if first else tid, pairs.get("via", "")))
    return found


def convert(folder, *more):
    out = os.path.join(os.path.dirname(folder), "out.pcapng")
    code, _, err = run("merge", "-q", "-f", "x=" + folder, *more, "-o", out)
    return out, code, err


def packets(path):
    """(time, source, target, ports, length) of each packet, to tell whose they are."""
    return rows(path, "not systemd_journal", "ip.src", "tcp.srcport", "tcp.dstport", "tcp.len")


def test_sample(work):
    folder = os.path.join(work, "run")
    make.make_run(folder)
    out, code, err = convert(folder)
    check("the sample is converted cleanly", code == 0 and not err, code, err)
    names = rows(out, 'systemd_journal.syslog_id == "tcpsnitch:connect"', "systemd_journal.pid",
                 "systemd_journal.comm", "systemd_journal.priority", "systemd_journal.message")
    check("connect is a row of its thread", names == [
        ("4101", "curl", "6", "connect: (addr=192.0.2.53:53) = 0"),
        ("4100", "curl", "4", "connect: (addr=198.51.100.7:80) = -1 EINPROGRESS"),
        ("4100", "curl", "4", "connect: (addr=198.51.100.7:81) = -1 ECONNREFUSED")], names)
    both = rows(out, "ip.addr == 198.51.100.7", "frame.interface_name")
    check("an address selects calls and packets together",
          len([b for b in both if "tcpsnitch/" in b[0]]) == 16 and
          len([b for b in both if "tcpsnitch/" not in b[0]]) == 13, both)
    child = {("50001", "8080"), ("8080", "50001")}
    wrong = []
    for packet, owner in zip(packets(out), owners(out)):
        port = packet[1:3]
        tid = (4201 if port in child else 4200 if "8080" in port
               else 4101 if port == ("", "") else 4100)
        wanted = (tid, 0, "socket") if packet[0] == HERE else (0, tid, "socket")
        if owner != wanted:
            wrong.append((packet, owner, wanted))
    check("every packet is named, at its local end only", not wrong, *wrong)
    marked = [c for (c,) in rows(out, "not systemd_journal", "frame.comment") if "pid=" in c]
    check("it is told that the process is not known",
          marked and all(" pid_known=0 " in c for c in marked), *marked)
    named = rows(out, 'frame.comment contains "comm=httpd "', "frame.number")
    check("a name in a comment selects a program's packets", len(named) == 18, len(named))
    again = os.path.join(work, "again.pcapng")
    run("convert", "-q", "-f", out, "-o", again)
    with open(out, "rb") as a, open(again, "rb") as b:
        check("converting again changes nothing", a.read() == b.read())
    code, _, err = run("merge", "-q", "-f", "--comm", "httpd", "x=" + folder, "-o", again)
    kept = len(rows(again, "tcp", "frame.number"))
    check("--comm keeps a program's packets", code == 0 and kept == 18, kept, err)


def write_all(path, *folders):
    """One capture of all packets, as tcpdump would have made it."""
    merged = b""
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".pcap"):
                continue
            with open(os.path.join(folder, name), "rb") as handle:
                data = handle.read()
            merged += data[24:] if merged else data
            os.unlink(os.path.join(folder, name))
    with open(path, "wb") as out:
        out.write(merged)


def test_capture_beside(work):
    """Without -c, a capture of the host stands in for those of the sockets."""
    folder, capture = os.path.join(work, "run"), os.path.join(work, "eth0.pcap")
    make.make_run(folder)
    write_all(capture, os.path.join(folder, "curl_0"), os.path.join(folder, "httpd_0"))
    out, code, err = convert(folder, "x=" + capture)
    wrong = []
    for packet, owner in zip(packets(out), owners(out)):
        port = packet[1:3]
        known = "8080" in port or "40080" in port
        tid = 4201 if "50001" in port else 4200 if "8080" in port else 4100
        ends = (tid, 0) if packet[0] == HERE else (0, tid)
        if owner[:2] != (ends if known else (0, 0)):
            wrong.append((packet, owner))
    check("a capture beside: named where the port or the bytes tell", code == 0 and not wrong,
          err, *wrong)


def socket_lines(calls, remote=WEB, local=None, tid=100):
    lines = [make.line("socket", 100, 5, tid, {"sock_info": make.INFO_TCP}),
             make.line("connect", 700, 0, tid, {"addr": make.addr(*remote)})]
    if local:
        lines.append(make.line("getsockname", 710, 0, tid, {"addr": make.addr(*local)}))
    return lines + calls


def one_socket(work, calls, out=300, back=(400,), name="prog_0", **how):
    folder = os.path.join(work, "run", name)
    shutil.rmtree(os.path.join(work, "run"), ignore_errors=True)
    make.write_lines(folder, "0.json", socket_lines(calls, **how))
    make.write_pcap(folder, "0.pcap", make.connection(90, (HERE, 40000), WEB, out, list(back)))
    return os.path.dirname(folder)


def data_owners(out):
    return [owner for packet, owner in zip(packets(out), owners(out)) if packet[3] != "0"]


def test_threads(work):
    """Bytes, not moments, tell threads of one socket apart."""
    calls = [make.send(1091, 100, 101), make.send(1092, 200, 102), make.recv(1900, 150, 103),
             make.recv(1950, 250, 104), make.line("close", 5000, 0, 101)]
    folder = one_socket(work, calls)
    pieces = make.connection(90, (HERE, 40000), WEB, 300, [])[:3]
    pieces += [make.tcp(1090, (HERE, 40000), WEB, 1001, 9001, make.ACK, b"x" * 100),
               make.tcp(1090, (HERE, 40000), WEB, 1101, 9001, make.ACK, b"x" * 200),
               make.tcp(1790, WEB, (HERE, 40000), 9001, 1301, make.ACK, b"y" * 150),
               make.tcp(1791, WEB, (HERE, 40000), 9151, 1301, make.ACK, b"y" * 250)]
    make.write_pcap(os.path.join(folder, "prog_0"), "0.pcap", pieces)
    out, code, err = convert(folder, "--owners=certain")
    check("threads that share a socket are told apart by bytes", code == 0 and data_owners(out) == [
        (101, 0, "socket"), (102, 0, "socket"), (0, 103, "socket"), (0, 104, "socket")],
          err, data_owners(out))


def test_foreign_bytes(work):
    """Bytes that no call accounts for are somebody else's: a child that is not traced."""
    folder = one_socket(work, [make.send(1091, 100, 101), make.line("close", 1200, 0, 100)])
    out, _, _ = convert(folder)
    check("bytes without calls leave the packet unnamed",
          [o[:2] for o in data_owners(out)] == [(0, 0), (0, 0)], data_owners(out))
    folder = one_socket(work, [make.line("close", 1200, 0, 100)])
    out, _, _ = convert(folder)
    check("a socket without calls that moved bytes names no data", [o[:2] for o in data_owners(out)]
          == [(0, 0), (0, 0)], data_owners(out))
    opened = owners(out)[0]
    check("its SYN is the one's who connected it", opened == (100, 0, "socket"), opened)


def test_left_unread(work):
    """What was received and not read is not somebody else's; what nobody read names nobody."""
    calls = [make.send(1091, 300, 100), make.recv(1900, 250, 100), make.line("close", 2000, 0, 100)]
    folder = one_socket(work, calls, back=(200, 50, 150))
    out, _, _ = convert(folder)
    check("bytes that were not read do not spoil those that were", [o[:2] for o in data_owners(out)]
          == [(100, 0), (0, 100), (0, 100), (0, 0)], data_owners(out))


def test_datagrams(work):
    """More datagrams than calls: a child that is not traced sends, too."""
    folder = os.path.join(work, "run", "prog_0")
    shutil.rmtree(os.path.join(work, "run"), ignore_errors=True)
    mine, server = (HERE, 40053), ("192.0.2.53", 53)
    make.write_lines(folder, "0.json", [
        make.line("socket", 100, 5, 100, {"sock_info": make.INFO_UDP}),
        make.line("connect", 150, 0, 100, {"addr": make.addr(*server)}), make.send(210, 20, 100),
        make.line("close", 9000, 0, 100)])
    once = make.udp(200, mine, server, b"q" * 20)
    make.write_pcap(folder, "0.pcap", [once])
    out, _, _ = convert(os.path.dirname(folder), "--owners=certain")
    check("a datagram is its sender's", owners(out) == [(100, 0, "socket")], owners(out))
    make.write_pcap(folder, "0.pcap", [once, make.udp(300, mine, server, b"q" * 20)])
    out, _, _ = convert(os.path.dirname(folder))
    check("datagrams without calls leave all unnamed", owners(out) == [(0, 0, "")] * 2, owners(out))
    shutil.rmtree(os.path.join(work, "run"), ignore_errors=True)
    make.write_lines(folder, "0.json", [
        make.line("socket", 100, 5, 100, {"sock_info": make.INFO_UDP}),
        make.line("bind", 110, 0, 100, {"addr": make.addr("0.0.0.0", 40053)}),
        make.line("sendto", 210, 20, 101, {"bytes": 20, "addr": make.addr(*server)}),
        make.line("sendto", 310, 30, 102, {"bytes": 30, "addr": make.addr(*server)})])
    make.write_pcap(folder, "0.pcap", [once, make.udp(300, mine, server, b"q" * 30)])
    out, _, _ = convert(os.path.dirname(folder), "--owners=context")
    check("datagrams of several threads go by time", [o[0] for o in owners(out)] == [101, 102],
          owners(out))


def test_forks_alike(work):
    """Two children that moved as many bytes as each other: nobody knows whose is which."""
    folder = os.path.join(work, "run")
    shutil.rmtree(folder, ignore_errors=True)
    make.make_httpd(os.path.join(folder, "httpd"))
    accepts = [make.line("accept4", at, 4, 4200, {"addr": make.addr("203.0.113.5", port), "flags": 0,
                                                  "sock_info": make.INFO_TCP})
               for at, port in ((20600, 50001), (20610, 50002))]
    parent = os.path.join(folder, "httpd_0")
    with open(os.path.join(parent, "0.json"), encoding="utf-8") as handle:
        lines = handle.read().splitlines()[:3]
    for name in ("2.json", "3.json"):
        os.unlink(os.path.join(parent, name))
    write = make.write_lines
    write(parent, "0.json", lines + accepts)
    for i, accept in enumerate(accepts):
        write(parent, "%d.json" % (i + 1), [accept, make.line("close", 20900, 0, 4200)])
        write(os.path.join(folder, "httpd_%d" % (i + 1)), "1.json", [
            make.line("forked_socket", 20650 + i, 0, 4201 + i, {"sock_info": make.INFO_TCP}, fake=True),
            make.recv(21100, 60, 4201 + i, 4096, "read"), make.send(21650, 200, 4201 + i, None, "write")])
    make.write_pcap(parent, "0.pcap", make.connection(20000, ("203.0.113.5", 50001), (HERE, 8080), 60, [200]) +
                    make.connection(20001, ("203.0.113.5", 50002), (HERE, 8080), 60, [200]))
    out, _, _ = convert(folder)
    check("children that are alike are not told apart", {o[:2] for o in data_owners(out)} == {(0, 0)},
          *owners(out))


def test_uncounted(work):
    """A call of which it is not known how many bytes it moved."""
    calls = [make.line("sendmmsg", 1091, 2, 101, {"bytes": 300}), make.recv(1900, 400, 101),
             make.line("close", 5000, 0, 101)]
    out, _, _ = convert(one_socket(work, calls))
    check("a call without a size names nobody for sure",
          data_owners(out) == [(0, 0, ""), (0, 101, "socket")], data_owners(out))


def test_port_used_again(work):
    """Two connections with equal ends, one after the other."""
    folder = os.path.join(work, "run", "prog_0")
    shutil.rmtree(os.path.join(work, "run"), ignore_errors=True)
    mine, late = (HERE, 40000), 10 ** 7
    first = [make.send(1030, 50, 100), make.recv(1800, 60, 100), make.line("close", 4000, 0, 100)]
    make.write_lines(folder, "0.json", socket_lines(first, local=mine))
    make.write_lines(folder, "1.json", [
        make.line("socket", late + 100, 5, 200, {"sock_info": make.INFO_TCP}),
        make.line("connect", late + 700, 0, 200, {"addr": make.addr(*WEB)}),
        make.line("getsockname", late + 710, 0, 200, {"addr": make.addr(*mine)}),
        make.send(late + 1030, 70, 200), make.recv(late + 1800, 80, 200),
        make.line("close", late + 4000, 0, 200)])
    make.write_pcap(folder, "0.pcap", make.connection(10, mine, WEB, 50, [60]))
    make.write_pcap(folder, "1.pcap", make.connection(late + 10, mine, WEB, 70, [80]))
    out, _, _ = convert(os.path.dirname(folder), "--owners=certain")
    found = owners(out)
    check("a port used again is the later socket's later", len(found) == 18 and
          all(100 in o for o in found[:9]) and all(200 in o for o in found[9:]), *found)


def test_both_ends(work):
    """Both ends on this host, each with its capture: the packets stay, and both are named."""
    folder = os.path.join(work, "run")
    shutil.rmtree(folder, ignore_errors=True)
    here, there = (HERE, 40000), (HERE, 8080)
    client = [make.send(1030, 50, 100), make.recv(1800, 60, 100), make.line("close", 4000, 0, 100)]
    make.write_lines(os.path.join(folder, "a_0"), "0.json", socket_lines(client, remote=there))
    accept = make.line("accept", 600, 4, 200, {"addr": make.addr(*here), "sock_info": make.INFO_TCP})
    make.write_lines(os.path.join(folder, "b_0"), "0.json", [
        make.line("socket", 1, 3, 200, {"sock_info": make.INFO_TCP}),
        make.line("bind", 2, 0, 200, {"addr": make.addr("0.0.0.0", 8080)}), accept])
    make.write_lines(os.path.join(folder, "b_0"), "1.json", [
        accept, make.recv(1020, 50, 200, 4096, "read"), make.send(1700, 60, 200, None, "write"),
        make.line("close", 3000, 0, 200)])
    for process in ("a_0", "b_0"):
        make.write_pcap(os.path.join(folder, process), "0.pcap", make.connection(10, here, there, 50, [60]))
    out, _, _ = convert(folder)
    wrong = [(p, o) for p, o in zip(packets(out), owners(out))
             if o[:2] != ((100, 200) if p[1] == "40000" else (200, 100))]
    check("both ends are named in both captures", len(owners(out)) == 18 and not wrong, *wrong)


def test_loose_files(work):
    folder = os.path.join(work, "run")
    make.make_run(folder)
    out = os.path.join(work, "out.pcapng")
    code, _, err = run("convert", "-q", "-f", os.path.join(folder, "curl_0", "1.pcap"), "-o", out)
    check("a socket's capture alone is a capture", code == 0 and len(packets(out)) == 11 and
          {o[:2] for o in owners(out)} == {(0, 0)}, err)
    code, _, err = run("convert", "-q", "-f", os.path.join(folder, "curl_0"), "-o", out)
    kernel = rows(out, "systemd_journal", "frame.interface_name")
    check("the folder of one process is an input", code == 0 and len(kernel) == 28, err, len(kernel))


def test_with_recording(work):
    """A kernel's recording of the same machine knows the process of a thread, and its name."""
    recording = os.path.join(ROOT, "samples", "http-date.dat")
    _, text, _ = run("ps", "--json", recording)
    facts = json.loads(text)["machines"][0]["processes"]
    process = [p for p in facts if len(p["threads"]) > 1][0]
    thread = process["threads"][1]
    at = (thread["start_ns"] + thread["end_ns"]) // 2000 - make.START_US
    folder = os.path.join(work, "run", "folder-name_0")
    make.write_lines(folder, "0.json", [
        make.line("socket", at, 5, thread["tid"], {"sock_info": make.INFO_TCP}),
        make.line("socket", at, 6, 99999, {"sock_info": make.INFO_TCP})])
    out, code, err = convert(os.path.dirname(folder), "x=" + recording)
    found = rows(out, 'systemd_journal.syslog_id == "tcpsnitch:socket"', "systemd_journal.pid",
                 "systemd_journal.comm", "systemd_journal.exe")
    check("a recording's processes and names go before the folder's", code == 0 and found == [
        (str(process["pid"]), thread["names"][-1]["comm"], process["exe"][-1]["path"]),
        ("99999", "folder-name", "")], err, found, process["pid"])
    out, code, err = convert(os.path.dirname(folder), "x=" + os.path.join(ROOT, "samples", "http.dat"),
                             "x=" + os.path.join(ROOT, "samples", "http.pcap"))
    found = rows(out, 'systemd_journal.syslog_id == "tcpsnitch:socket"', "systemd_journal.comm")
    check("a recording without wall-clock time does not disturb", code in (0, 1) and
          found == [("folder-name",)] * 2, err, found)


def test_surer_owner(work):
    """Where a recording and recorded calls both name a packet's process, the surer one stands."""
    sample = os.path.join(ROOT, "samples", "http-date")
    out = os.path.join(work, "out.pcapng")
    run("merge", "-q", "-f", "x=%s.dat" % sample, "x=%s.pcap" % sample, "-o", out)
    before = rows(out, "tcp", "tcp.srcport", "tcp.dstport", "frame.comment", "tcp.len", "ip.src",
                  "frame.time_epoch")
    first = [r for r in before if "comm=curl " in r[2] and r[4] == "127.0.0.1"][0]
    port = first[0] if first[1] == "8080" else first[1]
    sizes = [[int(r[3]) for r in before if r[way] == port] for way in (0, 1)]
    at = int(float(first[5]) * 10 ** 6) - make.START_US
    folder = os.path.join(work, "run", "curl_0")
    make.write_lines(folder, "0.json", [
        make.line("socket", at - 10, 5, 77777, {"sock_info": make.INFO_TCP}),
        make.line("connect", at + 10, 0, 77777, {"addr": make.addr("127.0.0.1", 8080)}),
        make.line("getsockname", at + 11, 0, 77777, {"addr": make.addr("127.0.0.1", int(port))}),
        make.send(at + 12, sum(sizes[0]), 77777), make.recv(at + 20000, sum(sizes[1]), 77777),
        make.line("close", at + 20001, 0, 77777)])
    run("merge", "-q", "-f", "x=%s.dat" % sample, "x=%s.pcap" % sample, "x=" + os.path.dirname(folder),
        "-o", out)
    after = rows(out, "tcp", "tcp.srcport", "tcp.dstport", "frame.comment")
    mine = [r for r in after if port in r[:2]]
    others = [r for r in after if port not in r[:2]]
    check("calls that leave no doubt go before a recording's links", mine and
          all("pid=77777 " in r[2] or "peer_pid=77777 " in r[2] for r in mine), *mine)
    check("and change nothing about other packets", others == [r[:3] for r in before
                                                               if port not in r[:2]])


def test_order(work):
    """Times that go back are put in order."""
    calls = [make.send(2000, 100, 101), make.send(1500, 200, 101), make.line("close", 5000, 0, 101)]
    folder = one_socket(work, calls)
    out, code, _ = convert(folder)
    found = rows(out, "systemd_journal", "systemd_journal.message")
    check("times that go back are put in order", code == 0 and [f[0].split(":")[0] + f[0][-4:]
          for f in found] == ["socket = 5", "connect = 0", "send 200", "send 100", "close = 0"], found)


def test_run_of_sockets(work):
    """Later versions put the sockets right into the folder of the run."""
    folder = os.path.join(work, "run")
    make.make_run(folder)
    for name in os.listdir(os.path.join(folder, "curl_0")):
        os.rename(os.path.join(folder, "curl_0", name), os.path.join(folder, name))
    for name in ("curl_0", "httpd_0", "httpd_1"):
        shutil.rmtree(os.path.join(folder, name))
    out, code, err = convert(folder)
    names = {r[0] for r in rows(out, "systemd_journal", "systemd_journal.comm")}
    check("sockets right in the run are of the program in meta/", code == 0 and names == {"curl"} and
          all(o[2] == "socket" for o in owners(out)), err, names)


def test_many(work):
    """A thousand sockets with few descriptors to open them by."""
    folder = os.path.join(work, "many")
    make.make_many(folder, 1000)
    out = os.path.join(work, "many.pcapng")
    done = subprocess.run(["sh", "-c", 'ulimit -n 64; exec "$0" convert -v "$1" -o "$2"', PROGRAM,
                           folder, out], capture_output=True, check=False, text=True)
    check("a thousand sockets under ulimit -n 64", done.returncode == 0 and
          "named for certain: 9000" in done.stderr and "events written: 5000" in done.stderr,
          done.stderr)


def main():
    if not shutil.which("tshark"):
        print("1..0 # SKIP tshark is not there")
        return 0
    with tempfile.TemporaryDirectory() as work:
        for test in (test_sample, test_capture_beside, test_threads, test_foreign_bytes,
                     test_left_unread, test_datagrams, test_forks_alike,
                     test_uncounted, test_port_used_again, test_both_ends, test_loose_files,
                     test_with_recording, test_surer_owner, test_order, test_run_of_sockets,
                     test_many):
            shutil.rmtree(os.path.join(work, "run"), ignore_errors=True)
            test(work)
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
