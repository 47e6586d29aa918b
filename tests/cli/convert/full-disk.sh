# Nothing can be written: said, not passed over.
[ -c /dev/full ] || { echo "needs /dev/full"; exit 77; }
tracebraid convert -q "$SAMPLES/http.dat" -o - > /dev/full 2> errors
status=$?
[ -s errors ] || echo 'no message'
exit $status
