# One after the other; the worst exit code counts, and the others are still shown.
tracebraid info "$SAMPLES/http.dat" no-such.dat "$SAMPLES/http-date.dat" > info 2> errors
status=$?
grep -c 'events  *\(1141\|368\)' info
grep -c no-such.dat errors
exit $status
