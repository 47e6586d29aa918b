# gzip and zstd around the whole file are told by content, whatever the name.
command -v zstd > /dev/null || { echo "needs zstd"; exit 77; }
tracebraid convert -q --to text "$SAMPLES/http-date.dat" -o plain.txt || exit
gzip -c "$SAMPLES/http-date.dat" > one.dat
zstd -q -c "$SAMPLES/http-date.dat" > two.dat
tracebraid convert -q --to text one.dat -o gzip.txt || exit
tracebraid convert -q --to text two.dat -o zstd.txt || exit
cmp plain.txt gzip.txt && cmp plain.txt zstd.txt
