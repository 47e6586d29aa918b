tracebraid convert --to nonsense "$SAMPLES/http.dat" -o out.pcapng 2>&1 | grep -o 'nonsense'
tracebraid convert --to nonsense "$SAMPLES/http.dat" -o out.pcapng 2> /dev/null
status=$?
ls -A
exit $status
