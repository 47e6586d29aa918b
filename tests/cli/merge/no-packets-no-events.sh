# What is not wanted is left out, with its interfaces kept apart from what stays.
cap() { python3 "$CASES/captures.py" "$@"; }
tracebraid merge --events=none "$SAMPLES/http-date.dat" "$SAMPLES/http-date.pcap" -o packets.pcapng && cap show packets.pcapng
tracebraid merge --no-packets "$SAMPLES/http-date.dat" "$SAMPLES/http-date.pcap" -o events.pcapng && cap show events.pcapng
