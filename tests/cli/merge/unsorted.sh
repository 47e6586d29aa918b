# An input that runs backwards is put in order, and how many packets did is told.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 9 8 7 6
cap make b.pcap 1 6.5 8.5
tracebraid merge -v a.pcap b.pcap -o all.pcapng
tracebraid convert --to pcap all.pcapng -o all.pcap && cap times all.pcap
cap show all.pcapng
cap show a.pcap
