#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the folder of a tcpsnitch run from the documented layout (docs/format-tcpsnitch.md).

usage: make-tcpsnitch.py FOLDER
       make-tcpsnitch.py --many N FOLDER     N sockets of one process, each with its capture

Host 192.0.2.10. curl_0 (threads 4100 and 4101): a name looked up over UDP, a page fetched from
198.51.100.7:80, a connection to a closed port. httpd_0 (4200) listens on 8080 and accepts two
connections of 203.0.113.5: the first is served by a child that it forks (httpd_1, 4201), the
second by itself through a copy of the descriptor. What is captured fits the calls byte for byte.
"""
import json
import os
import socket
import struct
import sys

START_US = 1773829205000000
LINK_SLL = 113
HERE = "192.0.2.10"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
INFO_TCP = {"domain": "AF_INET", "type": "SOCK_STREAM", "protocol": "tcp",
            "SOCK_CLOEXEC": False, "SOCK_NONBLOCK": False}
INFO_UDP = dict(INFO_TCP, type="SOCK_DGRAM", protocol="udp")
SEND_FLAGS = ("MSG_CONFIRM", "MSG_DONTROUTE", "MSG_DONTWAIT", "MSG_EOR", "MSG_MORE",
              "MSG_NOSIGNAL", "MSG_OOB")
RECV_FLAGS = ("MSG_CMSG_CLOEXEC", "MSG_DONTWAIT", "MSG_ERRQUEUE", "MSG_OOB", "MSG_PEEK",
              "MSG_TRUNC", "MSG_WAITALL")
POLL_EVENTS = ("POLLIN", "POLLPRI", "POLLOUT", "POLLRDHUP", "POLLERR", "POLLHUP", "POLLNVAL")
DNS_NAME = b"\3www\7example\3net\0" + struct.pack("!HH", 1, 1)
DNS_QUERY = struct.pack("!6H", 0x5A5A, 0x0100, 1, 0, 0, 0) + DNS_NAME
DNS_ANSWER = (struct.pack("!6H", 0x5A5A, 0x8180, 1, 1, 0, 0) + DNS_NAME +
              struct.pack("!HHHIH4B", 0xC00C, 1, 1, 300, 4, 198, 51, 100, 7))
TCP_INFO = {"state": 1, "ca_state": 0, "retransmits": 0, "rto": 204000, "snd_mss": 1448,
            "rcv_mss": 1448, "unacked": 0, "lost": 0, "rtt": 1210, "rttvar": 605, "snd_cwnd": 10,
            "total_retrans": 0}


def flags(names, *on):
    return {name: name in on for name in names}


def addr(ip, port):
    return {"sa_family": "AF_INET6" if ":" in ip else "AF_INET", "ip": ip, "port": str(port)}


def line(call, at, result, tid, details=None, errno=None, fake=False):
    fields = {"type": call, "timestamp_usec": START_US + at, "return_value": result,
              "success": errno is None}
    if errno:
        fields["errno"] = errno
    fields["thread_id"] = tid
    if fake:
        fields["fake_call"] = True
    fields["details"] = details or {}
    return json.dumps(fields)


def send(at, n, tid, asked=None, call="send"):
    details = {"bytes": asked or n}
    if call.startswith("send"):
        details["flags"] = flags(SEND_FLAGS, "MSG_NOSIGNAL")
    return line(call, at, n, tid, details)


def recv(at, n, tid, asked=4096, call="recv", *on):
    details = {"bytes": asked}
    if call.startswith("recv"):
        details["flags"] = flags(RECV_FLAGS, *on)
    return line(call, at, n, tid, details)


def poll(at, tid, event):
    return line("poll", at, 1, tid, {"timeout": {"seconds": 1, "nanoseconds": 0},
                                     "requested_events": flags(POLL_EVENTS, event),
                                     "returned_events": flags(POLL_EVENTS, event)})


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol, source, target, body):
    src, dst = socket.inet_aton(source), socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0, src, dst)
    at = 16 if protocol == 6 else 6
    pseudo = src + dst + struct.pack("!BBH", 0, protocol, len(body))
    body = body[:at] + struct.pack("!H", checksum(pseudo + body)) + body[at + 2:]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def cooked(source, packet):
    """Behind a Linux cooked header: packet type, ARPHRD, address length, address, protocol."""
    return struct.pack("!HHH8sH", 4 if source == HERE else 0, 1, 6, b"\2\0\0\0\0\1", 0x0800) + packet


def tcp(at, source, target, sequence, acknowledged, bits, payload=b""):
    body = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, acknowledged, 5 << 4, bits,
                       64240, 0, 0) + payload
    return at, cooked(source[0], ipv4(6, source[0], target[0], body))


def udp(at, source, target, payload):
    body = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    return at, cooked(source[0], ipv4(17, source[0], target[0], body))


def connection(at, client, server, out, back):
    """The packets of a connection: OUT bytes from the client, pieces BACK from the server."""
    c, s = 1000, 9000
    packets = [tcp(at, client, server, c, 0, SYN), tcp(at + 500, server, client, s, c + 1, SYN | ACK),
               tcp(at + 600, client, server, c + 1, s + 1, ACK)]
    c, s, at = c + 1, s + 1, at + 1000
    packets.append(tcp(at, client, server, c, s, PSH | ACK, b"q" * out))
    c += out
    for n in back:
        at += 700
        packets.append(tcp(at, server, client, s, c, PSH | ACK, b"a" * n))
        s += n
        packets.append(tcp(at + 40, client, server, c, s, ACK))
    at += 900
    packets += [tcp(at, server, client, s, c, FIN | ACK), tcp(at + 60, client, server, c, s + 1, FIN | ACK),
                tcp(at + 500, server, client, s + 1, c + 1, ACK)]
    return packets


def write_lines(folder, name, lines):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
        out.write("".join(text + "\n" for text in lines))


def write_pcap(folder, name, packets):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINK_SLL))
        for at, data in sorted(packets, key=lambda packet: packet[0]):
            time = START_US + at
            out.write(struct.pack("<IIII", time // 10 ** 6, time % 10 ** 6, len(data), len(data)) + data)


def write_meta(folder, **words):
    for name, text in words.items():
        write_lines(os.path.join(folder, "meta"), name, [text])


def make_curl(folder):
    main, thread = 4100, 4101
    resolver, web, closed = ("192.0.2.53", 53), ("198.51.100.7", 80), ("198.51.100.7", 81)
    write_lines(folder, "0.json", [
        line("socket", 100, 5, thread, {"sock_info": INFO_UDP}),
        line("connect", 150, 0, thread, {"addr": addr(*resolver)}),
        poll(160, thread, "POLLOUT"), send(210, len(DNS_QUERY), thread),
        poll(3200, thread, "POLLIN"),
        line("ioctl", 3210, 0, thread, {"request": "FIONREAD"}),
        line("recvfrom", 3230, len(DNS_ANSWER), thread, {"bytes": 1024, "flags": flags(RECV_FLAGS),
                                            "addr": addr(*resolver)}),
        line("close", 3300, 0, thread)])
    write_pcap(folder, "0.pcap", [udp(200, (HERE, 40053), resolver, DNS_QUERY),
                                  udp(3180, resolver, (HERE, 40053), DNS_ANSWER)])
    write_lines(folder, "1.json", [
        line("socket", 4000, 5, main, {"sock_info": dict(INFO_TCP, SOCK_NONBLOCK=True)}),
        line("setsockopt", 4020, 0, main, {"level": "SOL_TCP", "optname": "TCP_NODELAY", "optlen": 4,
                                           "optval": True}),
        line("fcntl", 4030, 0, main, {"cmd": "F_SETFL", "O_APPEND": False, "O_ASYNC": False,
                                      "O_DIRECT": False, "O_NOATIME": False, "O_NONBLOCK": True}),
        line("connect", 4110, -1, main, {"addr": addr(*web)}, "EINPROGRESS"),
        poll(4700, main, "POLLOUT"),
        line("getsockopt", 4710, 0, main, {"level": "SOL_SOCKET", "optname": "SO_ERROR", "optlen": 4,
                                           "optval": 0}),
        line("getpeername", 4720, 0, main, {"addr": addr(*web)}),
        line("getsockname", 4730, 0, main, {"addr": addr(HERE, 40080)}),
        send(5130, 78, main), line("tcp_info", 5140, 0, main, TCP_INFO, fake=True),
        poll(5830, main, "POLLIN"), recv(5900, 16, main, 16, "recv", "MSG_PEEK"),
        recv(5910, 1000, main), recv(6600, 500, main),
        recv(7500, 0, main), line("shutdown", 7520, 0, main, {"SHUT_RD": False, "SHUT_WR": True}),
        line("close", 7800, 0, main)])
    write_pcap(folder, "1.pcap", connection(4100, (HERE, 40080), web, 78, [1000, 500]))
    write_lines(folder, "2.json", [
        line("socket", 9000, 5, main, {"sock_info": INFO_TCP}),
        line("connect", 9800, -1, main, {"addr": addr(*closed)}, "ECONNREFUSED"),
        line("close", 9850, 0, main)])
    write_pcap(folder, "2.pcap", [tcp(9100, (HERE, 40081), closed, 1, 0, SYN),
                                  tcp(9700, closed, (HERE, 40081), 0, 2, RST | ACK)])


def make_httpd(folder):
    parent, child = 4200, 4201
    client = "203.0.113.5"
    first, second = (client, 50001), (client, 50002)
    accepted = {"addr": addr(*first), "flags": 2048, "sock_info": INFO_TCP}
    accepted2 = {"addr": addr(*second), "flags": 2048, "sock_info": INFO_TCP}
    accept1, accept2 = (line("accept4", 20600, 4, parent, accepted),
                        line("accept4", 30600, 4, parent, accepted2))
    copy = line("dup", 30700, 6, parent, {"sock_info": INFO_TCP})
    write_lines(folder + "_0", "0.json", [
        line("socket", 11000, 3, parent, {"sock_info": INFO_TCP}),
        line("bind", 11020, 0, parent, {"addr": addr("0.0.0.0", 8080)}),
        line("listen", 11030, 0, parent, {"backlog": 5}), accept1, accept2])
    write_lines(folder + "_0", "1.json", [accept1, line("close", 20700, 0, parent)])
    write_lines(folder + "_0", "2.json", [accept2, copy, recv(31100, 90, parent, 4096, "read"),
                                          line("close", 31110, 0, parent)])
    write_lines(folder + "_0", "3.json", [copy, send(31600, 300, parent, None, "write"),
                                          line("close", 32500, 0, parent)])
    write_lines(folder + "_1", "0.json", [line("forked_socket", 20650, 0, child, {"sock_info": INFO_TCP},
                                               fake=True)])
    write_lines(folder + "_1", "1.json", [
        line("forked_socket", 20651, 0, child, {"sock_info": INFO_TCP}, fake=True),
        recv(21100, 60, child, 4096, "read"), send(21650, 200, child, None, "write"),
        line("close", 22500, 0, child)])
    write_pcap(folder + "_0", "0.pcap", connection(20000, first, (HERE, 8080), 60, [200]) +
               connection(30000, second, (HERE, 8080), 90, [300]))


def make_run(folder):
    write_meta(folder, app="curl", cmd="curl http://www.example.net/", kernel="6.1.0-test",
               machine="x86_64", os="Linux", version="0.1", git_hash="0123abcd",
               host_id="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
               opt_b="0", opt_f="2", opt_u="0", net="net.core.somaxconn = 4096")
    write_lines(folder, "logs.txt", ["nothing went wrong"])
    make_curl(os.path.join(folder, "curl_0"))
    make_httpd(os.path.join(folder, "httpd"))


def make_many(folder, n):
    process = os.path.join(folder, "many_0")
    web = ("198.51.100.7", 80)
    for i in range(n):
        at, mine = i * 100, (HERE, 20000 + i)
        write_lines(process, "%d.json" % i, [
            line("socket", at, 5, 5000 + i % 4, {"sock_info": INFO_TCP}),
            line("connect", at + 700, 0, 5000 + i % 4, {"addr": addr(*web)}),
            send(at + 1030, 50, 5000 + i % 4), recv(at + 1800, 100, 5000 + i % 4),
            line("close", at + 3000, 0, 5000 + i % 4)])
        write_pcap(process, "%d.pcap" % i, connection(at + 10, mine, web, 50, [100]))


if __name__ == "__main__":
    if sys.argv[1] == "--many":
        make_many(sys.argv[3], int(sys.argv[2]))
    else:
        make_run(sys.argv[1])
