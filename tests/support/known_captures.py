# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures that name processes themselves, made from their documented layouts.

Each builder takes packets [(ns, bytes)] and owners, one dict or None a packet: pid, tid, comm,
exe, args, inbound.
"""
import struct

EPB, DARWIN, CUSTOM = 6, 0x80000001, 0xBAD
TRAILER_MAGIC = 0xA1BFF3D4


def pad(data):
    return data + bytes(-len(data) % 4)


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + pad(value)


def options(found, order="<"):
    return b"".join(option(c, v, order) for c, v in found) + (bytes(4) if found else b"")


def block(kind, body, order="<"):
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(found, order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
                 + options(found, order), order)


def interface(found, order="<", link=1):
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options(found, order), order)


def packet(ticks, data, found, order="<", number=0):
    return block(EPB, struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data),
                                  len(data)) + pad(data) + options(found, order), order)


def u32(value, order="<"):
    return struct.pack(order + "I", value)


def direction(owner, order="<"):
    return [(2, u32(1 if owner.get("inbound") else 2, order))] if owner else []


def ids(owner, order="<"):
    return [(8, struct.pack(order + "II", owner["pid"], owner["tid"]))] if owner else []


def ptcpdump(packets, owners):
    """eBPF tcpdump: comments; the first interface is a placeholder; times are not sorted."""
    out = section([(1, b"ptcpdump: https://github.com/mozillazg/ptcpdump"), (2, b"amd64"),
                   (3, b"linux"), (4, b"ptcpdump v0.33.0")])
    out += interface([(2, b"dummy-0"), (9, b"\x09"), (12, b"linux")])
    out += interface([(2, b"lo"), (11, b"\0tcp"), (9, b"\x09"), (12, b"linux"),
                      (1, b"ifIndex: 1, netNsInode: 4026531833, netNsPath: /proc/self/ns/net")])
    rows = []
    for (ns, data), owner in zip(packets, owners):
        found = direction(owner)
        if owner:
            found += [
                (1, b"PID: %d\nCmd: %s\nArgs: %s" % (owner["pid"], owner["exe"], owner["args"])),
                (1, b"ThreadId: %d\nThreadName: %s" % (owner["tid"], owner["comm"])),
                (1, b"UserId: 1000"),
                (1, b"ParentPID: 1\nParentCmd: /sbin/init\nParentArgs: init\nPID: 3"),
                (1, b"ContainerName: web\nContainerId: 0123abcd\nContainerImage: nginx:1\n"
                    b"ContainerLabels: {\"a\":\"PID: 4\"}"),
                (1, b"PodName: p\nPodNamespace: default\nPodUID: 77\nPodLabels: {}\n"
                    b"PodAnnotations: {}"),
            ]
        rows.append((ns, packet(ns, data, found, number=1)))
    for at in range(0, len(rows) - 1, 7):
        if rows[at + 1][0] - rows[at][0] < 1000000:
            rows[at], rows[at + 1] = rows[at + 1], rows[at]
    return out + b"".join(row for _ns, row in rows)


def etl2pcapng(packets, owners, with_tid=True, with_option=True):
    """Microseconds; versions before 1.9 wrote no thread, before 1.12 no option."""
    out = section([(4, b"etl2pcapng")])
    out += interface([(2, b"eth:7:0"), (3, b"LWF over IfIndex 7"), (6, bytes(6))])
    for (ns, data), owner in zip(packets, owners):
        found = direction(owner)
        if owner:
            found += ids(owner) if with_option else []
            text = b"PID=%d" % owner["pid"] + (b" TID=%d" % owner["tid"] if with_tid else b"")
            found += [(1, text + b" VlanId=7 Packet Metadata: x")]
        out += packet(ns // 1000, data, found)
    return out


def option8(packets, owners, order="<"):
    out = section([(4, b"somebody")], order) + interface([(2, b"lo"), (9, b"\x09")], order)
    for (ns, data), owner in zip(packets, owners):
        out += packet(ns, data, ids(owner, order), order)
    return out


def darwin(packets, owners, order="<", late=False):
    """macOS tcpdump -k: a process block in front of its first packet; @late: all at the end."""
    table, blocks, out = [], [], b""
    for (ns, data), owner in zip(packets, owners):
        found = []
        for code, who in ((0x8001, owner), (0x8003, owner and owner.get("effective"))):
            if not who:
                continue
            key = (who["pid"], who["comm"])
            if key not in table:
                table.append(key)
                blocks.append(block(DARWIN, u32(key[0], order) + options(
                    [(2, key[1]), (4, bytes(range(16)))], order), order))
                out += b"" if late else blocks[-1]
            found.append((code, u32(table.index(key), order)))
        out += packet(ns, data, direction(owner, order) + found, order)
    return section([(4, b"tcpdump (libpcap version 1.10.1)")], order) + interface(
        [(2, b"en0"), (9, b"\x09")], order) + out + (b"".join(blocks) if late else b"")


def trailer(owner, verbosity=1):
    """All zero where no connection was found or the frame is neither TCP nor UDP."""
    if not owner:
        return bytes(15)
    name = owner["comm"] if verbosity > 0 else b""
    args = owner["args"] if verbosity > 1 else b""
    return (struct.pack(">IIB", TRAILER_MAGIC, owner["pid"], len(name) & 0xFF) + name
            + struct.pack(">H", len(args) & 0xFFFF) + args + bytes(4))


def tcpshark(packets, owners, verbosity=1):
    out = section([(2, b"amd64"), (3, b"linux"), (4, b"gopacket")])
    out += interface([(2, b"intf0"), (9, b"\x09"), (12, b"linux")])
    for (ns, data), owner in zip(packets, owners):
        out += packet(ns, data.ljust(60, b"\0") + trailer(owner, verbosity), [])
    return out
