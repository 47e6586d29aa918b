tracebraid convert --progress=sometimes "$SAMPLES/http.dat" -o out.pcapng 2> /dev/null
status=$?
ls -A
exit $status
