#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alignment of real recordings with real captures, against clocks read together.

The workloads read several clocks one after the other (CLOCK_MONOTONIC, CLOCK_BOOTTIME,
CLOCK_REALTIME); the smallest difference is nearest to the truth and never below it.
Times in ns. TAP on standard output; exit 77 without the corpus.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

TRIPLE = re.compile(r'"mono":([\d.]+),"boot":([\d.]+),"real":([\d.]+)')
CAPTURES = {"A-ns.pcap": 1000, "B-us.pcap": 2000, "B.pcapng": 1000}
results = []


def check(name, held, seen=""):
    results.append(held)
    print(f"{'ok' if held else 'not ok'} {len(results)} {name}")
    if not held:
        print(f"# {seen}")


def align(*inputs):
    run = subprocess.run([TRACEBRAID, "align", "--json", *map(str, inputs)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return json.loads(run.stdout) if run.stdout else None, run


def recording(document, ending=".dat"):
    return next(s for s in document["sources"] if s["file"].endswith(ending))


def truth(path, clock):
    """Wall clock minus that clock, as near as the workload could read them."""
    best = None
    with open(path, encoding="utf-8") as lines:
        for match in filter(None, map(TRIPLE.search, lines)):
            mono, boot, real = (int(x.replace(".", "")) for x in match.groups())
            away = real - (mono if clock == "mono" else boot)
            best = away if best is None else min(best, away)
    return best


def test_native():
    for case, clock in (("net-v7-zstd-mono", "mono"), ("net-v7-zlib-mono", "mono"),
                        ("net-v7-none-boot", "boot")):
        want = truth(f"{CORPUS}/{case}/truth.jsonl", clock)
        for capture, most in CAPTURES.items():
            found = recording(align(f"{CORPUS}/{case}/trace.dat", f"{CORPUS}/{case}/{capture}")[0])
            away = found["offset_ns"] - want
            check(f"{case} {capture} offset", found["origin"] == "voted" and abs(away) <= most,
                  f"{away} ns away")
            check(f"{case} {capture} interval",
                  found["bound_low_ns"] <= want <= found["bound_high_ns"], found)


def test_without_a_pair_of_clocks():
    """Nobody read these clocks together with the wall clock: the captures must agree."""
    for case in ("net-v6-local", "net-v7-zstd-tsc"):
        found = [recording(align(f"{CORPUS}/{case}/trace.dat", f"{CORPUS}/{case}/{capture}")[0])
                 for capture in CAPTURES]
        own = 1278_700_000_000 if case == "net-v6-local" else 1281_200_000_000 / 0.38461568
        times = [round(s["offset_ns"] - found[0]["offset_ns"] + own * (s["rate"] - found[0]["rate"]))
                 for s in found]
        check(f"{case} captures agree", max(times) - min(times) < 2000, times)
        if case == "net-v7-zstd-tsc":
            rates = [1000 / s["rate"] for s in found]
            check("x86-tsc rate", all(abs(r / 2599.998 - 1) < 6e-6 for r in rates), rates)


def test_guests():
    for guest in ("amd64", "i386", "s390x"):
        folder = f"{CORPUS}/guest-{guest}"
        found = recording(align(f"{folder}/net.dat", f"{folder}/lo-ns.pcap")[0])
        want = truth(f"{folder}/net-truth.jsonl", "boot")
        check(f"guest {guest} offset", abs(found["offset_ns"] - want) <= 30000, found)
        check(f"guest {guest} interval",
              found["bound_low_ns"] <= want <= found["bound_high_ns"], (found, want))


def test_hosts():
    folder = f"{CORPUS}/multihost-1"
    files = [f"{folder}/A/alpha.dat", f"{folder}/B/beta.dat", f"{folder}/A/alpha.pcap",
             f"{folder}/B/beta.pcap"]
    document, _ = align(*files)
    for name in ("alpha", "beta"):
        capture = recording(document, f"{name}.pcap")
        check(f"{name}.pcap goes to {name}", capture["machine"] == name, capture)
    want = truth(f"{folder}/A/truth.jsonl", "boot")
    found = recording(document, "alpha.dat")
    check("alpha offset", abs(found["offset_ns"] - want) <= 30000, (found, want))
    check("alpha interval", found["bound_low_ns"] <= want <= found["bound_high_ns"], (found, want))
    host = document["hosts"][0]
    check("difference of the hosts",
          (host["machine"], host["reference"]) == ("beta", "alpha") and
          host["difference_low_ns"] >= 4025052000 and host["difference_high_ns"] <= 4025425000 and
          (host["matches_to"], host["matches_from"]) == (87, 65), host)
    with tempfile.TemporaryDirectory() as work:
        run = subprocess.run([TRACEBRAID, "merge", "--align-hosts", "-o", f"{work}/all.pcapng",
                              *files], stderr=subprocess.PIPE, text=True, check=False)
        check("hosts are corrected", run.returncode == 0 and "corrected" in run.stderr, run.stderr)
        again, _ = align("--align-hosts", *files)
        moved = recording(again, "beta.pcap")["offset_ns"]
        check("no packet is received before it is sent",
              host["difference_low_ns"] <= -moved <= host["difference_high_ns"], moved)


def test_refused():
    document, run = align(f"{CORPUS}/net-v7-zstd-instance/trace.dat",
                          f"{CORPUS}/net-v7-zstd-instance/A-ns.pcap")
    check("no network events: refused", run.returncode == 2 and "no network events" in run.stderr
          and "-e net" in run.stderr and recording(document)["origin"] == "none", run.stderr)
    document, run = align(f"{CORPUS}/net-v7-none-boot/trace.dat",
                          f"{CORPUS}/net-v7-zstd-mono/A-ns.pcap")
    check("capture of another run: refused", run.returncode == 2 and "next time" in run.stderr
          and recording(document)["origin"] == "none", run.stderr)


def shift_half(source, target, step):
    """Sets a little-endian nanosecond capture's clock in the middle; returns both times there."""
    with open(source, "rb") as file:
        data = bytearray(file.read())
    places, at = [], 24
    while at < len(data):
        places.append(at)
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    times = []
    for number, at in enumerate(places):
        seconds, ns = struct.unpack_from("<II", data, at)
        time = seconds * 10**9 + ns + (step if number >= len(places) // 2 else 0)
        struct.pack_into("<II", data, at, *divmod(time, 10**9))
        times.append(time)
    with open(target, "wb") as file:
        file.write(data)
    middle = len(places) // 2
    return times[middle - 1], times[middle]


def test_step():
    with tempfile.TemporaryDirectory() as work:
        for step in (250_000_000, -250_000_000):
            before, after = shift_half(f"{CORPUS}/net-v7-zstd-mono/A-ns.pcap", f"{work}/s.pcap",
                                       step)
            text = subprocess.run([TRACEBRAID, "align", f"{CORPUS}/net-v7-zstd-mono/trace.dat",
                                   f"{work}/s.pcap"], stdout=subprocess.PIPE, text=True,
                                  check=False).stdout
            words = [f"{step / 1e9:+.6f} s"] + [f"{t // 10**9}.{t % 10**9:09}"
                                                for t in (before, after)]
            check(f"step of {step / 1e6:+.0f} ms", all(w in text for w in words), (text, words))


def rows_of(work, command, *inputs):
    """Rows of events without their times."""
    subprocess.run([TRACEBRAID, command, "-q", "-f", "-o", f"{work}/out.pcapng", *inputs],
                   check=True)
    text = subprocess.run([TRACEBRAID, "convert", "-q", "--to", "text", f"{work}/out.pcapng",
                           "-o", "-"], stdout=subprocess.PIPE, check=True).stdout
    return [re.sub(rb" +\d+\.\d+: ", b" ", line).strip() for line in text.split(b"\n")]


def test_names_stay():
    """Who acted was found out in the recording's own time, and is asked for in it."""
    with tempfile.TemporaryDirectory() as work:
        for case in ("net-v7-zstd-mono", "net-v7-zstd-tsc"):
            alone = rows_of(work, "convert", f"{CORPUS}/{case}/trace.dat")
            both = rows_of(work, "merge", f"{CORPUS}/{case}/trace.dat",
                           f"{CORPUS}/{case}/A-ns.pcap")
            check(f"{case} the same rows with a capture", len(alone) > 20000 and alone == both,
                  (len(alone), len(both)))


TRACEBRAID, CORPUS = sys.argv[1], os.environ.get("TB_CORPUS", sys.argv[2])
if not os.path.isdir(f"{CORPUS}/net-v7-zstd-mono"):
    print("1..0 # SKIP no corpus")
    sys.exit(0)
for part in (test_native, test_without_a_pair_of_clocks, test_guests, test_hosts, test_refused,
             test_step, test_names_stay):
    part()
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
