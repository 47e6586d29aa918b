# Ended by a signal: nothing under the final name, nothing beside it.
mkfifo slow
sleep 30 > slow &
holder=$!
tracebraid convert slow -o out.pcapng &
tracer=$!
sleep 1
kill -TERM $tracer
wait $tracer
status=$?
kill $holder
rm slow
ls -A
exit $status
