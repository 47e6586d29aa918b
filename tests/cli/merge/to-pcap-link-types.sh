# Two link types do not fit into a classic capture: the interfaces are named, nothing is written.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make eth0.pcap 1 5
cap make any.pcap 276 6
tracebraid merge --to pcap eth0.pcap any.pcap -o all.pcap
status=$?
ls -A
exit $status
