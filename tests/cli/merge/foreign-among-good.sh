head -c 512 /dev/zero >zeros.pcap
printf 'version https://git-lfs.github.com/spec/v1\n' >pointer.dat
tracebraid merge "$SAMPLES/http.pcap" zeros.pcap pointer.dat -o out.pcapng 2>&1
echo "exit $?"
tracebraid info out.pcapng | grep packets
tracebraid merge zeros.pcap pointer.dat -o none.pcapng 2>&1
echo "exit $?"
ls
