# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the inputs that lie nowhere as files: packed and cut ones, captures that name processes,
folders of tcpsnitch, and what the programs of the tests beside the old program can make.
"""
import gzip
import os
import subprocess
import sys
import zlib

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")
sys.path.insert(0, SUPPORT)
import known_captures  # noqa: E402
import read_captures  # noqa: E402


def read(path):
    with open(path, "rb") as handle:
        return handle.read()


def write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as handle:
        handle.write(data)


def make_of_samples(samples, folder):
    """Packed whole, cut short, with a byte turned, and joined to nothing."""
    recording, capture = read(samples + "/http-date.dat"), read(samples + "/http-date.pcap")
    os.mkdir(folder)
    write(folder, "http-date.dat.gz", gzip.compress(recording, mtime=0))
    write(folder, "http-date.pcap.gz", gzip.compress(capture, mtime=0))
    write(folder, "cut-pack.dat.gz", gzip.compress(recording, mtime=0)[:9000])
    write(folder, "cut.dat", recording[:40000])
    write(folder, "cut.pcap", capture[:20001])
    turned = bytearray(recording)
    turned[len(turned) - 3000] ^= 0x55
    write(folder, "turned.dat", bytes(turned))
    write(folder, "every-third.pcap", every_third(capture))


def every_third(capture):
    """A capture that missed two packets of three."""
    out, at, number = [capture[:24]], 24, 0
    while at < len(capture):
        end = at + 16 + int.from_bytes(capture[at + 8:at + 12], "little")
        if number % 3 == 0:
            out.append(capture[at:end])
        at, number = end, number + 1
    return b"".join(out)


def make_known(samples, folder):
    """What other programs write of processes, beside the recording of the same packets."""
    packets = read_captures.read_pcap(samples + "/http-date.pcap")
    owners = [None if i % 4 == 3 else
              {"pid": 26600 + i % 7, "tid": 26600 + i % 5, "comm": b"task %d=" % (i % 7),
               "exe": b"/usr/bin/task", "args": b"task -v\nCmd: /bin/fake\nPID: 9",
               "inbound": i % 2 == 1} for i in range(len(packets))]
    os.mkdir(folder)
    write(folder, "ptcpdump.pcapng", known_captures.ptcpdump(packets, owners))
    write(folder, "etl2pcapng.pcapng", known_captures.etl2pcapng(packets, owners))
    write(folder, "option8.pcapng", known_captures.option8(packets, owners, order=">"))
    write(folder, "darwin.pcapng", known_captures.darwin(packets, owners))
    write(folder, "darwin-late.pcapng", known_captures.darwin(packets, owners, late=True))
    write(folder, "tcpshark.pcapng", known_captures.tcpshark(packets, owners))
    write(folder, "http-date.dat", read(samples + "/http-date.dat"))


def make_tcpsnitch(samples, folder):
    """Runs of tcpsnitch; one of them names a file outside of itself."""
    os.mkdir(folder)
    script = os.path.join(SUPPORT, "make-tcpsnitch.py")
    for name, options in (("run", []), ("many", ["--many", "300"])):
        subprocess.run([sys.executable, script, *options, os.path.join(folder, name)], check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["cp", "-r", samples + "/tcpsnitch", folder + "/linked"], check=True)
    kernel = folder + "/linked/meta/kernel"
    if os.path.lexists(kernel):
        os.unlink(kernel)
    os.symlink("../../run/meta/host_id", kernel)


def make_lists(folder):
    """Names of inputs to be read from a file."""
    names = [b"web=samples/http-date.dat", b"web=samples/http-date.pcap", b"samples/procmon-small.PML"]
    os.mkdir(folder)
    write(folder, "lines.txt", b"\n".join(names) + b"\n")
    write(folder, "zeros.txt", b"\0".join(names) + b"\0")


def make_logs(corpus, folder):
    """Logs of Process Monitor that the corpus holds packed by zlib."""
    source = os.path.join(corpus, "procmon")
    if not os.path.isdir(source):
        return
    os.mkdir(folder)
    for name in sorted(os.listdir(source)):
        if name.endswith("PML"):
            write(folder, name[:-3] + ".PML", zlib.decompress(read(os.path.join(source, name))))


def make_by_programs(program, folder):
    """By programs of the old build tree; the same bytes for both sides."""
    tools = os.path.join(os.path.dirname(program), "../tests/support")
    hostile, windows = (os.path.join(tools, n) for n in ("make-hostile-dat", "make-windows-net"))
    if os.access(hostile, os.X_OK):
        os.mkdir(folder + "/forging")
        subprocess.run([hostile, folder + "/forging/hostile.dat"], check=True)
    if os.access(windows, os.X_OK):
        for bits in "32", "64":
            for version in "4", "6":
                here = "%s/windows-%s-v%s" % (folder, bits, version)
                os.mkdir(here)
                subprocess.run([windows, bits, version, here + "/log.PML", here + "/net.pcap"],
                               check=True)


def make_all(program, samples, corpus, folder):
    make_of_samples(samples, folder + "/packed")
    make_known(samples, folder + "/known")
    make_tcpsnitch(samples, folder + "/tcpsnitch")
    make_lists(folder + "/lists")
    if corpus:
        make_logs(corpus, folder + "/logs")
    make_by_programs(program, folder)
