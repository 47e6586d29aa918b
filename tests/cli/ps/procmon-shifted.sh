# Processes of a log's table move with its events, and its packets' owners with both.
tracebraid ps "$SAMPLES/procmon-small.PML@+100" | tail -n 3 | cut -c 1-60
python3 "$CASES/captures.py" ip cap.pcap 1596178507,192.168.1.7,49383,10.0.0.1,443 \
  1596178507.0001,10.0.0.1,443,192.168.1.7,49383
tracebraid merge -q win="$SAMPLES/procmon-small.PML@+100" win=cap.pcap@+100 -o all.pcapng
tracebraid merge -q --time-offset=100 win="$SAMPLES/procmon-small.PML" win=cap.pcap -o other.pcapng
for file in all.pcapng other.pcapng; do
  grep -ao 'pid=[0-9]* comm=[ -~]*via=[a-z:]* ' $file
done
