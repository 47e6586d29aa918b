tracebraid convert no-such.dat -o out.pcapng
status=$?
ls -A
exit $status
