# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is compared: the commands that make sense for each recording, capture, folder and set.

A case is a list of steps run one after the other in one empty folder, where the inputs lie
under their labels (samples/, data/, corpus/, made/). Its name is its command lines.
"""
import gzip
import itertools
import json
import os
import re

CAPTURE_MAGICS = {bytes.fromhex(m) for m in (
    "a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1", "0a0d0d0a")}
NO_INPUTS = (".txt", ".xz", ".tsv", ".jsonl", ".py", ".sh", ".md", ".c", ".json", "README")
OUT = ["-o", "out.pcapng"]
# Folders whose cases make up the short run.
QUICK = ("samples", "corpus/net-v7-zstd-mono", "corpus/tort-threads", "corpus/guest-i386", "made/known",
         "made/windows-64-v4", "made/tcpsnitch/run", "made/forging",
         "data/pcapng", "data/proctrack")


class Step:
    """One run of the program."""

    def __init__(self, args, stdin=None, zone=None):
        self.args, self.stdin, self.zone = args, stdin, zone

    def line(self):
        return (("TZ=%s " % self.zone if self.zone else "") + " ".join(self.args)
                + (" < " + self.stdin if self.stdin else ""))


class Case:
    """Runs that belong together, and whether they are part of the short run."""

    def __init__(self, steps, quick):
        self.steps, self.quick = steps, quick
        self.name = " && ".join(step.line() for step in steps)


class Set:
    """Inputs of one folder."""

    def __init__(self, place):
        self.place, self.recordings, self.captures, self.others = place, [], [], []

    def add(self, path, kind):
        getattr(self, kind).append(path)


def kind_of(path):
    """recordings, captures or others; None for what is no input."""
    if os.path.islink(path) or path.endswith(NO_INPUTS):
        return None
    bare = path.rsplit(".", 1)[0] if path.endswith((".gz", ".zst")) else path
    if bare.endswith((".dat", ".PML")):
        return "recordings"
    if bare.endswith((".pcap", ".pcapng")):
        return "captures"
    with open(path, "rb") as handle:
        head = handle.read(16)
    if head[:2] == b"\x1f\x8b":
        with gzip.open(path) as handle:
            head = handle.read(16)
    if head[:10] == b"\x17\x08\x44tracing" or head[:4] == b"PML_":
        return "recordings"
    return "captures" if head[:4] in CAPTURE_MAGICS else "others"


def is_run_of_tcpsnitch(path):
    return any(re.search(r"_\d+$", name) and os.path.exists(os.path.join(path, name, "0.json"))
               for name in os.listdir(path))


def find_sets(root, label):
    """Sets by folder, in order of their names, with paths as the program is given them."""
    sets = []
    for folder, below, names in os.walk(os.path.join(root, label), followlinks=True):
        below.sort()
        place = os.path.relpath(folder, root)
        one = Set(place)
        for name in list(below):
            if is_run_of_tcpsnitch(os.path.join(folder, name)):
                one.add(os.path.join(place, name), "recordings")
                below.remove(name)
        for name in sorted(names):
            kind = kind_of(os.path.join(folder, name))
            if kind:
                one.add(os.path.join(place, name), kind)
        if one.recordings or one.captures or one.others:
            sets.append(one)
    return sets


class Lister:
    """Gathers cases; asks the old program who is in a recording, to choose filters by."""

    def __init__(self, root, ask):
        self.root, self.ask = root, ask
        self.cases, self.names = [], set()
        self.quick = False

    def add(self, *commands, stdin=None, zone=None, quick=True):
        case = Case([Step(command.split() if isinstance(command, str) else list(command), stdin, zone)
                     for command in commands], self.quick and quick)
        if case.name not in self.names:
            self.names.add(case.name)
            self.cases.append(case)

    def each(self, command, table, inputs, quick=True):
        for line in table:
            self.add([command] + line.split() + inputs, quick=quick)

    # --- one input ---

    def looks(self, inputs):
        self.each("info", ["", "-v", "--json"], inputs)
        self.each("align", ["", "--json"], inputs)
        self.each("ps", ["", "--json"], inputs)

    def damaged(self, path):
        """What is wrong with an input is told, and what is left of it is right."""
        self.each("info", ["-v", "--json"], [path])
        self.each("ps", [""], [path])
        self.add(["convert", "-v", path] + OUT)
        self.add(["convert", "--to", "text", path, "-o", "out.txt"])

    def recording(self, path):
        self.looks([path])
        self.each("ps", ["--tree", "--at=+0.2", "-v"], [path])
        self.add(["convert", "-v", path] + OUT)
        self.add(["convert", "-v", "--to", "text", path, "-o", "out.txt"])
        self.add(["convert", "-v", "--to", "csv", path, "-o", "out.csv"])
        self.add(["convert", "--json", "--stacks", "--time-offset=-0.25", path] + OUT, quick=False)
        self.add(["convert", "--events=none", path] + OUT, quick=False)
        self.add(["convert", "--to", "pcap", path, "-o", "out.pcap"], quick=False)
        self.add(["convert", "-q", "--tz=Europe/Berlin", "--to", "csv", path, "-o", "out.csv"],
                 quick=False)
        if path.endswith(".PML"):
            self.add(["convert", "--salvage", "--stacks", "--tz=+02:00", path] + OUT)
        self.filters("convert", [path])

    def capture(self, path):
        self.looks([path])
        self.add(["convert", "-v", path] + OUT)
        self.add(["convert", "-v", "--to", "pcap", path, "-o", "out.pcap"])
        self.add(["convert", "--json", "--process-info=darwin", path] + OUT)
        self.add(["convert", "--process-info=wireshark", "--owners=off", path] + OUT, quick=False)
        self.add(["convert", "-v", "--strip-trailers", path] + OUT, quick=False)
        self.add(["convert", "--to", "text", path, "-o", "out.txt"], quick=False)
        self.add(["convert", "--to", "csv", path, "-o", "out.csv"], quick=False)
        self.add(["convert", "-v", "--no-packets", path] + OUT, quick=False)
        self.add(["convert", "-v", "--time-offset=3.25", path] + OUT, quick=False)

    def filters(self, command, inputs, quick=True):
        """By the names and numbers of two processes: the one with most children, and one child."""
        chosen = self.ask(inputs)
        for name, pid in chosen:
            self.add([command, "-v", "--comm=" + name] + inputs + OUT, quick=quick)
            self.add([command, "--pid=%d" % pid, "--children"] + inputs + OUT, quick=quick)
        if chosen:
            self.add([command, "--comm=" + chosen[0][0], "--children", "--to", "csv"] + inputs
                     + ["-o", "out.csv"], quick=False)
            self.add([command, "--pid=%d" % chosen[-1][1], "--to", "text"] + inputs
                     + ["-o", "out.txt"], quick=False)
            self.add([command, "-v", "--comm=nobody here"] + inputs + OUT, quick=False)

    # --- sets ---

    def pair(self, inputs, full):
        """Recordings with captures of one machine."""
        self.add(["convert", "-v"] + inputs + OUT)
        self.add(["info", "--json"] + inputs)
        self.add(["align", "--json"] + inputs)
        self.add(["ps", "--json"] + inputs)
        if not full:
            return
        self.looks(inputs)
        self.each("ps", ["--tree", "--owners=certain", "--owners=context", "--align=off --at=+0.1"],
                  inputs)
        for owners in "certain", "linked", "context", "off":
            self.add(["convert", "-v", "--owners=" + owners] + inputs + OUT)
        self.add(["convert", "--json"] + inputs + OUT)
        self.add(["convert", "-v", "--events=none"] + inputs + OUT)
        self.add(["convert", "-v", "--events=none", "--to", "pcap"] + inputs + ["-o", "out.pcap"])
        self.add(["convert", "-v", "--no-packets"] + inputs + OUT)
        self.add(["convert", "-v", "--no-packets", "--events=none"] + inputs + OUT, quick=False)
        self.add(["convert", "--process-info=darwin"] + inputs + OUT)
        self.add(["convert", "--process-info=wireshark", "--owners=context"] + inputs + OUT)
        self.add(["convert", "--align=off", "-v"] + inputs + OUT)
        self.add(["convert", "-v", "--to", "text"] + inputs + ["-o", "out.txt"])
        self.add(["convert", "-v", "--to", "csv"] + inputs + ["-o", "out.csv"])
        self.add(["merge", "-v"] + ["web=" + i for i in reversed(inputs)] + OUT)
        self.add(["merge", "-v", "--time-offset=1", inputs[0] + "@+3.25s"] + inputs[1:] + OUT)
        self.filters("convert", inputs)
        self.again([["convert"] + [i] for i in inputs])
        self.again([["merge"] + inputs])

    def again(self, makers):
        """Outputs as inputs: of a merge of them, everything that can be asked, and written again."""
        made, steps = [], []
        for number, maker in enumerate(makers, start=1):
            made.append("part%d.pcapng" % number)
            steps.append(maker + ["-o", made[-1]])
        self.add(*steps, ["merge", "-v"] + made + OUT, ["convert", "-v", "out.pcapng", "-o", "two.pcapng"])
        if len(made) > 1:
            # A raw input that the parts hold already is told and left out.
            self.add(*steps, ["merge", "-v"] + made + OUT, ["merge", "-v", "out.pcapng", makers[0][1],
                                                           "-o", "more.pcapng"])
        else:
            self.add(*steps, ["info", "-v"] + made, ["info", "--json"] + made, ["align", "--json"] + made,
                     ["ps"] + made, ["ps", "--json"] + made)
            self.add(*steps, ["convert", "--to", "text"] + made + ["-o", "out.txt"],
                     ["convert", "--to", "csv"] + made + ["-o", "out.csv"])
            self.add(*steps, ["convert", "-v", "--owners=off", "--events=none"] + made + OUT,
                     ["convert", "-v", "--no-packets"] + made + ["-o", "rows.pcapng"],
                     ["merge", "-v", "other=part1.pcapng", "-o", "named.pcapng"])

    def pipes(self, path):
        self.add(["convert", "-v", "-", "-o", "-"], stdin=path)
        self.add(["convert", "--to", "text", "-", "-o", "-"], stdin=path)
        self.add(["info", "--json", "-"], stdin=path)

    def together(self, one, command="merge"):
        """All inputs of a folder at once: as they are, in the other order, as machines, shifted."""
        inputs = one.recordings + one.captures
        named = ["m%d=%s" % (n, i) for n, i in enumerate(inputs)]
        self.add([command, "-v"] + inputs + OUT)
        self.add([command, "-v"] + inputs[::-1] + OUT)
        self.add([command, "-v"] + named + OUT)
        self.add([command, "-v", "--align=off"] + inputs + OUT)
        if len(one.recordings) > 1:
            self.add([command, "-v", inputs[0] + "@+0"] + [i + "@+5000" for i in inputs[1:]] + OUT)
            self.add(["ps", "--json"] + one.recordings)
        self.add(["align"] + inputs)
        self.add(["info", "--json"] + inputs)

    def hosts(self, named):
        """Several machines: NAME -> inputs."""
        inputs = ["%s=%s" % (name, i) for name, group in named for i in group]
        self.looks(inputs)
        self.each("ps", ["--tree", "--owners=off"], inputs)
        self.each("align", ["--align-hosts", "--json --align-hosts=" + named[-1][0]], inputs)
        for options in ("-v", "-v --align-hosts", "--json --align-hosts=" + named[-1][0],
                        "-v --owners=context", "-v --owners=off", "-v --align=off",
                        "-v --events=none", "--process-info=darwin", "-v --no-packets"):
            self.add(["merge"] + options.split() + inputs + OUT)
        self.add(["merge", "-v"] + inputs[::-1] + OUT)
        self.add(["merge", "-v", "--to", "text"] + inputs + ["-o", "out.txt"])
        self.add(["merge", "-v", "--to", "csv"] + inputs + ["-o", "out.csv"])
        self.add(["merge", "--events=none", "--to", "pcap"] + inputs + ["-o", "out.pcap"])
        self.filters("merge", inputs)
        self.again([["merge"] + ["%s=%s" % (name, i) for i in group] for name, group in named])
        self.again([["merge"] + inputs])

    def set(self, one):
        place = one.place
        hostile = "/hostile" in place
        broken = hostile or "/edge-dat" in place or "/packed" in place
        quick = self.quick = place.startswith(QUICK)
        for number, path in enumerate(one.recordings):
            self.quick = quick and (len(one.recordings) < 5 or number % 3 == 0)
            (self.damaged if broken else self.recording)(path)
        for number, path in enumerate(one.captures):
            self.quick = quick and (len(one.captures) < 5 or number % 3 == 0)
            (self.damaged if hostile else self.capture)(path)
        for path in one.others:
            self.each("info", [""], [path])
            self.add(["convert", path] + OUT)
        for number, (recording, capture) in enumerate(itertools.product(one.recordings, one.captures)):
            self.quick = quick and (number == 0 or recording[:-4] == capture[:-5])
            self.pair([recording, capture], not broken and number < 8)
        self.quick = False
        if one.recordings and len(one.captures) > 1 and not broken:
            self.pair([one.recordings[0]] + one.captures, True)
        if len(one.recordings + one.captures) > 1 and not hostile:
            self.together(one)

    def explicit(self, sets):
        """Machines of one network, and cases put together that know nothing of each other."""
        by_place = {one.place: one for one in sets}

        def inputs(place, n_captures=1):
            one = by_place.get(place)
            return one and one.recordings[:1] + one.captures[:n_captures]

        self.quick = True
        alpha, beta = inputs("corpus/multihost-1/A"), inputs("corpus/multihost-1/B")
        if alpha and beta:
            self.hosts([("alpha", alpha), ("beta", beta)])
        names = ["samples", "corpus/net-v7-zstd-mono", "corpus/guest-s390x", "corpus/guest-i386",
                 "corpus/net-v6-local"]
        strangers = [("h%d" % n, inputs(place)) for n, place in enumerate(names) if inputs(place)]
        self.quick = False
        if len(strangers) > 1:
            self.hosts(strangers)
        windows = inputs("made/windows-64-v6")
        if windows and alpha:
            self.hosts([("win", windows), ("alpha", alpha), ("snitch", ["samples/tcpsnitch"])])
        self.quick = True
        for path in ("samples/http-date.dat", "samples/http-date.pcap", "samples/procmon-small.PML",
                     "made/packed/http-date.dat.gz"):
            if os.path.exists(os.path.join(self.root, path)):
                self.pipes(path)
                self.add(["convert", "-v", path, path] + OUT)
        self.options()

    def options(self):
        """The command line itself, on the samples: where inputs come from, wrong values, outputs
        that are there already.
        """
        self.add("--version")
        self.add("--help")
        for command in "convert", "merge", "ps", "info", "align":
            self.add("help " + command)
            self.add(command)
            self.add(command + " nothing.dat")
        if "samples" not in os.listdir(self.root):
            return
        recording, both = "samples/http-date.dat", "samples/http-date.dat samples/http-date.pcap"
        for name in "lines.txt", "zeros.txt":
            if os.path.exists(os.path.join(self.root, "made/lists", name)):
                self.add("merge -v --inputs-from made/lists/%s -o out.pcapng" % name)
                self.add("merge -v --inputs-from - -o out.pcapng", stdin="made/lists/" + name)
                self.add("ps --inputs-from=made/lists/" + name)
        make = "convert %s -o out.pcapng" % recording
        self.add(make, make)
        self.add(make, "convert -v -f %s -o out.pcapng" % both)
        self.add(make, "convert -f out.pcapng -o out.pcapng")
        self.add("convert -f %s -o %s" % (recording, recording))
        self.add("convert %s" % recording)
        for wrong in ("--to=nothing", "--owners=x", "--events=x", "--align=x", "--tz=Nowhere/Land",
                      "--time-offset=soon", "--pid=x", "--process-info=x", "--columns=Nothing,PID",
                      "--align-hosts=nobody", "--progress=x", "--nothing", "--to=csv --tz=+25:00"):
            self.add("convert %s %s -o out.pcapng" % (wrong, both))
        for named in ("=%s", "a=b=%s", "%s@x", "%s@+1", "%s@-99999999999999", "web=%s@+0.5s"):
            self.add("merge %s samples/http.pcap -o out.pcapng" % (named % recording))
        self.add("ps --at=soon " + recording)
        self.add("ps --at=2026-11-21T07:33:36.3Z " + both)
        self.add("ps --at=1795246416.3 " + recording)
        for zone in "America/New_York", "Nowhere/Land", "UTC":
            self.add("convert --to csv --tz=local samples/procmon-small.PML -o out.csv", zone=zone)
        for columns in ("Time,PID,Operation,Path", "Date & Time,Relative Time,PID,comm,child_comm",
                        "TID,Process Name,Event Class,Detail,filename,newstate,sport"):
            for path in recording, "samples/procmon-small.PML", "samples/tcpsnitch":
                self.add(["convert", "--to", "csv", "--columns=" + columns, path, "-o", "out.csv"])
        for command in "info", "info --json", "ps", "convert -v -o out.pcapng":
            self.add(command + " samples/tcpsnitch/curl_0")
            self.add(command + " samples/tcpsnitch/curl_0/0.json")


def list_cases(root, labels, ask):
    """All cases of the folders with these labels, in an order that depends on names only."""
    lister = Lister(root, ask)
    sets = [one for label in labels for one in find_sets(root, label)]
    # Those take longest, and are the least likely to tell something.
    sets.sort(key=lambda one: "/hostile" in one.place)
    for one in sets:
        lister.set(one)
    lister.explicit(sets)
    return lister.cases


def chosen_processes(document):
    """[(name, pid)] of two processes that `ps --json` tells of."""
    try:
        found = [p for machine in json.loads(document)["machines"] for p in machine["processes"]]
    except (ValueError, KeyError):
        return []
    named = [(p["names"][-1]["comm"], p["pid"], p.get("id"), p.get("parent")) for p in found
             if p.get("names") and p["names"][-1].get("comm")]
    if not named:
        return []
    counts = {}
    for _name, _pid, _id, parent in named:
        if parent is not None:
            counts[parent] = counts.get(parent, 0) + 1
    most = max(counts.get(p[2], 0) for p in named)
    first = next(p for p in named if counts.get(p[2], 0) == most)
    others = [p for p in named if p[0] != first[0] and p[1] != first[1]]
    children = [p for p in others if p[3] == first[2]] or others
    return [(p[0], p[1]) for p in [first] + children[:1]]
