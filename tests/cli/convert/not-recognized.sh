# Something else than a trace: named, nothing left behind.
echo 'this is no recording' > notes.txt
tracebraid convert notes.txt -o out.pcapng 2> errors
status=$?
sed 's/ *(.*//' errors # the list of known formats grows
rm errors
ls -A
exit $status
