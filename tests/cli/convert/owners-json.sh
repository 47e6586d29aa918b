# Shares of named ends by kind and evidence; a converted file tells them again, but for what it
# does not say: who is certain, and what the receiver is known by.
tracebraid convert --json -q "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o both.pcapng > first.json
tracebraid convert --json -q both.pcapng -o again.pcapng > second.json
tracebraid convert --json -q --owners=off "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o off.pcapng > off.json
tracebraid convert --json -q "$SAMPLES/http.dat" -o none.pcapng > none.json
cmp both.pcapng again.pcapng
python3 - <<'P'
import json
for name in "first", "second", "off", "none":
    owners = json.load(open(name + ".json"))["owners"]
    if owners is None:
        print(name, None)
        continue
    print(name, owners["all"], "not named:", owners["not_named"]["packets"])
    for end in owners["ends"]:
        assert end["named"] == sum(end[word] for word in ("certain", "linked", "context"))
        assert end["named"] == sum(e["certain"] + e["linked"] + e["context"] for e in end["evidence"])
        if end["kind"] == "tcp-data":
            print(*("%s=%s" % (key, end[key]) for key in end if key != "evidence"), *(e["via"] for e in end["evidence"]))
P
tracebraid convert -v --progress=never "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o verbose.pcapng 2>&1 | grep -A3 "^owners"
