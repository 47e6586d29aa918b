# A file that knows its machines needs no name: the recording's own host, and what was named before.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make eth0.pcap 1 1795246416.3
tracebraid merge db=eth0.pcap -o db.pcapng
tracebraid merge "$SAMPLES/http-date.dat" db.pcapng -o all.pcapng
cap show all.pcapng
