# Told to overwrite, but the input cannot be read: the old file stays.
echo precious > out.pcapng
tracebraid convert -f no-such.dat -o out.pcapng 2> /dev/null
status=$?
cat out.pcapng
ls -A
exit $status
