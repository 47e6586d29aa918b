# The order of the arguments and merging in steps change no byte, if nothing is to be derived.
rec="$SAMPLES/http-date.dat" packets="$SAMPLES/http-date.pcap"
merge() { tracebraid merge --align=off --owners=off "$@"; }
merge web=$rec web=$packets -o 1.pcapng
merge web=$packets web=$rec -o 2.pcapng
merge web=$rec -o a.pcapng
merge web=$packets -o b.pcapng
tracebraid merge b.pcapng a.pcapng -o 3.pcapng
cmp 1.pcapng 2.pcapng
cmp 1.pcapng 3.pcapng
