: > empty.dat
tracebraid convert empty.dat -o out.pcapng 2> errors
status=$?
sed 's/ *(.*//' errors # the list of known formats grows
rm errors
ls -A
exit $status
