# @+SECONDS moves one input, also backwards; a file of just that name is that file.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5 6
cap make b.pcap 1 5
cap make b.pcap@+9s 1 100
tracebraid merge a.pcap b.pcap@+0.75s -o 1.pcap --to pcap && cap times 1.pcap
tracebraid merge a.pcap b.pcap@-250ms -o 2.pcap --to pcap && cap times 2.pcap
tracebraid merge a.pcap b.pcap@+9s -o 3.pcap --to pcap && cap times 3.pcap
tracebraid merge a.pcap b.pcap@3 -o 4.pcap --to pcap
