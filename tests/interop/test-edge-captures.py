#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every capture of the corpus folder edge-pcap through `convert` and `info --json`.

MANIFEST.tsv says how many packets there are, tshark.tsv how many tshark lists; each must be
known here. What comes out is compared with tshark's list of the input (time, lengths, link type);
bad files must give the whole packets in front of the fault, exit code 1 and the offset.
usage: test-edge-captures.py TRACEBRAID SOURCE_ROOT. Prints TAP; skipped without the corpus.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

# name: packets, exit code of convert, offset of the first wrong byte
FILES = {
    "be-us.pcap": (181, 0, None), "be-ns.pcap": (181, 0, None), "le-ns.pcap": (181, 0, None),
    "modified-magic-le.pcap": (181, 0, None), "snap96.pcap": (181, 0, None),
    "trunc-last-data.pcap": (180, 1, 0xF163), "trunc-last-header.pcap": (180, 1, 0xF153),
    "header-only.pcap": (0, 0, None), "short-header.pcap": (None, 2, 0),
    "empty.pcap": (None, 2, 0), "insane-caplen.pcap": (90, 1, 0x963B),
    "out-of-order.pcap": (181, 0, None), "fcs-bits.pcap": (181, 0, None),
    "multi-if-le.pcapng": (181, 0, None), "multi-if-be.pcapng": (181, 0, None),
    "three-sections.pcapng": (181, 0, None), "trunc.pcapng": (180, 1, 0xFE0C),
    "bad-length.pcapng": (10, 1, 0x404), "bad-trailer.pcapng": (10, 1, 0x460),
    "no-idb.pcapng": (0, 1, 0x24),
}
# tshark lists two custom blocks as packets.
MORE_IN_TSHARK = {"three-sections.pcapng": 2}
# Damaged before its first packet: info tells what is wrong, convert leaves no output.
NOTHING_TO_CONVERT = {"no-idb.pcapng"}
RESULTS = []


def check(name, passed, detail=""):
    RESULTS.append(passed)
    print("%s %d - %s" % ("ok" if passed else "not ok", len(RESULTS), name))
    if not passed:
        print("".join("# %s\n" % line for line in str(detail)[:2000].splitlines()), end="")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tshark_list(path):
    done = run("tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e",
               "frame.len", "-e", "frame.cap_len", "-e", "frame.encap_type")
    return sorted(line.split("\t") for line in done.stdout.splitlines())


def table(path):
    with open(path, encoding="utf-8") as handle:
        return [line.rstrip("\n").split("\t") for line in list(handle)[1:]]


def check_info(program, name, path, packets, code, offset):
    done = run(program, "info", "--json", path)
    check("%s: info exits %d" % (name, code), done.returncode == code, done.stderr)
    facts = json.loads(done.stdout)["files"][0]
    if packets is None:
        check("%s: info says why" % name, "error" in facts and "offset 0x%x" % offset in facts["error"]
              or "empty" in facts["error"], facts)
        return
    sources = facts["sources"]
    check("%s: info counts" % name, sum(s["records"] for s in sources) == packets, sources)
    check("%s: info has the link type" % name,
          {s["link_type"] for s in sources if s["records"]} <= {1}, sources)
    check("%s: info is clean or not" % name, facts["clean"] == (code == 0))
    if offset is not None:
        check("%s: info names the offset" % name,
              offset in [d.get("offset") for d in facts["damage"]], facts["damage"])


def check_file(program, name, path, listed, scratch):
    packets, code, offset = FILES[name]
    output = os.path.join(scratch, name + ".out")
    done = run(program, "convert", path, "-o", output)
    fails = packets is None or name in NOTHING_TO_CONVERT
    check("%s: convert exits %d" % (name, 2 if fails else code),
          done.returncode == (2 if fails else code), done.stderr)
    check("%s: as many packets as the list of tshark" % name,
          (packets or 0) + MORE_IN_TSHARK.get(name, 0) == listed, (packets, listed))
    if offset is not None and packets is not None:
        check("%s: the fault's offset is told" % name, "offset 0x%x:" % offset in done.stderr,
              done.stderr)
    check("%s: silent when nothing is wrong" % name, bool(done.stderr) == (code != 0), done.stderr)
    check_info(program, name, path, packets, code, offset)
    if fails:
        check("%s: no output" % name, not os.path.exists(output))
    elif shutil.which("tshark"):
        before = [row for row in tshark_list(path) if row[0]]
        after = [row for row in tshark_list(output) if row[0]]
        # What has no time has got one; custom blocks are no packets.
        check("%s: every timed packet of tshark's list is there" % name,
              len(after) == packets and not [row for row in before if row not in after],
              [row for row in before if row not in after][:3])


def main():
    program, root = sys.argv[1:3]
    corpus = os.environ.get("TB_CORPUS") or os.path.join(root, "..", "shared", "corpus")
    folder = os.path.join(corpus, "edge-pcap")
    if not os.path.isdir(folder):
        print("1..0 # SKIP no captures in %s" % corpus)
        return 0
    manifest = {row[0] for row in table(os.path.join(folder, "MANIFEST.tsv"))}
    listed = {row[0]: int(row[1]) for row in table(os.path.join(folder, "tshark.tsv"))}
    check("the manifest has the files known here", manifest == set(FILES), manifest ^ set(FILES))
    with tempfile.TemporaryDirectory() as scratch:
        for name in sorted(manifest & set(FILES)):
            check_file(program, name, os.path.join(folder, name), listed[name], scratch)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
