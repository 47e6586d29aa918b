# A classic capture of all packets in order; what it cannot hold is said.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5 7
cap make b.pcap 1 6
tracebraid merge --to pcap a.pcap b.pcap -o all.pcap && cap times all.pcap
tracebraid merge --to pcap "$SAMPLES/http-date.dat" a.pcap -o mixed.pcap && cap times mixed.pcap
tracebraid merge --to pcap --events=none "$SAMPLES/http-date.dat" a.pcap -o silent.pcap && cmp mixed.pcap silent.pcap
