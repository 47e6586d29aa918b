# NAME= names all files of a folder; without it the folder is of the only machine there is, and
# where there are several the error says what to type.
cp -r "$SAMPLES/tcpsnitch" run
tracebraid merge -q web=run vm="$SAMPLES/http-date.dat" -o named.pcapng
python3 "$CASES/captures.py" show named.pcapng | grep -c '^web:'
tracebraid merge -q run vm="$SAMPLES/http-date.dat" -o one.pcapng
python3 "$CASES/captures.py" show one.pcapng | grep '^machine'
tracebraid merge -q run a="$SAMPLES/http-date.dat" b="$SAMPLES/http-date.pcap" -o none.pcapng
