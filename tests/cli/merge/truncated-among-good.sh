# One input cut short: all whole packets of all inputs, exit code 1, the place named.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make good.pcap 1 5 8
cap make cut.pcap 1 6 7 9
truncate -s -3 cut.pcap
cap make last.pcap 1 10
tracebraid merge --to pcap good.pcap cut.pcap last.pcap -o all.pcap
status=$?
cap times all.pcap
exit $status
