# A bar on request, also without a terminal; the rows are not touched by it.
mkfifo slow
{ cat "$SAMPLES/http-date.dat"; sleep 2; } > slow &
tracebraid convert --progress=always --to text slow -o out.txt 2> bar || exit
wait
[ "$(wc -l < out.txt)" = 368 ]
