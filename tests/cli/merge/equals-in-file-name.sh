# a=b is machine a's file b; the file of that name is ./a=b, or stands behind --.
cap() { python3 "$CASES/captures.py" "$@"; }
cap make a=b 1 5
tracebraid merge ./a=b -o 1.pcapng && cap show 1.pcapng
tracebraid merge -o 2.pcapng -- a=b && cap show 2.pcapng
tracebraid merge a=./a=b -o 3.pcapng && cap show 3.pcapng
tracebraid merge a=b -o 4.pcapng
