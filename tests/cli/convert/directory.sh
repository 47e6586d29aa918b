mkdir folder
tracebraid convert folder -o out.pcapng
status=$?
ls -A
exit $status
