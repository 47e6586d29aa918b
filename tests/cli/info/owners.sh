# How many ends have an owner: of files together, of a merged file, of a capture that names some.
tracebraid info "$SAMPLES/http.dat" "$SAMPLES/http.pcap" > both || exit
sed -n '/^owners/,$p' both | head -n 3
tracebraid merge -q "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o both.pcapng
tracebraid info both.pcapng | sed -n '/^owners/,$p' | head -n 3
# Nothing to tell: a recording alone, a capture alone.
tracebraid info "$SAMPLES/http.dat" | grep -c '^owners'
tracebraid info "$SAMPLES/http.pcap" | grep -c '^owners'
for set in "$SAMPLES/http.dat $SAMPLES/http.pcap" both.pcapng "$SAMPLES/http.dat" "$SAMPLES/http.pcap"; do
  tracebraid info --json $set > info.json || exit
  python3 - <<'P'
import json
document = json.load(open("info.json"))
assert all("owners" not in file for file in document["files"])
owners = document["owners"]
print(len(document["files"]), owners and (owners["all"], owners["not_named"], owners["ends"][0]))
P
done
# Inputs that cannot be put together are told of one by one; why there is no more stands in the place.
D=$SAMPLES/../tests/data/proctrack/good-five-deaths.dat
tracebraid info m="$D" m="$SAMPLES/http.pcap" | tail -n 1 | cut -c 1-60
tracebraid info --json m="$D" m="$SAMPLES/http.pcap" | python3 -c '
import json, sys
document = json.load(sys.stdin)
print(len(document["files"]), document["owners"]["error"][:20])'
tracebraid info - "$SAMPLES/http.pcap" < "$SAMPLES/http.dat" | tail -n 1
tracebraid info --json - < both.pcapng | python3 -c '
import json, sys
print(json.load(sys.stdin)["owners"]["all"]["packets"])'
