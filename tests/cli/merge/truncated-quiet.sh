# -q is silent about losses; the exit code is not.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make cut.pcap 1 6 7
truncate -s -3 cut.pcap
tracebraid merge -q cut.pcap -o all.pcapng
