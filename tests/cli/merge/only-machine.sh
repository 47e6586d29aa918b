# A capture says nothing of its host; with one machine there is nothing to ask.
cap() { python3 "$CASES/captures.py" "$@"; }
tracebraid merge "$SAMPLES/http-date.dat" "$SAMPLES/http-date.pcap" -o all.pcapng
cap show all.pcapng
