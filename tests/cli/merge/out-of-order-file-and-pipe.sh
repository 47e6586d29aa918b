# Records out of order are found while the file is written: it is begun again, a pipe cannot be.
python3 "$CASES/captures.py" make a.pcap 1 100.5 100.1 100.9
python3 "$CASES/captures.py" make b.pcap 1 100.2 100.3 100.4
tracebraid merge host=a.pcap host=b.pcap -v -o file.pcapng
tracebraid merge host=a.pcap host=b.pcap -q -o - > pipe.pcapng
cmp file.pcapng pipe.pcapng
tracebraid convert --to pcap -q file.pcapng -o file.pcap
python3 "$CASES/captures.py" times file.pcap
