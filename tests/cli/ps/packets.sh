# Packets and bytes by process: of recording and capture as of the file they were merged into.
tracebraid ps -q "$SAMPLES/http.dat" "$SAMPLES/http.pcap" > both || exit
tracebraid merge -q "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o both.pcapng
tracebraid ps both.pcapng > merged || exit
# Rows know nothing of whose name was only saved, and of nobody else.
grep -v trace-cmd both | sed -n '3,$p' | tr -s ' ' > a
sed -n '3,$p' merged | tr -s ' ' > b
diff a b && echo same
head -n 1 merged
sed -n 's/  */ /gp' merged | grep '^ 26446'
tail -n 1 merged
# Times are those of the merged file, also the one that is asked for.
pids() { sed '1,2d;$d' | tr -s ' ' | cut -d ' ' -f 2 | grep -v 26432; }
tracebraid ps -q --at 2026-11-21T07:33:34.9Z "$SAMPLES/http.dat" "$SAMPLES/http.pcap" | pids > at
tracebraid ps --at 2026-11-21T07:33:34.9Z both.pcapng | pids | diff at - && tr '\n' ' ' < at
echo
# Without a capture, or without wanting them, there are no such columns.
tracebraid ps "$SAMPLES/http.dat" | sed -n 2p
tracebraid ps --owners=off "$SAMPLES/http.dat" "$SAMPLES/http.pcap" | sed -n 2p
tracebraid ps --owners=off "$SAMPLES/http.dat" "$SAMPLES/http.pcap" > off
tracebraid ps "$SAMPLES/http.dat" | diff - off && echo the same without
# NAME=FILE, as in merge; a file of that very name goes first.
tracebraid ps -q web="$SAMPLES/http.dat" web="$SAMPLES/http.pcap" | head -n 1
cp "$SAMPLES/http-date.dat" a=b.dat
tracebraid ps a=b.dat | head -n 1
tracebraid ps --json -q "$SAMPLES/http.dat" "$SAMPLES/http.pcap" > both.json
python3 - <<'P'
import json
machine, = json.load(open("both.json"))["machines"]
print(machine["captured"], machine["not_named"])
curl, = (p for p in machine["processes"] if p["pid"] == 26446)
print(curl["sent"], curl["received"])
P
