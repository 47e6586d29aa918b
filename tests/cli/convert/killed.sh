# Ended by a signal while the input is silent: at once, nothing under the final name or beside it.
mkfifo slow
sleep 20 > slow &
holder=$!
tracebraid convert slow -o out.pcapng 2> /dev/null &
tracer=$!
sleep 1
from=$(date +%s)
kill -TERM $tracer
wait $tracer
status=$?
[ $(($(date +%s) - from)) -lt 10 ] || echo 'it waited for the input'
kill $holder
rm slow
ls -A
exit $status
