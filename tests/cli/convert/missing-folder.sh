tracebraid convert "$SAMPLES/http.dat" -o no/such/folder/out.pcapng 2> errors
status=$?
grep -q 'no/such/folder/out.pcapng' errors || cat errors
rm errors
ls -A
exit $status
