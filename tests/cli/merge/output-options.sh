# -w is -o; both at once, or an empty name, is wrong use; -q says nothing, -v the counts.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5
tracebraid merge -w 1.pcapng a.pcap; echo $?
tracebraid merge -q -o 2.pcapng a.pcap && cmp 1.pcapng 2.pcapng
tracebraid merge -v -o 3.pcapng a.pcap && cmp 1.pcapng 3.pcapng
tracebraid merge -w 4.pcapng -o 5.pcapng a.pcap; echo $?
tracebraid merge -o '' a.pcap; echo $?
ls -A
