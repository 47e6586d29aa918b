# Ended by a signal while nobody takes its output: at once.
mkfifo stalled
sleep 20 < stalled &
holder=$!
tracebraid convert -q --to text "$SAMPLES/http.dat" -o - > stalled 2> /dev/null &
tracer=$!
sleep 1
from=$(date +%s)
kill -TERM $tracer
wait $tracer
status=$?
[ $(($(date +%s) - from)) -lt 10 ] || echo 'it waited for the reader'
kill $holder
rm stalled
ls -A
exit $status
