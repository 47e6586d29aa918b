# One input is not there: no output, not even of the others.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make good.pcap 1 5
tracebraid merge good.pcap nowhere.pcap -o all.pcapng
status=$?
ls -A
exit $status
