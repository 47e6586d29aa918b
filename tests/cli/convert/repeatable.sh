# The same input gives the same bytes.
tracebraid convert -q "$SAMPLES/http-date.dat" -o one.pcapng || exit
tracebraid convert -q "$SAMPLES/http-date.dat" -o two.pcapng || exit
cmp one.pcapng two.pcapng
