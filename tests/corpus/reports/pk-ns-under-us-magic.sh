command -v tshark >/dev/null || exit 77
tracebraid convert -q "$SAMPLES/pk-ns-under-us-magic/mislabel-ns.pcap" -o o.pcapng
echo "exit $?"
tshark -r o.pcapng -T fields -e udp.srcport 2>/dev/null
