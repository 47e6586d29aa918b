# From a pipe, to a pipe, to a named pipe: the bytes a file would have got.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5
cap make b.pcap 1 6
tracebraid merge x=a.pcap y=b.pcap -o wanted.pcapng
tracebraid merge x=a.pcap y=b.pcap -o - | cat > got
cmp wanted.pcapng got
mkfifo in out
cat a.pcap > in &
cat out > got &
tracebraid merge x=in y=b.pcap -o out
wait
[ -p out ] || echo 'the named pipe was replaced'
cap show got
