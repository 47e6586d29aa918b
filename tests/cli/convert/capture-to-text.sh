# Text has no place for packets, and that is said.
tracebraid convert --to text "$SAMPLES/http-date.pcap" -o -
