# A capture of a Windows machine gets its owners from a Process Monitor log.
python3 "$CASES/captures.py" ip cap.pcap 1596178507,192.168.1.7,49383,10.0.0.1,443 \
  1596178507.0001,10.0.0.1,443,192.168.1.7,49383 1596178507.0002,192.168.1.7,49384,10.0.0.1,443 \
  1596178507.0003,192.168.1.8,49383,10.0.0.1,443
owners() { grep -ao 'pid=[0-9]* comm=[ -~]*via=[a-z:]* ' "$1"; }
tracebraid merge -q win="$SAMPLES/procmon-small.PML" win=cap.pcap -o all.pcapng
owners all.pcapng
tracebraid convert -q "$SAMPLES/procmon-small.PML" cap.pcap -o same.pcapng && owners same.pcapng
tracebraid merge -q --owners=certain win="$SAMPLES/procmon-small.PML" win=cap.pcap -o none.pcapng
owners none.pcapng || echo nobody for certain
