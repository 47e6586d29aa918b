# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plain reader of classic pcap and of pcapng blocks, written apart from the program's own code."""
import struct

EPB = 6


def read_pcap(path):
    """[(ns, bytes)] of a classic pcap in this machine's order."""
    with open(path, "rb") as handle:
        data = handle.read()
    magic, = struct.unpack_from("<I", data)
    scale = {0xA1B23C4D: 1, 0xA1B2C3D4: 1000}[magic]
    found, at = [], 24
    while at < len(data):
        seconds, fraction, caplen, _length = struct.unpack_from("<4I", data, at)
        found.append((seconds * 10 ** 9 + fraction * scale, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return found


def read_options(data, order="<"):
    found, at = [], 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            break
        found.append((code, data[at + 4:at + 4 + size]))
        at += 4 + size + -size % 4
    return found


def split_blocks(data):
    """(offset, type, body) of each block of a little-endian pcapng."""
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size >= 12 and data[at + size - 4:at + size] == data[at + 4:at + 8], hex(at)
        yield at, kind, data[at + 8:at + size - 4]
        at += size


def read_blocks(path):
    """[(type, body)] of a little-endian pcapng."""
    with open(path, "rb") as handle:
        return [(kind, body) for _at, kind, body in split_blocks(handle.read())]


class Packet:
    """A packet block: where it came from, its bytes and options."""

    def __init__(self, body):
        self.number, high, low, caplen, self.length = struct.unpack_from("<5I", body)
        self.ticks = high << 32 | low
        self.data = body[20:20 + caplen]
        self.options = read_options(body[20 + caplen + -caplen % 4:])

    def comments(self):
        return [v for c, v in self.options if c == 1]

    def ids(self):
        return [struct.unpack("<II", v) for c, v in self.options if c == 8]

    def own(self):
        """The pairs of this program's comment, in order; None where there is none or two."""
        found = [v for v in self.comments() if v.startswith(b"pid=")]
        if len(found) != 1 or not found[0].endswith(b" "):
            return None
        return dict(pair.split(b"=", 1) for pair in found[0][:-1].split(b" "))


def read_packets(path):
    """Packet blocks on interfaces other than rows of events."""
    links, found = [], []
    for kind, body in read_blocks(path):
        if kind == 1:
            links.append(struct.unpack_from("<H", body)[0])
        elif kind == EPB:
            one = Packet(body)
            if links[one.number] != 252:
                found.append(one)
    return found
