# The clocks as they stand, because the user said so; or one input shifted by hand.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make eth0.pcap 1 5 7
tracebraid merge --align=off "$SAMPLES/http.dat" eth0.pcap -o all.pcapng && cap show all.pcapng
tracebraid merge "$SAMPLES/http.dat@+1795243000s" eth0.pcap -o shifted.pcapng && cap show shifted.pcapng
