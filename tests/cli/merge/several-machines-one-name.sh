# A file that holds two machines cannot be given one name.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5
cap make b.pcap 1 6
tracebraid merge x=a.pcap y=b.pcap -o both.pcapng
tracebraid merge z=both.pcapng -o all.pcapng
