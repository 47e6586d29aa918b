tracebraid convert --no-such-option "$SAMPLES/http.dat" -o out.pcapng
