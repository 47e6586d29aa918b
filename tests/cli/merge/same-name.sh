# One host name, two recordings of different machines: suffixes from what the machines are, and
# with them a capture can be given to one.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make eth0.pcap 1 1795246416.3
python3 - "$SAMPLES/http-date.dat" <<'P'
import sys
data = open(sys.argv[1], "rb").read()
assert data.count(b"Linux sample 6.18.44") == 1
open("other.dat", "wb").write(data.replace(b"Linux sample 6.18.44", b"Linux sample 6.19.44"))
P
tracebraid merge "$SAMPLES/http-date.dat" other.dat sample=eth0.pcap -o no.pcapng 2> errors && echo 'not refused'
label=$(sed -n 's/.*Name it: \(sample~[0-9a-f]*\)=eth0.pcap$/\1/p' errors)
[ -n "$label" ] || cat errors
tracebraid merge "$SAMPLES/http-date.dat" other.dat "$label=eth0.pcap" -o all.pcapng
cap show all.pcapng | sed 's/~[0-9a-f]\{4\}/~####/'
tracebraid info --json all.pcapng | grep -q "\"$label:eth0\"" || echo "not given to $label"
