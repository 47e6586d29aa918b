command -v tshark >/dev/null || exit 77
tracebraid convert "$SAMPLES/pk-pcap-null-tail/nulls.pcap" -o o.pcapng 2>err
echo "exit $?"
grep -c "4096 zero bytes" err
capinfos -c -a o.pcapng | tail -2
