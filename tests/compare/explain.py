# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells where two outputs differ first, in the terms of what they are.

explain(old, new) gives one line: of pcapng the block, its kind, the option, or of a row of an
event its key; of JSON the value's path; of text the line; of all else the offset.
"""
import itertools
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import read_captures  # noqa: E402

SHOWN = 60
SECTION, INTERFACE, STATISTICS, PACKET = 0x0A0D0D0A, 1, 5, 6
ROW_LINK = 252
# Type of a block: name, bytes in front of its options. A packet's bytes stand between.
KINDS = {SECTION: ("section header", 16), INTERFACE: ("interface", 8), STATISTICS: ("statistics", 12),
         PACKET: ("packet", 20), 3: ("simple packet", None), 4: ("names", None),
         10: ("secrets", None), 9: ("journal", None), 0x80000001: ("process of Apple", 4),
         0x80000003: ("machine info", None), 0xBAD: ("custom", None), 0x40000BAD: ("custom", None)}
OPTIONS = {
    SECTION: {2: "shb_hardware", 3: "shb_os", 4: "shb_userappl"},
    INTERFACE: {2: "if_name", 3: "if_description", 9: "if_tsresol", 11: "if_filter", 12: "if_os",
                14: "if_tsoffset", 15: "if_hardware"},
    STATISTICS: {2: "isb_starttime", 3: "isb_endtime", 4: "isb_ifrecv", 5: "isb_ifdrop",
                 7: "isb_osdrop", 8: "isb_usrdeliv"},
    PACKET: {2: "epb_flags", 3: "epb_hash", 4: "epb_dropcount", 5: "epb_packetid",
             8: "epb_processid_threadid"},
}


def shown(value, around=0):
    """A value that is short enough for a line, from near the place where it differs."""
    start = max(0, around - SHOWN // 3)
    part = value[start:start + SHOWN]
    if isinstance(value, bytes):
        text = part.decode("ascii", "replace")
        text = ascii(text)[1:-1] if text.isprintable() and "\ufffd" not in text else part.hex()
    else:
        text = ascii(part)[1:-1]
    return "'%s%s%s'" % ("..." if start else "", text, "..." if start + SHOWN < len(value) else "")


def first_difference(old, new):
    """Index of the first element that differs; the shorter one's length where it begins the other."""
    common = min(len(old), len(new))
    if old[:common] == new[:common]:
        return common
    low, high = 0, common
    while high - low > 1:
        middle = (low + high) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle
    return low


def sides(old, new):
    at = first_difference(old, new)
    return "%s | %s" % (shown(old, at), shown(new, at))


def explain_bytes(old, new):
    at = first_difference(old, new)
    return "offset %#x of %d | %d bytes: %s | %s" % (
        at, len(old), len(new), old[at:at + 16].hex(), new[at:at + 16].hex())


# --- text ---

def explain_text(old, new):
    number = 0
    for number, (a, b) in enumerate(itertools.zip_longest(
            old.split(b"\n"), new.split(b"\n")), start=1):
        if a != b:
            break
    counts = "of %d | %d lines" % (old.count(b"\n"), new.count(b"\n"))
    if a is None or b is None:
        return "line %d %s: %s | %s" % (number, counts, "none" if a is None else shown(a),
                                        "none" if b is None else shown(b))
    return "line %d %s: %s" % (number, counts, sides(a, b))


def json_difference(old, new, path):
    """(path, old, new) of the first value that differs, in the order of the document."""
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != list(new):
            return path, " ".join(old), " ".join(new)
        pairs = [(path + "." + key, old[key], new[key]) for key in old]
    elif isinstance(old, list) and isinstance(new, list):
        pairs = [("%s[%d]" % (path, i), a, b) for i, (a, b) in enumerate(zip(old, new))]
        if all(a == b for _path, a, b in pairs) and len(old) != len(new):
            return path, "%d elements" % len(old), "%d elements" % len(new)
    else:
        return path, json.dumps(old), json.dumps(new)
    for where, a, b in pairs:
        if a != b:
            return json_difference(a, b, where)
    return path, "written otherwise", "written otherwise"


