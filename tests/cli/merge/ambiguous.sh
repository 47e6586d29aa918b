# Two machines, a capture that could be of either: the error shows what to type, also for a shell.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make 'my eth0.pcap' 1 5
cap make a.pcap 1 5
cap make b.pcap 1 6
tracebraid merge web=a.pcap db=b.pcap 'my eth0.pcap' -o all.pcapng
status=$?
ls -A
exit $status
