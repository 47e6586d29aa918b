# The clocks as they stand, because the user said so; or one input shifted by hand.
cap() { python3 "$CASES/captures.py" "$@"; }
tracebraid merge --align=off "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o all.pcapng && cap show all.pcapng
tracebraid merge "$SAMPLES/http.dat@+1795243000s" "$SAMPLES/http.pcap" -o shifted.pcapng 2> errors || cat errors
cap show shifted.pcapng
