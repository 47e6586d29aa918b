# Who reads the output goes away: no message, the code a shell gives for it.
{ tracebraid convert -q --to text "$SAMPLES/http.dat" -o - 2> errors; echo $? > status; } | head -n 1 > /dev/null
cat errors
exit "$(cat status)"
