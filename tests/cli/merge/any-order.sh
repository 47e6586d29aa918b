# The order of the arguments and merging in steps change no byte.
rec="$SAMPLES/http-date.dat" packets="$SAMPLES/http-date.pcap"
tracebraid merge web=$rec web=$packets -o 1.pcapng
tracebraid merge web=$packets web=$rec -o 2.pcapng
tracebraid merge web=$rec -o a.pcapng
tracebraid merge web=$packets -o b.pcapng
tracebraid merge b.pcapng a.pcapng -o 3.pcapng
cmp 1.pcapng 2.pcapng
cmp 1.pcapng 3.pcapng
