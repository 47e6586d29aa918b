head -c 40000 "$SAMPLES/http-date.dat" > half.dat
tracebraid info half.dat > info
status=$?
grep -q 'half.dat' info && grep -q -i 'missing\|damage' info || cat info
exit $status
