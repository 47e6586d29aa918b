# A recording without --date and a capture: refused, both clocks and the ways out named.
tracebraid merge "$SAMPLES/http.dat" "$SAMPLES/http.pcap" -o all.pcapng
status=$?
ls -A
exit $status
