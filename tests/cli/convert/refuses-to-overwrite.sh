echo precious > out.pcapng
tracebraid convert "$SAMPLES/http.dat" -o out.pcapng 2> errors
status=$?
grep -q 'out.pcapng' errors || cat errors
cat out.pcapng
rm errors
ls -A
exit $status
