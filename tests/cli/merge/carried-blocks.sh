# Names, secrets and custom blocks belong to their capture, not to the packet behind them: they stay
# as long as anything of it may, whoever's packets and rows are chosen.
blocks() { python3 "$CASES/captures.py" blocks "$1"; }
rich="$SAMPLES/../tests/data/pcapng/good-rich-little-endian.pcapng"
blocks "$rich"
for choice in --comm=nosuch --pid=3 --events=none; do
  tracebraid merge -q -f "$choice" --align=off "a=$SAMPLES/http-date.dat" "a=$rich" -o some.pcapng && blocks some.pcapng
done
tracebraid merge -q --align=off "a=$SAMPLES/http-date.dat" "a=$rich" -o both.pcapng
for choice in --comm=nosuch --no-packets --events=none; do
  tracebraid convert -q -f "$choice" both.pcapng -o some.pcapng && blocks some.pcapng
done
