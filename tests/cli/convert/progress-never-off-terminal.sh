# Output that nobody watches gets no bar, also not from a conversion of several seconds.
mkfifo slow
{ sleep 2; cat "$SAMPLES/http-date.dat"; } > slow &
tracebraid convert slow -o out.pcapng
wait