def explain_json(old, new):
    where, a, b = json_difference(json.loads(old), json.loads(new), "")
    return "%s: %s" % (where or "document", sides(a, b))


# --- pcapng ---

def named_fields(kind, body, links):
    """A block's parts as [(name, value)], in their order."""
    _name, fixed = KINDS.get(kind, ("", None))
    if fixed is None or len(body) < fixed:
        return [("body", body)]
    if kind == PACKET:
        number, high, low, caplen, length = struct.unpack_from("<5I", body)
        fields = [("interface", number), ("time", high << 32 | low)]
        data, rest = body[20:20 + caplen], body[20 + caplen + -caplen % 4:]
        if number < len(links) and links[number] == ROW_LINK:
            fields += [(b"".join(line.split(b"=", 1)[:1]).decode("ascii", "replace"), line)
                       for line in data.split(b"\n")]
        else:
            fields.append(("data", data))
        fields += [("captured length", caplen), ("length", length),
                   ("filling", body[20 + caplen:len(body) - len(rest)])]
    else:
        fields, rest = [("head", body[:fixed])], body[fixed:]
    names = OPTIONS.get(kind, {})
    return fields + [("option %d (%s)" % (code, names.get(code, "comment" if code == 1 else "other")),
                      value) for code, value in read_captures.read_options(rest)]


def block_difference(kind, old, new, links):
    """The first part that differs of two blocks of one type."""
    nothing = ("end", None)
    for (name, a), (other, b) in itertools.zip_longest(
            named_fields(kind, old, links[0]), named_fields(kind, new, links[1]), fillvalue=nothing):
        if (name, a) == (other, b):
            continue
        if isinstance(a, bytes) and isinstance(b, bytes) and name == other:
            return "%s: %s" % (name, sides(a, b))
        told = ["%s %s" % (n, shown(v) if isinstance(v, bytes) else "" if v is None else v)
                for n, v in ((name, a), (other, b))]
        return " | ".join(one.strip() for one in told)
    return explain_bytes(old, new)


def kind_name(kind):
    return KINDS[kind][0] if kind in KINDS else "type %#x" % kind


def explain_pcapng(old, new):
    links, packets = ([], []), 0
    blocks = itertools.zip_longest(read_captures.split_blocks(old), read_captures.split_blocks(new))
    for number, (a, b) in enumerate(blocks, start=1):
        if a is None or b is None:
            at, kind, _body = a or b
            return "block %d (offset %#x): %s" % (
                number, at, " | ".join("end of file" if one is None else kind_name(kind)
                                       for one in (a, b)))
        if a[1:] != b[1:]:
            break
        packets += a[1] == PACKET
        if a[1] == INTERFACE:
            for one in links:
                one.append(struct.unpack_from("<H", a[2])[0])
    else:
        return explain_bytes(old, new)
    where = "block %d (offset %#x" % (number, a[0])
    if a[1] != b[1]:
        return "%s): %s | %s" % (where, kind_name(a[1]), kind_name(b[1]))
    if a[1] == PACKET:
        interface = struct.unpack_from("<I", a[2])[0]
        row = interface < len(links[0]) and links[0][interface] == ROW_LINK
        where += ", packet %d, %s" % (packets + 1, "a row" if row else "captured")
    return "%s), %s, %s" % (where, kind_name(a[1]), block_difference(a[1], a[2], b[2], links))


def explain(old, new):
    """One line about the first difference of two outputs that are not equal."""
    magic = struct.pack("<I", SECTION)
    try:
        if old.startswith(magic) and new.startswith(magic):
            return explain_pcapng(old, new)
        if old.startswith(b"{") and new.startswith(b"{"):
            return explain_json(old, new)
    except (AssertionError, ValueError, struct.error):
        pass
    if b"\0" in old or b"\0" in new:
        return explain_bytes(old, new)
    return explain_text(old, new)
