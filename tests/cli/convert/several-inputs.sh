# Several inputs of one machine; names are files here, whatever they hold, but may be shifted.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a=b 1 5
cap make c.pcap 1 6
tracebraid convert a=b c.pcap -o 1.pcapng && cap show 1.pcapng
printf 'a=b\nc.pcap\n' | tracebraid convert --inputs-from - -o 2.pcapng && cmp 1.pcapng 2.pcapng
tracebraid convert a=b c.pcap@-2s --to pcap -o 3.pcap && cap times 3.pcap
