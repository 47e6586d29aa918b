# NAME= says whose an input is; interfaces of two machines with one name stay two.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make eth0.pcap 1 5 7
mkdir other
cap make other/eth0.pcap 1 6
tracebraid merge web=eth0.pcap db=other/eth0.pcap -o all.pcapng
cap show all.pcapng
