# Half a recording: what can be read is converted, the rest is named, exit code 1.
head -c 40000 "$SAMPLES/http-date.dat" > half.dat
tracebraid convert --to text half.dat -o out.txt 2> errors
status=$?
grep -q 'half.dat.*0x' errors || { echo 'no place named:'; cat errors; }
lines=$(wc -l < out.txt)
[ "$lines" -gt 0 ] && [ "$lines" -lt 368 ] || echo "$lines lines"
exit $status
