# A recording named twice is one recording; packets of a capture named twice stand twice.
cap() { python3 "$CASES/captures.py" "$@"; }
tracebraid merge "$SAMPLES/http-date.dat" "$SAMPLES/http-date.dat" -o events.pcapng
cap show events.pcapng
cap make a.pcap 1 5
tracebraid merge a.pcap a.pcap -o packets.pcapng
cap show packets.pcapng
