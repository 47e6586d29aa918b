# Inputs are never changed, also when told to replace the output, also through another name.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a.pcap 1 5
cp a.pcap before
ln -s a.pcap link
tracebraid merge -f a.pcap -o a.pcap; echo $?
tracebraid merge -f link -o a.pcap; echo $?
tracebraid merge -f a.pcap -o link; echo $?
cmp a.pcap before
ls -A
