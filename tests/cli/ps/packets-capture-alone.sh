# A capture that names processes itself shows these; owners that are a guess only if asked for.
# Columns fit what a terminal shows of wide letters, and one long name does not move the others.
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$CASES/../support python3 - <<'P'
import known_captures as known
owners = [dict(pid=7, tid=7, comm=b"curl", exe=b"/usr/bin/curl", args=b""),
          dict(pid=7, tid=8, comm=b"worker", exe=b"/usr/bin/curl", args=b""),
          dict(pid=4194304, tid=4194304, comm="日本語".encode(), exe=b"/opt/w", args=b""),
          dict(pid=9, tid=9, comm=b"a\x1b[31m", exe=b"/opt/e", args=b"", inbound=True),
          dict(pid=10, tid=10, comm=b"n" * 60, exe=b"/opt/long", args=b""), None]
packets = [(10**18 + n * 10**7, bytes(60 + n)) for n in range(len(owners))]
open("named.pcapng", "wb").write(known.ptcpdump(packets, owners))
open("guessed.pcapng", "wb").write(known.option8(packets, owners))
P
tracebraid ps named.pcapng
tracebraid ps guessed.pcapng
tracebraid ps --owners=context guessed.pcapng
tracebraid ps --json named.pcapng | python3 -c '
import json, sys
for process in json.load(sys.stdin)["machines"][0]["processes"][:2]:
    print(*(process[key] for key in ("pid", "start_ns", "names", "exe", "sent", "received")))'
