# A form that nobody knows, and one with an output that has no place for it.
tracebraid convert --process-info=solaris "$SAMPLES/http.dat" -o out.pcapng
[ $? = 64 ] || echo "not refused"
tracebraid convert --process-info=darwin --to text "$SAMPLES/http.dat" -o out.txt
status=$?
ls -A
exit $status
