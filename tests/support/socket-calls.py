#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server and a client that write down their socket calls as tcpsnitch does, and the truth.

usage: socket-calls.py FOLDER CONNECTIONS

The server (srv_0) serves a connection in a thread, every fourth in a child that it forks. The client
(cli_0) has a thread for a connection; every second one asks for its own port, and in every fifth
two threads write. FOLDER/truth.txt: "own LOCAL REMOTE THREAD" for a whole end, "wrote PORT FROM TO
THREAD" for bytes, "reads PORT THREAD". Lines are written at once, so that a fork finds no buffers.
"""
import json
import os
import random
import socket
import sys
import threading
import time

FOLDER, COUNT = sys.argv[1], int(sys.argv[2])
PORT, QUESTION = 8080, 300
INFO = {"sock_info": {"domain": "AF_INET", "type": "SOCK_STREAM", "protocol": "tcp"}}


def append(path, text):
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(out, text.encode())
    os.close(out)


def tell(*words):
    append(os.path.join(FOLDER, "truth.txt"), " ".join(str(word) for word in words) + "\n")


def addr(end):
    return {"addr": {"sa_family": "AF_INET", "ip": end[0], "port": str(end[1])}}


def now_us():
    return time.time_ns() // 1000


class Calls:
    """The file of one socket."""

    def __init__(self, process, number):
        os.makedirs(os.path.join(FOLDER, process), exist_ok=True)
        self.path = os.path.join(FOLDER, process, "%d.json" % number)

    def add(self, call, result, details=None, at_us=None):
        append(self.path, json.dumps({
            "type": call, "timestamp_usec": at_us or now_us(), "return_value": result, "success": True,
            "thread_id": threading.get_native_id(), "details": details or {}}) + "\n")


def serve(connection, calls, peer):
    tell("own", PORT, peer[1], threading.get_native_id())
    left = QUESTION
    while left > 0:
        got = len(connection.recv(4096))
        calls.add("recv", got, {"bytes": 4096})
        left -= got if got else left
    sent = connection.send(b"a" * random.randint(1, 60000))
    calls.add("send", sent, {"bytes": sent})
    connection.shutdown(socket.SHUT_WR)
    calls.add("shutdown", 0)
    calls.add("recv", len(connection.recv(10)), {"bytes": 10})
    connection.close()
    calls.add("close", 0)


def server(listening):
    own, others = Calls("srv_0", 0), []
    own.add("socket", 3, INFO)
    own.add("bind", 0, addr(("0.0.0.0", PORT)))
    own.add("listen", 0, {"backlog": COUNT})
    for i in range(COUNT):
        connection, peer = listening.accept()
        at_us, details = now_us(), dict(addr(peer), **INFO)
        calls = Calls("srv_0", i + 1)
        for file in (own, calls):
            file.add("accept", 10 + i, details, at_us)
        if i % 4 == 3:
            child = os.fork()
            if child == 0:
                calls = Calls("srv_%d" % (i + 1), 0)
                calls.add("forked_socket", 0, INFO)
                serve(connection, calls, peer)
                os._exit(0)
            connection.close()
            calls.add("close", 0)
            others.append(lambda child=child: os.waitpid(child, 0))
        else:
            thread = threading.Thread(target=serve, args=(connection, calls, peer))
            thread.start()
            others.append(thread.join)
    for wait in others:
        wait()


def write(connection, calls, start, size):
    sent = connection.send(b"q" * size)
    calls.add("send", sent, {"bytes": size})
    tell("wrote", connection.getsockname()[1], start, start + size, threading.get_native_id())


def ask(i):
    calls, connection = Calls("cli_0", i), socket.socket()
    calls.add("socket", 5, INFO)
    connection.connect(("127.0.0.1", PORT))
    calls.add("connect", 0, addr(("127.0.0.1", PORT)))
    if i % 2:
        calls.add("getsockname", 0, addr(connection.getsockname()))
    split = QUESTION // 3 if i % 5 == 4 else 0
    if split:
        helper = threading.Thread(target=write, args=(connection, calls, 0, split))
        helper.start()
        helper.join()
    write(connection, calls, split, QUESTION - split)
    tell("reads", connection.getsockname()[1], threading.get_native_id())
    got = 1
    while got:
        got = len(connection.recv(3000))
        calls.add("recv", got, {"bytes": 3000})
    connection.close()
    calls.add("close", 0)


def main():
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("0.0.0.0", PORT))
    listening.listen(COUNT)
    child = os.fork()
    if child == 0:
        server(listening)
        os._exit(0)
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(COUNT)]
    for i, thread in enumerate(threads):
        thread.start()
        time.sleep(0.002 if i % 3 == 0 else 0)
    for thread in threads:
        thread.join()
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
