# A list of inputs with newlines, with NULs, from standard input, beside others: one result.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5
cap make b.pcap 1 6
tracebraid merge web=a.pcap db=b.pcap -o wanted.pcapng
check() { cmp wanted.pcapng got.pcapng || echo "$1 differs"; rm -f got.pcapng; }
printf 'web=a.pcap\n\ndb=b.pcap\n' > lines
printf 'web=a.pcap\0db=b.pcap\0' > nuls
printf 'web=a.pcap\ndb=b.pcap' > unfinished
for list in lines nuls unfinished; do
  tracebraid merge --inputs-from $list -o got.pcapng
  check $list
  tracebraid merge --inputs-from - -o got.pcapng < $list
  check "$list from standard input"
done
printf 'db=b.pcap\n' | tracebraid merge web=a.pcap --inputs-from - -o got.pcapng
check 'a list beside an input'
