echo precious > out.pcapng
tracebraid convert -q -f "$SAMPLES/http.dat" -o out.pcapng || exit
head -c 4 out.pcapng | od -An -tx1
ls -A
