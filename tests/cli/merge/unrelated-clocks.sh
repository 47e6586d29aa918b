# A recording without --date and a capture of other packets: refused, both clocks and the ways
# out named.
python3 "$CASES/captures.py" make eth0.pcap 1 5 7
tracebraid merge "$SAMPLES/http.dat" eth0.pcap -o all.pcapng
status=$?
ls -A
exit $status
