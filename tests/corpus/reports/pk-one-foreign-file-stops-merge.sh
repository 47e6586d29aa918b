R=$SAMPLES/pk-one-foreign-file-stops-merge
cp "$R"/*.pcap .
tracebraid merge a.pcap zeros.pcap -o o.pcapng
echo "exit $?"
tracebraid info o.pcapng | grep packets
