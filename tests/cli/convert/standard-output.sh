# -o - is the same bytes as a file, and -w the same as -o.
tracebraid convert -q "$SAMPLES/http.dat" -o file.pcapng || exit
tracebraid convert -q "$SAMPLES/http.dat" -o - > stdout.pcapng || exit
tracebraid convert -q "$SAMPLES/http.dat" -w w.pcapng || exit
cmp file.pcapng stdout.pcapng && cmp file.pcapng w.pcapng
