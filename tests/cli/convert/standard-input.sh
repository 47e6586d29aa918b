# A pipe cannot be read twice; the result is the same rows all the same.
tracebraid convert -q --to text "$SAMPLES/http.dat" -o file.txt || exit
tracebraid convert -q --to text - -o - < "$SAMPLES/http.dat" > redirected.txt || exit
cat "$SAMPLES/http.dat" | tracebraid convert -q --to text - -o - > piped.txt || exit
cmp file.txt redirected.txt && cmp file.txt piped.txt && [ "$(wc -l < file.txt)" = 1141 ]
